# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of a plan, by what the guest says afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    GuestFacts,
    GuestPlacement,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import GuestPlan, KeyWish, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_result import outcome_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.outcome import Outcome
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

FACTS = GuestFacts(OsFacts(name="web01", build=20348, sku=8, product_type=3), (), GuestPlacement(host_name="HV03"))
PLAN = plan_guest_key(FACTS, KeyWish(), tables=PUBLISHED)
KEY_ONLY = plan_guest_key(FACTS, KeyWish(activate=False), tables=PUBLISHED)
KEYED = LicenceFacts("id", Channel.AVMA, LicenceStatus.NOTIFICATION, 5, partial_product_key="DV9BG", reason=0xC004F056)
ACTIVATED = replace(KEYED, status=LicenceStatus.LICENSED, reason=None)
ACTIVATE_ONLY = plan_guest_key(replace(FACTS, licences=(KEYED,)), KeyWish(), tables=PUBLISHED)
KMS = LicenceFacts("id", Channel.KMS_CLIENT, LicenceStatus.NOTIFICATION, 5, partial_product_key="6VM33")


@pytest.mark.parametrize(
    ("licence", "plan", "error", "outcome", "code"),
    [
        (ACTIVATED, PLAN, None, Outcome.ACTIVATED, None),
        (replace(ACTIVATED, partial_product_key="dv9bg"), PLAN, None, Outcome.ACTIVATED, None),
        (ACTIVATED, PLAN, 0xC004FD00, Outcome.ACTIVATED, None),  # a refusal on the way does not count if the guest is licensed
        (ACTIVATED, KEY_ONLY, None, Outcome.ACTIVATED, None),  # Windows was quicker
        (KEYED, KEY_ONLY, None, Outcome.KEYED, None),
        (KEYED, PLAN, None, Outcome.FAILED, "ACTIVATION_TIMED_OUT"),
        (KEYED, PLAN, 0xC004FD00, Outcome.DEFERRED, "ACTIVATION_DEFERRED"),
        (KEYED, PLAN, 0xC004E028, Outcome.DEFERRED, "ACTIVATION_DEFERRED"),
        (KEYED, PLAN, 0xC004FD02, Outcome.FAILED, "ACTIVATION_FAILED"),
        (KEYED, ACTIVATE_ONLY, 0xC004FD03, Outcome.FAILED, "ACTIVATION_FAILED"),
        (KEYED, PLAN, -1073414910, Outcome.FAILED, "ACTIVATION_FAILED"),
        (KEYED, PLAN, 0x80041001, Outcome.FAILED, "ACTIVATION_FAILED"),
        (KMS, PLAN, 0xC004F050, Outcome.FAILED, "KEY_INSTALL_FAILED"),
        (None, PLAN, 0xC004F069, Outcome.FAILED, "KEY_INSTALL_FAILED"),
        (KMS, PLAN, 0xC004F075, Outcome.DEFERRED, "KEY_INSTALL_DEFERRED"),
        (None, PLAN, 0xC004E028, Outcome.DEFERRED, "KEY_INSTALL_DEFERRED"),
        (KMS, ACTIVATE_ONLY, 0xC004F075, Outcome.FAILED, "ACTIVATION_FAILED"),  # its AVMA key is gone
        (KMS, PLAN, None, Outcome.FAILED, "KEY_INSTALL_FAILED"),
        (None, PLAN, None, Outcome.FAILED, "LICENCE_LOST"),
        (replace(KMS, channel=Channel.MAK, partial_product_key="DV9BG"), PLAN, None, Outcome.FAILED, "KEY_IS_OTHER_CHANNEL"),
        # licensed, but not by AVMA or not with the wanted key: never a success
        (replace(KMS, status=LicenceStatus.LICENSED), PLAN, None, Outcome.FAILED, "KEY_INSTALL_FAILED"),
        (replace(ACTIVATED, channel=Channel.MAK), PLAN, None, Outcome.FAILED, "KEY_IS_OTHER_CHANNEL"),
        (replace(ACTIVATED, partial_product_key="ZZZZZ"), PLAN, None, Outcome.FAILED, "KEY_INSTALL_FAILED"),
        (replace(ACTIVATED, channel=Channel.UNKNOWN, partial_product_key="DV9BG"), PLAN, None, Outcome.FAILED, "KEY_IS_OTHER_CHANNEL"),
    ],
)
def test_result(licence: LicenceFacts | None, plan: GuestPlan, error: int | None, outcome: Outcome, code: str | None) -> None:
    judged, findings = outcome_of(licence, plan, error)
    assert (judged, [found.code for found in findings]) == (outcome, [code] if code else [])


def test_a_refusal_names_guest_code_host_and_remedy() -> None:
    _outcome, (refused,) = outcome_of(KEYED, PLAN, 0xC004FD02)
    assert str(refused) == (
        "web01: 0xC004FD02 SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED: host HV03 is not activated. Activate host HV03, then run again."
    )
    assert refused.data["code"] == "0xC004FD02"
    assert refused.data["symbol"] == "SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED"


def test_without_a_name_the_host_is_still_spoken_of() -> None:
    plan = replace(PLAN, host_name=None)
    _outcome, (refused,) = outcome_of(KEYED, plan, 0xC004FD02)
    assert refused.cause.endswith("the Hyper-V host is not activated")


def test_a_timeout_says_in_what_state_the_guest_is() -> None:
    _outcome, (timed_out,) = outcome_of(KEYED, PLAN, None)
    assert "still notification (0xC004F056 SL_E_VL_MACHINE_NOT_BOUND: not activated by KMS)" in timed_out.cause


def test_an_unknown_code_is_shown_as_it_is() -> None:
    _outcome, (refused,) = outcome_of(KEYED, PLAN, 0x80041001)
    assert refused.cause == "0x80041001: Windows refused"


def test_a_plan_without_steps_keeps_its_outcome() -> None:
    plan = plan_guest_key(replace(FACTS, licences=(ACTIVATED,)), KeyWish(), tables=PUBLISHED)
    assert outcome_of(None, plan, 0xC004FD02) == (Outcome.ALREADY_ACTIVATED, ())
