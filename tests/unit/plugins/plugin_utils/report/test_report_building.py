# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report says of hosts and machines, and how well."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import finding
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.standings import Standing
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.document import document_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import GuestMaterial, HostMaterial, LedgerMaterial, Material
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.model import Report, VmEntry
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.tenancy import InvalidPattern, TenantRule, pattern_of

from .fleet import NOW, event, guest_info, host_info, kvp_info, large, settings, vm, vm_id


def host(*vms: dict[str, Any], name: str = "hv01", events: list[dict[str, Any]] | None = None, **more: Any) -> HostMaterial:
    read = {} if events is None else {"events": events, "complete": True, "findings": []}
    return HostMaterial(name, host_info(name, **more), kvp_info(name, *vms), read)


def report(*hosts: HostMaterial, guests: tuple[GuestMaterial, ...] = (), ledger: LedgerMaterial | None = None, **changes: Any) -> Report:
    return build(Material(hosts, guests, ledger), settings(**changes))


def one(found: Report, name: str) -> VmEntry:
    (entry,) = [entry for entry in found.vms if entry.name == name]
    return entry


@pytest.mark.parametrize(
    ("guest", "events", "standing", "source"),
    [
        (guest_info(1, "web01", "hv01"), [], Standing.ACTIVATED, "guest"),
        (guest_info(1, "web01", "hv01", licensed=False), [], Standing.NOT_ACTIVATED, "guest"),
        (guest_info(1, "web01", "hv01", channel="mak"), [], Standing.LICENSED_OTHERWISE, "guest"),
        (guest_info(1, "web01", "hv01", licensed=False), [event(1, "hv01", 1, time=NOW - timedelta(days=1))], Standing.CONTRADICTED, None),
        ({}, [event(1, "hv01", 1, time=NOW - timedelta(days=1))], Standing.ACTIVATED, "host_event"),
        ({}, [event(1, "hv01", 1, time=NOW - timedelta(days=9))], Standing.UNKNOWN, None),
        ({}, [event(1, "hv01", 1, code="0xC004FD02", time=NOW - timedelta(days=1))], Standing.UNKNOWN, None),
        ({}, [], Standing.UNKNOWN, None),
        ({"msg": "web01: nothing answers", "unreachable": True}, [], Standing.UNKNOWN, None),
    ],
)
def test_standing_and_its_source(guest: dict[str, Any], events: list[dict[str, Any]], standing: Standing, source: str | None) -> None:
    entry = one(report(host(vm(1, "web01"), events=events), guests=(GuestMaterial("web01", guest),)), "web01")
    assert entry.standing is standing
    assert (entry.source.value if entry.source else None) == source


def test_what_guests_of_other_systems_need() -> None:
    found = report(host(vm(1, "lin01", kind="linux")))
    assert one(found, "lin01").standing is Standing.NOT_APPLICABLE
    assert found.actions == ()


def test_result_of_guest_key_counts_with_the_licence_it_ended_with() -> None:
    asked = guest_info(1, "web01", "hv01")
    licence = asked["guest"].pop("licence")
    entry = one(
        report(host(vm(1, "web01")), guests=(GuestMaterial("web01", {**asked, "outcome": "activated", "after": licence}),)), "web01"
    )
    assert (entry.standing, entry.channel, entry.partial_product_key) == (Standing.ACTIVATED, "avma", "78VHK")


def test_guest_is_joined_by_id_and_by_name_only_if_that_is_unique() -> None:
    shown = host(vm(1, "web01"), vm(2, "twin"), vm(3, "twin"))
    nameless = guest_info(9, "web01", "hv01")
    nameless["guest"]["placement"] = None
    twin = guest_info(9, "twin", "hv01")
    twin["guest"]["placement"] = None
    found = report(shown, guests=(GuestMaterial("web01.corp.example", nameless), GuestMaterial("twin", twin)))
    assert [(entry.name, entry.inventory_name, entry.id) for entry in found.vms] == [
        ("web01", "web01.corp.example", vm_id(1)),
        ("twin", None, vm_id(2)),
        ("twin", None, vm_id(3)),
    ]
    # It is one of the two, or none: nobody is counted twice.
    assert [(entry.name, entry.standing) for entry in found.unmatched] == [("twin", Standing.ACTIVATED)]
    assert found.totals.vms == 3
    assert found.totals.count(Standing.ACTIVATED) == 1
    assert [statement.match.value for statement in found.vms[0].statements] == ["name"]


@pytest.mark.parametrize("place", [{"host_fqdn": "hv02.corp.example"}, {"host": "HV02"}])
def test_host_and_name_in_the_registry_tell_twins_apart(place: dict[str, str]) -> None:
    told = guest_info(9, "twin", "hv02")
    told["guest"]["placement"] = {"host": None, "host_fqdn": None, "vm_id": None, "vm_name": "Twin", **place}
    found = report(host(vm(2, "twin")), host(vm(3, "twin"), name="hv02"), guests=(GuestMaterial("any", told),))
    assert [(entry.host, entry.inventory_name) for entry in found.vms] == [("hv01", None), ("hv02", "any")]
    assert [statement.match.value for statement in found.vms[1].statements] == ["id"]
    assert found.unmatched == ()


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("own", [None, vm_id(2)])
def test_a_guest_that_claims_to_be_another_takes_nothing_from_it(own: str | None, answered: bool) -> None:
    thief = GuestMaterial("a-thief", guest_info(1, "thief", "hv01"), vm_id=own)
    result = guest_info(1, "web01", "hv01", licensed=False) if answered else {"unreachable": True, "msg": "web01: nothing answers"}
    found = report(host(vm(1, "web01")), guests=(thief, GuestMaterial("web01", result, vm_id=vm_id(1))))
    assert one(found, "web01").inventory_name == "web01"
    assert one(found, "web01").standing is (Standing.NOT_ACTIVATED if answered else Standing.UNKNOWN)
    assert [entry.inventory_name for entry in found.vms] == (["web01"] if own is None else ["web01", "a-thief"])


def test_of_two_names_for_one_machine_the_one_that_answered_counts() -> None:
    silent = GuestMaterial("alias", {"unreachable": True, "msg": "alias: nothing answers"}, vm_id=vm_id(1))
    found = report(host(vm(1, "web01")), guests=(silent, GuestMaterial("web01", guest_info(1, "web01", "hv01"), vm_id=vm_id(1))))
    assert [(entry.inventory_name, entry.standing) for entry in found.vms] == [("web01", Standing.ACTIVATED)]


def test_a_guest_whose_id_no_host_shows_is_a_machine_of_its_own() -> None:
    elsewhere = GuestMaterial("web02", guest_info(2, "web02", "hv99"))
    found = report(host(vm(1, "web01")), guests=(elsewhere, GuestMaterial("off01", vm_id=vm_id(3))))
    assert [entry.name for entry in found.vms] == ["web01", "web02", "off01"]
    assert found.unmatched == ()


def test_guests_alone_are_all_that_can_be_counted() -> None:
    nameless = guest_info(1, "web01", "hv01")
    nameless["guest"]["placement"] = None
    found = report(HostMaterial("hv01", {"unreachable": True, "msg": "gone"}), guests=(GuestMaterial("web01", nameless),))
    assert (found.totals.vms, found.unmatched) == (1, ())


def test_what_is_to_be_done_about_an_unmatched_guest_is_not_lost() -> None:
    failed = {"failed": True, "msg": "nobody: the password was refused. Check it."}
    found = report(host(vm(1, "web01")), guests=(GuestMaterial("nobody", failed),))
    assert [(action.code, action.objects[0].name) for action in found.actions] == [("GUEST_NOT_ASKED", "nobody")]
    assert found.totals.attention == 0


def test_a_machine_that_two_hosts_show_counts_once() -> None:
    found = report(host(vm(1, "web01", state="off")), host(vm(1, "web01"), name="hv02"))
    assert [(entry.name, entry.host, entry.state) for entry in found.vms] == [("web01", "hv02", "running")]
    assert any("more than one host" in note for note in found.notes)


def test_two_guests_of_the_inventory_that_are_one_machine() -> None:
    told = guest_info(1, "web01", "hv01")
    found = report(host(vm(1, "web01")), guests=(GuestMaterial("web01", told), GuestMaterial("alias", told)))
    assert len(found.vms) == 1
    assert any("are the same virtual machine" in note for note in found.notes)


def test_events_of_ledger_and_run_count_once() -> None:
    logged = [event(record, "hv01", 1, time=NOW - timedelta(days=record)) for record in (3, 2, 1)]
    found = report(host(vm(1, "web01"), events=logged), ledger=LedgerMaterial(tuple(logged), (), logged[0] and NOW - timedelta(days=90)))
    assert sum(day.success for day in found.timeline) == 3
    assert [day.date.day for day in found.timeline] == [20, 21, 22, 23]
    assert found.hosts[0].events == 3
    entry = one(found, "web01")
    assert (entry.first_success, entry.last_success) == (NOW - timedelta(days=3), NOW - timedelta(days=1))


def test_the_most_urgent_comes_first_and_once() -> None:
    not_ready = [vm(number, f"vm{number}") for number in (1, 2, 3)]
    for machine in not_ready:
        machine["findings"] = [finding("HOST_NOT_READY", machine["name"], host="hv01", reasons="its edition").as_dict()]
    off = vm(4, "silent")
    off["findings"] = [finding("DATA_EXCHANGE_DISABLED", "silent").as_dict()]
    found = report(host(*not_ready, ready=False), host(off, name="hv02"))
    assert [(action.code, action.kind, action.affected) for action in found.actions] == [
        ("HOST_NOT_DATACENTER", "host", 3),
        ("DATA_EXCHANGE_DISABLED", "guest", 1),
    ]
    assert all(action.remedy and action.meaning for action in found.actions)
    assert found.totals.attention == 4


def test_hosts_that_could_not_be_asked_are_told_of() -> None:
    found = report(HostMaterial("hv09", {"unreachable": True, "msg": "hv09: nothing answers on port 5986. Check it."}), host(events=[]))
    assert [(entry.name, entry.ready) for entry in found.hosts] == [("hv09", None), ("hv01", True)]
    assert [(action.code, action.meaning) for action in found.actions] == [
        ("HOST_NOT_ASKED", "hv09: nothing answers on port 5986. Check it.")
    ]
    assert "1 of 2 hosts could not be asked, so their virtual machines may be missing here" in found.notes


def test_guests_that_were_not_asked_need_no_action_and_strangers_are_told_of() -> None:
    found = report(host(vm(1, "web01")), guests=(GuestMaterial("web01"), GuestMaterial("nobody")))
    assert found.actions == ()
    assert [entry.name for entry in found.vms] == ["web01"]
    assert [entry.name for entry in found.unmatched] == ["nobody"]
    assert found.totals.vms == 1
    assert any(note.startswith("1 guests of the inventory match no virtual machine of a host") for note in found.notes)


@pytest.mark.parametrize(
    "result",
    [
        {"unreachable": True, "msg": "web01: connection refused. Check that WinRM listens."},
        {"outcome": "deferred", "findings": [finding("GUEST_UNREACHABLE", "web01", reason="connection refused").as_dict()]},
    ],
    ids=["guest_info", "guest_key"],
)
def test_guest_that_is_off_is_to_be_started_and_nothing_is_wrong_with_its_network(result: dict[str, Any]) -> None:
    off = vm(1, "web01")
    off["findings"] = [finding("GUEST_OFF", "web01", state="off").as_dict()]
    listed = report(host(off), guests=(GuestMaterial("web01", result),))
    assert [(action.code, action.severity.value, action.remedy) for action in listed.actions] == [
        ("GUEST_OFF", "warning", finding("GUEST_OFF", "web01", state="off").remedy)
    ]
    assert report(host(off)).actions == ()


# tenants


@pytest.mark.parametrize(
    ("item", "pattern", "given", "expected"),
    [
        (None, None, None, (None, None)),
        (None, r"^([a-z]+)-", None, ("acme", "vm_name")),
        (None, r"^(x)?(?P<tenant>[a-z]+)-", None, ("acme", "vm_name")),
        (None, r"zzz", None, (None, None)),
        ("Owner", None, None, ("Initech", "host_item")),
        ("Other", None, None, ("globex!", "kvp")),
        ("Other", r"\w+", None, ("globex", "kvp")),
        ("Nobody", r"^([a-z]+)-", None, (None, None)),
        ("Owner", None, "umbrella", ("umbrella", "inventory")),
    ],
)
def test_whose_a_machine_is(item: str | None, pattern: str | None, given: str | None, expected: tuple[str | None, str | None]) -> None:
    machine = vm(1, "acme-web01", host={"Owner": "Initech"}, guest={"Owner": "me!", "Other": "globex!"})
    found = report(replace(host(machine), tenant=given), tenants=TenantRule(item, pattern_of(pattern)))
    assert (found.vms[0].tenant, found.vms[0].tenant_source) == expected


@pytest.mark.parametrize(
    ("notes", "item", "expected"),
    [
        ("Backup: daily\r\nCustomer:  hooli , since 2024", None, ("hooli", "notes")),
        ("Customer: hooli", "Owner", ("Initech", "host_item")),
        ("Customer: hooli", "Other", ("hooli", "notes")),
        ("nothing of the kind", "Other", ("globex!", "kvp")),
        ("nothing of the kind", None, ("acme", "vm_name")),
        (None, None, ("acme", "vm_name")),
        (["no text"], None, ("acme", "vm_name")),
        ("Customer: \u202e\x1b[31m<b>", None, ("[31m<b>", "notes")),
        ("x\n" * 5000 + "Customer: hooli", None, ("acme", "vm_name")),
    ],
)
def test_notes_count_after_the_host_s_word_and_before_the_guest_s(notes: object, item: str | None, expected: tuple[str, str]) -> None:
    machine = {**vm(1, "acme-web01", host={"Owner": "Initech"}, guest={"Other": "globex!"}), "notes": notes}
    name = None if item else pattern_of(r"^([a-z]+)-")
    found = report(host(machine), tenants=TenantRule(item, name, pattern_of(r"^Customer: *([^,]+)")))
    assert (found.vms[0].tenant, found.vms[0].tenant_source) == expected


def test_notes_cannot_make_a_pattern_slow() -> None:
    """A pattern that backtracks is tried on short lines only, and on few."""
    machine = {**vm(1, "web01"), "notes": ("a" * 20_000 + "!\n") * 500}
    begun = time.perf_counter()
    assert report(host(machine), tenants=TenantRule(notes=pattern_of("a*b"))).vms[0].tenant is None
    assert time.perf_counter() - begun < 5


def test_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidPattern, match="not a regular expression"):
        pattern_of("(")


# whatever comes


def test_groups_and_standings_add_up() -> None:
    found = build(large(8, 20, events=400), settings())
    assert found.totals.vms == len(found.vms) == 160
    assert sum(count for _standing, count in found.totals.standings) == 160
    for groups in found.groups.values():
        for standing in Standing:
            assert sum(group.totals.count(standing) for group in groups) == found.totals.count(standing)
        assert sum(group.totals.attention for group in groups) == found.totals.attention


_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
_anything = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=8
)
_words = st.sampled_from(
    ["guest", "licence", "placement", "vm_id", "name", "findings", "events", "vms", "host", "os", "kvp", "id", "state", "after"]
)
_results = st.dictionaries(
    _words,
    _anything | st.dictionaries(_words, _anything, max_size=4) | st.lists(st.dictionaries(_words, _anything, max_size=5), max_size=3),
)


@given(st.lists(st.tuples(_results, _results, _results), max_size=3), st.lists(_results, max_size=4))
def test_no_shape_of_a_result_ends_the_report(hosts: list[tuple[Any, Any, Any]], guests: list[Any]) -> None:
    material = Material(
        tuple(HostMaterial(f"hv{number}", *results) for number, results in enumerate(hosts)),
        tuple(GuestMaterial(f"g{number}", result) for number, result in enumerate(guests)),
        LedgerMaterial(tuple(result for result in guests), tuple(guests), None),
    )
    document = document_of(build(material, settings()))
    assert len(document["hosts"]) == len(hosts)
    assert len(document["vms"]) == document["totals"]["vms"]
