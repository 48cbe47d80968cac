# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter avma_supported: the table of guests by host, and what mappings add to it."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.hyperv.avma.plugins.filter.avma_supported import FilterModule

avma_supported = FilterModule().filters()["avma_supported"]

# Microsoft, Automatic Virtual Machine Activation: guests by host.
GUESTS = {
    "2012 R2": {"2012 R2"},
    "2016": {"2012 R2", "2016"},
    "2019": {"2012 R2", "2016", "2019"},
    "2022": {"2012 R2", "2016", "2019", "2022"},
    "2025": {"2012 R2", "2016", "2019", "2022", "2025"},
}


@pytest.mark.parametrize("guest", GUESTS)
@pytest.mark.parametrize("host", GUESTS)
def test_the_published_table(host: str, guest: str) -> None:
    assert avma_supported(host, guest) is (guest in GUESTS[host])


def test_a_semi_annual_guest_counts_with_its_long_term_release() -> None:
    assert avma_supported("2019", "1909") is True
    assert avma_supported("2016", "1803") is True
    assert avma_supported("2016", "1809") is False


@pytest.mark.parametrize(
    ("host", "guest", "supported"),
    [
        ({"build": 20348, "sku": 8}, {"build": 17763, "sku": 7}, True),
        ({"host": {"os": {"build": 20348, "sku": 12}}}, {"guest": {"kind": "windows_server", "build": 20348, "sku": 50}}, True),
        ({"build": 20348, "sku": 7}, "2019", False),
        ({"build": 20348, "sku": 80}, "2019", False),
        ({"build": 20348, "sku": 42}, "2019", False),
        ("2022", {"build": 17763, "sku": 79}, False),
        ("2022", {"build": 20348, "sku": 407}, False),
        ("2022", {"build": 9600, "sku": 33}, False),
        ("2022", {"kind": "linux"}, False),
        ("2025", {"kind": "windows_client", "build": 22631, "sku": 48}, False),
        ("2025", {"build": 20348, "sku": 406}, False),
    ],
)
def test_an_edition_that_is_told_counts(host: object, guest: object, supported: bool) -> None:
    assert avma_supported(host, guest) is supported


@pytest.mark.parametrize(
    ("host", "guest", "message"),
    [
        ("2023", "2022", "host: '2023' is not a release"),
        ("2022", "Win11", "guest: 'Win11' is not a release"),
        ("2022", None, "guest: a release of Windows Server is wanted"),
        ({"build": 99999, "sku": 8}, "2022", "host: the release of the machine is not known"),
        ("2022", {"kind": "unknown", "build": None, "sku": None}, "guest: the release of the machine is not known"),
        ({"build": 20348, "sku": 406}, "2022", "on Azure Local the guests depend on its subscription"),
    ],
)
def test_what_cannot_be_told_fails(host: object, guest: object, message: str) -> None:
    with pytest.raises(AnsibleFilterError) as failed:
        avma_supported(host, guest)

    assert message in str(failed.value)


def test_tables_add_a_release() -> None:
    tables = {"releases": [{"name": "Contoso", "build": 900100}]}
    assert avma_supported("Contoso", "2025", tables) is True
    assert avma_supported({"build": 26100, "sku": 8}, {"build": 900100, "sku": 7}, tables) is False
    with pytest.raises(AnsibleFilterError, match="avma_supported: tables: this is not a dictionary"):
        avma_supported("2022", "2019", ["Contoso"])
