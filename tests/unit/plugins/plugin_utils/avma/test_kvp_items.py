# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items from a host to a guest: limits, plans, and that a plan leads where it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import KvpItem
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.kvp_items import (
    ChangeKind,
    InvalidItem,
    ItemChange,
    after,
    check_item,
    plan_absent,
    plan_present,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.name_patterns import NamePatterns

NONE = NamePatterns(())


def items(**values: str) -> list[KvpItem]:
    return [KvpItem(name, data) for name, data in values.items()]


# limits

EURO = "\u20ac"  # three bytes in UTF-8, one character of UTF-16
FACE = "\U0001f600"  # four bytes, two characters


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("n" * 255, "v" * 1023),
        ("n", ""),
        ("n", "lines\r\nand\ttabs"),
        (EURO * 170, EURO * 682),  # 510 and 2046 bytes
        (FACE * 127, FACE * 511),
    ],
)
def test_item_within_the_limits(name: str, data: str) -> None:
    check_item(name, data)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("", "v", "empty name"),
        ("  ", "v", "empty name"),
        ("n" * 256, "v", "has 256 characters of UTF-16; the limit is 255"),
        ("n", "v" * 1024, "has 1024 characters of UTF-16; the limit is 1023"),
        (EURO * 171, "v", "has 514 bytes in UTF-8 with the NUL at its end; the limit is 512"),
        ("n", EURO * 683, "has 2050 bytes in UTF-8 with the NUL at its end; the limit is 2048"),
        (FACE * 128, "v", "has 256 characters of UTF-16"),
        ("tab\tname", "v", "control character"),
        ("n", "nul\0", "control character"),
        ("n", "\ud800", "surrogate"),
        ("n", "\uffff", "cannot be sent"),
    ],
)
def test_item_beyond_the_limits(name: str, data: str, message: str) -> None:
    with pytest.raises(InvalidItem, match=message):
        check_item(name, data)


def test_value_is_not_in_the_message() -> None:
    with pytest.raises(InvalidItem) as error:
        check_item("n", "secretly long " * 100)
    assert "secretly" not in str(error.value)


# plans


def test_only_what_differs_is_planned() -> None:
    changes = plan_present(items(Same="1", Other="2", Left="3"), {"Same": "1", "Other": "9", "New": "4"})
    assert changes == (ItemChange(ChangeKind.MODIFY, "Other", "2", "9"), ItemChange(ChangeKind.ADD, "New", None, "4"))


def test_name_in_another_case_is_the_same_item_by_the_name_that_is_there() -> None:
    assert plan_present(items(Owner="a"), {"OWNER": "a"}) == ()
    assert plan_present(items(Owner="a"), {"OWNER": "b"}) == (ItemChange(ChangeKind.MODIFY, "Owner", "a", "b"),)
    assert plan_present(items(Owner="a", OWNER="b"), {"OWNER": "b"}) == ()


def test_no_more_than_128_items() -> None:
    full = [KvpItem(f"n{number}", "") for number in range(128)]
    assert plan_present(full, {"n5": "changed"})
    assert plan_present(full[1:], {"new": ""})
    with pytest.raises(InvalidItem, match="there would be 129 items"):
        plan_present(full, {"new": ""})


def test_removal_by_name_in_any_case_and_by_pattern() -> None:
    existing = items(AvmaHost="1", Licence="2", Owner="3", Order="4")
    changes = plan_absent(existing, ["OWNER", "missing"], NamePatterns(["avma*", "~licen[sc]e"]))
    assert [(change.kind, change.name, change.before, change.after) for change in changes] == [
        (ChangeKind.REMOVE, "AvmaHost", "1", None),
        (ChangeKind.REMOVE, "Licence", "2", None),
        (ChangeKind.REMOVE, "Owner", "3", None),
    ]
    assert plan_absent(existing, [], NONE) == ()


_NAMES = st.text("abAB", min_size=1, max_size=2)
_POOLS = st.dictionaries(_NAMES, st.text("xy", max_size=1), max_size=5)


@given(pool=_POOLS, wanted=st.dictionaries(st.sampled_from("abc"), st.text("xy", max_size=1), max_size=3))
def test_plan_leads_to_what_is_wanted_and_then_nothing_is_left_to_do(pool: dict[str, str], wanted: dict[str, str]) -> None:
    existing = items(**pool)
    changes = plan_present(existing, wanted)
    result = after(existing, changes)
    now = items(**result)
    assert plan_present(now, wanted) == ()
    assert all(change.in_effect(now) and not change.in_effect(existing) for change in changes)
    untouched = {name: data for name, data in pool.items() if name.casefold() not in wanted}
    assert untouched.items() <= result.items()


@given(pool=_POOLS, names=st.lists(_NAMES, max_size=3))
def test_removal_leads_to_absence_and_touches_nothing_else(pool: dict[str, str], names: list[str]) -> None:
    existing = items(**pool)
    result = after(existing, plan_absent(existing, names, NONE))
    unwanted = {name.casefold() for name in names}
    assert result == {name: data for name, data in pool.items() if name.casefold() not in unwanted}
