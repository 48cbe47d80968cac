# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""guest_key with ``rollback``: what is put back, what is said of it, and that a lost answer is never repeated before the state was read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.licensing import LicensingRefused
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    ConnectionDropped,
    ConnectionFailed,
    EffectUnknown,
    OperationTimedOut,
)
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.ansible_edge.test_guest_activation import (
    ENDPOINT,
    HOST_NOT_ACTIVATED,
    INSTALLED,
    MAK,
    THROTTLED,
    activate,
)
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import MAK_DESCRIPTION, FakeGuest, LostAnswer

AVMA_KEY = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
GVLK = "VDYBN-27WPP-V4HQT-9VMD4-VMK7H"
USER_KEY = "22222-33333-44444-55555-66666"
BACK = KeyWish(rollback=True)
GONE = ConnectionFailed(ENDPOINT, "connection refused")
LOST = EffectUnknown("SoftwareLicensingService.InstallProductKey", ConnectionDropped(ENDPOINT, "closed"))


@pytest.fixture
def guest() -> FakeGuest:
    guest = FakeGuest()
    guest.on_activate = [HOST_NOT_ACTIVATED]
    return guest


def steps(result: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(step["kind"], step["done"]) for step in result["steps"]]


def codes(result: dict[str, Any]) -> list[str]:
    return [found["code"] for found in result["findings"]]


def test_previous_kms_client_key_is_put_back_and_the_outcome_stays(guest: FakeGuest) -> None:
    said: list[str] = []
    result = activate(guest, BACK, said=said)
    assert guest.keys_seen == [AVMA_KEY, GVLK]
    assert (result["outcome"], result["changed"], result["key_installed"]) == ("failed", True, False)
    assert steps(result) == [("install_key", True), ("activate", False), ("restore_key", True)]
    restored = result["steps"][-1]
    assert restored["before"] == {"channel": "avma", "last_five": "78VHK", "licensed": False}
    assert restored["after"] == {"channel": "kms_client", "last_five": "VMK7H", "licensed": False}
    assert codes(result) == ["KMS_KEY_RESTORED", "ACTIVATION_FAILED"]
    # the refusal stays the reason
    assert result["error"]["code"] == "0xC004FD02"
    assert "SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED" in result["msg"]
    assert result["after"]["partial_product_key"] == "VMK7H"
    assert said == ["web01: key ending in 78VHK is installed", "web01: key ending in VMK7H is put back"]


def test_a_rerun_does_the_same_and_says_so_until_the_cause_is_removed(guest: FakeGuest) -> None:
    first = activate(guest, BACK)
    guest.on_activate = [HOST_NOT_ACTIVATED]
    again = activate(guest, BACK)
    assert (again["changed"], steps(again), codes(again)) == (True, steps(first), codes(first))
    assert "would otherwise try AVMA and restore the key again" in again["findings"][0]["remedy"]
    assert activate(guest, BACK)["outcome"] == "activated"
    assert activate(guest, BACK)["changed"] is False


def test_without_the_option_the_avma_key_stays(guest: FakeGuest) -> None:
    result = activate(guest, KeyWish())
    assert (guest.keys_seen, codes(result)) == ([AVMA_KEY], ["ACTIVATION_FAILED"])


def test_a_key_that_was_there_before_is_nothing_to_roll_back(guest: FakeGuest) -> None:
    guest.licences = [dict(INSTALLED)]
    result = activate(guest, BACK)
    assert (result["outcome"], result["changed"], guest.keys_seen, codes(result)) == ("failed", False, [], ["ACTIVATION_FAILED"])


def test_an_installation_that_windows_refused_leaves_nothing_to_roll_back(guest: FakeGuest) -> None:
    guest.on_install = [0xC004F069]
    result = activate(guest, BACK)
    assert (result["outcome"], result["changed"], codes(result)) == ("failed", False, ["KEY_INSTALL_FAILED"])


def test_a_mak_is_gone_and_that_is_said(guest: FakeGuest) -> None:
    guest.licences = [dict(MAK)]
    result = activate(guest, KeyWish(rollback=True, replace_licensed=True))
    assert guest.keys_seen == [AVMA_KEY]
    assert codes(result) == ["KEY_REPLACED", "KEY_NOT_RESTORED", "ACTIVATION_FAILED"]
    assert "of the mak key ending in MMMMM nothing more is known" in result["findings"][1]["cause"]


def test_a_stated_key_of_another_channel_is_given_up(guest: FakeGuest) -> None:
    guest.installed_channel = {"Description": MAK_DESCRIPTION, "ProductKeyChannel": "Volume:MAK"}
    result = activate(guest, KeyWish(key=USER_KEY, rollback=True))
    assert (guest.keys_seen, guest.methods.count("Activate")) == ([USER_KEY, GVLK], 0)
    assert codes(result) == ["KEY_NOT_CONFIRMED", "KMS_KEY_RESTORED", "KEY_IS_OTHER_CHANNEL"]


def throttled(guest: FakeGuest) -> None:
    guest.on_activate = [THROTTLED] * 50


def never_licensed(guest: FakeGuest) -> None:
    guest.on_activate, guest.licensed_after = [], None


def unknown_code(guest: FakeGuest) -> None:
    guest.on_activate = [0xC004ABCD]


def answer_lost(guest: FakeGuest) -> None:
    guest.on_activate, guest.licensed_after = [LostAnswer(OperationTimedOut(code=0x80338029), effect=True)] * 5, None


@pytest.mark.parametrize(
    ("arrange", "found"),
    [
        (throttled, ["ACTIVATION_DEFERRED"]),
        (never_licensed, ["KEY_NOT_RESTORED", "ACTIVATION_TIMED_OUT"]),
        (unknown_code, ["KEY_NOT_RESTORED", "ACTIVATION_FAILED"]),
        (answer_lost, ["KEY_NOT_RESTORED", "ACTIVATION_TIMED_OUT"]),
    ],
)
def test_what_may_pass_is_waited_for(guest: FakeGuest, arrange: Any, found: list[str]) -> None:
    arrange(guest)
    result = activate(guest, BACK)
    assert (guest.keys_seen, codes(result), result["key_installed"]) == ([AVMA_KEY], found, True)


def test_connection_lost_before_activation_leaves_all_as_it_is(guest: FakeGuest) -> None:
    guest.break_before = {"Activate": GONE}
    result = activate(guest, BACK)
    assert (guest.keys_seen, result["outcome"], result["changed"]) == ([AVMA_KEY], "failed", True)
    assert codes(result) == ["KEY_NOT_RESTORED"]
    assert "could not be asked any more (web01: " in result["findings"][0]["cause"]


def test_connection_lost_while_putting_back_keeps_the_first_reason(guest: FakeGuest) -> None:
    carried_out = guest._carry_out

    def then_gone(method: str, arguments: Any) -> None:
        carried_out(method, arguments)
        if guest.keys_seen[-1:] == [AVMA_KEY]:
            guest.on_install = [GONE]

    guest._carry_out = then_gone  # type: ignore[method-assign]
    result = activate(guest, BACK)
    assert codes(result) == ["KEY_NOT_RESTORED", "ACTIVATION_FAILED"]
    assert result["error"]["code"] == "0xC004FD02"
    assert steps(result) == [("install_key", True), ("activate", False)]


@pytest.mark.parametrize(("effect", "sent"), [(True, 1), (False, 2)])
def test_lost_answer_to_putting_back_is_repeated_only_after_a_look(guest: FakeGuest, effect: bool, sent: int) -> None:
    guest.on_install = [None, LostAnswer(LOST, effect=effect)]
    result = activate(guest, BACK)
    first = guest.calls.index("Activate")
    later = [call for call in guest.calls[first:] if call in ("InstallProductKey", "SoftwareLicensingProduct")]
    installs = [place for place, call in enumerate(later) if call == "InstallProductKey"]
    assert len(installs) == sent
    assert all(later[place + 1] == "SoftwareLicensingProduct" for place in installs)
    assert (codes(result)[0], result["after"]["partial_product_key"]) == ("KMS_KEY_RESTORED", "VMK7H")


def test_refusal_of_the_old_key_is_said_and_the_first_reason_stays(guest: FakeGuest) -> None:
    guest.on_install = [None, LicensingRefused("SoftwareLicensingService.InstallProductKey", 0xC004F050)]
    result = activate(guest, BACK)
    assert codes(result) == ["KEY_NOT_RESTORED", "ACTIVATION_FAILED"]
    assert "Windows refused it with 0xC004F050" in result["findings"][0]["cause"]
    assert (result["error"]["code"], result["key_installed"]) == ("0xC004FD02", True)


def test_check_mode_predicts_no_rollback(guest: FakeGuest) -> None:
    result = activate(guest, BACK, check=True)
    assert (result["outcome"], steps(result)) == ("activated", [("install_key", True), ("activate", True)])


def test_diff_shows_what_is_there_in_the_end(guest: FakeGuest) -> None:
    diff = activate(guest, BACK)["diff"]
    assert "channel: kms_client\n" in diff["after"]
