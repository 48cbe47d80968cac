# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which key is put back, and when none is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import KMS_CLIENT_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import GUEST_EDITIONS, SKUS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import Channel, GuestFacts, LicenceFacts, LicenceStatus, OsFacts
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish, StepKind, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.identity import identify_os
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.releases import RELEASES
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.rollback import known_key, plan_rollback, rollback_findings
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.user_tables import with_user_tables

GVLK_2022_STANDARD = "VDYBN-27WPP-V4HQT-9VMD4-VMK7H"
AVMA_2022_STANDARD = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
USER_KEY = "22222-33333-44444-55555-66666"
HOST_NOT_ACTIVATED = 0xC004FD02
OS = OsFacts(name="WEB01", build=20348, sku=7, product_type=3)


def licence(channel: Channel, last_five: str | None, status: LicenceStatus = LicenceStatus.UNLICENSED) -> LicenceFacts:
    return LicenceFacts("id", channel, status, None, partial_product_key=last_five)


GVLK = licence(Channel.KMS_CLIENT, "VMK7H")
INSTALLED = licence(Channel.AVMA, "78VHK")


def rolled_back(
    before: LicenceFacts | None, now: LicenceFacts | None = INSTALLED, error: int | None = HOST_NOT_ACTIVATED
) -> tuple[str | None, str]:
    """The key that is put back, and the words of the finding."""
    facts = GuestFacts(OS, (before,) if before else ())
    plan = plan_guest_key(facts, KeyWish(replace_licensed=True), tables=PUBLISHED)
    rollback = plan_rollback(facts, plan, now, error, PUBLISHED)
    assert (rollback.step is None) == (rollback.key is None) == bool(rollback.findings)
    assert USER_KEY not in repr(rollback)
    return rollback.key, " ".join(str(found) for found in rollback.findings)


@pytest.mark.parametrize("status", [LicenceStatus.UNLICENSED, LicenceStatus.NOTIFICATION, LicenceStatus.LICENSED])
def test_the_kms_client_key_of_release_and_edition_is_put_back(status: LicenceStatus) -> None:
    assert rolled_back(replace(GVLK, status=status)) == (GVLK_2022_STANDARD, "")


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (licence(Channel.MAK, "MMMMM", LicenceStatus.LICENSED), "of the mak key ending in MMMMM nothing more is known"),
        (licence(Channel.RETAIL, "RRRRR"), "of the retail key ending in RRRRR nothing more is known"),
        (licence(Channel.OEM, "OOOOO"), "of the oem key ending in OOOOO nothing more is known"),
        (licence(Channel.KMS_CLIENT, "C2D82"), "the key ending in C2D82 is none that is known for Windows Server 2022 Standard"),
        (licence(Channel.KMS_CLIENT, None), "the key ending in unknown is none that is known"),
        (None, "there was none"),
    ],
)
def test_a_key_that_nobody_knows_is_not_put_back(before: LicenceFacts | None, words: str) -> None:
    key, found = rolled_back(before)
    assert key is None
    assert words in found


@pytest.mark.parametrize(
    ("now", "error", "words"),
    [
        (INSTALLED, None, "the activation may still come"),
        (INSTALLED, 0xC0FFEE00, "nothing is known of the code 0xC0FFEE00"),
        (None, HOST_NOT_ACTIVATED, "the guest does not have the key that was installed"),
        (GVLK, HOST_NOT_ACTIVATED, "the guest does not have the key that was installed"),
    ],
)
def test_nothing_is_put_back_while_the_end_is_open(now: LicenceFacts | None, error: int | None, words: str) -> None:
    key, found = rolled_back(GVLK, now, error)
    assert key is None
    assert words in found


def test_a_stated_key_that_windows_takes_for_another_channel_is_given_up() -> None:
    assert rolled_back(GVLK, licence(Channel.MAK, "78VHK"), None)[0] == GVLK_2022_STANDARD


def test_an_avma_key_of_the_tables_is_put_back() -> None:
    facts = GuestFacts(OS, (licence(Channel.AVMA, "78VHK", LicenceStatus.LICENSED),))
    plan = plan_guest_key(facts, KeyWish(key=USER_KEY), tables=PUBLISHED)
    assert plan.installs
    rollback = plan_rollback(facts, plan, licence(Channel.AVMA, "66666"), HOST_NOT_ACTIVATED, PUBLISHED)
    assert rollback.key == AVMA_2022_STANDARD
    assert rollback.step is not None
    assert (rollback.step.kind, rollback.step.after["channel"]) == (StepKind.RESTORE_KEY, "avma")
    assert rollback.step.before == {"channel": "avma", "last_five": "66666", "licensed": False}


def test_what_came_of_it_is_judged_by_what_the_guest_says() -> None:
    facts = GuestFacts(OS, (GVLK,))
    plan = plan_guest_key(facts, KeyWish(), tables=PUBLISHED)
    rollback = plan_rollback(facts, plan, INSTALLED, HOST_NOT_ACTIVATED, PUBLISHED)
    assert [found.code for found in rollback_findings(rollback, plan, (GVLK,), None)] == ["KMS_KEY_RESTORED"]
    (refused,) = rollback_findings(rollback, plan, (INSTALLED,), 0xC004F050)
    assert (refused.code, "0xC004F050 SL_E_INVALID_PRODUCT_KEY" in refused.cause) == ("KEY_NOT_RESTORED", True)
    assert [found.code for found in rollback_findings(rollback, plan, (INSTALLED,), None)] == ["KEY_NOT_RESTORED"]


@pytest.mark.parametrize(
    "row", [row for row in KMS_CLIENT_KEYS if row.edition in {edition.value for edition in GUEST_EDITIONS}], ids=lambda row: row.key
)
def test_each_published_kms_client_key_of_a_served_release_is_known_again(row: object) -> None:
    name, edition, key = row.release_name, row.edition, row.key  # type: ignore[attr-defined]
    covered = [
        release
        for release in RELEASES
        if release.name == name or (name == "1809 to 20H2" and release.name in ("1809", "1903", "1909", "2004", "20H2"))
    ]
    if not covered:
        assert name in ("2012", "2008 R2", "2008")
        return
    sku = next(known.number for known in SKUS if known.edition.value == edition and not known.evaluation)
    for release in covered:
        identity = identify_os(OsFacts(build=release.build, sku=sku, product_type=3), PUBLISHED)
        assert known_key(licence(Channel.KMS_CLIENT, key[-5:]), identity, PUBLISHED) == key
        assert known_key(licence(Channel.MAK, key[-5:]), identity, PUBLISHED) is None


def test_a_key_of_the_users_tables_is_known_again() -> None:
    tables = with_user_tables({"avma_keys": [{"release": "23H2", "edition": "Standard", "key": USER_KEY}]})
    identity = identify_os(OsFacts(build=25398, sku=146, product_type=3), tables)
    assert known_key(licence(Channel.AVMA, "66666"), identity, tables) == USER_KEY
    assert known_key(licence(Channel.AVMA, "66666"), identity, PUBLISHED) is None
