# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests without network: through their host by PowerShell Direct, with the outcomes of any other guest."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from .labs import NTLM, PSRP, Connection, Lab
from .playing import Player, Run
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

HOST_PASSWORD = "Lab-Host-0815!"
GUEST_PASSWORD = "Geheim-Gast-4711!"
WRONG_PASSWORD = "Falsch-Gast-1234!"
# Well-formed, published nowhere.
KEY = "PK9D3-V7F2G-M4H8J-R6Q2T-W3X9B"
FRESH: dict[str, Any] = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}
CUT: dict[str, Any] = {**FRESH, "network": False}
GUESTS = ("web01", "cut01", "cut02", "cut03", "off01", "saved01", "aged01", "deep01", "lost01")
ACTIVATED = (1, "VT:IA")
NOWHERE = "127.0.0.254"  # nothing listens there


@pytest.fixture(scope="module")
def process() -> Iterator[Lab]:
    with lab_of(
        accounts=[
            {"name": "HostAdmin", "password": HOST_PASSWORD, "machines": ["hv01", "hv02", "old01"]},
            {"name": "GuestAdmin", "password": GUEST_PASSWORD, "machines": [*GUESTS]},
        ],
        clusters=[{"name": "clu01", "nodes": ["hv01", "hv02"]}],
        domain="lab.example.com",
        hosts=[
            {
                "name": "hv01",
                "release": "2022",
                "edition": "datacenter",
                "vms": [
                    {"name": "web01", "windows": FRESH},
                    {"name": "cut01", "windows": CUT},
                    {"name": "cut02", "windows": {**CUT, "language": "ja-JP"}},
                    {"name": "cut03", "windows": CUT},
                    {"name": "off01", "state": "off", "windows": CUT},
                    {"name": "saved01", "state": "saved", "windows": CUT},
                    {"name": "aged01", "windows": {**CUT, "release": "2012r2"}},
                ],
            },
            {"name": "hv02", "release": "2022", "edition": "datacenter", "language": "de-DE"},
            {
                "name": "old01",
                "release": "2012r2",
                "edition": "datacenter",
                "vms": [{"name": "deep01", "windows": {**CUT, "release": "2012r2"}}],
            },
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    process.post("/chaos", {"profile": "calm"})
    process.reset()
    return process


def licence(lab: Lab, name: str) -> tuple[int, str]:
    found = lab.machine(name)["licence"]
    return found["status"], found["channel"]


def codes(result: dict[str, Any]) -> list[str]:
    return [found["code"] for found in result["findings"]]


def through_host(
    vm: str, host: str = "hv01", *, name: str, module: str = "guest_key", ignore: bool = False, **options: Any
) -> dict[str, Any]:
    given = {"via": "direct", "vm": vm, "guest_user": r".\GuestAdmin", "guest_password": "{{ guest_password }}", **options}
    return {"name": name, f"hyperv.avma.{module}": given, "when": f"inventory_hostname == '{host}'", "ignore_errors": ignore}


def results(run: Run) -> dict[str, dict[str, Any]]:
    return {task.task: task.result for task in run.tasks if task.kind != "skipped" and task.action.startswith("hyperv.avma.guest")}


@pytest.mark.parametrize("connection", [NTLM, PSRP], ids=str)
def test_through_the_host(lab: Lab, connection: Connection) -> None:
    tasks = [
        {**through_host("cut01", name="foretold"), "check_mode": True},
        through_host("cut01", name="activated"),
        through_host("cut01", name="again"),
        through_host("cut01", name="looked at", module="guest_info"),
        through_host("cut02", name="own key", key=KEY, ignore=True),
        through_host("cut03", name="wrong password", guest_password=WRONG_PASSWORD, ignore=True),
        through_host("off01", name="off", ignore=True),
        through_host("saved01", name="saved", defer_unreachable=True),
        through_host("aged01", name="old guest", ignore=True),
        through_host("nobody", name="not there", ignore=True),
        through_host("deep01", "old01", name="old host", ignore=True),
    ]
    run = lab.player(connection).tasks("hyperv_hosts", tasks, diff=True, verbosity=4, guest_password=GUEST_PASSWORD)
    found = results(run)
    assert list(found) == [task["name"] for task in tasks], run.output

    assert (found["foretold"]["outcome"], found["foretold"]["changed"], found["foretold"]["via"]) == ("activated", True, "direct")
    assert (found["activated"]["outcome"], found["activated"]["vm"]["name"]) == ("activated", "cut01")
    assert [step["kind"] for step in found["foretold"]["steps"]] == [step["kind"] for step in found["activated"]["steps"]]
    assert found["foretold"]["diff"]["after"] == found["activated"]["diff"]["after"]
    assert licence(lab, "cut01") == ACTIVATED
    assert lab.machine("cut01")["licence"]["installations"] == 1, "check mode, or the second task, installed it too"
    assert (found["again"]["outcome"], found["again"]["changed"]) == ("already_activated", False)
    assert found["looked at"]["activated_by_avma"] is True
    assert found["looked at"]["guest"]["placement"]["vm_name"] == "cut01"
    assert (found["own key"]["outcome"], found["own key"]["error"]["code"]) == ("failed", "0xC004F050")
    assert (found["wrong password"]["outcome"], codes(found["wrong password"])) == ("failed", ["DIRECT_LOGON_REFUSED"])
    assert (found["off"]["outcome"], codes(found["off"])) == ("failed", ["DIRECT_VM_NOT_RUNNING"])
    assert (found["saved"]["outcome"], codes(found["saved"])) == ("deferred", ["DIRECT_VM_NOT_RUNNING"])
    assert (found["old guest"]["outcome"], codes(found["old guest"])) == ("failed", ["DIRECT_GUEST_TOO_OLD"])
    assert (found["not there"]["outcome"], codes(found["not there"])) == ("failed", ["DIRECT_VM_NOT_FOUND"])
    assert (found["old host"]["outcome"], codes(found["old host"])) == ("failed", ["DIRECT_HOST_TOO_OLD"])
    assert found["wrong password"]["msg"].startswith("cut03 on hv01: the guest did not accept")

    # One start of PowerShell to look, one to install, one to activate; none where the host already knew better.
    actions = lab.actions()
    trips = {"foretold": 1, "activated": 3, "again": 1, "looked at": 1, "own key": 2, "wrong password": 1, "old guest": 1}
    assert actions["hv01"]["WinRS.Command"] - _looks_after_refusals(found) == sum(trips.values()), actions
    assert "WinRS.Create" not in actions["old01"]
    assert not any("Shell" in of_machine for of_machine in actions.values()), "a command that the lab does not know was asked for"
    assert set(actions) == {"hv01", "old01"}, "guests without network were asked over the network"

    shown = run.output + repr(run.tasks) + lab.text("/trace?last=400")
    secrets = (GUEST_PASSWORD, WRONG_PASSWORD, HOST_PASSWORD, KEY, KEY[:-6], base64.b64encode(GUEST_PASSWORD.encode()).decode())
    assert [secret for secret in secrets if secret.lower() in shown.lower()] == []


def _looks_after_refusals(found: dict[str, dict[str, Any]]) -> int:
    """After Windows has refused a key the licences are read once more."""
    return sum("error" in result and result["error"]["kind"] == "licensing_refused" for result in found.values())


def site(lab: Lab) -> Player:
    """All guests, each to be reached as well as it can be, with accounts of their own. One host is reached by psrp, all others by winrm."""
    player = lab.player(NTLM)
    children = player.inventory["all"]["children"]
    children["hyperv_hosts"]["hosts"]["hv02"] |= lab.player(PSRP).inventory["all"]["vars"]
    guests = children["guests"]
    for name in GUESTS:
        guests["hosts"].setdefault(name, {"ansible_host": NOWHERE})
    guests["hosts"]["cut02"] |= {"avma_via": "direct", "avma_host": "hv01"}
    guests["vars"] = {"ansible_user": r".\GuestAdmin", "ansible_password": GUEST_PASSWORD, "avma_via": "auto"}
    # By WinRM a local account has no dot before it.
    guests["hosts"]["web01"]["ansible_user"] = "GuestAdmin"
    player.variables["avma_report"] = False
    return player


OUTCOMES = {
    "web01": "activated",  # by its own WinRM
    "cut01": "activated",  # through the host, after it did not answer
    "cut02": "activated",  # straight through the host
    "cut03": "activated",
    "off01": "deferred",
    "saved01": "deferred",
    "aged01": "deferred",
    "deep01": "deferred",
    "lost01": "deferred",  # on none of the hosts
}


def test_activate_serves_guests_without_network(lab: Lab) -> None:
    player = site(lab)
    lab.arrange("migrate", vm="cut03", host="hv02")

    first = player.playbook("activate")
    assert first.outcomes() == OUTCOMES, first.output
    assert first.code == 0, first.output
    ways = {name: first.one("guest_key", name).get("via") for name in GUESTS if OUTCOMES[name] == "activated"}
    assert ways == {"web01": "winrm", "cut01": "direct", "cut02": "direct", "cut03": "direct"}
    assert first.one("guest_key", "cut03")["vm"]["host"] == "hv02"
    assert {name: codes(first.one("guest_key", name)) for name in GUESTS if OUTCOMES[name] == "deferred"} == {
        "off01": ["DIRECT_VM_NOT_RUNNING"],
        "saved01": ["DIRECT_VM_NOT_RUNNING"],
        "aged01": ["DIRECT_GUEST_TOO_OLD"],
        "deep01": ["DIRECT_HOST_TOO_OLD"],
        "lost01": ["DIRECT_HOST_UNKNOWN"],
    }
    for name in ways:
        assert licence(lab, name) == ACTIVATED
    shells = {name for name, actions in lab.actions().items() if any(action.startswith("WinRS.") for action in actions)}
    assert shells == {"hv01", "hv02"}
    settled = lab.digest()

    second = player.playbook("activate")
    assert second.changes == {}, second.output
    assert lab.digest() == settled
    assert second.outcomes() == {name: "already_activated" if outcome == "activated" else outcome for name, outcome in OUTCOMES.items()}


def test_a_refused_password_is_not_tried_in_another_way_and_an_empty_one_is_named(lab: Lab) -> None:
    player = site(lab)
    guests = player.inventory["all"]["children"]["guests"]["hosts"]
    guests["web01"]["ansible_password"] = WRONG_PASSWORD
    guests["cut01"]["ansible_password"] = WRONG_PASSWORD
    guests["cut03"]["ansible_password"] = ""
    run = player.playbook("activate", limit="hyperv_hosts,web01,cut01,cut03", verbosity=4)
    by_name = {task.host: task for task in run.of("guest_key")}
    assert by_name["web01"].kind == "unreachable"
    assert "WinRS.Create" not in lab.actions().get("web01", {})
    assert (by_name["cut01"].kind, codes(by_name["cut01"].result)) == ("failed", ["DIRECT_LOGON_REFUSED"])
    assert by_name["cut03"].result["outcome"] == "failed"  # waiting gives nobody a password
    assert "ansible_password" in by_name["cut03"].result["msg"]
    assert lab.actions()["hv01"]["WinRS.Command"] == 1, "a wrong password was tried more than once"
    shown = run.output + repr(run.tasks)
    assert [secret for secret in (GUEST_PASSWORD, WRONG_PASSWORD, HOST_PASSWORD) if secret in shown] == []


def broken(method: str, effect: str) -> dict[str, Any]:
    """Every other message of this kind to a shell breaks off, three times at most."""
    rule = {"name": effect, "when": {"action": "Shell", "method": method}, "count": {"every": 2, "at_most": 3}, "effect": {"do": effect}}
    return {"name": f"{effect} at {method}", "rules": [rule]}


@pytest.mark.parametrize(
    ("connection", "profile"),
    [
        (NTLM, broken("Send", "reset")),  # carried out, and the answer lost
        (PSRP, broken("Receive", "drop")),
        (PSRP, broken("Command", "unavailable")),
    ],
    ids=["send-reset", "receive-drop", "command-503"],
)
def test_connections_that_break_in_mid_execution(lab: Lab, connection: Connection, profile: dict[str, Any]) -> None:
    player = lab.player(connection)
    tasks = [{**through_host("cut01", name="activated", ignore=True), "register": "one"}, through_host("cut02", name="other", ignore=True)]
    lab.post("/chaos", {"profile": profile})
    for _unused in range(3):
        run = player.tasks("hv01", tasks, guest_password=GUEST_PASSWORD)
        if all(result["outcome"] in ("activated", "already_activated") for result in results(run).values()):
            break
    assert lab.get("/chaos")["effects"], "nothing broke"
    for name in ("cut01", "cut02"):
        assert licence(lab, name) == ACTIVATED, run.output
        assert lab.machine(name)["licence"]["installations"] == 1, "the key was installed twice"
