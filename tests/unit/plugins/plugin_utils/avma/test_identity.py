# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operating system a guest runs, from its own CIM and from what it wrote into Data Exchange."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import Edition
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import KvpItem, OsFacts
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.identity import OsKind, identify_kvp, identify_os
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

WINDOWS = {
    "FullyQualifiedDomainName": "web01.lab.example",
    "OSName": "Windows Server 2022 Datacenter",
    "OSBuildNumber": "20348",
    "OSEditionId": "8",
    "ProductType": "3",
    "OSPlatformId": "2",
    "OSMajorVersion": "10",
}
UBUNTU = {
    "OSName": "Ubuntu",
    "OSMajorVersion": "24.04",
    "OSBuildNumber": "6.8.0-31-generic",
    "OSVersion": "6.8.0",
    "ProcessorArchitecture": "x86_64",
}


def items(values: dict[str, str]) -> list[KvpItem]:
    return [KvpItem(name, data) for name, data in values.items()]


def test_windows_server_by_its_numbers() -> None:
    identity = identify_kvp(items(WINDOWS), PUBLISHED)
    assert (identity.kind, identity.name, identity.build, identity.edition) == (
        OsKind.WINDOWS_SERVER,
        "web01.lab.example",
        20348,
        Edition.DATACENTER,
    )
    assert identity.release is not None
    assert identity.release.name == "2022"
    assert identity.trust == "kvp"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"OSName": "Linux"}, OsKind.WINDOWS_SERVER),  # a name never outweighs the numbers
        ({"ProductType": "1"}, OsKind.WINDOWS_CLIENT),
        ({"OSEditionId": "48", "ProductType": "3"}, OsKind.WINDOWS_CLIENT),
        ({"OSEditionId": "175"}, OsKind.WINDOWS_CLIENT),
        ({"OSEditionId": "4242"}, OsKind.WINDOWS_SERVER),
        ({"OSEditionId": "", "ProductType": ""}, OsKind.UNKNOWN),
        ({"OSEditionId": "8; rm -rf", "ProductType": "x", "OSPlatformId": "2.0"}, OsKind.UNKNOWN),
    ],
)
def test_windows_is_told_by_numbers_only(change: dict[str, str], kind: OsKind) -> None:
    assert identify_kvp(items({**WINDOWS, **change}), PUBLISHED).kind is kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (UBUNTU, OsKind.LINUX),
        ({"OSName": "Red Hat Enterprise Linux"}, OsKind.LINUX),
        ({"OSName": "Acme OS", "OSBuildNumber": "6.1.0-amd64"}, OsKind.LINUX),
        ({"OSName": "Acme OS", "OSBuildNumber": "7"}, OsKind.UNKNOWN),
        ({"OSName": "FreeBSD"}, OsKind.OTHER),
        ({"OSName": "Windows Server 2022 Datacenter"}, OsKind.UNKNOWN),
        ({"FullyQualifiedDomainName": "linux01"}, OsKind.UNKNOWN),
        ({}, OsKind.UNKNOWN),
    ],
)
def test_linux_is_told_by_what_its_daemon_sends(values: dict[str, str], kind: OsKind) -> None:
    assert identify_kvp(items(values), PUBLISHED).kind is kind


def test_of_two_items_with_one_name_the_first_counts() -> None:
    twice = [*items(WINDOWS), KvpItem("OSBuildNumber", "26100")]
    assert identify_kvp(twice, PUBLISHED).build == 20348


@pytest.mark.parametrize("number", ["٢٠٣٤٨", "9" * 5000, "-8", "8.0", "0x8", "1e3", "\x00"])
def test_an_odd_number_is_no_number(number: str) -> None:
    identity = identify_kvp(items({**WINDOWS, "OSBuildNumber": number, "OSEditionId": number}), PUBLISHED)
    assert (identity.build, identity.sku, identity.release, identity.edition) == (None, None, None, None)


names = st.sampled_from([*WINDOWS, *UBUNTU, "SuiteMask"]) | st.text(max_size=20)
hostile = st.text(max_size=200) | st.sampled_from(["8", "20348", "3", "24.04", "Ubuntu", "\u202eexe.nimda", "\ud800", "4294967296"])


@given(st.lists(st.builds(KvpItem, names, hostile), max_size=30))
def test_no_item_of_a_tenant_raises_or_shows_control_characters(found: list[KvpItem]) -> None:
    identity = identify_kvp(found, PUBLISHED)
    assert identity.trust == "kvp"
    if identity.name is not None:
        assert identity.name.isprintable()
        assert len(identity.name) <= 120


@pytest.mark.parametrize(
    ("os", "kind", "edition", "evaluation", "release"),
    [
        (OsFacts(build=20348, sku=7, product_type=3), OsKind.WINDOWS_SERVER, Edition.STANDARD, False, "2022"),
        (OsFacts(build=14393, sku=12, product_type=2), OsKind.WINDOWS_SERVER, Edition.DATACENTER, False, "2016"),
        (OsFacts(build=17763, sku=145, product_type=3), OsKind.WINDOWS_SERVER, Edition.DATACENTER, False, "2019"),
        (OsFacts(build=20348, sku=80, product_type=3), OsKind.WINDOWS_SERVER, Edition.DATACENTER, True, "2022"),
        (OsFacts(build=20348, sku=160, product_type=3), OsKind.WINDOWS_SERVER, Edition.STANDARD, True, "2022"),
        (OsFacts(build=26100, sku=48, product_type=1), OsKind.WINDOWS_CLIENT, Edition.CLIENT, False, "2025"),
        (OsFacts(build=20348, sku=406, product_type=3), OsKind.WINDOWS_SERVER, Edition.AZURE_LOCAL, False, None),
        (OsFacts(build=20348, sku=0xABCDABCD, product_type=3), OsKind.WINDOWS_SERVER, None, False, "2022"),
        (OsFacts(build=29999, sku=8, product_type=3), OsKind.WINDOWS_SERVER, Edition.DATACENTER, False, None),
        (OsFacts(), OsKind.UNKNOWN, None, False, None),
    ],
)
def test_a_guest_that_was_asked_itself(os: OsFacts, kind: OsKind, edition: Edition | None, evaluation: bool, release: str | None) -> None:
    identity = identify_os(os, PUBLISHED)
    assert (identity.kind, identity.edition, identity.evaluation, identity.trust) == (kind, edition, evaluation, "guest")
    assert (identity.release.name if identity.release else None) == release
