# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of guests whose turn is still to come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.deferred import (
    DeferredGuest,
    names_in,
    names_text,
    reasons_text,
    still_deferred,
)


def guest(name: str, reason: str = "it is off") -> DeferredGuest:
    return DeferredGuest(name, "deferred", reason)


def test_guests_that_were_no_part_of_the_run_stay() -> None:
    assert still_deferred(["a", "b", "c"], {"b", "d"}, [guest("d")], {"a", "b", "c", "d"}) == ("a", "c", "d")


def test_guest_that_has_left_the_inventory_does_not_stay() -> None:
    assert still_deferred(["a", "gone"], {"b"}, [], {"a", "b"}) == ("a",)


_NAMES = st.lists(st.sampled_from("abcdef"), unique=True)


@given(earlier=_NAMES, run=_NAMES, data=st.data())
def test_after_a_run_its_guests_are_there_only_if_they_are_deferred(earlier: list[str], run: list[str], data: st.DataObject) -> None:
    deferred = [guest(name) for name in data.draw(st.lists(st.sampled_from(run), unique=True) if run else st.just([]))]
    after = still_deferred(earlier, set(run), deferred, set("abcdef"))
    assert set(after) & set(run) == {one.name for one in deferred}
    assert set(after) - set(run) == set(earlier) - set(run)
    assert len(set(after)) == len(after)
    assert still_deferred(after, set(run), deferred, set("abcdef")) == after
    assert names_in(names_text(after)) == after


def test_reasons_are_one_line_each_and_earlier_ones_stay() -> None:
    text = reasons_text(["a", "b", "c"], [guest("b", "two\nlines\tand \x1b[31mmore")], "a\tdeferred\tit was off\nb\tdeferred\told\n")
    assert text == "a\tdeferred\tit was off\nb\tdeferred\ttwo lines and [31mmore\nc\n"


def test_names_are_read_whatever_the_line_ends_are() -> None:
    assert names_in("a\r\n\n b \n") == ("a", "b")
