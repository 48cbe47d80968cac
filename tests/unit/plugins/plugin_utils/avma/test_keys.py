# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Product keys: form, kind, and that only published ones are ever shown whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import (
    KMS_CLIENT_KEYS,
    InvalidProductKey,
    KeyKind,
    KmsClientKey,
    classify_key,
    display_key,
    last_five,
    mask_keys,
    normalise_key,
    published_for,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import GuestFacts, OsFacts
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

PUBLISHED_KEYS = {row.key for row in AVMA_KEYS} | {row.key for row in KMS_CLIENT_KEYS}
SECRET = "QQQQQ-WWWWW-RRRRR-TTTTT-YYYYY"
keys = st.from_regex(r"[A-Z0-9]{5}(-[A-Z0-9]{5}){4}", fullmatch=True).filter(lambda key: key not in PUBLISHED_KEYS)


def test_a_key_is_taken_in_any_case_and_with_blanks_around() -> None:
    assert normalise_key(" w3gnr-8ddxr-2tfrp-h8p33-dv9bg\n") == "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"


@pytest.mark.parametrize(
    "text", ["", "W3GNR", SECRET[:-1], SECRET + "X", SECRET.replace("-", ""), SECRET.replace("Q", "É"), "-".join([SECRET, "AAAAA"])]
)
def test_a_text_of_another_form_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidProductKey) as refused:
        normalise_key(text)
    assert "XXXXX-XXXXX-XXXXX-XXXXX-XXXXX" in str(refused.value)
    assert "WWWWW" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("W3GNR-8DDXR-2TFRP-H8P33-DV9BG", KeyKind.AVMA),
        ("wx4nm-kywyw-qjjr4-xv3qb-6vm33", KeyKind.KMS_CLIENT),
        ("NTBV8-9K7Q8-V27C6-M2BTV-KHMXV", KeyKind.KMS_CLIENT),
        (SECRET, KeyKind.OTHER),
    ],
)
def test_published_keys_are_told_apart(key: str, kind: KeyKind) -> None:
    assert classify_key(key) is kind


@pytest.mark.parametrize(
    ("key", "releases"),
    [
        ("TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J", ("2016 Datacenter", "1709 Datacenter", "1803 Datacenter")),
        ("WX4NM-KYWYW-QJJR4-XV3QB-6VM33", ("2022 Datacenter",)),
        ("W269N-WFGWX-YVC9B-4J6C9-T83GX", ("Windows 11 and Windows 10 Pro",)),
        (SECRET, ()),
    ],
)
def test_what_a_key_is_published_for(key: str, releases: tuple[str, ...]) -> None:
    assert published_for(key) == releases


def test_every_kms_client_key_of_the_page_is_known_once() -> None:
    """Microsoft's page of 2024-10-01 has 78 keys, those of clients among them."""
    assert len({row.key for row in KMS_CLIENT_KEYS}) == len(KMS_CLIENT_KEYS)
    assert len([row for row in KMS_CLIENT_KEYS if row.date == "2024-10-01"]) >= 78
    assert all(normalise_key(row.key) == row.key for row in KMS_CLIENT_KEYS)


@pytest.mark.parametrize("row", KMS_CLIENT_KEYS, ids=lambda row: row.key)
def test_a_kms_client_key_is_refused_by_the_name_of_its_product(row: KmsClientKey) -> None:
    guest = GuestFacts(OsFacts(name="WEB01", build=20348, sku=7, product_type=3), ())
    plan = plan_guest_key(guest, KeyWish(key=row.key.lower()), tables=PUBLISHED)
    assert (plan.steps, [found.code for found in plan.findings]) == ((), ["KEY_IS_KMS_CLIENT_KEY"])
    assert f"(GVLK) of {row.product};" in plan.findings[0].cause
    assert row.product.startswith("Windows ")
    assert "Windows Server Windows" not in row.product


def test_published_keys_are_shown_whole() -> None:
    for key in PUBLISHED_KEYS:
        assert display_key(key.lower()) == key
        assert mask_keys(f"key {key}.") == f"key {key}."


@given(keys)
def test_any_other_key_is_shown_by_its_last_group(key: str) -> None:
    assert display_key(key) == f"*****-*****-*****-*****-{last_five(key)}"
    assert key not in mask_keys(f"({key})")
    assert key not in mask_keys(f"a {key.lower()} b").upper()


@given(st.text(max_size=60))
def test_what_is_no_key_is_hidden_wholly(text: str) -> None:
    try:
        normalise_key(text)
    except InvalidProductKey:
        assert display_key(text) == "*****-*****-*****-*****-*****"


@pytest.mark.parametrize("dash", ["\u2010", "\u2011", "\u2013", "\u2014", "\u00ad", "\uff0d"])
def test_a_typographic_dash_is_named(dash: str) -> None:
    with pytest.raises(InvalidProductKey, match=f"U\\+{ord(dash):04X}"):
        normalise_key("YDFWN-MJ9JR-3DYRK-FXXRW-78VHK".replace("-", dash))
