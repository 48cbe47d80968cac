# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter avma_key: what it takes as a release and edition, and that it never guesses."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from jinja2 import StrictUndefined, UndefinedError

from ansible_collections.hyperv.avma.plugins.filter.avma_key import FilterModule
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS, AvmaKey

avma_key = FilterModule().filters()["avma_key"]
DATACENTER_2022 = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
STANDARD_2019 = "TNK62-RXVTB-4P47B-2D623-4GF74"


@pytest.mark.parametrize("row", AVMA_KEYS, ids=lambda row: f"{row.release_name} {row.edition.value}")
def test_each_published_key_is_found_by_name(row: AvmaKey) -> None:
    assert avma_key(row.release_name, row.edition.value) == row.key
    assert avma_key({"release": row.release_name, "edition": row.edition.value}) == row.key


@pytest.mark.parametrize("release", ["2022", 2022, " 2022 ", "Windows Server 2022", "windows  server 2022", 20348, "20348"])
@pytest.mark.parametrize("edition", ["Datacenter", "datacenter", "ServerDatacenter", "ServerDatacenterCor", 8, 12])
def test_one_release_has_many_names(release: object, edition: object) -> None:
    assert avma_key(release, edition) == DATACENTER_2022


@pytest.mark.parametrize("arguments", [(StrictUndefined(name="nothing"), "Datacenter"), ("2022", StrictUndefined(name="nothing"))])
def test_a_variable_that_does_not_exist_is_named(arguments: tuple[object, object]) -> None:
    with pytest.raises(UndefinedError, match="'nothing' is undefined"):
        avma_key(*arguments)


def test_2012_r2_with_or_without_the_blank() -> None:
    assert avma_key("2012R2", "Standard") == avma_key("2012 r2", "Standard") == "DBGBW-NPF86-BJVTX-K3WKJ-MTB6V"


@pytest.mark.parametrize(
    "machine",
    [
        pytest.param({"build": 17763, "sku": 7}, id="numbers"),
        pytest.param({"build": "17763", "sku": "13"}, id="numbers as text"),
        pytest.param(
            {"kind": "windows_server", "build": 17763, "release": "2019", "sku": 7, "edition": "Standard", "evaluation": False},
            id="identity",
        ),
        pytest.param({"name": "web01", "guest": {"kind": "windows_server", "build": 17763, "sku": 7}}, id="machine of kvp_info"),
        pytest.param({"host": {"name": "hv01", "os": {"build": 17763, "sku": 7, "evaluation": False}}}, id="result of host_info"),
        pytest.param({"guest": {"os": {"release": "2019", "edition": "Standard"}}}, id="result of guest_info"),
        pytest.param({"build": 17763, "sku": 7, "edition": "Datacenter", "release": "2025"}, id="numbers count before names"),
    ],
)
def test_a_machine_is_read_from_what_modules_tell(machine: dict[str, object]) -> None:
    assert avma_key(machine) == STANDARD_2019


def test_an_edition_takes_the_place_of_the_evaluation_edition() -> None:
    assert avma_key({"build": 17763, "sku": 79}, "Standard") == STANDARD_2019


@pytest.mark.parametrize(
    ("value", "edition", "message"),
    [
        pytest.param("2022", None, "the edition of Windows Server 2022 is not known", id="no edition"),
        pytest.param("2023", "Datacenter", "'2023' is not a release of Windows Server", id="no such release"),
        pytest.param("20349", "Datacenter", "'20349' is not a release", id="near a known build"),
        pytest.param("10.0", "Datacenter", "'10.0' is not a release", id="version of four releases"),
        pytest.param("2022", "Home", "edition: 'Home' is not an edition", id="no such edition"),
        pytest.param("2022", 9999, "edition: the number 9999 is not an edition", id="no such SKU"),
        pytest.param("2022", ["Datacenter"], "edition: a list is not an edition", id="list as edition"),
        pytest.param(
            "2022",
            "Essentials",
            "publishes no AVMA key for Windows Server 2022 Essentials. There are keys for Datacenter, Standard",
            id="no key",
        ),
        pytest.param("23H2", "Datacenter", "There is none for this release at all", id="release without keys"),
        pytest.param("2022", "ServerStandardEval", "is an evaluation edition", id="evaluation by name"),
        pytest.param("2022", 80, "is an evaluation edition", id="evaluation by number"),
        pytest.param({"build": 20348, "sku": 79}, None, "is an evaluation edition", id="evaluation machine"),
        pytest.param({"build": 20348, "sku": 406}, None, "Azure Local is a host", id="Azure Local shares builds"),
        pytest.param({"build": 20348, "sku": 9999}, None, "the edition of Windows Server 2022 is not known", id="unknown SKU"),
        pytest.param({"build": 99999, "sku": 8}, None, "the release of the machine is not known", id="unknown build"),
        pytest.param({"kind": "linux"}, None, "the machine runs Linux", id="Linux"),
        pytest.param({"build": 22631, "sku": 48}, None, "the machine runs client Windows", id="client"),
        pytest.param({}, None, "the release of the machine is not known", id="empty mapping"),
        pytest.param(True, "Datacenter", "this is of type bool", id="bool"),
        pytest.param(None, "Datacenter", "this is of type NoneType", id="nothing"),
        pytest.param("²⁰²²", "Datacenter", "is not a release", id="digits that are none"),
        pytest.param(10**5000, 10**5000, "is not a release", id="number too long to write"),
        pytest.param("9" * 5000, "Datacenter", "is not a release", id="long number"),
    ],
)
def test_what_is_unclear_fails_with_its_cause(value: object, edition: object, message: str) -> None:
    with pytest.raises(AnsibleFilterError) as failed:
        avma_key(value, edition)

    assert str(failed.value).startswith("avma_key")
    assert message in str(failed.value)
    assert len(str(failed.value)) < 500


def test_tables_add_a_key_and_what_is_wrong_in_them_is_named() -> None:
    tables = {
        "releases": [{"name": "Contoso", "build": 900100}],
        "avma_keys": [{"release": "Contoso", "edition": "Standard", "key": "22222-33333-44444-55555-66666"}],
    }
    assert avma_key("Contoso", "Standard", tables) == "22222-33333-44444-55555-66666"
    assert avma_key({"build": 900100, "sku": 7}, tables=tables) == "22222-33333-44444-55555-66666"
    with pytest.raises(AnsibleFilterError, match="the release of the machine is not known"):
        avma_key({"build": 900100, "sku": 7})
    with pytest.raises(AnsibleFilterError, match=r"avma_key: tables: avma_keys\[0\] \(Contoso Standard\): there is no release 'Contoso'"):
        avma_key("2022", "Standard", {"avma_keys": tables["avma_keys"]})
