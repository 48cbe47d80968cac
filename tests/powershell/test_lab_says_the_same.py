# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab says that the script answers, and what the script answers in a real engine: the same, for operations drawn by chance.

Both sides have a simulated guest of their own, in the same state. In the engine the script asks it cmdlet by cmdlet.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hyperv_lab.cim.provider import CimError
from hyperv_lab.cim.types import CimClass, CimType
from hyperv_lab.http.accounts import AccountBook
from hyperv_lab.powershell_direct.host_commands import HostCommands
from hyperv_lab.powershell_direct.script import GuestScript
from hyperv_lab.providers.machine import SimulatedMachine
from hyperv_lab.scenarios.building import build
from hyperv_lab.scenarios.loading import parse
from hyperv_lab.world.fleet import Fleet
from hyperv_lab.wsman.settings import ServiceSettings

sys.path.append(str(Path(__file__).resolve().parents[1]))
direct = importlib.import_module("powershell.direct")
engine = importlib.import_module("powershell.engine")
damage = importlib.import_module("powershell.damage")

pytestmark = pytest.mark.skipif(engine.find_engine() is None, reason=engine.MISSING)

OPERATIONS = 150
KEY = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
TEXTS = ["", "x", KEY, "22222-22222-22222-22222-22222", "Größe 🔑 '\"`$()", "78VHK", r"SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters"]
NUMBERS = [0, 1, 2147483650, 4294967295]


def fleet() -> Fleet:
    windows = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}
    document = {
        "name": "pair",
        "domain": "example.com",
        "clock": {"start": "2026-03-02T08:00:00Z", "frozen": True},
        "accounts": [{"name": "GuestAdmin", "password": "Lab-Guest1!"}],
        "hosts": [{"name": "hv", "release": "2022", "edition": "datacenter", "vms": [{"name": "vm", "windows": windows}]}],
    }
    return build(parse(document), "127.99.0.0")


class Guest:
    """A guest of the lab, asked as the script's cmdlets ask. ``settings`` are the shapes in which Windows may answer."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.fleet = fleet()
        self.machine = SimulatedMachine(self.fleet, self.fleet.windows("vm"))
        book = AccountBook(self.fleet.accounts.values())
        login = book.verify("GuestAdmin", "Lab-Guest1!")
        book.close()
        assert login is not None
        self.script = GuestScript(self.machine, login, settings)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["kind"] == "call":
            request = {**request, "arguments": {name: VALUE_OF[kind](text) for name, kind, text in request["arguments"]}}
        try:
            return {"rows": self.script.rows(request)}
        except CimError as error:
            return {"failure": self.script.refusal(error, request["kind"])}


VALUE_OF: dict[str, Any] = {"String": str, "UInt32": int, "Boolean": lambda text: text == "True"}


def drawn(random: Random, machine: SimulatedMachine) -> dict[str, Any]:
    namespaces = sorted(machine.namespaces())
    namespace = random.choice([*namespaces, "root/cimv2", "root/cimv2", "root/nothing"])
    classes = machine.classes(namespace) if namespace in namespaces else machine.classes("root/cimv2")
    cls = classes[random.choice(sorted(classes))]
    callable_ones = [one for one in classes.values() if one.methods]
    if random.random() < 0.5 or not callable_ones:
        return {"kind": "query", "namespace": namespace, "query": query(random, cls), "stops": random.random() < 0.01}
    return call(random, machine, namespace, random.choice(callable_ones))


def query(random: Random, cls: CimClass) -> str:
    names = sorted(cls.properties)
    chosen = random.sample(names, min(len(names), random.randint(1, 3))) if names and random.random() < 0.7 else ["*"]
    wql = f"SELECT {', '.join(chosen)} FROM {cls.name}"
    texts = [name for name in names if cls.properties[name].type is CimType.STRING and not cls.properties[name].array]
    if texts and random.random() < 0.3:
        wql += f" WHERE {random.choice(texts)} {random.choice(['=', '<>', 'LIKE'])} '{random.choice(['x', '%', KEY])}'"
    return random.choice([wql] * 12 + [wql.lower(), f"{wql} WHERE", f"SELECT Nothing FROM {cls.name}", f"SELECT * FROM {cls.name}x", ""])


def call(random: Random, machine: SimulatedMachine, namespace: str, cls: CimClass) -> dict[str, Any]:
    method = random.choice(sorted(cls.methods.values(), key=lambda one: one.name))
    arguments: dict[str, Any] = {}
    for parameter in method.inputs:
        if random.random() < 0.9 and not parameter.array:
            of_type = TEXTS if parameter.type is CimType.STRING else [True, False] if parameter.type is CimType.BOOLEAN else NUMBERS
            arguments[parameter.name] = random.choice(of_type)
    if random.random() < 0.05:
        arguments["Nothing"] = random.choice([1, "x", True])
    keys: dict[str, str] = {}
    instances = list(machine.instances(cls))
    if instances and random.random() < 0.9 and not method.static:
        values = random.choice(instances).values
        keys = {name: str(values.get(name)) for name, declared in cls.properties.items() if declared.key}
    name = random.choice([method.name] * 15 + ["Nothing", method.name.upper()])
    return {
        "kind": "call",
        "namespace": namespace,
        "class": cls.name,
        "method": name,
        "keys": keys,
        "arguments": arguments,
        "stops": random.random() < 0.01,
    }


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = direct.compile_stand_ins(tmp_path_factory.mktemp("types"))
    return made


@pytest.fixture
def sites(library: Path) -> Iterator[Any]:
    opened: list[Any] = []

    def site(answer: Any) -> Any:
        opened.append(direct.Site(library, answer))
        return opened[-1]

    yield site
    for one in opened:
        one.close()


def as_of_a_cmdlet(result: dict[str, Any]) -> dict[str, Any]:
    """PowerShell appends the name of the function that stands in, where it has the class of a cmdlet already."""
    error_id, _comma, function = str(result.get("error_id")).rpartition(",")
    return {**result, "error_id": error_id} if function in ("Get-CimInstance", "Invoke-CimMethod") else result


SHAPES = {
    "fault": ServiceSettings(),
    "error data": ServiceSettings(fault_form="wmierror"),
    "return value": ServiceSettings(method_failure="return_value"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_queries_and_calls(sites: Any, shape: str) -> None:
    said, asked = Guest(SHAPES[shape]), Guest(SHAPES[shape])
    seed = sum(map(ord, shape))
    operations = [drawn(Random(seed * 1000 + number), said.machine) for number in range(OPERATIONS)]
    expected = said.script.carry_out(operations)
    answered = [as_of_a_cmdlet(result) for result in sites(asked.answer).trip(*operations, limit=100).results]
    differing = [(operation, mine, real) for operation, mine, real in zip(operations, expected, answered, strict=False) if mine != real]
    assert differing == []
    assert len(answered) == len(expected)
    assert said.fleet.digest() == asked.fleet.digest()
    # The draw is worth something.
    assert sum("rows" in result for result in expected) > 20
    assert sum("error_id" in result for result in expected) > 10


@pytest.mark.parametrize("name", damage.DAMAGE)
def test_a_damaged_request_ends_with_the_same_code(sites: Any, name: str) -> None:
    site = fleet()
    book = AccountBook(site.accounts.values())
    book.close()
    host = HostCommands(
        SimulatedMachine(site, site.windows("hv")), lambda vm: SimulatedMachine(site, site.windows(vm)), book, ServiceSettings()
    )
    command = direct.command_for(direct.VM_ID, direct.Credential("x", "y"), [direct.query()], direct.NONCE)
    login = Guest(ServiceSettings()).script.account
    ended = sites(lambda _request: {"rows": []}).trip(direct.query(), stdin=damage.DAMAGE[name]).ended
    assert (ended.stdout, ended.stderr) == (b"", b"")
    assert host.run(damage.DAMAGE[name](command.stdin), login).exit_code == ended.exit_code
