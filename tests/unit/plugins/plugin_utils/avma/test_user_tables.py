# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users add to the tables: the same rules as for the published rows, nothing contradicted, every entry named that is wrong."""

from __future__ import annotations

import string
from collections import UserString
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import KMS_CLIENT_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import GUEST_EDITIONS, Edition
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.eligibility import evaluation_finding
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    GuestFacts,
    KvpFacts,
    KvpHealth,
    KvpItem,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
    VmFacts,
    VmState,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.identity import identify_os
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.matrix import can_activate, guests_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.releases import RELEASES
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED, Tables, invalid_rows
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.user_tables import InvalidTables, secrets_in, with_user_tables
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.vm_verdict import VmStatus, judge_vm

OWN_KEY = "22222-33333-44444-55555-66666"
OTHER_KEY = "77777-33333-44444-55555-88888"
STANDARD_2019 = "TNK62-RXVTB-4P47B-2D623-4GF74"
DATACENTER_2022 = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
CONTOSO = {"name": "Contoso", "build": 900100}


def key_row(release: object, edition: str, key: str) -> dict[str, object]:
    return {"release": release, "edition": edition, "key": key}


def table(*keys: dict[str, object], releases: Any = (CONTOSO,)) -> dict[str, object]:
    return {"releases": list(releases), "avma_keys": list(keys)}


# the rules, and the published rows under them


def test_the_published_tables_obey_the_rules() -> None:
    assert list(invalid_rows(PUBLISHED)) == []


_2025 = next(release for release in RELEASES if release.name == "2025")
_KEY_2025 = next(row for row in AVMA_KEYS if (row.release_name, row.edition) == ("2025", Edition.DATACENTER))
BROKEN = [
    pytest.param(replace(PUBLISHED, releases=(*RELEASES, _2025)), "name", id="release twice"),
    pytest.param(replace(PUBLISHED, releases=(*RELEASES, replace(_2025, name="Contoso"))), "26100", id="build twice"),
    pytest.param(
        replace(PUBLISHED, releases=(*RELEASES, replace(_2025, name="Contoso", build=900300, ltsc="Fabrikam"))), "Fabrikam", id="family"
    ),
    pytest.param(replace(PUBLISHED, releases=(replace(RELEASES[0], build=9200),)), "9200", id="too old"),
    pytest.param(replace(PUBLISHED, avma_keys=(*AVMA_KEYS, replace(_KEY_2025, key=OWN_KEY))), "already", id="another key"),
    pytest.param(
        replace(PUBLISHED, avma_keys=(*AVMA_KEYS, replace(_KEY_2025, edition=Edition.ESSENTIALS))), "2025 Datacenter", id="edition"
    ),
    pytest.param(replace(PUBLISHED, avma_keys=(replace(_KEY_2025, release_name="Contoso"),)), "Contoso", id="release of a key"),
    pytest.param(replace(PUBLISHED, avma_keys=(replace(_KEY_2025, edition=Edition.NANO),)), "Nano Server", id="edition of a key"),
    pytest.param(replace(PUBLISHED, avma_keys=(replace(_KEY_2025, key=KMS_CLIENT_KEYS[0].key),)), "KMS client key", id="KMS client key"),
    pytest.param(replace(PUBLISHED, avma_keys=(replace(_KEY_2025, key="YQB4H"),)), "form", id="malformed"),
]


@pytest.mark.parametrize(("tables", "word"), BROKEN)
def test_the_rules_find_a_published_row_that_is_wrong(tables: Tables, word: str) -> None:
    assert word in " ".join(fault.cause for fault in invalid_rows(tables))


# what is added


def test_nothing_added_leaves_the_published_tables() -> None:
    assert with_user_tables(None) == with_user_tables({}) == with_user_tables({"releases": None, "avma_keys": []}) == PUBLISHED


def test_an_added_release_has_its_place_and_its_key() -> None:
    tables = with_user_tables(table(key_row("Contoso", "ServerDatacenter", OWN_KEY.lower())))
    release = tables.release_of(900100)
    assert release is not None
    assert (release.name, release.label, release.ltsc, release.channel) == ("Contoso", "Windows Server Contoso", "Contoso", "LTSC")
    row = tables.avma_key(release, Edition.DATACENTER)
    assert row is not None
    assert row.key == OWN_KEY
    assert tables.avma_key(release, Edition.STANDARD) is None
    assert guests_of(release, tables) == ("Contoso", *guests_of(RELEASES[-1], PUBLISHED))
    assert can_activate("2025", "Contoso", tables) is False
    assert PUBLISHED.release_of(900100) is None
    assert secrets_in(tables) == {OWN_KEY}
    assert OWN_KEY not in tables.digest


def test_a_release_counts_with_the_long_term_one_whose_key_it_has_and_else_by_its_build() -> None:
    preview = {"name": "900200 preview", "build": 900200, "ltsc": "Contoso", "label": "Windows Server vNext"}
    same = with_user_tables(
        table(key_row("Contoso", "Standard", OWN_KEY), key_row("900200 PREVIEW", "Standard", OWN_KEY), releases=(preview, CONTOSO))
    )
    assert can_activate("Contoso", "900200 preview", same) is True
    assert "900200 preview" not in guests_of("900200 preview", same)
    other = with_user_tables(
        table(key_row("Contoso", "Standard", OWN_KEY), key_row("900200 preview", "Standard", OTHER_KEY), releases=(CONTOSO, preview))
    )
    assert can_activate("Contoso", "900200 preview", other) is False


def test_a_release_without_a_published_key_takes_that_of_its_family() -> None:
    tables = with_user_tables({"avma_keys": [key_row(2004, "Standard", STANDARD_2019)]})
    row = tables.avma_key("2004", Edition.STANDARD)
    assert row is not None
    assert row.key == STANDARD_2019
    assert can_activate("2019", "2004", tables) is True
    assert secrets_in(tables) == frozenset()


def test_entries_may_repeat_what_is_published() -> None:
    releases = [{"name": release.name, "build": release.build, "ltsc": release.ltsc} for release in RELEASES]
    keys = [key_row(row.release_name, row.edition.value, row.key) for row in AVMA_KEYS]
    assert with_user_tables({"releases": releases, "avma_keys": keys}) == PUBLISHED
    assert with_user_tables({"releases": [{"name": "1909", "build": "18363"}]}) == PUBLISHED


REFUSED = [
    pytest.param([], "this is not a dictionary", id="list"),
    pytest.param({"keys": []}, "'keys' is not known here", id="unknown part"),
    pytest.param({"releases": {"name": "Contoso"}}, "releases: this is not a list", id="no list"),
    pytest.param({"releases": ["Contoso"]}, "releases[0]: this is not a dictionary", id="no dictionary"),
    pytest.param({"releases": [{"name": "Contoso", "bild": 1}]}, "releases[0]: 'bild' is not known here", id="unknown field"),
    pytest.param({"releases": [{"build": 900100}]}, "releases[0]: 'name' is missing", id="no name"),
    pytest.param(
        {"releases": [{"name": "Contoso", "build": True}]}, "releases[0] (Contoso): 'build' is missing or no build", id="no build"
    ),
    pytest.param(
        {"releases": [{"name": "Contoso", "build": "10.0.900100"}]}, "releases[0] (Contoso): 'build' is missing or no build", id="version"
    ),
    pytest.param({"releases": [{"name": "Contoso", "build": 9200}]}, "releases[0] (Contoso): its build 9200", id="before AVMA"),
    pytest.param(
        {"releases": [{"name": "2025", "build": 26200}]}, "releases[0] (2025): Windows Server 2025 has that name", id="name taken"
    ),
    pytest.param(
        {"releases": [{"name": "2026", "build": 26100}]}, "releases[0] (2026): the build 26100 is that of Windows", id="build taken"
    ),
    pytest.param({"releases": [{"name": "2025", "build": 26100, "ltsc": "2022"}]}, "releases[0] (2025)", id="family changed"),
    pytest.param({"releases": [CONTOSO, {"name": "Contoso", "build": 900200}]}, "releases[1] (Contoso)", id="name twice"),
    pytest.param(
        {"releases": [{"name": "x", "build": 900100, "ltsc": "2030"}]}, "releases[0] (x): '2030', which it counts with", id="no family"
    ),
    pytest.param(
        {"releases": [{"name": "x", "build": 20500, "ltsc": "2025"}]}, "releases[0] (x): Windows Server 2025, which", id="newer family"
    ),
    pytest.param({"releases": [{"name": "x" * 41, "build": 900100}]}, "its name is empty, longer", id="long name"),
    pytest.param(
        {"avma_keys": [key_row("Contoso", "Standard", OWN_KEY)]}, "avma_keys[0] (Contoso Standard): there is no release", id="no release"
    ),
    pytest.param(table(key_row("Contoso", "Premium", OWN_KEY)), "avma_keys[0] (Contoso): 'Premium' is not an edition", id="no edition"),
    pytest.param(
        table(key_row("Contoso", "Foundation", OWN_KEY)), "avma_keys[0] (Contoso Foundation): AVMA does not serve", id="not served"
    ),
    pytest.param(
        table(key_row("Contoso", "Standard", "22222-33333")), "avma_keys[0] (Contoso Standard): the product key does not", id="malformed"
    ),
    pytest.param(
        table({"release": "Contoso", "edition": "Standard"}), "avma_keys[0] (Contoso Standard): the product key does not", id="no key"
    ),
    pytest.param(
        table(key_row("Contoso", "Standard", "TVRH6-WHNXV-R9WG3-9XRFY-MY832")),
        "avma_keys[0] (Contoso Standard): TVRH6-WHNXV-R9WG3-9XRFY-MY832 is the published KMS client key of Windows Server 2025 Standard",
        id="KMS client key",
    ),
    pytest.param(
        {"avma_keys": [key_row("2022", "Datacenter", OWN_KEY)]}, "avma_keys[0] (2022 Datacenter): the AVMA key of this", id="key taken"
    ),
    pytest.param(
        table(key_row("Contoso", "Standard", DATACENTER_2022)),
        f"avma_keys[0] (Contoso Standard): {DATACENTER_2022} is the AVMA key of Windows Server 2022 Datacenter",
        id="other edition",
    ),
    pytest.param(
        table(key_row("Contoso", "Standard", OWN_KEY), key_row("Contoso", "Standard", OTHER_KEY)),
        "avma_keys[1] (Contoso Standard): the AVMA key of this release and edition is *****-*****-*****-*****-66666 already",
        id="two keys",
    ),
    pytest.param(
        table(key_row("Contoso", "Standard", OWN_KEY), key_row("Contoso", "Datacenter", OWN_KEY)),
        "avma_keys[1] (Contoso Datacenter): *****-*****-*****-*****-66666 is the AVMA key of Windows Server Contoso Standard",
        id="two editions",
    ),
]


@pytest.mark.parametrize(("added", "beginning"), REFUSED)
def test_what_is_wrong_is_refused_by_the_name_of_its_entry(added: Any, beginning: str) -> None:
    with pytest.raises(InvalidTables) as refused:
        with_user_tables(added)
    message = str(refused.value)
    assert beginning in message
    assert OWN_KEY not in message
    assert OTHER_KEY not in message
    # cause and remedy
    assert message.count(". ") >= 1
    assert message.endswith(".")


@pytest.mark.parametrize(
    "added",
    [
        {OWN_KEY: []},
        {"releases": [{OWN_KEY: 1}]},
        {"releases": [{"name": OWN_KEY, "build": "x"}]},
        {"releases": [{"name": "x", "build": 900100, "ltsc": OWN_KEY}]},
        {"avma_keys": [key_row(OWN_KEY, "Standard", OTHER_KEY)]},
        {"avma_keys": [key_row("Contoso", OWN_KEY, OTHER_KEY)]},
    ],
)
def test_a_key_in_the_wrong_place_is_not_repeated(added: Any) -> None:
    with pytest.raises(InvalidTables) as refused:
        with_user_tables(added)
    assert OWN_KEY not in str(refused.value)
    assert "66666" in str(refused.value)


def test_a_key_may_be_encrypted_by_vault() -> None:
    """Before ansible-core 2.19 such a value is a sequence of characters and no str."""
    tables = with_user_tables(table(key_row("Contoso", "Standard", UserString(OWN_KEY))))  # type: ignore[arg-type]
    row = tables.avma_key("Contoso", Edition.STANDARD)
    assert row is not None
    assert row.key == OWN_KEY


_LETTERS = st.text(string.ascii_uppercase + string.digits, min_size=5, max_size=5)
_ANY_KEY = st.one_of(
    st.lists(_LETTERS, min_size=5, max_size=5).map("-".join),
    st.sampled_from([row.key for row in AVMA_KEYS]),
    st.sampled_from([row.key for row in KMS_CLIENT_KEYS]),
)
_NAMES = st.one_of(st.sampled_from([release.name for release in RELEASES]), st.sampled_from(["Contoso", "Fabrikam", "x"]))
_ADDED_RELEASES = st.lists(
    st.fixed_dictionaries(
        {"name": _NAMES, "build": st.one_of(st.sampled_from([release.build for release in RELEASES]), st.integers(9000, 40000))},
        optional={"ltsc": _NAMES},
    ),
    max_size=4,
)
_ADDED_KEYS = st.lists(
    st.fixed_dictionaries({"release": _NAMES, "edition": st.sampled_from([edition.value for edition in GUEST_EDITIONS]), "key": _ANY_KEY}),
    max_size=4,
)


@given(st.fixed_dictionaries({"releases": _ADDED_RELEASES, "avma_keys": _ADDED_KEYS}))
def test_no_published_row_is_ever_lost_or_contradicted(added: dict[str, Any]) -> None:
    try:
        tables = with_user_tables(added)
    except InvalidTables:
        return
    for release in RELEASES:
        assert tables.release_named(release.name) == release
        assert tables.release_of(release.build) == PUBLISHED.release_of(release.build)
    for row in AVMA_KEYS:
        assert tables.avma_key(row.release_name, row.edition) == row
    assert {release.name for release in PUBLISHED.releases} <= {release.name for release in tables.releases}
    assert [release.build for release in tables.releases] == sorted(release.build for release in tables.releases)
    assert not {row.key for row in tables.avma_keys} & {row.key for row in KMS_CLIENT_KEYS}
    for entry in added["avma_keys"]:
        found = tables.avma_key(entry["release"], Edition(entry["edition"]))
        assert found is not None
        assert found.key == entry["key"]


# what it is for

_GVLK = LicenceFacts("id", Channel.KMS_CLIENT, LicenceStatus.NOTIFICATION, 5, partial_product_key="YP6DF")
_GUEST_OF_CONTOSO = GuestFacts(OsFacts(name="NEW01", build=900100, sku=8, product_type=3), (_GVLK,))


def test_a_guest_of_an_added_release_is_planned_with_the_added_key_and_without_the_tables_refused() -> None:
    refused = plan_guest_key(_GUEST_OF_CONTOSO, KeyWish(), tables=PUBLISHED)
    assert [found.code for found in refused.findings] == ["GUEST_BUILD_UNKNOWN"]
    tables = with_user_tables(table(key_row("Contoso", "Datacenter", OWN_KEY)))
    plan = plan_guest_key(_GUEST_OF_CONTOSO, KeyWish(), tables=tables)
    assert plan.key is not None
    assert (plan.key.key, plan.key.display) == (OWN_KEY, "*****-*****-*****-*****-66666")
    assert plan.findings == ()
    stated = plan_guest_key(_GUEST_OF_CONTOSO, KeyWish(key=DATACENTER_2022), tables=tables)
    assert [found.code for found in stated.findings] == ["KEY_FOR_OTHER_RELEASE"]


def test_a_machine_of_an_added_release_is_eligible_and_its_key_is_not_shown() -> None:
    tables = with_user_tables(table(key_row("Contoso", "Standard", OWN_KEY)))
    items = tuple(KvpItem(name, data) for name, data in (("OSBuildNumber", "900100"), ("OSEditionId", "7"), ("ProductType", "3")))
    vm = VmFacts("A", "new01", VmState.RUNNING, 2, KvpFacts(enabled=True, health=KvpHealth.OK, intrinsic=items))
    assert judge_vm(vm, None, PUBLISHED).status is VmStatus.UNKNOWN
    verdict = judge_vm(vm, None, tables)
    assert verdict.status is VmStatus.ELIGIBLE
    assert verdict.key is not None
    assert verdict.key.key == OWN_KEY


def test_the_way_out_of_an_evaluation_names_an_added_key_by_its_last_five_characters() -> None:
    tables = with_user_tables(table(key_row("Contoso", "Standard", OWN_KEY)))
    identity = identify_os(OsFacts(name="NEW01", build=900100, sku=79, product_type=3), tables)
    remedy = evaluation_finding(identity, "NEW01", 3, tables=tables).remedy
    assert "/ProductKey:<AVMA key ending in 66666>" in remedy
