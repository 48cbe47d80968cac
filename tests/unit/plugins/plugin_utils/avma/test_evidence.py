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
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import Severity
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.lease import LeaseBasis, LeaseState
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.standings import Standing
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


def test_without_the_guest_the_hosts_newest_success_counts() -> None:
    events = [event("activation_denied", NOW - 3 * DAY), event("success", NOW - DAY), event("throttled", NOW - 2 * DAY)]
    found = only(weigh([vm()], [], events, now=NOW))
    assert (found.conclusion, found.activated) == (Conclusion.LOGGED_BY_HOST, True)
    assert (found.lease.lapses, found.lease.basis) == (NOW + 6 * DAY, LeaseBasis.ASSUMED)
    assert found.statements[0].inferred is True
    assert found.as_of == NOW - DAY


def test_a_refused_renewal_ends_no_lease() -> None:
    """The host's next answer came three seconds after the success: it says that a request was refused, and no more."""
    events = [event("success", NOW - DAY), {**event("throttled", NOW - DAY + timedelta(seconds=3)), "code": "0xC004FD00"}]
    found = only(weigh([vm()], [], events, now=NOW))
    assert (found.standing, found.as_of, found.lease.state) == (Standing.ACTIVATED, NOW - DAY, LeaseState.CURRENT)
    assert (found.lease.last, found.lease.lapses) == (NOW - DAY, NOW + 6 * DAY)
    assert codes(found) == ["RENEWAL_REFUSED"]
    assert iso(NOW + 6 * DAY) in found.findings[0].cause
    assert found.findings[0].severity is Severity.INFO, "a host that was busy is asked again"
    assert [one.activated for one in found.statements] == [False, True]


@pytest.mark.parametrize(
    ("notification", "code"), [("activation_denied", "0xC004FD03"), ("invalid_host", "0xC004FD02"), ("invalid_host", None)]
)
def test_a_host_that_refuses_now_is_shown_beside_the_lease_with_the_remedy(notification: str, code: str | None) -> None:
    found = only(weigh([vm()], [], [event("success", NOW - DAY), {**event(notification, NOW), "code": code}], now=NOW))
    assert (found.standing, codes(found)) == (Standing.ACTIVATED, ["RENEWAL_REFUSED"])
    assert (found.findings[0].severity, f"activated until {iso(NOW + 6 * DAY)}" in found.findings[0].cause) == (Severity.WARNING, True)
    assert found.findings[0].remedy
    asked = only(
        weigh([vm()], [guest()], [event("success", NOW - DAY), {**event(notification, NOW - timedelta(hours=1)), "code": code}], now=NOW)
    )
    assert (asked.standing, asked.conclusion, codes(asked)) == (Standing.ACTIVATED, Conclusion.PROVEN, ["RENEWAL_REFUSED"])


def test_a_lease_that_is_over_is_no_lapse() -> None:
    """The machine may be off, may have moved, may have another key."""
    found = only(weigh([vm(state="off")], [], [event(time=NOW - 9 * DAY)], now=NOW, covered=NOW - 30 * DAY))
    assert (found.standing, found.as_of, found.lease.state, found.lease.last) == (
        Standing.UNKNOWN,
        None,
        LeaseState.NOT_RENEWED,
        NOW - 9 * DAY,
    )
    assert codes(found) == ["NO_RENEWAL_SEEN"]
    assert f"no renewal since {iso(NOW - 9 * DAY)}" in found.reason


@pytest.mark.parametrize(
    ("logged", "covered", "standing"),
    [
        # It asked after its lease and was refused, and no success can have been missed.
        ([event(time=NOW - 9 * DAY), event("invalid_host", NOW - DAY)], NOW - 20 * DAY, Standing.LAPSED),
        ([event(time=NOW - 9 * DAY), event("invalid_host", NOW - DAY)], NOW - 8 * DAY, Standing.LAPSED),
        ([event("invalid_host", NOW - DAY)], NOW - 20 * DAY, Standing.NOT_ACTIVATED),
        # One can have been missed: the log is not whole, begins too late, or the refusal came within the lease.
        ([event(time=NOW - 9 * DAY), event("invalid_host", NOW - DAY)], None, Standing.UNKNOWN),
        ([event(time=NOW - 9 * DAY), event("invalid_host", NOW - DAY)], NOW - 7 * DAY, Standing.UNKNOWN),
        ([event(time=NOW - 9 * DAY), event("invalid_host", NOW - 3 * DAY)], NOW - 20 * DAY, Standing.UNKNOWN),
        ([event("invalid_host", NOW - DAY)], None, Standing.UNKNOWN),
        ([event("invalid_host", NOW - DAY)], NOW - 7 * DAY, Standing.UNKNOWN),
    ],
)
def test_a_lapse_is_said_where_it_is_known(logged: list[dict[str, Any]], covered: datetime | None, standing: Standing) -> None:
    found = only(weigh([vm()], [], logged, now=NOW, covered=covered))
    assert found.standing is standing
    assert found.as_of == (None if standing is Standing.UNKNOWN else NOW - DAY)
    assert "RENEWAL_REFUSED" in codes(found)
    assert found.lease.last == (NOW - 9 * DAY if len(logged) == 2 else None), "the last thing that is known is not lost"


@pytest.mark.parametrize(
    "doubtful",
    [
        event(time=NOW - 2 * DAY, ids=()),  # a success that names nobody
        event(time=NOW - 2 * DAY, ids=(), names=("other",)),  # or by a name, which may have been this machine's then
        event("unknown", NOW - 2 * DAY, ids=(DB,)),
    ],
)
def test_what_may_have_been_its_success_leaves_it_unknown(doubtful: dict[str, Any]) -> None:
    refused = event("invalid_host", NOW - DAY)
    assert only(weigh([vm()], [], [refused], now=NOW, covered=NOW - 30 * DAY)).standing is Standing.NOT_ACTIVATED
    assert only(weigh([vm()], [], [refused, doubtful], now=NOW, covered=NOW - 30 * DAY)).standing is Standing.UNKNOWN
    named = {**refused, "vm_ids": [], "vm_names": ["web01"]}
    assert only(weigh([vm()], [], [named], now=NOW, covered=NOW - 30 * DAY)).standing is Standing.UNKNOWN


def test_a_guest_tells_that_its_activation_has_lapsed() -> None:
    found = only(weigh([vm()], [guest(licensed=False, last_activation=iso(NOW - 8 * DAY))], [], now=NOW))
    assert (found.standing, found.as_of, found.conclusion) == (Standing.LAPSED, NOW, Conclusion.PROVEN)


def test_an_event_of_tomorrow_counts_for_nothing() -> None:
    found = only(weigh([vm()], [], [event(time=NOW + 3 * DAY)], now=NOW))
    assert (found.standing, found.lease.last) == (Standing.UNKNOWN, None)


def test_the_guests_minutes_count_whatever_its_clock_says() -> None:
    found = only(weigh([vm()], [guest(last_activation=iso(NOW + DAY))], [], now=NOW))
    assert (found.lease.lapses, found.lease.basis) == (NOW + 6 * DAY, LeaseBasis.GUEST)


def test_a_join_by_name_is_weaker_and_says_so() -> None:
    found = only(weigh([vm()], [], [event(ids=(), names=("WEB01.tenant.example",))], now=NOW))
    assert (found.conclusion, found.statements[0].match.value) == (Conclusion.LOGGED_BY_HOST, "name")
    assert "joined by name only" in found.reason


def test_an_id_in_the_detail_of_an_event_is_weaker_and_says_so() -> None:
    claimed = {**event(), "vm_ids_claimed": True}
    found = only(weigh([vm()], [], [claimed], now=NOW))
    assert (found.conclusion, found.statements[0].match.value) == (Conclusion.LOGGED_BY_HOST, "own_id")
    assert "joined by an ID that the guest may have chosen" in found.reason


def test_a_name_that_two_machines_have_joins_nothing() -> None:
    evidence = weigh([vm(WEB, "web"), vm(DB, "web")], [], [event(ids=(), names=("web",))], now=NOW)
    assert {one.conclusion for one in evidence.vms} == {Conclusion.UNKNOWN}
    assert [one.code for one in evidence.findings] == ["EVENT_FOR_UNKNOWN_VM"]


@pytest.mark.parametrize(("value", "activated"), [("Licensed", True), ("0", False)])
def test_data_exchange_alone_is_a_claim(value: str, activated: bool) -> None:
    found = only(weigh([vm(kvp={"guest": {"ActivationState": value}})], [], [], now=NOW))
    assert (found.conclusion, found.standing) == (Conclusion.CLAIMED_BY_KVP, Standing.UNKNOWN)
    assert found.statements[0].activated is activated


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
    assert codes(only(weigh([vm()], [], [event(time=NOW - 9 * DAY)], now=NOW))) == ["NO_RENEWAL_SEEN"]


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
