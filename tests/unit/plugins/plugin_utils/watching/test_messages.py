# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules get to see."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.failure import Failure
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.events import LogEvent, LogOrigin
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    HostFacts,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
    VmState,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_verdict import judge_host
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.messages import (
    Message,
    activation_message,
    contact_message,
    licence_message,
    licence_state,
    told,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.hyperv import Vm

NOW = datetime(2026, 11, 2, 4, 12, 9, tzinfo=UTC)
ORIGIN = LogOrigin("HV01", "4C4C4544-0033-4410-8052-B4C04F4E3132/Application", NOW)
WEB01 = Vm("D78F030A-8F49-52C6-B3A3-E8B3B205D2E2", "web01", VmState.RUNNING, 2)
APP01 = Vm("420FCF6F-37A9-59B2-902C-9590D89BDEB2", "app01", VmState.OFF, 3)


def event(*strings: str, message: str | None = None) -> LogEvent:
    return LogEvent(5, NOW, 12310, "hv01.example.com", "Microsoft-Windows-Security-SPP", strings, message)


def message(*strings: str, vms: tuple[Vm, ...] | None = (WEB01, APP01)) -> Message:
    return activation_message("hv01", event(*strings), ORIGIN, vms)


@pytest.mark.parametrize(
    ("code", "notification", "refused", "transient"),
    [
        ("0x00000000", "success", False, False),
        ("0xC004FD00", "throttled", True, True),
        ("0xC004FD02", "invalid_host", True, False),
        ("0xC004FD03", "activation_denied", True, False),
        ("0xC004C003", "invalid_data", True, False),
        ("nothing of the kind", "unknown", None, False),
    ],
)
def test_whether_a_guest_was_refused(code: str, notification: str, refused: bool | None, transient: bool) -> None:
    told_of = message(code, WEB01.id)

    assert (told_of["notification"], told_of["refused"], told_of["transient"]) == (notification, refused, transient)


def test_the_machine_is_the_one_whose_guid_the_host_knows() -> None:
    found = message("0xC004FD00", "127AB99A-3E4B-5B9B-A38A-DCC0B3119AD8", WEB01.id.lower(), "app01")["vm"]

    assert found == {
        "known": True,
        "matched_by": "id",
        "id": WEB01.id,
        "name": "web01",
        "state": "running",
        "group": "avma_vm_D78F030A_8F49_52C6_B3A3_E8B3B205D2E2",
    }


def test_an_id_in_the_detail_behind_the_result_is_the_guests_word() -> None:
    found = message("0xC004FD00", f"request of {WEB01.id}")["vm"]

    assert (found["matched_by"], found["id"]) == ("own_id", WEB01.id)


def test_a_name_counts_where_no_guid_fits() -> None:
    found = message("0xC004FD00", "APP01.example.com")["vm"]

    assert (found["matched_by"], found["name"]) == ("name", "app01")


@pytest.mark.parametrize("vms", [(), None, (WEB01, Vm(APP01.id, "WEB01", VmState.RUNNING, 2))])
def test_nothing_is_guessed(vms: tuple[Vm, ...] | None) -> None:
    found = message("0xC004FD00", "web01", vms=vms)["vm"]

    assert found["known"] is False
    assert set(found) == {"known", "matched_by", "id", "name", "state", "group"}
    assert found["group"] is None


def test_an_event_is_known_by_its_id_wherever_it_is_told() -> None:
    assert message("0x00000000")["id"] == f"{ORIGIN.id}/5/2026-11-02T04:12:09Z/12310"


@given(st.text(alphabet=st.sampled_from("{}%# ab\u200b\x00\n"), max_size=30))
def test_text_of_tenants_opens_no_template(text: str) -> None:
    safe = told(text)

    assert jinja2.Template(safe, keep_trailing_newline=True).render() == safe
    assert safe.isprintable()


def test_a_hostile_event_is_as_small_as_any() -> None:
    hostile = activation_message(
        "hv01",
        event(*["{{ lookup('pipe', 'id') }}" * 9999] * 999, message="{%" * 99999),
        ORIGIN,
        (Vm(WEB01.id, "{{x}}" * 99, VmState.OTHER, 9),),
    )

    text = json.dumps(hostile)
    assert len(text) < 64 * 1024
    assert "{{" not in text
    assert "{%" not in text


def licence(status: LicenceStatus, minutes: int = 0) -> HostFacts:
    found = LicenceFacts("id", Channel.MAK, status, 1, minutes_remaining=minutes)
    return HostFacts(OsFacts(name="HV01", build=20348, sku=8, product_type=3), found, hyperv=True)


def state(facts: HostFacts) -> Message:
    return licence_state(facts, judge_host(facts, PUBLISHED))


def test_a_licence_is_lost_and_comes_back() -> None:
    good, bad = state(licence(LicenceStatus.LICENSED)), state(licence(LicenceStatus.NOTIFICATION))
    none = state(HostFacts(OsFacts(), None, hyperv=True))
    changes = [
        licence_message("hv01", "HV01", before, after, None, NOW)["change"]
        for before, after in ((None, good), (good, bad), (bad, good), (bad, none), (good, none))
    ]

    assert changes == ["first", "lost", "restored", "changed", "lost"]
    assert (good["licensed"], good["ready"], bad["licensed"], bad["ready"]) == (True, True, False, False)
    assert bad["findings"] == ["HOST_NOT_ACTIVATED"]
    assert (none["licensed"], none["status"]) == (False, None)


def test_time_that_passes_is_no_change_of_a_licence() -> None:
    assert state(licence(LicenceStatus.LICENSED, 259200)) == state(licence(LicenceStatus.LICENSED, 259000))


def test_why_a_host_cannot_be_asked() -> None:
    found = contact_message("hv01", Failure("hv01: {{ no }} answer. Try.", "connect_timed_out", unreachable=True), NOW)

    assert found["answers"] is False
    assert found["unreachable"] is True
    assert found["error"] == {"kind": "connect_timed_out", "message": "hv01: { { no }} answer. Try.", "code": None, "symbol": None}
    assert contact_message("hv01", None, NOW)["error"] is None
