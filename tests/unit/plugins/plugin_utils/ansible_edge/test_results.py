# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public shape of results, where facts are missing or strange."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.results import (
    computer_result,
    host_result,
    licence_result,
    os_result,
    placement_result,
    vm_result,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    AvmaBinding,
    Channel,
    ComputerFacts,
    HostFacts,
    KvpFacts,
    KvpItem,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
    VmFacts,
    VmState,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_verdict import judge_host
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.vm_verdict import judge_vm

GUID = "6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11"


def test_nothing_known_is_null_and_not_false() -> None:
    assert set(os_result(OsFacts(), PUBLISHED).values()) == {None}
    assert set(computer_result(ComputerFacts()).values()) == {None}
    assert licence_result(None) is None
    assert placement_result(None) is None


@pytest.mark.parametrize(
    ("computer", "fqdn"),
    [
        (ComputerFacts(name="HV01", dns_name="hv01", domain="Corp.Example", part_of_domain=True), "hv01.corp.example"),
        (ComputerFacts(name="HV01", domain="WORKGROUP", part_of_domain=False), "hv01"),
        (ComputerFacts(name="HV01", domain="WORKGROUP"), "hv01"),
        (ComputerFacts(), None),
    ],
)
def test_full_name_of_a_host(computer: ComputerFacts, fqdn: str | None) -> None:
    facts = HostFacts(os=OsFacts(), licence=None, hyperv=None, computer=computer)
    assert host_result(facts, judge_host(facts, PUBLISHED), tables=PUBLISHED)["fqdn"] == fqdn
    assert computer_result(computer)["domain"] == (computer.domain if computer.part_of_domain else None)


def test_times_are_utc_and_codes_have_their_meaning() -> None:
    licence = LicenceFacts(
        product_id="id",
        channel=Channel.AVMA,
        status=LicenceStatus.NOTIFICATION,
        status_code=5,
        reason=0xC004FD02,
        avma=AvmaBinding(last_activation=datetime(2026, 11, 20, 10, tzinfo=UTC)),
    )
    result = licence_result(licence)
    assert result is not None
    assert result["avma"]["last_activation"] == "2026-11-20T10:00:00Z"
    assert result["reason"].startswith("0xC004FD02 SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED")
    assert "product_id" not in result


def test_of_items_with_one_name_the_first_counts_everywhere() -> None:
    intrinsic = tuple(KvpItem("FullyQualifiedDomainName", name) for name in ("first", "second"))
    vm = VmFacts(
        GUID, "web01", VmState.RUNNING, 2, KvpFacts(enabled=True, intrinsic=intrinsic, guest=(KvpItem("a", "1"), KvpItem("a", "2")))
    )
    result = vm_result(vm, judge_vm(vm, None, PUBLISHED), items=True)
    assert result["guest"]["fqdn"] == result["guest"]["name"] == result["kvp"]["intrinsic"]["FullyQualifiedDomainName"] == "first"
    assert result["kvp"]["guest"] == {"a": "1"}


@pytest.mark.parametrize(("text", "addresses"), [("10.0.0.5; fe80::1;;", ["10.0.0.5", "fe80::1"]), ("", []), (";;", [])])
def test_addresses_of_a_guest(text: str, addresses: list[str]) -> None:
    vm = VmFacts(GUID, "web01", VmState.RUNNING, 2, KvpFacts(intrinsic=(KvpItem("NetworkAddressIPv4", text),)))
    assert vm_result(vm, judge_vm(vm, None, PUBLISHED), items=False)["guest"]["addresses"] == addresses
