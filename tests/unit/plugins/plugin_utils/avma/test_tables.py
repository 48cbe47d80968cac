# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables hold every row of what Microsoft publishes. The rows are written down here a second time, on purpose."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import KMS_CLIENT_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import SKUS, Edition, edition_named, sku_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.matrix import can_activate, guests_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.releases import RELEASES
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

PUBLISHED_AVMA_KEYS = """
2025    Datacenter                YQB4H-NKHHJ-Q6K4R-4VMY6-VCH67
2025    Standard                  WWVGQ-PNHV9-B89P4-8GGM9-9HPQ4
2025    Datacenter: Azure Edition 6NMQ9-T38WF-6MFGM-QYGYM-88J4F
2022    Datacenter                W3GNR-8DDXR-2TFRP-H8P33-DV9BG
2022    Standard                  YDFWN-MJ9JR-3DYRK-FXXRW-78VHK
2022    Datacenter: Azure Edition F7TB6-YKN8Y-FCC6R-KQ484-VMK3J
2019    Datacenter                H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW
2019    Standard                  TNK62-RXVTB-4P47B-2D623-4GF74
2019    Essentials                2CTP7-NHT64-BP62M-FV6GG-HFV28
1809    Datacenter                H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW
1809    Standard                  TNK62-RXVTB-4P47B-2D623-4GF74
1903    Datacenter                H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW
1903    Standard                  TNK62-RXVTB-4P47B-2D623-4GF74
1909    Datacenter                H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW
1909    Standard                  TNK62-RXVTB-4P47B-2D623-4GF74
1709    Datacenter                TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J
1709    Standard                  C3RCX-M6NRP-6CXC9-TW2F2-4RHYD
1803    Datacenter                TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J
1803    Standard                  C3RCX-M6NRP-6CXC9-TW2F2-4RHYD
2016    Datacenter                TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J
2016    Standard                  C3RCX-M6NRP-6CXC9-TW2F2-4RHYD
2016    Essentials                B4YNW-62DX9-W8V6M-82649-MHBKQ
2012 R2 Datacenter                Y4TGP-NPTV9-HTC2H-7MGQ3-DV4TW
2012 R2 Standard                  DBGBW-NPF86-BJVTX-K3WKJ-MTB6V
2012 R2 Essentials                K2XGM-NMBT3-2R6Q8-WF2FK-P36R2
"""
KEY_ROWS = [(line[:8].strip(), line[8:34].strip(), line[34:].strip()) for line in PUBLISHED_AVMA_KEYS.strip().splitlines()]

# number, edition, evaluation
SKU_ROWS = [
    (7, "Standard", False),
    (8, "Datacenter", False),
    (12, "Datacenter", False),
    (13, "Standard", False),
    (10, "Enterprise", False),
    (14, "Enterprise", False),
    (33, "Foundation", False),
    (36, "Other", False),
    (37, "Other", False),
    (39, "Other", False),
    (40, "Other", False),
    (42, "Hyper-V Server", False),
    (50, "Essentials", False),
    (79, "Standard", True),
    (80, "Datacenter", True),
    (109, "Nano Server", False),
    (143, "Nano Server", False),
    (144, "Nano Server", False),
    (145, "Datacenter", False),
    (146, "Standard", False),
    (147, "Datacenter", False),
    (148, "Standard", False),
    (159, "Datacenter", True),
    (160, "Standard", True),
    (168, "Other", False),
    (175, "Client", False),
    (406, "Azure Local", False),
    (407, "Datacenter: Azure Edition", False),
    (408, "Datacenter: Azure Edition", False),
    (409, "Datacenter: Azure Edition", False),
    (0xABCDABCD, "Other", False),
]

BUILD_ROWS = [
    (9600, "2012 R2"),
    (14393, "2016"),
    (16299, "1709"),
    (17134, "1803"),
    (17763, "2019"),
    (18362, "1903"),
    (18363, "1909"),
    (19041, "2004"),
    (19042, "20H2"),
    (20348, "2022"),
    (25398, "23H2"),
    (26100, "2025"),
]

# Microsoft's table of guest versions by host version
MATRIX = {
    "2012 R2": ("2012 R2",),
    "2016": ("2016", "2012 R2"),
    "2019": ("2019", "2016", "2012 R2"),
    "2022": ("2022", "2019", "2016", "2012 R2"),
    "2025": ("2025", "2022", "2019", "2016", "2012 R2"),
}


@pytest.mark.parametrize(("release", "edition", "key"), KEY_ROWS)
def test_every_published_avma_key_is_found_by_release_and_edition(release: str, edition: str, key: str) -> None:
    row = PUBLISHED.avma_key(release, Edition(edition))
    assert row is not None
    assert row.key == key
    assert row.source
    assert row.date


def test_there_is_no_avma_key_beyond_the_published_ones() -> None:
    until_2025 = {release.name for release in RELEASES if release.build <= 26100}
    found = [(row.release_name, row.edition.value, row.key) for row in AVMA_KEYS if row.release_name in until_2025]
    assert sorted(found) == sorted(KEY_ROWS)


@pytest.mark.parametrize("release", ["2004", "20H2", "23H2"])
@pytest.mark.parametrize("edition", list(Edition))
def test_no_key_is_guessed_where_none_is_published(release: str, edition: Edition) -> None:
    assert PUBLISHED.avma_key(release, edition) is None


@pytest.mark.parametrize("release", ["2022", "2025"])
def test_essentials_has_no_key_after_2019(release: str) -> None:
    assert PUBLISHED.avma_key(release, Edition.ESSENTIALS) is None


def test_no_kms_client_key_is_taken_for_an_avma_key() -> None:
    assert not {row.key for row in KMS_CLIENT_KEYS} & {row.key for row in AVMA_KEYS}


@pytest.mark.parametrize(
    ("release", "edition", "key"),
    [
        ("2025", "Datacenter: Azure Edition", "XGN3F-F394H-FD2MY-PP6FD-8MCRC"),
        ("2022", "Datacenter: Azure Edition", "NTBV8-9K7Q8-V27C6-M2BTV-KHMXV"),
        ("2022", "Datacenter", "WX4NM-KYWYW-QJJR4-XV3QB-6VM33"),
        ("2019", "Datacenter", "WMDGN-G9PQG-XVVXX-R3X43-63DFG"),
        ("2016", "Standard", "WC2BQ-8NRM3-FDDYY-2BFGV-KHKQY"),
        ("2012 R2", "Standard", "D2N9P-3P6X9-2R39C-7RTCD-MDVJX"),
    ],
)
def test_kms_client_keys_that_lists_on_the_web_call_avma_keys_are_known_for_what_they_are(release: str, edition: str, key: str) -> None:
    assert [(row.release_name, row.edition) for row in KMS_CLIENT_KEYS if row.key == key] == [(release, edition)]


@pytest.mark.parametrize(("number", "edition", "evaluation"), SKU_ROWS)
def test_every_sku_has_its_edition(number: int, edition: str, evaluation: bool) -> None:
    sku = sku_of(number)
    assert sku is not None
    assert (sku.edition.value, sku.evaluation) == (edition, evaluation)


def test_sku_numbers_are_unique_and_an_unknown_number_is_unknown() -> None:
    assert len({sku.number for sku in SKUS}) == len(SKUS)
    assert sku_of(4242) is None
    assert sku_of(None) is None


@pytest.mark.parametrize(
    ("text", "edition"),
    [
        ("datacenter", Edition.DATACENTER),
        ("ServerStandardCor", Edition.STANDARD),
        ("ServerTurbine", Edition.DATACENTER_AZURE),
        ("datacenter_azure", Edition.DATACENTER_AZURE),
        ("Datacenter: Azure Edition", Edition.DATACENTER_AZURE),
        ("Premium", None),
    ],
)
def test_an_edition_is_found_by_any_of_its_names(text: str, edition: Edition | None) -> None:
    assert edition_named(text) is edition


@pytest.mark.parametrize(("build", "name"), BUILD_ROWS)
def test_every_build_has_its_release(build: int, name: str) -> None:
    release = PUBLISHED.release_of(build)
    assert release is not None
    assert release.name == name


@pytest.mark.parametrize("build", [None, 0, 9200, 9601, 20349, 26101, 30000])
def test_a_build_that_is_not_listed_is_no_release(build: int | None) -> None:
    assert PUBLISHED.release_of(build) is None


def test_releases_are_in_the_order_of_their_builds() -> None:
    assert [release.build for release in RELEASES] == sorted(release.build for release in RELEASES)
    assert PUBLISHED.release_named(" 2012 r2 ") is PUBLISHED.release_of(9600)


@pytest.mark.parametrize(("host", "guests"), MATRIX.items())
def test_the_matrix_is_microsofts(host: str, guests: tuple[str, ...]) -> None:
    assert guests_of(host, PUBLISHED) == guests
    for guest in MATRIX:
        assert can_activate(host, guest, PUBLISHED) is (guest in guests)


@pytest.mark.parametrize(
    ("host", "guest", "expected"),
    [
        ("2019", "1909", True),  # counts with 2019, whose key it uses, though its build is higher
        ("2016", "1803", True),
        ("2016", "1903", False),
        ("2019", "20H2", False),  # no published key: by build
        ("2022", "20H2", True),
        ("2022", "23H2", False),
        ("2025", "23H2", True),
        ("1909", "2019", True),
        ("2022", "2030", False),
        (None, "2022", False),
    ],
)
def test_semi_annual_releases_count_with_the_release_whose_key_they_use(host: str | None, guest: str, expected: bool) -> None:
    assert can_activate(host, guest, PUBLISHED) is expected
