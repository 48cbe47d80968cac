# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick way through the common shape of CIM-XML: it says what the XML parser says, or steps aside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.embedded import parse_any_instance, parse_plain_instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance

OPENING = '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem">'
DATA = '<PROPERTY NAME="Data" TYPE="string"><VALUE>10.0.20348</VALUE></PROPERTY>'
ITEM = (
    f'{OPENING}<PROPERTY NAME="Caption" PROPAGATED="true" TYPE="string"></PROPERTY>{DATA}<PROPERTY NAME="Description" TYPE="string"/>'
    '<PROPERTY NAME="Name" TYPE="string"><VALUE></VALUE></PROPERTY></INSTANCE>'
)

PIECES = st.sampled_from(
    [
        DATA,
        '<PROPERTY NAME="data" TYPE="string"><VALUE>again</VALUE></PROPERTY>',
        '<PROPERTY NAME="Name" PROPAGATED="true" TYPE="string"></PROPERTY>',
        '<PROPERTY NAME="Empty" TYPE="string"><VALUE></VALUE></PROPERTY>',
        '<PROPERTY NAME="Short" TYPE="uint16"/>',
        '<PROPERTY NAME="Twice" TYPE="string" TYPE="string"/>',
        "<VALUE>",
        "</VALUE>",
        "</PROPERTY>",
        '<PROPERTY NAME="Open" TYPE="string">',
        "</INSTANCE>",
        OPENING,
        "<!-- -->",
        "<![CDATA[x]]>",
        "&amp;",
        "&#65;",
        ">",
        "]]>",
        "\r\n",
        "\t",
    ]
)


def content(item: Instance) -> tuple[str | None, list[tuple[str, tuple[str, ...]]]]:
    return item.class_name, [(name, item.texts(name)) for name in item.names()]


def test_what_windows_writes_takes_the_quick_way() -> None:
    item = parse_plain_instance(ITEM)
    assert item is not None
    assert content(item) == content(parse_any_instance(ITEM))
    assert content(item)[1] == [("Caption", ()), ("Data", ("10.0.20348",)), ("Description", ()), ("Name", ("",))]


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("&<>\"'\t\r\n]\x1b\ufffe")))
def test_any_value_that_is_taken_is_the_parser_s(value: str) -> None:
    text = ITEM.replace("10.0.20348", value)
    item = parse_plain_instance(text)
    if item is None:
        assert any(character in "&<>\ufffe\uffff" or character < " " for character in value), f"{value!r} should be taken"
    else:
        assert content(item) == content(parse_any_instance(text))


@given(st.lists(PIECES, max_size=5))
def test_any_markup_that_is_taken_is_the_parser_s(pieces: list[str]) -> None:
    text = f"{OPENING}{''.join(pieces)}</INSTANCE>"
    item = parse_plain_instance(text)
    if item is not None:
        assert content(item) == content(parse_any_instance(text))


@pytest.mark.parametrize(
    "text",
    [f" {ITEM}", f"{ITEM}\n", f'<?xml version="1.0"?>{ITEM}', f"<!DOCTYPE x>{ITEM}", ITEM.replace("10", "\ud800"), "x" * 2_000_000, ""],
)
def test_any_other_shape_is_left_to_the_parser(text: str) -> None:
    assert parse_plain_instance(text) is None
