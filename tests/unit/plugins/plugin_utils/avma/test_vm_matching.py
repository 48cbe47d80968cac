# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guest is which virtual machine: one table of cases, and every reader answers it alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.guest_place import GuestPlaces, places_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.evidence import Conclusion, SeenGuest, SeenVm, weigh
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.vm_matching import (
    By,
    GuestMarks,
    VmIndex,
    VmMarks,
    distinct,
    guest_marks,
    vm_marks,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.machines import machines_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.survey import HostAnswer
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.joining import Join
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import GuestMaterial, HostMaterial, Material, Settings
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.sightings import Identities
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.summary import summarise

WEB, SQL, EVIL = (f"{number:08d}-2222-4333-8444-555555555555" for number in (1, 2, 3))
NOW = datetime(2026, 11, 20, tzinfo=UTC)
Result = dict[str, Any]


def vm(identifier: str, name: str, state: str = "running", fqdn: str | None = None) -> Result:
    return {"id": identifier, "name": name, "state": state, "guest": {"fqdn": fqdn, "name": "Windows Server"}, "findings": []}


def answer(computer: str = "OTHER", **placement: str) -> Result:
    """Of a guest that is activated. ``placement``: of its registry."""
    licence = {"licensed": True, "channel": "avma", "status": "licensed"}
    return {"outcome": "already_activated", "guest": {"name": computer, "licence": licence, "placement": placement}}


@dataclass(frozen=True)
class Case:
    """``expected``: the ID of the machine that the guest is; ``proves``: whether its answer counts for that machine."""

    about: str
    name: str
    expected: str | None
    result: Result = field(default_factory=dict)
    vm_id: str | None = None
    vm_name: str | None = None
    vms: tuple[Result, ...] = (vm(WEB, "web01"), vm(SQL, "sql01"))
    others: tuple[str, ...] = ()
    proves: bool = True

    def __str__(self) -> str:
        return self.about.replace(" ", "-")


BOTH = (vm(WEB, "web01"), vm(EVIL, "evil01"))
CASES = [
    Case("full name of a machine that is called by its short one", "web01.corp.example", WEB),
    Case("case and the dot at the end do not count", "WEB01.Corp.Example.", WEB),
    Case("short name of a machine that is called by its full one", "web01", WEB, vms=(vm(WEB, "WEB01.corp.example"),)),
    Case("two full names of different domains", "web01.a.example", None, vms=(vm(WEB, "web01.b.example"),)),
    Case("short name that two guests share", "web01.a.example", None, others=("web01.b.example",)),
    Case("exact name though another guest shares the short one", "web01", WEB, others=("web01.b.example",)),
    Case("name that two machines have", "web01", None, vms=(vm(WEB, "web01"), vm(SQL, "WEB01"))),
    Case("first part of an address", "10.0.0.5", None, vms=(vm(WEB, "10"),)),
    Case("first part of an address in another notation", "127.1", None, vms=(vm(WEB, "127"),)),
    Case("ID of the inventory against the name", "sql01", WEB, vm_id="{" + WEB.lower() + "}"),
    Case("ID of the inventory that no host shows", "web01", None, vm_id=EVIL),
    Case("an ID is not looked for among names", "guest", None, vm_id=WEB, vms=(vm(SQL, WEB),)),
    Case("machine's name in the inventory", "guest", WEB, vm_name="Web01"),
    Case("where it is known the guest's name does not count", "web01", None, vm_name="a-web01"),
    Case("own registry where nobody else knows", "guest", WEB, answer(vm_id=WEB.lower())),
    Case("own registry names a machine that no host shows", "guest", None, answer("web01", vm_id=EVIL)),
    Case("host and name in the registry", "guest", WEB, answer(vm_name="web01", host="HV01")),
    Case("own name", "guest", WEB, answer("web01")),
    Case("another machine answers than the ID means", "evil01", EVIL, answer("WEB01", vm_id=WEB), EVIL, vms=BOTH, proves=False),
    Case("another machine answers than the name means", "evil01", EVIL, answer("WEB01", vm_id=WEB), vms=BOTH, proves=False),
    Case("another machine answers than the full name means", "evil01.x", EVIL, answer("WEB01", vm_id=WEB), vms=BOTH, proves=False),
    Case("a machine that no host shows answers", "evil01", EVIL, answer("WEB01", vm_id=WEB), vms=(vm(EVIL, "evil01"),), proves=False),
    Case("the guest of PowerShell Direct", "guest", WEB, {**answer(), "via": "direct", "vm": {"id": WEB}}),
    Case("the guest of PowerShell Direct with another ID", "guest", WEB, {**answer(vm_id=SQL), "via": "direct", "vm": {"id": WEB}}, proves=False),
    Case("an ID that the operator calls out of date", "web01", WEB, {**answer(vm_id=SQL), "findings": [{"code": "GUEST_VM_ID_STALE"}]}, WEB),
    Case("a tenant that claims another's name hides nothing", "web01", WEB, vms=(vm(WEB, "web01"), vm(EVIL, "evil01", fqdn="web01.corp.example"))),
]  # fmt: skip
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def known_without_the_inventory(case: Case) -> bool:
    """Evidence joins answers, and knows a guest by its ID or by its machine's name, not by what the inventory calls it."""
    by_inventory_name = case.vm_id is None and case.name in ("web01", "evil01", "evil01.x")
    return bool(case.result) and not case.others and not by_inventory_name


# Those who cannot express each case; the counts keep a case from dropping out unseen.
CASES_OF_EVIDENCE = [case for case in CASES if known_without_the_inventory(case)]
CASES_BEFORE_AN_ANSWER = [
    case for case in CASES if not case.result
]  # PowerShell Direct looks for the machine before its guest has answered


def test_how_many_cases_each_reader_has() -> None:
    assert (len(CASES), len(CASES_OF_EVIDENCE), len(CASES_BEFORE_AN_ANSWER)) == (26, 8, 15)


def hosts(*vms: Result, name: str = "hv01", fqdn: str | None = None) -> HostMaterial:
    told = {"name": name.partition(".")[0].upper(), "fqdn": fqdn or f"{name.partition('.')[0]}.corp.example"}
    return HostMaterial(name, {"host": told}, {"host": {"name": told["name"]}, "vms": list(vms)})


def material(case: Case) -> tuple[GuestMaterial, ...]:
    guest = GuestMaterial(case.name, case.result, case.vm_id, case.vm_name)
    return (guest, *(GuestMaterial(name) for name in case.others))


@every_case
def test_the_matcher(case: Case) -> None:
    index = VmIndex(case.vms, lambda one: vm_marks(one, ["HV01"]), [case.name, *case.others])
    found = index.match(guest_marks(case.name, case.result, case.vm_id, case.vm_name))
    assert (found.vm["id"] if found.vm else None) == case.expected
    assert (found.other is None) is case.proves


@every_case
def test_the_table_of_a_run(case: Case) -> None:
    rows = summarise(material(case), [hosts(*case.vms)]).rows
    mine = next(row for row in rows if row.managed and row.guest == case.name)
    unmanaged = [row.guest for row in rows if not row.managed]
    assert unmanaged == sorted((one["name"] for one in case.vms if one["id"] != case.expected and not one_of_others(case, one)), key=str)
    if not case.proves:
        assert (mine.outcome, mine.channel, mine.attention) == ("refused", None, True)
        assert "answered" in mine.reason
        assert mine.remedy


def one_of_others(case: Case, one: Result) -> bool:
    join = Join([hosts(*case.vms)], material(case))
    return any(machine.id == one["id"] and machine.guest is not None for machine in join.machines)


@every_case
def test_the_report(case: Case) -> None:
    found = build(Material((hosts(*case.vms),), material(case)), Settings(NOW, NOW, NOW))
    assert [entry.id for entry in found.vms if entry.inventory_name == case.name and entry.id in {one["id"] for one in case.vms}] == (
        [case.expected] if case.expected else []
    )
    if not case.proves:
        entry = next(entry for entry in found.vms if entry.inventory_name == case.name)
        assert (entry.standing.value, entry.channel) == ("unknown", None)
        assert "GUEST_IS_OTHER_VM" in [action.code for action in found.actions]
        assert all(one.standing.value != "activated" for one in found.vms), "the answer proves nothing of anybody"


@pytest.mark.parametrize("case", CASES_OF_EVIDENCE, ids=str)
def test_the_evidence(case: Case) -> None:
    weighed = weigh([SeenVm("HV01", one, NOW) for one in case.vms], [SeenGuest(case.result, NOW, case.vm_id, case.vm_name)], (), now=NOW)
    proven = [one.vm_id for one in weighed.vms if one.conclusion is Conclusion.PROVEN and one.vm_id in {vm["id"] for vm in case.vms}]
    assert proven == ([case.expected] if case.expected and case.proves else [])


@pytest.mark.parametrize("case", CASES_BEFORE_AN_ANSWER, ids=str)
def test_powershell_direct(case: Case) -> None:
    variables = {
        "groups": {"hyperv_hosts": ["hv01"], "all": ["hv01", case.name, *case.others]},
        "hostvars": {"hv01": {"host_result": {"host": {}}, "host_vms": {"vms": list(case.vms)}}},
        **({"avma_vm_id": case.vm_id} if case.vm_id else {}),
        **({"avma_vm_name": case.vm_name} if case.vm_name else {}),
    }
    found = places_of(variables, case.name, None, [])
    assert (found.vm if isinstance(found, GuestPlaces) else None) == case.expected


# events


EVENTS: list[tuple[str, tuple[str, ...], tuple[str, ...], str | None, By | None]] = [
    ("an ID", (WEB.lower(),), (), WEB, By.ID),
    ("a known ID among others", (EVIL, WEB), ("sql01",), WEB, By.ID),
    ("two known IDs", (WEB, SQL), (), None, None),
    ("two known IDs and a name", (WEB, SQL), ("web01",), None, None),
    ("a known ID in a name", (SQL,), (f"{WEB}.evil.example",), None, None),
    ("a known ID in a name alone", (), (f"{WEB}.evil.example",), None, None),
    ("a name", (), ("WEB01.corp.example",), WEB, By.NAME),
    ("nothing", (), (), None, None),
]


@pytest.mark.parametrize(("about", "ids", "names", "expected", "by"), EVENTS, ids=[event[0] for event in EVENTS])
def test_whom_an_event_means(about: str, ids: tuple[str, ...], names: tuple[str, ...], expected: str | None, by: By | None) -> None:
    vms = (vm(WEB, "web01"), vm(SQL, "sql01"))
    found = VmIndex(vms, vm_marks).of_event(ids, names)
    assert (found.vm["id"] if found.vm else None, found.by) == (expected, by)
    event = {
        "event_id": 12310,
        "computer": "HV01",
        "time": "2026-11-19T00:00:00Z",
        "notification": "success",
        "vm_ids": ids,
        "vm_names": names,
    }
    weighed = weigh([SeenVm("HV01", one) for one in vms], [], [event], now=NOW)
    assert [one.vm_id for one in weighed.vms if one.conclusion is Conclusion.LOGGED_BY_HOST] == ([expected] if expected else [])
    assert weighed.ambiguous == found.ambiguous
    machines = Join([hosts(*vms)], ()).machines
    seen = Identities(machines).of(ids, names)
    assert seen == expected


# one machine on several hosts


def replicas(*shown: tuple[str, str]) -> list[HostMaterial]:
    return [hosts(vm(WEB, "web01", state), name=name) for name, state in shown]


@pytest.mark.parametrize(
    ("shown", "host", "elsewhere"),
    [
        ((("hv01", "off"), ("hv02", "running")), "HV02", 1),
        ((("hv01", "running"), ("hv02", "off")), "HV01", 1),
        ((("hv01", "off"), ("hv02", "saved")), "HV02", 1),
        ((("hv01", "off"), ("hv02", "off")), "HV01", 1),
        ((("hv01", "running"), ("hv01.corp.example", "running")), "HV01", 0),
    ],
)
def test_a_machine_of_several_hosts_is_one(shown: Iterable[tuple[str, str]], host: str, elsewhere: int) -> None:
    of_hosts = replicas(*shown)
    rows = summarise([GuestMaterial("web01", answer("WEB01", vm_id=WEB))], of_hosts).rows
    assert [(row.guest, row.host) for row in rows] == [("web01", host)]
    assert ("replica" in rows[0].reason) is bool(elsewhere)
    found = build(Material(tuple(of_hosts)), Settings(NOW, NOW, NOW))
    assert [entry.name for entry in found.vms] == ["web01"]
    assert [one.code for one in found.vms[0].findings] == ["VM_ON_SEVERAL_HOSTS"] * elsewhere
    assert any("more than one host" in note for note in found.notes) is bool(elsewhere)
    answers = [HostAnswer(one.name, dict(one.info), tuple(one.kvp["vms"])) for one in of_hosts]
    notes: list[str] = []
    machines = list(machines_of(answers, notes.append).values())
    assert len(machines) == 1
    variables = machines[0]
    assert (variables["avma_vm_host"].partition(".")[0].upper(), len(notes)) == (host, elsewhere)


def test_events_of_a_host_that_the_inventory_knows_twice_are_the_first_ones() -> None:
    of_hosts = [hosts(vm(WEB, "web01")), hosts(vm(WEB, "web01"), name="hv01.corp.example")]
    found = build(Material(tuple(of_hosts), (GuestMaterial("x", answer(host="HV01", vm_id=SQL)),)), Settings(NOW, NOW, NOW))
    assert [entry.host for entry in found.vms] == ["hv01", "hv01"]


# whatever comes

_ids = st.sampled_from([WEB, SQL, EVIL, WEB.lower(), "{" + SQL + "}", "", "not an ID", None])
_names = st.sampled_from(["web01", "WEB01.corp.example", "web01.other.example", "sql01", "10.0.0.1", "", ".", WEB, None])
_vms = st.lists(st.builds(VmMarks, _ids, _names, st.lists(st.sampled_from(["hv01", "hv02.x"]), max_size=2).map(tuple),
                          st.lists(_names.filter(bool), max_size=2).map(tuple), st.sampled_from(["running", "off", "odd"])), max_size=5)  # fmt: skip
_guests = st.builds(GuestMarks, _names, _ids.map(lambda one: (one or "").strip("{}").upper() or None), _names,
                    _ids.map(lambda one: (one or "").strip("{}").upper() or None), _names, st.just(("hv01",)), _names)  # fmt: skip


def itself(mark: VmMarks) -> VmMarks:
    return VmMarks((mark.id or "").strip("{}").upper() or None, mark.name, mark.hosts, mark.claimed, mark.state)


@settings(max_examples=150)
@given(_vms, _guests)
def test_what_always_holds(vms: list[VmMarks], guest: GuestMarks) -> None:
    single = [one.vm for one in distinct(map(itself, vms), itself)]
    ids = [one.id for one in single if one.id]
    assert len(ids) == len(set(ids)), "each ID once"
    found = VmIndex(single, itself).match(guest)
    again = VmIndex(list(reversed(single)), itself).match(guest)
    assert (found.vm, found.other) == (again.vm, again.other), "no match depends on an order"
    if guest.known_id is not None:
        assert found.vm is None or found.vm.id == guest.known_id
    elif found.by is By.OWN_ID and found.vm is not None:
        assert found.vm.id == guest.own_id
    if found.other is not None:
        assert found.other == guest.own_id != found.meant


@settings(max_examples=150)
@given(_vms, st.lists(_ids, max_size=3), st.lists(_names, max_size=3))
def test_no_event_means_two_machines(vms: list[VmMarks], ids: list[str | None], names: list[str | None]) -> None:
    single = [one.vm for one in distinct(map(itself, vms), itself)]
    found = VmIndex(single, itself).of_event(ids, names)
    known = {one.id for one in single} & {(one or "").strip("{}").upper() for one in ids}
    if len(known) > 1:
        assert found.vm is None
        assert found.ambiguous
    if found.by is By.ID:
        assert found.vm is not None
        assert known == {found.vm.id}
