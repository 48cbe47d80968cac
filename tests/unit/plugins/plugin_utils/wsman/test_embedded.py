# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIM-XML of embedded instances: what Hyper-V takes and what it and its guests give."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.embedded import MAX_SIZE, build_embedded_instance, parse_embedded_instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import MalformedAnswer, UnsendableValue

xml_text = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r&<>\"'"))


def test_an_item_of_a_guest_as_windows_writes_it() -> None:
    item = parse_embedded_instance(
        '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"><PROPERTY NAME="Caption" PROPAGATED="true" TYPE="string"></PROPERTY>'
        '<PROPERTY NAME="Data" TYPE="string"><VALUE>10.0.20348</VALUE></PROPERTY><PROPERTY NAME="Name" TYPE="string">'
        '<VALUE>OSVersion</VALUE></PROPERTY><PROPERTY NAME="Source" TYPE="uint16"><VALUE>2</VALUE></PROPERTY></INSTANCE>'
    )
    assert item.class_name == "Msvm_KvpExchangeDataItem"
    assert (item.text("Name"), item.text("Data"), item.integer("Source"), item.text("Caption")) == ("OSVersion", "10.0.20348", 2, None)
    assert item.names() == ("Caption", "Data", "Name", "Source")


def test_arrays_booleans_and_times() -> None:
    item = parse_embedded_instance(
        '<?xml version="1.0"?><DECLARATIONS><INSTANCE CLASSNAME="X"><PROPERTY.ARRAY NAME="Notes" TYPE="string"><VALUE.ARRAY>'
        "<VALUE>a</VALUE><VALUE></VALUE></VALUE.ARRAY></PROPERTY.ARRAY>"
        '<PROPERTY NAME="On" TYPE="boolean"><VALUE>TRUE</VALUE></PROPERTY>'
        '<PROPERTY NAME="When" TYPE="datetime"><VALUE>20240101000000.000000+000</VALUE></PROPERTY></INSTANCE></DECLARATIONS>'
    )
    assert item.texts("Notes") == ("a", "")
    assert item.boolean("On") is True
    assert item.timestamp("When") == datetime(2024, 1, 1, tzinfo=UTC)


def test_what_is_sent() -> None:
    written = build_embedded_instance(
        "Msvm_KvpExchangeDataItem",
        {
            "Name": "A&B",
            "Data": "<1>\t\"'",
            "Source": 0,
            "On": True,
            "Off": False,
            "Notes": ["x", "y"],
            "Numbers": [1, -70000],
            "Nothing": None,
            "When": datetime(2024, 1, 1, tzinfo=UTC),
            "Every": timedelta(minutes=5),
            "Big": 2**40,
            "Limit": 7,
        },
        {"Limit": "uint64"},
    )
    assert written == (
        '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"><PROPERTY NAME="Name" TYPE="string"><VALUE>A&#38;B</VALUE></PROPERTY>'
        '<PROPERTY NAME="Data" TYPE="string"><VALUE>&#60;1&#62;&#9;&#34;&#39;</VALUE></PROPERTY>'
        '<PROPERTY NAME="Source" TYPE="uint16"><VALUE>0</VALUE></PROPERTY><PROPERTY NAME="On" TYPE="boolean"><VALUE>TRUE</VALUE></PROPERTY>'
        '<PROPERTY NAME="Off" TYPE="boolean"><VALUE>FALSE</VALUE></PROPERTY>'
        '<PROPERTY.ARRAY NAME="Notes" TYPE="string"><VALUE.ARRAY><VALUE>x</VALUE><VALUE>y</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>'
        '<PROPERTY.ARRAY NAME="Numbers" TYPE="sint32"><VALUE.ARRAY><VALUE>1</VALUE><VALUE>-70000</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>'
        '<PROPERTY NAME="Nothing" TYPE="string"></PROPERTY>'
        '<PROPERTY NAME="When" TYPE="datetime"><VALUE>20240101000000.000000+000</VALUE></PROPERTY>'
        '<PROPERTY NAME="Every" TYPE="datetime"><VALUE>00000000000500.000000:000</VALUE></PROPERTY>'
        '<PROPERTY NAME="Big" TYPE="uint64"><VALUE>1099511627776</VALUE></PROPERTY>'
        '<PROPERTY NAME="Limit" TYPE="uint64"><VALUE>7</VALUE></PROPERTY></INSTANCE>'
    )


@given(name=xml_text, notes=st.lists(xml_text, min_size=1), number=st.integers(-(2**63), 2**64 - 1))
def test_what_is_sent_reads_back(name: str, notes: list[str], number: int) -> None:
    written = build_embedded_instance("Lab_Item", {"Name": name, "Notes": notes, "Number": number})
    item = parse_embedded_instance(written)
    assert (item.text("Name"), item.texts("Notes"), item.integer("Number")) == (name, tuple(notes), number)


@given(xml_text)
def test_only_numeric_references_are_sent(value: str) -> None:
    # Hyper-V was seen to refuse &amp; and &lt; there
    written = build_embedded_instance("Lab_Item", {"Name": value})
    assert all(re.match(r"&#[0-9]+;", written[match.start() :]) for match in re.finditer("&", written))


def test_names_and_types_are_checked() -> None:
    with pytest.raises(ValueError, match="not a CIM name"):
        build_embedded_instance('X"><', {})
    with pytest.raises(ValueError, match="not a CIM name"):
        build_embedded_instance("X", {"a b": "1"})
    with pytest.raises(ValueError, match="'int' is not a CIM type"):
        build_embedded_instance("X", {"A": 1}, {"A": "int"})
    with pytest.raises(UnsendableValue, match="does not fit into one integer type"):
        build_embedded_instance("X", {"A": 2**64})
    with pytest.raises(UnsendableValue, match=r"U\+0007 at position 1"):
        build_embedded_instance("X", {"A": "a\x07"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no element found"),
        ("OSVersion=10", "not well-formed XML"),
        ("<CLASS/>", "no INSTANCE element"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><INSTANCE>&b;</INSTANCE>', "DTDForbidden"),
        ("<INSTANCE>" * 17 + "</INSTANCE>" * 17, "more than 16 levels"),
        ("<INSTANCE>&undefined;</INSTANCE>", "not well-formed XML"),
        ("x" * (MAX_SIZE + 1), "bytes are more than the"),
    ],
)
def test_hostile_text_is_refused(text: str, reason: str) -> None:
    with pytest.raises(MalformedAnswer, match=re.escape(reason)):
        parse_embedded_instance(text)


def test_control_characters_of_a_guest_become_question_marks() -> None:
    item = parse_embedded_instance('<INSTANCE CLASSNAME="X"><PROPERTY NAME="Data"><VALUE>a\x1bb&#27;c\ud800</VALUE></PROPERTY></INSTANCE>')
    assert item.text("Data") == "a?b?c?"


@given(st.text())
def test_any_text_is_an_instance_or_malformed(text: str) -> None:
    try:
        parse_embedded_instance(text)
    except MalformedAnswer:
        return
    raise AssertionError("text without markup was taken for an instance")


@given(
    st.lists(
        st.sampled_from(
            ["<INSTANCE>", "</INSTANCE>", '<PROPERTY NAME="a">', "</PROPERTY>", "<VALUE>", "</VALUE>", "&#0;", "&#x41;", "x", "]]>"]
        )
    )
)
def test_any_markup_is_an_instance_or_malformed(parts: list[str]) -> None:
    try:
        item = parse_embedded_instance("".join(parts))
    except MalformedAnswer:
        return
    assert item.class_name is None
