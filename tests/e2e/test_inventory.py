# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin against the lab: what it finds, what a play does with nothing but it, and what hostile guests make of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .labs import CONNECTIONS, NTLM, Connection, Lab
from .playing import TIMEOUT, Player, environment
from .scenario_files import ADMINISTRATOR, lab_of

pytestmark = pytest.mark.e2e

PLUGIN = "hyperv.avma.guests"
# The lab's machines have addresses of the loopback network, which no guest can have otherwise.
NETWORK = ["127.0.0.0/8"]
DOMAIN = "lab.example.com"
# Guests of the demo fleet that run and say that they are Windows Server, and what activate.yml reaches.
OUTCOMES = {
    "web01": "activated",
    "web02": "activated",
    "sql01": "kept",
    "file01": "activated",
    "app01": "already_activated",
    "print01": "activated",
    "small01": "activated",
    "trial01": "refused",
    "azure01": "refused",
    "app02": "activated",
    "app03": "activated",
    "branch01": "refused",
}


def full(names: dict[str, str]) -> dict[str, str]:
    return {f"{name}.{DOMAIN}": value for name, value in names.items()}


def source(lab: Lab, connection: Connection = NTLM, **options: Any) -> dict[str, Any]:
    """A source that asks the lab's hosts, with the connection variables that the lab's own inventory has."""
    everything = lab.player(connection).inventory["all"]
    return {
        "plugin": PLUGIN,
        "hosts": everything["children"]["hyperv_hosts"]["hosts"],
        "host_variables": everything["vars"],
        "guest_variables": everything["vars"],
        "networks": NETWORK,
        **options,
    }


class Listing:
    """What ansible-inventory makes of sources in a folder."""

    def __init__(self, folder: Path, **env: str) -> None:
        command = [sys.executable, "-m", "ansible", "inventory", "-i", str(folder), "--list"]
        done = subprocess.run(
            command,
            env={**environment(Path(os.devnull)), **env},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        self.code = done.returncode
        self.said = " ".join(done.stderr.split())  # ansible-core before 2.19 breaks lines
        self.text = done.stdout
        found: dict[str, Any] = json.loads(done.stdout or "{}", object_hook=_told)
        self.variables: dict[str, dict[str, Any]] = found.pop("_meta", {}).get("hostvars", {})
        self._groups = found

    def members(self, group: str) -> set[str]:
        described = self._groups.get(group, {})
        return set(described.get("hosts", ())).union(*(self.members(child) for child in described.get("children", ())))


def _told(value: dict[str, Any]) -> Any:
    """Text that is marked as untrusted is printed as a dict."""
    return value["__ansible_unsafe"] if set(value) == {"__ansible_unsafe"} else value


def write(folder: Path, **files: Any) -> Path:
    """Files named by keyword, ``__`` for a dot, in a folder that is an inventory."""
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


# the demo fleet


@pytest.mark.parametrize("connection", CONNECTIONS, ids=str)
def test_activate_runs_from_it_alone(demo: Lab, connection: Connection) -> None:
    player = Player(source(demo, connection), file_name="fleet.avma.yml")
    first = player.playbook("activate")
    assert first.outcomes() == full(OUTCOMES), first.output
    for name, outcome in OUTCOMES.items():
        if outcome == "activated":
            assert demo.machine(name)["licence"]["channel"] == "VT:IA"
    # Data Exchange of silent01 was off, so that it was not a guest yet. Now it is, and the others are as they were.
    second = player.playbook("activate")
    assert second.outcomes() == full({**OUTCOMES, **dict.fromkeys((name for name in OUTCOMES if OUTCOMES[name] == "activated"), "already_activated"),
                                      "silent01": "activated"}), second.output  # fmt: skip
    assert set(second.changes) == {f"silent01.{DOMAIN}"}


def test_groups_and_variables(demo: Lab, tmp_path: Path) -> None:
    listing = Listing(write(tmp_path, fleet__avma__yml=source(demo)))
    assert listing.said == ""
    assert listing.members("hyperv_hosts") == {"hv01", "hv02", "hv03", "hv04"}
    assert listing.members("hyperv_cluster_clu01") == {"hv01", "hv02"}
    assert listing.members("guests") == set(full(OUTCOMES))
    # No Data Exchange, no name of a guest: they have those of their virtual machines.
    assert listing.members("hyperv_vms") == {*full(OUTCOMES), "silent01", "spare01", "lin01"}
    machine = listing.variables[f"web02.{DOMAIN}"]
    assert machine["ansible_host"] == demo.player().inventory["all"]["children"]["guests"]["hosts"]["web02"]["ansible_host"]
    assert machine["avma_vm_host"] == "hv01"
    assert machine["avma_cluster"] == "clu01"
    host = listing.variables["hv04"]["avma_host_info"]
    assert host["host"]["avma"]["ready"] is False
    assert [finding["code"] for finding in host["findings"]] == ["HOST_NOT_DATACENTER"]


def test_few_requests_for_a_host(demo: Lab, tmp_path: Path) -> None:
    Listing(write(tmp_path, fleet__avma__yml=source(demo)))
    assert {name: demo.requests(name) <= 15 for name in ("hv01", "hv02", "hv03", "hv04")} == dict.fromkeys(
        ("hv01", "hv02", "hv03", "hv04"), True
    )
    assert demo.requests("web01") == 0


def test_cache_spares_the_hosts(demo: Lab, tmp_path: Path) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "kept")}
    folder = tmp_path / "inventory"
    folder.mkdir()
    write(folder, fleet__avma__yml=source(demo, **cache))
    first = Listing(folder)
    assert demo.requests("hv01") > 0
    demo.reset_counters()
    second = Listing(folder)
    assert demo.requests("hv01") == 0
    assert second.text == first.text
    assert first.members("guests")


# hosts that cannot be asked


def test_a_wrong_password_leaves_the_other_hosts(demo: Lab, tmp_path: Path) -> None:
    described = source(demo)
    described["hosts"] = {**described["hosts"], "hv02": {**described["hosts"]["hv02"], "ansible_password": "Geheim-Wort-4711!"}}
    listing = Listing(write(tmp_path, fleet__avma__yml=described))
    assert listing.members("hyperv_hosts_failed") == {"hv02"}
    assert f"web01.{DOMAIN}" in listing.members("guests")
    assert f"print01.{DOMAIN}" not in listing.members("guests")
    assert "The virtual machines of a host are not in the inventory. hv02: " in listing.said
    assert listing.variables["hv02"]["avma_host_error"]["kind"] == "authentication_failed"
    assert "Geheim-Wort-4711!" not in listing.said


def test_with_host_failure_error_there_is_no_inventory(demo: Lab, tmp_path: Path) -> None:
    described = source(demo, host_failure="error")
    described["hosts"] = {**described["hosts"], "hv05": {"ansible_host": "127.0.0.1", "ansible_port": 9}}
    listing = Listing(write(tmp_path, fleet__avma__yml=described), ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="1")
    assert listing.code != 0
    assert "1 of 5 Hyper-V hosts could not be asked: hv05: " in listing.said
    assert listing.variables == {}


# where credentials come from


def test_hosts_and_credentials_of_an_earlier_source_with_vault(demo: Lab, tmp_path: Path) -> None:
    everything = demo.player().inventory["all"]
    variables = {name: value for name, value in everything["vars"].items() if name not in ("ansible_user", "ansible_password")}
    inventory, secret = tmp_path / "inventory", tmp_path / "vault-password"
    (inventory / "group_vars" / "all").mkdir(parents=True)
    secret.write_text("the vault's own\n", encoding="utf-8")
    write(
        inventory,
        **{"10-hosts__yml": {"hyperv_hosts": {"hosts": everything["children"]["hyperv_hosts"]["hosts"]}}},
        **{"20-guests__yml": {"plugin": PLUGIN, "networks": NETWORK}},
    )
    write(
        inventory / "group_vars" / "all",
        plain__yml={**variables, "ansible_user": "Administrator", "ansible_password": "{{ vault_password }}"},
    )
    command = ["vault", "encrypt_string", "--vault-password-file", str(secret), "--name", "vault_password", ADMINISTRATOR["password"]]
    encrypted = subprocess.run(
        [sys.executable, "-m", "ansible", *command],
        env=environment(Path(os.devnull)),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    write(inventory / "group_vars" / "all", vault__yml=encrypted.stdout)
    listing = Listing(inventory, ANSIBLE_VAULT_PASSWORD_FILE=str(secret))
    assert listing.said == ""
    assert listing.members("guests") == set(full(OUTCOMES))


def test_credentials_from_the_environment_are_not_in_the_inventory(demo: Lab, tmp_path: Path) -> None:
    described = source(demo)
    for option in ("host_variables", "guest_variables"):
        described[option] = {name: value for name, value in described[option].items() if name not in ("ansible_user", "ansible_password")}
    listing = Listing(
        write(tmp_path, fleet__avma__yml=described),
        HYPERV_AVMA_USERNAME=ADMINISTRATOR["name"],
        HYPERV_AVMA_PASSWORD=ADMINISTRATOR["password"],
    )
    assert listing.members("guests") == set(full(OUTCOMES))
    assert ADMINISTRATOR["password"] not in listing.text + listing.said


# hostile guests

NAMES = ("localhost", "guests", "hv01", "all", "../../group_vars/all", "web\u202e01", "a,b:c[1:3]", "__proto__", "127.0.0.1")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, Path]]:
    """A lab whose guests try to be templates, patterns, paths, groups and one another; and the file that a template would make."""
    trap = tmp_path_factory.mktemp("trap") / "sprung"
    template = "{{ lookup('ansible.builtin.pipe', 'touch " + str(trap) + "') }}"

    def windows(number: int, **more: Any) -> dict[str, Any]:
        return {"release": "2022", "edition": "standard", "name": f"vm{number}", "licence": {"channel": "none"}, **more}

    vms: list[dict[str, Any]] = [
        {
            "name": name,
            "notes": f"x\nCustomer: {template}",
            "windows": windows(number, guest_items={template: template, "Role": name}, false_items={"OSName": template}),
        }
        for number, name in enumerate((template, *NAMES))
    ]
    vms.append({"name": "good", "windows": windows(50, name="good")})
    vms.append({"name": "thief", "windows": windows(51, false_items={"FullyQualifiedDomainName": "good"})})
    with lab_of(hosts=[{"name": "hv01", "release": "2022", "edition": "datacenter", "vms": vms}]) as lab:
        yield lab, trap


def test_hostile_guests_break_nothing_and_gain_nothing(hostile: tuple[Lab, Path], tmp_path: Path) -> None:
    lab, trap = hostile
    keyed = [
        {"prefix": "", "separator": "", "key": "avma_vm.kvp.guest.Role | default('', true)"},
        {"prefix": "role", "key": "avma_vm_name"},
    ]
    tenant = r"avma_vm.notes | default('', true) | regex_search('(?m)(?<=^Customer: )[^,\n]+') | default('', true)"
    compose = {"copy": "avma_vm_name", "system": "avma_vm.kvp.intrinsic.OSName", "avma_tenant": tenant}
    described = source(lab, notes=True, keyed_groups=keyed, compose=compose)
    listing = Listing(write(tmp_path, fleet__avma__yml=described))
    machines = listing.members("hyperv_vms")
    assert len(machines) == len(NAMES) + 3
    assert listing.members("guests") == machines
    assert listing.members("hyperv_hosts") == {"hv01"}
    assert "good" in machines, "the thief did not get its name, nor take it away"
    assert not any(set(name) & set("{}/ :,[]\u202e") for name in machines)
    assert {listing.variables[name]["avma_tenant"] for name in machines} == {"", "{{ lookup('ansible.builtin.pipe'"}
    run = Player(described, file_name="fleet.avma.yml").tasks(
        "hyperv_vms",
        [
            {
                "ansible.builtin.debug": {
                    "msg": "{{ inventory_hostname }} {{ avma_vm_name }} {{ avma_vm }} {{ copy }} {{ system }} {{ avma_tenant }} {{ group_names }}"
                }
            }
        ],
    )
    assert run.code == 0, run.output
    assert {task.host for task in run.tasks if task.kind == "ok"} == machines
    assert "lookup('ansible.builtin.pipe'" in run.output, "the trap was not shown at all"
    assert not trap.exists(), "a guest's text was rendered as a template"


def test_hostile_guests_are_activated_like_others(hostile: tuple[Lab, Path]) -> None:
    lab, trap = hostile
    run = Player(source(lab), file_name="fleet.avma.yml").playbook("activate")
    assert run.code == 0, run.output
    assert set(run.outcomes().values()) == {"activated"}
    assert len(run.outcomes()) == len(NAMES) + 3
    assert not trap.exists()


def test_what_another_program_hands_on_stays_untrusted(hostile: tuple[Lab, Path], tmp_path: Path) -> None:
    """A controller stores the inventory as ansible-inventory prints it, and gives it to jobs by a script."""
    lab, trap = hostile
    folder = tmp_path / "source"
    folder.mkdir()
    stored = Listing(write(folder, fleet__avma__yml=source(lab))).text
    script = tmp_path / "stored.sh"
    script.write_text(f"#!/bin/sh\ncat <<'END-OF-INVENTORY'\n{stored}\nEND-OF-INVENTORY\n", encoding="utf-8")
    script.chmod(0o700)
    play = write(
        tmp_path, play__yml=[{"hosts": "hyperv_vms", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"var": "avma_vm"}}]}]
    )
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", str(script), str(play / "play.yml")],
        env=environment(tmp_path / "record"), capture_output=True, text=True, timeout=TIMEOUT, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lookup('ansible.builtin.pipe'" in done.stdout
    assert not trap.exists()
