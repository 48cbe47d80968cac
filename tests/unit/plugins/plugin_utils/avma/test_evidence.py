# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who says what of a machine's activation, what follows from it, and where the sources disagree."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.evidence import (
    Conclusion,
    Evidence,
    SeenGuest,
    SeenVm,
    VmEvidence,
    weigh,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.lease import LeaseBasis, LeaseState
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.times import iso

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)
WEB, DB = "6E8A1C3D-0B2F-4A5E-9C77-1D2E3F405162", "AAAAAAAA-0B2F-4A5E-9C77-1D2E3F405163"


def vm(identifier: str = WEB, name: str = "web01", host: str = "HV01", **more: Any) -> SeenVm:
    facts = {
        "id": identifier,
        "name": name,
        "guest": {"build": 20348, "sku": 7, "fqdn": f"{name}.tenant.example"},
        "kvp": {"guest": {}},
        **more,
    }
    return SeenVm(host, facts, NOW)


def guest(
    *, licensed: bool = True, channel: str = "avma", time: datetime = NOW, vm_id: str | None = WEB, name: str = "WEB01", **avma: Any
) -> SeenGuest:
    binding = {"iaid": None, "host": "hv01.corp.example", "last_activation": iso(time - DAY), **avma}
    facts = {
        "name": name,
        "os": {"build": 20348, "sku": 7},
        "licence": {"licensed": licensed, "channel": channel, "minutes_remaining": 6 * 1440, "avma": binding},
        "placement": {"vm_id": vm_id, "vm_name": name.lower(), "host": "HV01"},
    }
    return SeenGuest({"guest": facts}, time)


def event(
    notification: str = "success", time: datetime = NOW - DAY, *, ids: tuple[str, ...] = (WEB,), names: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "event_id": 12310,
        "computer": "hv01.corp.example",
        "record": 7,
        "time": iso(time),
        "notification": notification,
        "inferred": True,
        "vm_ids": list(ids),
        "vm_names": list(names),
    }


def only(evidence: Evidence) -> VmEvidence:
    assert len(evidence.vms) == 1
    return evidence.vms[0]


def codes(found: VmEvidence) -> list[str]:
    return [one.code for one in found.findings]


def test_the_guests_own_word_is_proof() -> None:
    found = only(weigh([vm()], [guest()], [event()], now=NOW))
    assert (found.conclusion, found.activated, codes(found)) == (Conclusion.PROVEN, True, [])
    assert [one.source.value for one in found.statements] == ["guest", "host_event"]
    assert (found.lease.state, found.lease.basis) == (LeaseState.CURRENT, LeaseBasis.GUEST)


def test_the_guests_own_word_is_proof_of_the_contrary_too() -> None:
    found = only(weigh([vm()], [guest(licensed=False)], [event("invalid_host")], now=NOW))
    assert (found.conclusion, found.activated, codes(found)) == (Conclusion.PROVEN, False, [])
    assert found.lease.state is LeaseState.UNKNOWN


def test_without_the_guest_the_hosts_newest_event_counts() -> None:
    events = [event("activation_denied", NOW - 3 * DAY), event("success", NOW - DAY), event("throttled", NOW - 2 * DAY)]
    found = only(weigh([vm()], [], events, now=NOW))
    assert (found.conclusion, found.activated) == (Conclusion.LOGGED_BY_HOST, True)
    assert (found.lease.lapses, found.lease.basis) == (NOW + 6 * DAY, LeaseBasis.ASSUMED)
    assert found.statements[0].inferred is True
    refused = only(weigh([vm()], [], [*events, event("invalid_host", NOW)], now=NOW))
    assert (refused.conclusion, refused.activated) == (Conclusion.LOGGED_BY_HOST, False)


def test_a_join_by_name_is_weaker_and_says_so() -> None:
    found = only(weigh([vm()], [], [event(ids=(), names=("WEB01.tenant.example",))], now=NOW))
    assert (found.conclusion, found.statements[0].match.value) == (Conclusion.LOGGED_BY_HOST, "name")
    assert "joined by name only" in found.reason


def test_a_name_that_two_machines_have_joins_nothing() -> None:
    evidence = weigh([vm(WEB, "web"), vm(DB, "web")], [], [event(ids=(), names=("web",))], now=NOW)
    assert {one.conclusion for one in evidence.vms} == {Conclusion.UNKNOWN}
    assert [one.code for one in evidence.findings] == ["EVENT_FOR_UNKNOWN_VM"]


@pytest.mark.parametrize(("value", "activated"), [("Licensed", True), ("0", False)])
def test_data_exchange_alone_is_a_claim(value: str, activated: bool) -> None:
    found = only(weigh([vm(kvp={"guest": {"ActivationState": value}})], [], [], now=NOW))
    assert (found.conclusion, found.activated) == (Conclusion.CLAIMED_BY_KVP, activated)


def test_an_item_that_says_neither_leaves_it_unknown() -> None:
    found = only(weigh([vm(kvp={"guest": {"LicenceOwner": "{{ 7*7 }}"}})], [], [], now=NOW))
    assert (found.conclusion, found.activated) == (Conclusion.UNKNOWN, None)
    assert "{{" not in json.dumps(found.as_dict())


def test_nothing_said_is_unknown() -> None:
    found = only(weigh([vm()], [], [event("unknown")], now=NOW))
    assert (found.conclusion, found.activated) == (Conclusion.UNKNOWN, None)
    assert len(found.statements) == 1


def test_a_guest_that_denies_what_its_host_logged_contradicts_it() -> None:
    found = only(weigh([vm()], [guest(licensed=False)], [event()], now=NOW))
    assert (found.conclusion, found.activated, codes(found)) == (Conclusion.CONTRADICTED, None, ["ACTIVATION_CONTRADICTED"])


@pytest.mark.parametrize(
    ("seen", "logged"),
    [
        (guest(licensed=False), event(time=NOW - 8 * DAY)),  # lapsed since
        (guest(licensed=True, channel="mak"), event()),  # another key since
    ],
)
def test_what_time_or_another_key_explains_is_no_contradiction(seen: SeenGuest, logged: dict[str, Any]) -> None:
    found = only(weigh([vm()], [seen], [logged], now=NOW))
    assert (found.conclusion, found.activated, codes(found)) == (Conclusion.PROVEN, False, [])


def test_a_success_after_the_guest_was_asked_counts() -> None:
    found = only(weigh([vm()], [guest(licensed=False, time=NOW - 2 * DAY)], [event(time=NOW - DAY)], now=NOW))
    assert (found.conclusion, found.activated, codes(found)) == (Conclusion.LOGGED_BY_HOST, True, [])


def test_a_false_claim_in_data_exchange_is_a_finding_and_changes_nothing() -> None:
    found = only(weigh([vm(kvp={"guest": {"avma": "activated"}})], [guest(licensed=False)], [], now=NOW))
    assert (found.conclusion, found.activated, codes(found)) == (Conclusion.PROVEN, False, ["ACTIVATION_CONTRADICTED"])


def test_another_operating_system_in_data_exchange_is_a_finding() -> None:
    found = only(weigh([vm(guest={"build": 14393, "sku": 7})], [guest()], [], now=NOW))
    assert codes(found) == ["KVP_OTHER_OS"]
    assert "14393" in found.findings[0].cause


def test_a_clones_stale_data_is_a_finding() -> None:
    evidence = weigh([vm(kvp={"guest": {"Origin": "{" + DB.lower() + "}", "Own": WEB}}), vm(DB, "db01")], [], [], now=NOW)
    assert [codes(one) for one in evidence.vms] == [["KVP_OF_OTHER_VM"], []]


def test_a_shared_activation_id_is_a_finding_on_both() -> None:
    seen = [guest(iaid="0A1B"), guest(iaid="0a1b", vm_id=DB, name="DB01"), guest(iaid="ffff", vm_id=None, name="OTHER")]
    evidence = weigh([vm(), vm(DB, "db01")], seen, [], now=NOW)
    assert [codes(one) for one in evidence.vms] == [["SAME_ACTIVATION_ID"], ["SAME_ACTIVATION_ID"], []]


def test_a_host_that_owns_it_no_more_is_a_finding() -> None:
    found = only(weigh([vm(host="HV02")], [guest()], [], now=NOW))
    assert codes(found) == ["ACTIVATED_BY_OTHER_HOST"]


def test_an_event_for_a_machine_that_nobody_knows_is_one_finding() -> None:
    evidence = weigh([vm()], [], [event(ids=(DB,), time=NOW - DAY), event(ids=(DB,), time=NOW), event(ids=())], now=NOW)
    assert [(one.code, one.object) for one in evidence.findings] == [("EVENT_FOR_UNKNOWN_VM", DB)]
    assert iso(NOW) in evidence.findings[0].cause
    assert evidence.unmatched == 1


def test_events_of_guests_prove_nothing() -> None:
    found = only(weigh([vm()], [], [{**event(), "event_id": 12309}], now=NOW))
    assert found.conclusion is Conclusion.UNKNOWN


def test_a_lapse_is_foretold() -> None:
    found = only(weigh([vm()], [], [event(time=NOW - 6 * DAY)], now=NOW))
    assert codes(found) == ["LEASE_WILL_LAPSE"]
    assert codes(only(weigh([vm()], [], [event(time=NOW - 9 * DAY)], now=NOW))) == ["LEASE_LAPSED"]


def test_the_newest_word_of_a_guest_counts_and_guests_without_host_are_kept() -> None:
    seen = [guest(time=NOW), guest(licensed=False, time=NOW - DAY), guest(vm_id=DB, name="DB01")]
    evidence = weigh([vm()], seen, [], now=NOW)
    assert [(one.vm_id, one.activated, one.host) for one in evidence.vms] == [(WEB, True, "HV01"), (DB, True, "HV01")]


def test_a_guest_with_another_id_is_not_joined_by_its_name() -> None:
    evidence = weigh([vm()], [guest(vm_id=DB)], [], now=NOW)
    assert [one.conclusion for one in evidence.vms] == [Conclusion.UNKNOWN, Conclusion.PROVEN]


def test_the_result_is_json() -> None:
    evidence = weigh([vm()], [guest()], [event()], now=NOW)
    assert json.loads(json.dumps(only(evidence).as_dict()))["statements"][0]["trust"] == "guest"


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda one: st.lists(one, max_size=3), max_leaves=5)


def _odd(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    nested = st.dictionaries(st.sampled_from(names), _JSON, max_size=6)
    return st.dictionaries(st.sampled_from(names), _JSON | nested | st.dictionaries(st.sampled_from(names), nested, max_size=3), max_size=6)


@given(
    st.lists(_odd("id", "name", "guest", "kvp", "fqdn", "build", "activated"), max_size=3),
    st.lists(_odd("guest", "name", "licence", "placement", "vm_id", "licensed", "channel", "avma", "iaid", "os", "build"), max_size=3),
    st.lists(_odd("computer", "time", "vm_ids", "vm_names", "notification", "record"), max_size=3),
)
def test_results_of_any_shape_do_not_raise(vms: list[dict[str, Any]], guests: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    evidence = weigh(
        [SeenVm("hv01", one) for one in vms],
        [SeenGuest(one, NOW) for one in guests],
        [{**one, "event_id": 12310} for one in events],
        now=NOW,
    )
    assert len(vms) <= len(evidence.vms) <= len(vms) + len(guests)
    assert all(one.conclusion is not Conclusion.PROVEN or one.activated is not None for one in evidence.vms)
    json.dumps([one.as_dict() for one in evidence.vms])
