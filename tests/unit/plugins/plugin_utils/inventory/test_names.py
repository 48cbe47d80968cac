# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in the inventory: fit for one, one machine's only, and nobody else's to choose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.computer_names import RESERVED, dns_name, is_address
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.names import (
    confirmed_fqdn,
    machine_name,
    unique_names,
)

A, B, C = (f"{letter * 8}-0000-4000-8000-{letter * 12}" for letter in "ABC")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("web01", "web01"),
        ("Web Server 01 (prod)", "Web_Server_01_prod"),
        ("{{ lookup('pipe', 'id') }}", "lookup_pipe_id"),
        ("../../group_vars/all", "group_vars_all"),
        ("web\u202e01\n", "web_01"),
        ("a,b:c&d!e[1:3]", "a_b_c_d_e_1_3"),
        ("-h", "h"),
        ("__proto__", "proto"),
        ("日本語サーバー", "日本語サーバー"),
        ("Büro", "Büro"),
        ("ｗｅｂ", "web"),
        (" \t", None),
        ("{{}}", None),
        ("", None),
    ],
)
def test_name_is_made_fit(text: str, name: str | None) -> None:
    assert machine_name(text) == name


@given(st.text(max_size=400))
def test_no_name_is_a_template_a_path_or_a_pattern(text: str) -> None:
    name = machine_name(text)
    if name is not None:
        assert len(name) <= 200
        assert all(character.isalnum() or character in "-._" for character in name)
        assert name[0] not in "-._"
        assert machine_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WEB01.Corp.Example.", "web01.corp.example"),
        ("web01", "web01"),
        ("sql_01.corp", "sql_01.corp"),
        ("localhost", None),
        ("localhost.localdomain", None),
        ("evil.localhost", None),
        ("127.0.0.1", None),
        ("0x7f000001", None),
        ("2130706433", None),
        ("10.0.0", None),
        ("a..b", None),
        ("web 01", None),
        ("web01.{{x}}", None),
        ("-web.corp", None),
        ("a" * 64, None),
        ("a." * 200, None),
        ("", None),
    ],
)
def test_dns_name(text: str, name: str | None) -> None:
    assert dns_name(text) == name


def test_a_claimed_name_counts_only_if_it_is_that_of_the_virtual_machine() -> None:
    assert confirmed_fqdn("web01.corp.example", "WEB01") == "web01.corp.example"
    assert confirmed_fqdn("web01.corp.example", "web01.corp.example") == "web01.corp.example"
    assert confirmed_fqdn("dc01.corp.example", "web01") is None
    assert confirmed_fqdn("web01.evil.example", "web01.corp.example") is None
    assert confirmed_fqdn(None, "web01") is None


@pytest.mark.parametrize("text", ["127.0.0.1", "127.1", "0x7f000001", "017700000001", "::1", "fe80::1"])
def test_addresses_in_disguise_are_known(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", ["web01", "10-0-0-1", "0x7g", "日本"])
def test_names_are_no_addresses(text: str) -> None:
    assert not is_address(text)


def test_machines_of_one_name_all_get_another() -> None:
    names = unique_names({A: "web", B: "WEB", C: "db"}, taken=())
    assert names.by_id == {A: "web-aaaaaaaa", B: "WEB-bbbbbbbb", C: "db"}
    assert names.clashes == {"web": (A, B)}


def test_names_do_not_hang_on_the_order() -> None:
    one = unique_names({A: "web", B: "web"}, taken=()).by_id
    assert one == unique_names({B: "web", A: "web"}, taken=()).by_id


@pytest.mark.parametrize("name", ["localhost", "ALL", "hv01", "127.0.0.1", "0x7f000001"])
def test_a_name_that_is_another_s_is_not_given(name: str) -> None:
    assert unique_names({A: name}, taken=["HV01"]).by_id == {A: f"{name}-aaaaaaaa"}


def test_a_machine_that_is_called_like_another_with_its_guid_gains_nothing() -> None:
    names = unique_names({A: "web", B: "web", C: "web-aaaaaaaa"}, taken=()).by_id
    assert len({name.casefold() for name in names.values()}) == 3
    assert all(identifier.lower().startswith(names[identifier].rpartition("-")[2][:8]) or names[identifier].endswith(identifier.lower())
               for identifier in (A, B, C))  # fmt: skip


@given(
    st.lists(st.sampled_from(["web", "WEB", "web-aaaaaaaa", f"web-{A.lower()}", "localhost", "127.0.0.1"]), min_size=3, max_size=3),
    st.booleans(),
)
def test_names_are_always_unique(wanted: list[str], crowded: bool) -> None:
    taken = {"web", "web-aaaaaaaa", f"web-{A.lower()}", f"web-{A.lower()}-2"} if crowded else set()
    names = unique_names(dict(zip((A, B, C), wanted, strict=True)), taken).by_id
    folded = [name.casefold() for name in names.values()]
    assert len(set(folded)) == 3
    assert not set(folded) & (taken | RESERVED)
    assert not any(is_address(name) for name in folded)
