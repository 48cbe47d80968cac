# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that guests claim: those that a machine elsewhere can have, and that it alone has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.addresses import (
    AddressRule,
    InvalidNetwork,
    networks_of,
    own_addresses,
    usable_addresses,
)


def test_preferred_family_comes_first_in_the_guest_s_own_order() -> None:
    claimed = ["2001:DB8::0:5", "10.0.0.6", "10.0.0.5"]
    assert usable_addresses(claimed, AddressRule()) == ("10.0.0.6", "10.0.0.5", "2001:db8::5")
    assert usable_addresses(claimed, AddressRule(families=("ipv6", "ipv4")))[0] == "2001:db8::5"
    assert usable_addresses(claimed, AddressRule(families=("ipv6",))) == ("2001:db8::5",)
    assert usable_addresses(claimed, AddressRule(families=())) == ()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "0.1.2.3", "::", "169.254.3.4", "fe80::1", "224.0.0.1", "ff02::1", "255.255.255.255"],
)  # fmt: skip
def test_special_addresses_are_not_used_unless_a_network_names_them(address: str) -> None:
    assert usable_addresses([address], AddressRule()) == ()
    everything = AddressRule(networks=networks_of(["0.0.0.0/0", "::/0"]))
    assert len(usable_addresses([address], everything)) == 1


@pytest.mark.parametrize(
    "text", ["", "web01", "10.0.0.1/24", "{{ x }}", "10.0.0.1 -o ProxyCommand=x", "fe80::1%eth0", "1" * 5000, "١٠.٠.٠.١"]
)
def test_what_is_no_address_is_passed_over(text: str) -> None:
    assert usable_addresses([text, "10.0.0.5"], AddressRule(networks=networks_of(["0.0.0.0/0", "::/0"]))) == ("10.0.0.5",)


def test_networks_choose() -> None:
    rule = AddressRule(networks=networks_of(["10.0.0.0/8", "fd00::/8"]), excluded=networks_of(["10.99.0.0/16"]))
    assert usable_addresses(["192.168.1.1", "10.99.1.1", "10.1.1.1", "fd00::1"], rule) == ("10.1.1.1", "fd00::1")


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(InvalidNetwork, match=r"'10\.0\.0\.0/99' is not a network\. Write it as"):
        networks_of(["10.0.0.0/99"])


def test_an_address_that_two_claim_is_neither_s() -> None:
    chosen, passed_over = own_addresses({"a": ["10.0.0.1", "10.0.0.2"], "b": ["10.0.0.1"], "c": ["10.0.0.3"]})
    assert chosen == {"a": "10.0.0.2", "b": None, "c": "10.0.0.3"}
    assert passed_over == {"10.0.0.1": ["a", "b"]}


def test_no_guest_has_the_address_of_a_host() -> None:
    chosen, passed_over = own_addresses({"a": ["10.0.0.1"]}, others=["10.0.0.1", "10.0.0.9"])
    assert chosen == {"a": None}
    assert passed_over == {"10.0.0.1": ["a"]}


def test_a_shared_address_behind_the_chosen_one_is_not_worth_a_word() -> None:
    chosen, passed_over = own_addresses({"a": ["10.0.0.1", "172.17.0.1"], "b": ["10.0.0.2", "172.17.0.1"]})
    assert chosen == {"a": "10.0.0.1", "b": "10.0.0.2"}
    assert passed_over == {}


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3"]), unique=True, max_size=3)))
def test_no_two_machines_have_one_address(usable: dict[str, list[str]]) -> None:
    chosen, _passed_over = own_addresses(usable)
    given_out = [address for address in chosen.values() if address]
    assert len(given_out) == len(set(given_out))
