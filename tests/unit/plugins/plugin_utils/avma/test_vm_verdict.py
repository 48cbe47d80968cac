# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said of a virtual machine from its host."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import Edition
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import KvpFacts, KvpHealth, KvpItem, VmFacts, VmState
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import finding
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_verdict import HostVerdict
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.vm_verdict import VmStatus, VmVerdict, judge_vm

HOST = HostVerdict(True, PUBLISHED.release_of(20348), Edition.DATACENTER, ("2022", "2019", "2016", "2012 R2"), (), "HV01")


def items(**values: str) -> tuple[KvpItem, ...]:
    return tuple(KvpItem(name, data) for name, data in values.items())


def windows(build: int | str = 20348, sku: int | str = 8, product_type: int = 3) -> tuple[KvpItem, ...]:
    return items(OSName="Windows", OSBuildNumber=str(build), OSEditionId=str(sku), ProductType=str(product_type), OSPlatformId="2")


def vm(
    intrinsic: tuple[KvpItem, ...] = (),
    *,
    state: VmState = VmState.RUNNING,
    health: KvpHealth = KvpHealth.OK,
    enabled: bool | None = True,
) -> VmFacts:
    return VmFacts("GUID", "web01", state, 2, KvpFacts(enabled=enabled, health=health, intrinsic=intrinsic))


def codes(verdict: VmVerdict) -> list[str]:
    return [found.code for found in verdict.findings]


def test_a_running_windows_server_is_eligible_and_its_key_is_named() -> None:
    verdict = judge_vm(vm(windows()), HOST, PUBLISHED)
    assert verdict.status is VmStatus.ELIGIBLE
    assert verdict.findings == ()
    assert verdict.identity.trust == "kvp"
    assert verdict.key is not None
    assert verdict.key.key == "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"


@pytest.mark.parametrize("state", [VmState.OFF, VmState.SAVED, VmState.PAUSED, VmState.STARTING, VmState.OTHER])
def test_what_does_not_run_is_unknown_not_failed(state: VmState) -> None:
    verdict = judge_vm(vm(state=state, health=KvpHealth.NOT_RUNNING), HOST, PUBLISHED)
    assert (verdict.status, codes(verdict)) == (VmStatus.UNKNOWN, ["GUEST_OFF"])
    assert verdict.findings[0].data == {"state": state.value}


@pytest.mark.parametrize(
    ("machine", "status", "expected"),
    [
        (vm(enabled=False, health=KvpHealth.DISABLED), VmStatus.ACTION_REQUIRED, ["DATA_EXCHANGE_DISABLED"]),
        (
            vm(enabled=False, health=KvpHealth.NOT_RUNNING, state=VmState.OFF),
            VmStatus.ACTION_REQUIRED,
            ["GUEST_OFF", "DATA_EXCHANGE_DISABLED"],
        ),
        (vm(windows(), health=KvpHealth.DEGRADED), VmStatus.ELIGIBLE, ["DATA_EXCHANGE_OUTDATED"]),
        (vm(health=KvpHealth.PROTOCOL_MISMATCH), VmStatus.UNKNOWN, ["DATA_EXCHANGE_PROTOCOL_MISMATCH"]),
        (vm(health=KvpHealth.NO_CONTACT), VmStatus.UNKNOWN, ["DATA_EXCHANGE_NO_CONTACT"]),
        (vm(health=KvpHealth.LOST), VmStatus.UNKNOWN, ["DATA_EXCHANGE_LOST"]),
        (vm(windows(), health=KvpHealth.LOST), VmStatus.UNKNOWN, ["DATA_EXCHANGE_LOST"]),
        (vm(health=KvpHealth.UNKNOWN, enabled=None), VmStatus.UNKNOWN, ["DATA_EXCHANGE_UNKNOWN"]),
        (vm(health=KvpHealth.OK), VmStatus.UNKNOWN, ["DATA_EXCHANGE_UNKNOWN"]),
    ],
)
def test_data_exchange(machine: VmFacts, status: VmStatus, expected: list[str]) -> None:
    verdict = judge_vm(machine, HOST, PUBLISHED)
    assert (verdict.status, codes(verdict)) == (status, expected)


@pytest.mark.parametrize(
    ("intrinsic", "status", "expected"),
    [
        (items(OSName="Ubuntu", OSMajorVersion="24.04"), VmStatus.NOT_ELIGIBLE, ["GUEST_IS_LINUX"]),
        (items(OSName="FreeBSD"), VmStatus.NOT_ELIGIBLE, ["GUEST_IS_OTHER"]),
        (windows(26100, 48, 1), VmStatus.NOT_ELIGIBLE, ["GUEST_IS_CLIENT"]),
        (items(OSName="Windows Server 2022"), VmStatus.UNKNOWN, ["GUEST_UNKNOWN"]),
        (windows(9200), VmStatus.NOT_ELIGIBLE, ["GUEST_TOO_OLD"]),
        (windows(9600, 33), VmStatus.NOT_ELIGIBLE, ["GUEST_EDITION_NOT_SUPPORTED"]),
        (windows(14393, 143), VmStatus.NOT_ELIGIBLE, ["GUEST_EDITION_NOT_SUPPORTED"]),
        (windows(17763, 42), VmStatus.NOT_ELIGIBLE, ["GUEST_EDITION_NOT_SUPPORTED"]),
        (windows(20348, 79), VmStatus.ACTION_REQUIRED, ["GUEST_IS_EVALUATION"]),
        (windows(20348, 407), VmStatus.NOT_ELIGIBLE, ["GUEST_IS_AZURE_EDITION"]),
        (windows(26100, 8), VmStatus.NOT_ELIGIBLE, ["GUEST_NEWER_THAN_HOST"]),
        (windows(19042, 145), VmStatus.ACTION_REQUIRED, ["KEY_NEEDED"]),
        (windows(20348, 50), VmStatus.ACTION_REQUIRED, ["KEY_NEEDED"]),
        (windows(29999, 8), VmStatus.UNKNOWN, ["GUEST_BUILD_UNKNOWN"]),
        (windows("24.04", 8), VmStatus.UNKNOWN, ["GUEST_BUILD_UNKNOWN"]),
        (windows(20348, 4242), VmStatus.UNKNOWN, ["GUEST_UNKNOWN"]),
    ],
)
def test_guests_that_are_not_simply_eligible(intrinsic: tuple[KvpItem, ...], status: VmStatus, expected: list[str]) -> None:
    verdict = judge_vm(vm(intrinsic), HOST, PUBLISHED)
    assert (verdict.status, codes(verdict)) == (status, expected)


def test_azure_edition_may_be_entitled_on_azure_local() -> None:
    azure = HostVerdict(None, None, Edition.AZURE_LOCAL, (), (finding("HOST_IS_AZURE_LOCAL", "AZ1"),), "AZ1")
    verdict = judge_vm(vm(windows(20348, 407)), azure, PUBLISHED)
    assert (verdict.status, codes(verdict)) == (VmStatus.UNKNOWN, ["GUEST_AZURE_EDITION_TRIED", "HOST_READINESS_UNKNOWN"])


@pytest.mark.parametrize(
    ("build", "sku", "words"),
    [
        (14393, 143, "Server Core"),
        (17763, 42, "needs no activation"),
        (9600, 33, "came with the hardware"),
        (20348, 406, "Register it with Azure"),
        (9600, 10, "KMS or MAK"),
        (17763, 168, "KMS or MAK"),
    ],
)
def test_editions_without_avma_are_told_their_own_way(build: int, sku: int, words: str) -> None:
    (found,) = judge_vm(vm(windows(build, sku)), HOST, PUBLISHED).findings
    assert found.code == "GUEST_EDITION_NOT_SUPPORTED"
    assert words in found.remedy
    assert "runs Other" not in found.cause


def test_a_guest_of_which_data_exchange_says_too_little_is_to_be_asked_itself() -> None:
    (found,) = judge_vm(vm(windows(20348, 4242)), HOST, PUBLISHED).findings
    assert "hyperv.avma.guest_info" in found.remedy


@pytest.mark.parametrize(("build", "iso"), [(9600, True), (20348, False)])
def test_integration_services_are_updated_on_old_guests_only(build: int, iso: bool) -> None:
    (found,) = judge_vm(vm(windows(build), health=KvpHealth.DEGRADED), HOST, PUBLISHED).findings
    assert ("vmguest.iso" in found.remedy) is iso


def test_a_host_that_is_not_ready_is_named_with_its_reasons() -> None:
    host = replace(HOST, ready=False, findings=(finding("HOST_WITHOUT_KEY", "HV01"),))
    verdict = judge_vm(vm(windows()), host, PUBLISHED)
    assert (verdict.status, codes(verdict)) == (VmStatus.ACTION_REQUIRED, ["HOST_NOT_READY"])
    assert verdict.findings[0].cause == "the host HV01 cannot activate guests: HOST_WITHOUT_KEY"


def test_a_host_that_is_not_ready_matters_not_to_linux() -> None:
    host = replace(HOST, ready=False)
    assert codes(judge_vm(vm(items(OSName="Debian GNU/Linux")), host, PUBLISHED)) == ["GUEST_IS_LINUX"]


def test_without_a_host_only_the_machine_counts() -> None:
    assert judge_vm(vm(windows(26100)), None, PUBLISHED).status is VmStatus.ELIGIBLE


def test_the_way_out_of_an_evaluation_names_edition_and_key() -> None:
    remedy = judge_vm(vm(windows(20348, 159)), HOST, PUBLISHED).findings[0].remedy
    assert "/Set-Edition:ServerDatacenterCor /ProductKey:W3GNR-8DDXR-2TFRP-H8P33-DV9BG" in remedy
    assert "domain controller" in remedy


kvp_items = st.lists(
    st.builds(
        KvpItem, st.sampled_from(["OSName", "OSBuildNumber", "OSEditionId", "ProductType", "OSPlatformId", "x"]), st.text(max_size=30)
    ),
    max_size=8,
).map(tuple)


@given(kvp_items, st.sampled_from(VmState), st.sampled_from(KvpHealth), st.sampled_from([True, False, None]))
def test_no_combination_raises_and_what_is_not_eligible_says_why(
    intrinsic: tuple[KvpItem, ...], state: VmState, health: KvpHealth, enabled: bool | None
) -> None:
    verdict = judge_vm(vm(intrinsic, state=state, health=health, enabled=enabled), HOST, PUBLISHED)
    assert (verdict.status is VmStatus.ELIGIBLE) or verdict.findings
