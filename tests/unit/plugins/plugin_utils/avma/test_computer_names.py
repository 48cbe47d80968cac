# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms of a computer's name, and what is an address."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.computer_names import (
    forms,
    is_address,
    same_computer,
    short_name,
    without_domain,
)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("web01", "web01"),
        ("WEB01.corp.example.", "web01"),
        ("10.0.0.5", "10.0.0.5"),
        ("127.1", "127.1"),
        ("fd00::5.6", "fd00::5.6"),
        ("", ""),
    ],
)
def test_the_form_without_a_domain(name: str, short: str) -> None:
    assert short_name(name) == short
    assert forms(name)[-1:] == ((short,) if short else ())
    assert without_domain(name).casefold().rstrip(".") == short


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("HV01", "hv01.corp.example", True),
        ("hv01.corp.example", "HV01.CORP.example.", True),
        ("hv01.corp.example", "hv01.other.example", False),
        ("10.0.0.5", "10.0.0.6", False),
        ("hv01", "hv02", False),
    ],
)
def test_whether_two_names_may_be_one_computers(one: str, other: str, same: bool) -> None:
    assert [same_computer(*names) for names in ((one, other), (other, one))] == [same, same]


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(["0", "1", "09", "10", "0x7f", "0X", "255", "256", "65536", "4294967295", "017", "a", "", "-1"]),
        min_size=1,
        max_size=5,
    )
)
def test_an_address_is_what_the_c_library_takes_for_one(parts: list[str]) -> None:
    text = ".".join(parts)
    try:
        socket.inet_aton(text)
        known = True
    except OSError:
        known = False
    assert is_address(text) is known
