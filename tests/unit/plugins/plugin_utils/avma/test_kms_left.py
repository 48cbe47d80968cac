# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a KMS host that are left in a guest on AVMA."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    GuestFacts,
    KmsSettings,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.kms_left import kms_left_findings
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

OS = OsFacts(name="WEB01", build=20348, sku=7, product_type=3)
NOTHING = KmsSettings(port=1688, discovered="kms-found.corp.example")


def guest(product: KmsSettings = NOTHING, service: KmsSettings | None = None, channel: Channel = Channel.AVMA) -> GuestFacts:
    return GuestFacts(OS, (LicenceFacts("id", channel, LicenceStatus.LICENSED, 1, partial_product_key="78VHK", kms=product),), kms=service)


@pytest.mark.parametrize(
    ("facts", "settings"),
    [
        (guest(), None),
        (guest(KmsSettings(), KmsSettings(port=0)), None),
        (guest(KmsSettings("kms01")), ("KMS host kms01",)),
        (guest(KmsSettings("kms01", 1688)), ("KMS host kms01",)),
        (guest(KmsSettings("kms01", 1700)), ("KMS host kms01:1700",)),
        (guest(service=KmsSettings("kms01", 1688)), ("KMS host kms01",)),
        (guest(KmsSettings("kms01", 0), KmsSettings("kms01", 1688)), ("KMS host kms01",)),
        (guest(service=KmsSettings(port=1700)), ("KMS port 1700",)),
        (guest(service=KmsSettings(lookup_domain="corp.example")), ("DNS domain corp.example",)),
        # what is used is not left over
        (guest(KmsSettings("kms01"), KmsSettings("kms01"), Channel.KMS_CLIENT), None),
        (guest(KmsSettings("kms01"), KmsSettings("kms01"), Channel.MAK), None),
        (GuestFacts(OS, (), kms=KmsSettings("kms01")), None),
    ],
)
def test_what_is_set_is_told_once(facts: GuestFacts, settings: tuple[str, ...] | None) -> None:
    found = kms_left_findings(facts)
    assert [one.data["settings"] for one in found] == ([] if settings is None else [settings])


def test_a_guest_that_was_activated_before_is_told() -> None:
    plan = plan_guest_key(guest(service=KmsSettings("kms01")), KeyWish(), tables=PUBLISHED)
    (found,) = plan.findings
    assert (found.code, found.severity.value) == ("KMS_SETTINGS_LEFT", "info")
    assert "KMS host kms01" in found.cause
    assert "/ckms" in found.remedy
