# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can activate guests, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import Edition
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    ClusterFacts,
    ClusterNode,
    ComputerFacts,
    HostFacts,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
    VolumeActivation,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_verdict import HostVerdict, judge_host
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

OEM = LicenceFacts("id", Channel.OEM, LicenceStatus.LICENSED, 1, partial_product_key="ABCDE", minutes_remaining=0)
GOOD = HostFacts(os=OsFacts(name="HV01", build=20348, sku=8, product_type=3), licence=OEM, hyperv=True)


def codes(verdict: HostVerdict) -> list[str]:
    return [found.code for found in verdict.findings]


def licensed(channel: Channel, status: LicenceStatus, minutes: int = 0, reason: int | None = None) -> LicenceFacts:
    return replace(OEM, channel=channel, status=status, minutes_remaining=minutes, reason=reason)


def test_an_activated_datacenter_host_is_ready() -> None:
    verdict = judge_host(GOOD, PUBLISHED)
    assert verdict.ready is True
    assert verdict.edition is Edition.DATACENTER
    assert verdict.can_activate == ("2022", "2019", "2016", "2012 R2")
    assert verdict.findings == ()
    assert (verdict.name, verdict.reasons) == ("HV01", ())


@pytest.mark.parametrize("sku", [8, 12, 145, 147])
@pytest.mark.parametrize("channel", [Channel.OEM, Channel.MAK, Channel.RETAIL, Channel.KMS_HOST, Channel.AVMA])
def test_each_datacenter_sku_is_ready_however_it_is_licensed(sku: int, channel: Channel) -> None:
    facts = replace(GOOD, os=replace(GOOD.os, sku=sku), licence=licensed(channel, LicenceStatus.LICENSED))
    assert judge_host(facts, PUBLISHED).ready is True


@pytest.mark.parametrize(
    ("os", "ready", "expected"),
    [
        ({"sku": 7}, False, ["HOST_NOT_DATACENTER"]),
        ({"sku": 13}, False, ["HOST_NOT_DATACENTER"]),
        ({"sku": 42}, False, ["HOST_NOT_DATACENTER"]),
        ({"sku": 48, "product_type": 1}, False, ["HOST_NOT_DATACENTER"]),
        ({"sku": 79}, False, ["HOST_NOT_DATACENTER", "HOST_IS_EVALUATION"]),
        ({"sku": 80}, None, ["HOST_IS_EVALUATION"]),
        ({"sku": 159}, None, ["HOST_IS_EVALUATION"]),
        ({"sku": 406}, None, ["HOST_IS_AZURE_LOCAL"]),
        ({"sku": 406, "build": 25398}, None, ["HOST_IS_AZURE_LOCAL"]),
        ({"sku": 407}, None, ["HOST_IS_AZURE_EDITION"]),
        ({"sku": 408}, None, ["HOST_IS_AZURE_EDITION"]),
        ({"sku": None}, None, ["HOST_EDITION_UNKNOWN"]),
        ({"sku": 4242}, None, ["HOST_EDITION_UNKNOWN"]),
        ({"sku": 0xABCDABCD}, None, ["HOST_EDITION_UNKNOWN"]),
        ({"build": 9200}, False, ["HOST_TOO_OLD"]),
        ({"build": 31000}, None, ["HOST_BUILD_UNKNOWN"]),
        ({"build": None}, None, ["HOST_BUILD_UNKNOWN"]),
    ],
)
def test_edition_and_release(os: dict[str, int | None], ready: bool | None, expected: list[str]) -> None:
    verdict = judge_host(replace(GOOD, os=replace(GOOD.os, **os)), PUBLISHED)  # type: ignore[arg-type]
    assert (verdict.ready, codes(verdict)) == (ready, expected)
    assert verdict.reasons == tuple(expected if ready is None else expected[:1])


def test_azure_local_is_no_release_of_windows_server_though_the_build_is_the_same() -> None:
    verdict = judge_host(replace(GOOD, os=replace(GOOD.os, sku=406)), PUBLISHED)
    assert verdict.release is None
    assert verdict.can_activate == ()


@pytest.mark.parametrize(
    ("licence", "ready", "expected"),
    [
        (None, False, ["HOST_WITHOUT_KEY"]),
        (licensed(Channel.OEM, LicenceStatus.UNLICENSED), False, ["HOST_NOT_ACTIVATED"]),
        (licensed(Channel.OEM, LicenceStatus.NOTIFICATION, reason=0xC004F056), False, ["HOST_NOT_ACTIVATED"]),
        (licensed(Channel.OEM, LicenceStatus.NON_GENUINE_GRACE), False, ["HOST_NOT_ACTIVATED"]),
        (licensed(Channel.OEM, LicenceStatus.OUT_OF_BOX_GRACE, 900), None, ["HOST_LICENCE_AT_RISK"]),
        (licensed(Channel.KMS_CLIENT, LicenceStatus.OUT_OF_TOLERANCE_GRACE, 900), None, ["HOST_LICENCE_AT_RISK"]),
        (licensed(Channel.MAK, LicenceStatus.EXTENDED_GRACE, 900), None, ["HOST_LICENCE_AT_RISK"]),
        (licensed(Channel.MAK, LicenceStatus.UNKNOWN), None, ["HOST_LICENCE_UNKNOWN"]),
        (licensed(Channel.EVALUATION, LicenceStatus.LICENSED, 250_000), None, ["HOST_IS_EVALUATION"]),
        (licensed(Channel.KMS_CLIENT, LicenceStatus.LICENSED, 250_000), True, ["HOST_ON_KMS"]),
        (licensed(Channel.KMS_CLIENT, LicenceStatus.LICENSED, 20_000), True, ["HOST_ON_KMS", "HOST_KMS_NOT_RENEWED"]),
    ],
)
def test_licence(licence: LicenceFacts | None, ready: bool | None, expected: list[str]) -> None:
    verdict = judge_host(replace(GOOD, licence=licence), PUBLISHED)
    assert (verdict.ready, codes(verdict)) == (ready, expected)


def test_what_is_found_names_host_reason_and_minutes() -> None:
    unbound = replace(licensed(Channel.KMS_CLIENT, LicenceStatus.NOTIFICATION, reason=0xC004F056), through=VolumeActivation.KMS)
    refused = judge_host(replace(GOOD, licence=unbound), PUBLISHED)
    assert str(refused.findings[0]) == (
        "HV01: the host's licence is notification (channel kms_client, 0xC004F056 SL_E_VL_MACHINE_NOT_BOUND: not activated by KMS)."
        " Check that the host finds its KMS host and reaches it (TCP 1688), then run 'slmgr /ato' on the host."
        " Guests follow at their next renewal, or with guest_key."
    )
    kms = judge_host(replace(GOOD, licence=licensed(Channel.KMS_CLIENT, LicenceStatus.LICENSED, 250_000)), PUBLISHED)
    assert kms.findings[0].data["minutes"] == 250_000
    assert kms.findings[0].cause.endswith("has 173 days left")


@pytest.mark.parametrize(
    ("through", "code", "word"),
    [
        (VolumeActivation.KMS, "HOST_ON_KMS", "KMS"),
        (VolumeActivation.TOKEN, "HOST_ON_KMS", "a token"),
        (VolumeActivation.ACTIVE_DIRECTORY, "HOST_ON_ACTIVE_DIRECTORY", "Active Directory"),
        (None, "HOST_ON_KMS", "KMS or Active Directory"),
    ],
)
def test_kms_and_active_directory_are_told_apart(through: VolumeActivation | None, code: str, word: str) -> None:
    client = replace(licensed(Channel.KMS_CLIENT, LicenceStatus.LICENSED, 20_000), through=through)
    on, not_renewed = judge_host(replace(GOOD, licence=client), PUBLISHED).findings
    assert (on.code, on.cause) == (code, f"the host's own activation comes from {word} and has 13 days left")
    assert ("1688" in not_renewed.remedy) == (through is not VolumeActivation.ACTIVE_DIRECTORY)
    lapsed = replace(client, status=LicenceStatus.NOTIFICATION, reason=0xC004F074)
    (refused,) = judge_host(replace(GOOD, licence=lapsed), PUBLISHED).findings
    assert ("domain controller" in refused.remedy) == (through is VolumeActivation.ACTIVE_DIRECTORY)


@pytest.mark.parametrize(
    ("channel", "raw", "known"),
    [
        (Channel.UNKNOWN, "PAYG", False),
        (Channel.UNKNOWN, None, False),
        (Channel.MAK, "Retail:TB:Sub", False),  # two words that do not go together
        (Channel.MAK, "volume:mak ", True),
        (Channel.OEM, "", True),
    ],
)
def test_a_licence_of_an_unknown_kind_leaves_it_open(channel: Channel, raw: str | None, known: bool) -> None:
    licence = replace(licensed(channel, LicenceStatus.LICENSED), channel_raw=raw)
    verdict = judge_host(replace(GOOD, licence=licence), PUBLISHED)
    assert verdict.ready is (True if known else None)
    assert [found.code for found in verdict.findings] == ([] if known else ["HOST_LICENCE_OF_UNKNOWN_KIND"])


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "an unknown time"),
        (45, "45 minutes"),
        (119, "119 minutes"),
        (180, "3 hours"),
        (1500, "1 day"),
        (2880, "2 days"),
        (10_080, "7 days"),
    ],
)
def test_time_that_is_left_is_told_as_people_say_it(minutes: int, words: str) -> None:
    (found,) = judge_host(replace(GOOD, licence=licensed(Channel.OEM, LicenceStatus.OUT_OF_BOX_GRACE, minutes)), PUBLISHED).findings
    assert f"with {words} left" in found.cause


def test_a_retail_licence_is_told_and_does_not_change_the_verdict() -> None:
    verdict = judge_host(replace(GOOD, licence=licensed(Channel.RETAIL, LicenceStatus.LICENSED)), PUBLISHED)
    assert (verdict.ready, codes(verdict)) == (True, ["HOST_LICENCE_IS_RETAIL"])
    standard = judge_host(replace(GOOD, os=replace(GOOD.os, sku=7), licence=licensed(Channel.RETAIL, LicenceStatus.LICENSED)), PUBLISHED)
    assert codes(standard) == ["HOST_NOT_DATACENTER"], "what cannot activate anyway needs no word on its key"


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        (licensed(Channel.KMS_CLIENT, LicenceStatus.NOTIFICATION, reason=0xC004F074), "KMS host reachable (TCP 1688)"),
        (licensed(Channel.KMS_CLIENT, LicenceStatus.NOTIFICATION, reason=0xC004F038), "Repair KMS"),
        (licensed(Channel.KMS_CLIENT, LicenceStatus.NOTIFICATION, reason=0xC004F009), "reaches it (TCP 1688)"),
        (licensed(Channel.KMS_CLIENT, LicenceStatus.OUT_OF_TOLERANCE_GRACE, reason=0x4004F00D), "reaches it (TCP 1688)"),
        (licensed(Channel.OEM, LicenceStatus.NOTIFICATION, reason=0xC004F058), "on its own hardware"),
        (licensed(Channel.MAK, LicenceStatus.NOTIFICATION, reason=0xC004C020), "limit of the MAK"),
        (licensed(Channel.MAK, LicenceStatus.NOTIFICATION, reason=0xC004F034), "Activate Windows on the host, then look again."),
        (licensed(Channel.OEM, LicenceStatus.OUT_OF_BOX_GRACE), "Activate Windows on the host before the period ends."),
    ],
)
def test_the_remedy_for_the_host_s_licence_follows_from_its_channel_and_reason(licence: LicenceFacts, words: str) -> None:
    (found,) = judge_host(replace(GOOD, licence=licence), PUBLISHED).findings
    assert words in found.remedy


@pytest.mark.parametrize(
    "licence", [None, licensed(Channel.OEM, LicenceStatus.NOTIFICATION), licensed(Channel.OEM, LicenceStatus.LICENSED)]
)
def test_azure_local_is_not_judged_by_its_own_licence(licence: LicenceFacts | None) -> None:
    verdict = judge_host(replace(GOOD, os=replace(GOOD.os, sku=406), licence=licence), PUBLISHED)
    assert (verdict.ready, codes(verdict)) == (None, ["HOST_IS_AZURE_LOCAL"])
    assert "30 days" in verdict.findings[0].remedy


@pytest.mark.parametrize(
    ("computer", "ready", "expected"),
    [
        (ComputerFacts(manufacturer="Dell Inc.", model="PowerEdge R750"), True, []),
        (ComputerFacts(manufacturer="Microsoft Corporation", model="Virtual Machine"), None, ["HOST_IS_VIRTUAL_MACHINE"]),
        (
            ComputerFacts(manufacturer="Microsoft Corporation", model="Virtual Machine", asset_tag="7783-7084-3265-9085-8269-3286-77"),
            None,
            ["HOST_IN_AZURE"],
        ),
        (ComputerFacts(), True, []),
    ],
)
def test_a_host_that_is_itself_a_virtual_machine_may_not_activate(computer: ComputerFacts, ready: bool | None, expected: list[str]) -> None:
    verdict = judge_host(replace(GOOD, computer=computer), PUBLISHED)
    assert (verdict.ready, codes(verdict)) == (ready, expected)


@pytest.mark.parametrize(("hyperv", "ready", "expected"), [(False, False, ["HOST_WITHOUT_HYPERV"]), (None, None, ["HYPERV_UNKNOWN"])])
def test_hyperv(hyperv: bool | None, ready: bool | None, expected: list[str]) -> None:
    verdict = judge_host(replace(GOOD, hyperv=hyperv), PUBLISHED)
    assert (verdict.ready, codes(verdict)) == (ready, expected)


def test_a_cluster_is_told_and_does_not_change_the_verdict_on_this_host() -> None:
    cluster = ClusterFacts("CL1", (ClusterNode("HV01", "up"), ClusterNode("HV02", "down"), ClusterNode("HV03", "paused")))
    verdict = judge_host(replace(GOOD, cluster=cluster), PUBLISHED)
    assert verdict.ready is True
    assert [(found.code, found.object) for found in verdict.findings] == [
        ("HOST_IN_CLUSTER", "HV01"),
        ("CLUSTER_NODE_DOWN", "HV02"),
        ("CLUSTER_NODE_DOWN", "HV03"),
    ]
    unknown = judge_host(replace(GOOD, cluster_known=False), PUBLISHED)
    assert (unknown.ready, codes(unknown)) == (True, ["CLUSTER_UNKNOWN"])


def test_an_end_of_evaluation_is_data_of_the_finding() -> None:
    end = datetime(2027, 3, 1, tzinfo=UTC)
    verdict = judge_host(replace(GOOD, licence=replace(OEM, channel=Channel.EVALUATION, evaluation_end=end)), PUBLISHED)
    assert verdict.findings[0].data["evaluation_end"] == "2027-03-01T00:00:00+00:00"


def test_a_host_that_cannot_activate_anything_lists_nothing() -> None:
    assert judge_host(replace(GOOD, os=replace(GOOD.os, sku=7)), PUBLISHED).can_activate == ()
