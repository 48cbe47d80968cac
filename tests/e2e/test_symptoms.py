# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators report of AVMA, each on a machine of its own in ``symptoms.yml``: found, explained, remedied, and nothing else changed.

A run is shared by all rows of its table in ``symptom_rows``.
"""

from __future__ import annotations

import re
import urllib.error
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .labs import Lab, running_lab
from .playing import Player, Run
from .symptom_rows import ACTIVATE, ACTIVATED, ALONE, BOTH, GUESTS, HOSTS, INSTALL, MACHINES, NOTHING, Guest, Host, Machine, Row

pytestmark = pytest.mark.e2e

SCENARIO = Path(__file__).parent / "symptoms.yml"
AVMA = "VT:IA"
# Keys that somebody gives by hand.
KEYS = {
    "gvlk-given": "VDYBN-27WPP-V4HQT-9VMD4-VMK7H",
    "key-of-2016": "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD",
    "key-mistyped": "YDFWN-MJ9JR-3DYRK-FXXRW-78VHX",
    "key-of-edition": "NTHRD-NTHRD-NTHRD-NTHRD-NTHRD",
    "key-of-release": "NTHRR-NTHRR-NTHRR-NTHRR-NTHRR",
}
ELSEWHERE = "elsewhere"  # the host that nobody has in the inventory
DISM = re.compile(r"DISM /Online /Set-Edition:(\w+) /ProductKey:([A-Z0-9-]{29}) /AcceptEula")


@dataclass(frozen=True)
class Played:
    """A run, and the licences of the lab before and after it. ``asked``: how often each licensing method was called, by machine."""

    run: Run
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    asked: dict[str, dict[str, int]]
    settings_before: dict[str, dict[str, Any]]
    settings_after: dict[str, dict[str, Any]]


def player(lab: Lab) -> Player:
    made = lab.player()
    groups = made.inventory["all"]["children"]
    del groups["hyperv_hosts"]["hosts"][ELSEWHERE]
    for name, key in KEYS.items():
        groups["guests"]["hosts"][name]["avma_key"] = key
    groups["guests"]["hosts"]["no-rights"] |= {"ansible_user": "reader", "ansible_password": "Lab-Reader1!"}
    return made


def licences(lab: Lab) -> dict[str, dict[str, Any]]:
    return {str(row["name"]): dict(lab.machine(row["name"])["licence"]) for row in lab.get("/machines")}


def asked(lab: Lab) -> dict[str, dict[str, int]]:
    """Calls of the methods that change a licence, refused ones too."""
    found: dict[str, dict[str, int]] = {}
    for machine, actions in lab.actions().items():
        methods = {action.rpartition(".")[2]: count for action, count in actions.items() if action.startswith("SoftwareLicensing")}
        found[machine] = {method: methods[method] for method in methods if method in BOTH}
    return found


def settings(lab: Lab) -> dict[str, dict[str, Any]]:
    """What a host has set for each virtual machine, by name."""
    wanted = ("disabled_components", "host_items", "host_only_items", "notes", "state")
    hosts = lab.get("/state")["hosts"].values()
    return {vm["name"]: {name: vm[name] for name in wanted} for host in hosts for vm in host["vms"].values()}


def guest_key(lab: Lab, pattern: str, **options: Any) -> Run:
    task = {"name": "Activate", "hyperv.avma.guest_key": {"key": "{{ avma_key | default(omit) }}", "wait": 12, "fail_on": [], **options}}
    return player(lab).tasks(pattern, [task])


def watch(lab: Lab, play: Callable[[], Run]) -> Played:
    lab.reset_counters()
    before, set_before = licences(lab), settings(lab)
    run = play()
    return Played(run, before, licences(lab), asked(lab), set_before, settings(lab))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running_lab(str(SCENARIO)) as made:
        yield made


# looking


@pytest.fixture(scope="module")
def looked(lab: Lab) -> Played:
    tasks = [
        {"name": "Host", "hyperv.avma.host_info": {}, "when": "inventory_hostname in groups['hyperv_hosts']"},
        {"name": "Machines", "hyperv.avma.kvp_info": {"items": False}, "when": "inventory_hostname in groups['hyperv_hosts']"},
        {"name": "Guest", "hyperv.avma.guest_info": {}, "when": "inventory_hostname in groups['guests']"},
    ]
    untouched = lab.digest()
    played = watch(lab, lambda: player(lab).tasks("all", tasks))
    assert lab.digest() == untouched, "looking has changed something"
    return played


@pytest.mark.parametrize("row", HOSTS, ids=lambda row: row.machine)
def test_host(looked: Played, row: Host) -> None:
    result = looked.run.one("host_info", row.machine)
    found = result["findings"]
    assert result["host"]["avma"]["ready"] is row.ready
    assert tuple(one["code"] for one in found) == row.findings
    assert all(one["object"].lower() == row.machine for one in found)
    assert row.remedy in (found[0]["remedy"] if found else "")


def machines(run: Run) -> dict[str, dict[str, Any]]:
    return {vm["name"]: vm for task in run.of("kvp_info") if task.kind == "ok" for vm in task.result["vms"]}


@pytest.mark.parametrize("row", MACHINES, ids=lambda row: row.machine)
def test_machine_as_its_host_sees_it(looked: Played, row: Machine) -> None:
    vm = machines(looked.run)[row.machine]
    assert vm["avma"]["status"] == row.status
    assert vm["findings"][0]["code"] == row.finding
    assert row.remedy in vm["findings"][0]["remedy"]


@pytest.mark.parametrize("row", GUESTS, ids=lambda row: row.machine)
def test_guest_as_it_sees_itself(looked: Played, row: Guest) -> None:
    (found,) = looked.run.one("guest_info", row.machine)["findings"]
    assert found["code"] == row.finding
    assert row.remedy in found["remedy"]


def test_what_is_normal_is_not_reported(looked: Played) -> None:
    """No alarm at the minutes of an activation that is renewed, at a date that means never, or at a key without its activation."""
    renewed = looked.run.one("guest_info", "seven-days")
    assert (renewed["activated_by_avma"], renewed["findings"]) == (True, [])
    assert 9990 <= renewed["guest"]["licence"]["minutes_remaining"] <= 10000
    keyed = looked.run.one("guest_info", "keyed-only")
    assert (keyed["activated"], keyed["guest"]["licence"]["channel"]) == (False, "avma"), "a key is not an activation"
    assert keyed["guest"]["licence"]["avma"]["last_activation"] is None, "1601 is shown as never"
    assert keyed["guest"]["licence"]["evaluation_end"] is None
    assert looked.run.one("guest_info", "watermark")["activated_by_avma"] is True


def test_of_several_keys_the_one_of_windows_that_is_licensed_counts(looked: Played) -> None:
    two = looked.run.one("guest_info", "two-keys")["guest"]
    assert [(one["channel"], one["licensed"]) for one in two["licences"]] == [("mak", True), ("kms_client", False)]
    assert two["licence"]["channel"] == "mak"
    addon = looked.run.one("guest_info", "with-addon")["guest"]
    assert [one["channel"] for one in addon["licences"]] == ["kms_client"], "an add-on is not Windows"


def test_licences_are_asked_by_name_and_condition(lab: Lab) -> None:
    """All properties of all rows take Windows many seconds, and one of the service is a real, whole key."""
    lab.reset()
    guest_key(lab, "of-2022")
    queries = re.findall(r"select .*? from softwarelicensing.*?<", lab.text("/trace?last=50&bodies=1").lower())
    assert len([query for query in queries if "softwarelicensingproduct" in query]) >= 3
    for query in queries:
        assert "*" not in query
        assert "oa3x" not in query
        assert "softwarelicensingservice" in query or ("where applicationid" in query and "partialproductkey" in query)


# activating


@pytest.fixture(scope="module")
def activated(lab: Lab, looked: Played) -> Played:
    lab.reset()
    return watch(lab, lambda: player(lab).playbook("activate", avma_wait=20, avma_report=False))


@pytest.fixture(scope="module")
def again(lab: Lab, activated: Played) -> Played:
    """A second run over what the first one has left."""
    return watch(lab, lambda: player(lab).playbook("activate", avma_wait=4, avma_report=False))


@pytest.fixture(scope="module")
def alone(lab: Lab, again: Played) -> Played:
    lab.reset()
    return watch(lab, lambda: guest_key(lab, ",".join(row.machine for row in ALONE)))


def check(played: Played, row: Row) -> None:
    result = played.run.one("guest_key", row.machine)
    assert result["outcome"] == row.outcome, result.get("msg")
    if row.findings or not row.writes:
        assert tuple(one["code"] for one in result["findings"]) == row.findings
    assert row.words in result.get("msg", "")
    assert (result.get("error") or {}).get("code") == row.code
    calls = played.asked.get(row.machine, {})
    assert tuple(method for method in BOTH if method in calls) == row.writes
    assert {method for method, count in calls.items() if count > 1} == set(row.repeated)
    now, then = played.after[row.machine], played.before[row.machine]
    if row.outcome == "activated":
        assert (now["channel"], now["status"]) == (AVMA, 1)
    if row.writes == NOTHING or "KEY_INSTALL_FAILED" in row.findings:
        same = ("channel", "partial_key", "status", "reason", "iaid", "installations")
        assert {name: now[name] for name in same} == {name: then[name] for name in same}, "it was to be left as it is"
        assert result["changed"] is False
    else:
        assert result["changed"] is (now["installations"] > then["installations"] or now["status"] != then["status"])


def test_every_guest_of_the_fleet_has_a_row(lab: Lab) -> None:
    guests = {row["name"] for row in lab.get("/machines") if lab.machine(row["name"])["kind"] == "guest"}
    assert {row.machine for row in ACTIVATED} == guests
    assert len(ACTIVATED) == len(guests)


@pytest.mark.parametrize("row", ACTIVATED, ids=lambda row: row.machine)
def test_symptom_in_a_run_that_knows_the_hosts(activated: Played, row: Row) -> None:
    check(activated, row)


@pytest.mark.parametrize("row", ALONE, ids=lambda row: row.machine)
def test_symptom_where_only_the_guest_is_asked(alone: Played, row: Row) -> None:
    check(alone, row)


def test_of_the_machines_settings_only_data_exchange_is_changed(activated: Played) -> None:
    before = activated.settings_before
    changed = {name: vm for name, vm in activated.settings_after.items() if vm != before[name]}
    assert set(changed) == {"exchange-off", "service-idle"}
    for name, vm in changed.items():
        assert {**vm, "disabled_components": before[name]["disabled_components"]} == before[name]
        assert set(before[name]["disabled_components"]) - set(vm["disabled_components"]) == {"kvp"}


def test_no_key_is_installed_twice(activated: Played, again: Played) -> None:
    failed_keys = {row.machine for row in ACTIVATED if "KEY_INSTALL_FAILED" in row.findings}
    assert {name for name, calls in again.asked.items() if INSTALL in calls} == failed_keys
    assert all(now["installations"] <= 1 for now in again.after.values())
    assert again.run.changes == {}, again.run.changes
    for row in ACTIVATED:
        if row.outcome in ("activated", "already_activated"):
            assert again.run.one("guest_key", row.machine)["outcome"] == "already_activated"


# what needs more than one step


def test_wishes_and_conversions(lab: Lab, alone: Played) -> None:
    """An evaluation becomes a licensed edition by the very command that was told, an upgrade in place ends in AVMA again, a MAK goes only on wish."""
    lab.reset()
    refused = guest_key(lab, "trial").one("guest_key", "trial")
    told = DISM.search(refused["msg"])
    assert told is not None, refused["msg"]
    lab.arrange("set_edition", machine="trial", edition=told[1], key=told[2])
    with pytest.raises(urllib.error.HTTPError):
        lab.arrange("set_edition", machine="trial-dc", edition="ServerDatacenterCor", key="W3GNR-8DDXR-2TFRP-H8P33-DV9BG")
    with pytest.raises(urllib.error.HTTPError):
        lab.arrange("upgrade", machine="upgraded", release="2022", key="YDFWN-MJ9JR-3DYRK-FXXRW-78VHK")
    lab.arrange("upgrade", machine="upgraded", release="2022", key="VDYBN-27WPP-V4HQT-9VMD4-VMK7H")
    # the licensing service has another word for these two
    lab.arrange("rule", section="licensing", name="user_refusal", value=0x80070005)
    lab.arrange("rule", section="licensing", name="wrong_version", value=0xC004E016)
    lab.arrange("bound", vm="of-2019", bound=False)
    made = player(lab)
    made.inventory["all"]["children"]["guests"]["hosts"]["of-2022"]["wish_activate"] = False
    wish = {
        "key": "{{ avma_key | default(omit) }}",
        "activate": "{{ wish_activate | default(true) }}",
        "replace_licensed": "{{ inventory_hostname in ['working-mak', 'two-keys'] }}",
        "wait": 12,
        "fail_on": [],
    }
    pattern = "trial,upgraded,working-mak,two-keys,no-rights,key-of-release,of-2022,of-2019"
    run = made.tasks(pattern, [{"name": "Activate", "hyperv.avma.guest_key": wish}])
    outcomes = {name: run.one("guest_key", name)["outcome"] for name in pattern.split(",")}
    assert outcomes == {
        "trial": "activated",
        "upgraded": "activated",
        "working-mak": "activated",
        "two-keys": "activated",
        "no-rights": "failed",
        "key-of-release": "failed",
        "of-2022": "keyed",
        "of-2019": "failed",
    }
    for name in ("working-mak", "two-keys"):
        found = run.one("guest_key", name)["findings"]
        assert "KEY_REPLACED" in {one["code"] for one in found}
    assert run.one("guest_key", "key-of-release")["error"]["code"] == "0xC004E016"
    denied = run.one("guest_key", "no-rights")
    assert denied["error"]["code"] == "0x80070005"
    assert "administrator" in denied["msg"]
    forgotten = run.one("guest_key", "of-2019")
    assert forgotten["error"]["code"] == "0xC004FD04"
    assert "event 12310 on the host" in forgotten["msg"]
    keyed = run.one("guest_key", "of-2022")
    assert (keyed["key_installed"], keyed["activated"]) == (True, False), "to install a key is not to activate"


def test_data_exchange_that_stops_answering(lab: Lab, alone: Played) -> None:
    lab.reset()
    lab.arrange("kvp_service", guest="of-2022", state="stopped")
    (vm,) = player(lab).module("kvp_info", "hv-good", name=["of-2022"], items=False).one("kvp_info", "hv-good")["vms"]
    assert vm["data_exchange"] == {"enabled": True, "health": "lost"}
    assert [found["code"] for found in vm["findings"]] == ["DATA_EXCHANGE_LOST"]
    assert "vmickvpexchange" in vm["findings"][0]["remedy"]


def test_what_lapses_after_weeks_of_good_running(lab: Lab, alone: Played) -> None:
    lab.reset()
    lab.post("/clock", {"advance_minutes": 10 * 24 * 60})
    lapsed = lab.machine("ran-for-weeks")["licence"]
    assert (lapsed["channel"], lapsed["status"]) == (AVMA, 5)
    tasks = [
        {"name": "Host", "hyperv.avma.host_info": {}, "when": "inventory_hostname in groups['hyperv_hosts']", "register": "host_result"},
        {
            "name": "Guest",
            "hyperv.avma.guest_key": {
                "wait": 8,
                "fail_on": [],
                "hosts": "{{ ['hv-kms', 'node-b'] | map('extract', hostvars, ['host_result', 'readiness']) | list if knows_hosts else [] }}",
            },
            "when": "inventory_hostname in groups['guests']",
        },
    ]
    pattern = "hv-kms,node-b,ran-for-weeks,moved"
    known = player(lab).tasks(pattern, tasks, knows_hosts=True)
    (host,) = known.one("host_info", "hv-kms")["findings"]
    assert host["code"] == "HOST_NOT_ACTIVATED"
    assert "0xC004F009" in host["cause"]
    assert "slmgr /ato" in host["remedy"], "the host's KMS is what must be repaired"
    for name in ("ran-for-weeks", "moved"):
        result = known.one("guest_key", name)
        assert (result["outcome"], [one["code"] for one in result["findings"]]) == ("refused", ["HOST_NOT_READY"])
        assert asked(lab).get(name, {}) == {}
    unknown = player(lab).tasks(pattern, tasks, knows_hosts=False)
    for name, host_name in (("ran-for-weeks", "hv-kms"), ("moved", "node-b")):
        result = unknown.one("guest_key", name)
        assert (result["outcome"], result["error"]["code"]) == ("failed", "0xC004FD02")
        assert f"Activate host {host_name}" in result["msg"]
        assert asked(lab)[name] == {ACTIVATE: 1}, "the key is there"
    lab.arrange("licence", machine="hv-kms", status="licensed", minutes=200000)
    lab.arrange("migrate", vm="moved", host="node-a")
    assert guest_key(lab, "ran-for-weeks,moved").outcomes() == {"ran-for-weeks": "activated", "moved": "activated"}
