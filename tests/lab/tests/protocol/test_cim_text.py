# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of CIM: times, object paths, instances as CIM-XML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_lab.cim.cimxml import InvalidCimXml, format_instance, parse_instance
from hyperv_lab.cim.dmtf_time import format_dmtf, format_duration, format_xml_datetime, parse_dmtf, parse_duration, parse_xml_datetime
from hyperv_lab.cim.object_path import ObjectPath, format_path, parse_path
from hyperv_lab.cim.types import Instance, Reference, Value

from .office_machine import CLASSES, DESK, NOTE

_zones = st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_times = st.datetimes(timezones=_zones)
_spans = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=90000))
_key_values = st.text(max_size=12)


@given(_times)
def test_dmtf_times_there_and_back(value: datetime) -> None:
    text = format_dmtf(value)
    assert len(text) == 25
    assert parse_dmtf(text) == value


@given(_spans)
def test_spans_there_and_back(value: timedelta) -> None:
    assert parse_dmtf(format_dmtf(value)) == value
    assert parse_duration(format_duration(value)) == value


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=_zones))
def test_xml_times_there_and_back(value: datetime) -> None:
    assert parse_xml_datetime(format_xml_datetime(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(1601, 1, 1, tzinfo=UTC), "1601-01-01T00:00:00Z"),
        (datetime(2013, 4, 15, 20, 28, 20, 913000, tzinfo=UTC), "2013-04-15T20:28:20.913Z"),
        (datetime(2013, 4, 15, 20, 28, tzinfo=timezone(timedelta(hours=2))), "2013-04-15T18:28:00Z"),
    ],
)
def test_xml_times_as_windows_writes_them(value: datetime, text: str) -> None:
    assert format_xml_datetime(value) == text


@pytest.mark.parametrize("text", ["", "PT", "P", "P1", "PT-1S", "1S", "PT1X", "P1Y1", "PT1.S", "P999999999Y"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"interval can be|no XML Schema duration"):
        parse_duration(text)


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True).filter(str.isascii), _key_values, min_size=1, max_size=3))
def test_paths_there_and_back(keys: dict[str, str]) -> None:
    reference = Reference("root/office", "Office_Desk", keys)
    assert parse_path(format_path(reference, machine="HOST")) == ObjectPath("Office_Desk", "root/office", keys)


@pytest.mark.parametrize("text", ["", ".", "A.", "A.x", "A.x=", "A.x='1' y", "A.x='1',", "A='1' b", "9x", "A.x='1", "A B"])
def test_no_paths(text: str) -> None:
    with pytest.raises(ValueError, match=r"object path|key"):
        parse_path(text)


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=20),
    st.lists(st.text("ab<&", max_size=3), min_size=1),
)
def test_embedded_instances_there_and_back(text: str, tags: list[str]) -> None:
    values: dict[str, Value] = {"Text": text, "Tags": list(tags), "Weight": 7}
    assert parse_instance(format_instance(Instance(NOTE, values)), CLASSES).values == values


def test_unset_properties_are_listed_as_propagated() -> None:
    text = format_instance(Instance(NOTE, {"Text": "6.2.8064"}))
    assert text == (
        '<INSTANCE CLASSNAME="Office_Note"><PROPERTY.ARRAY NAME="Tags" PROPAGATED="true" TYPE="string"></PROPERTY.ARRAY>'
        '<PROPERTY NAME="Text" TYPE="string"><VALUE>6.2.8064</VALUE></PROPERTY>'
        '<PROPERTY NAME="Weight" PROPAGATED="true" TYPE="uint16"></PROPERTY></INSTANCE>'
    )


def test_times_and_booleans_in_embedded_instances() -> None:
    desk = Instance(DESK, {"Name": "d", "Adjustable": True, "Bought": datetime(2024, 1, 1, tzinfo=UTC), "Warranty": timedelta(minutes=30)})
    text = format_instance(desk)
    assert '<PROPERTY NAME="Adjustable" TYPE="boolean"><VALUE>TRUE</VALUE></PROPERTY>' in text
    assert "<VALUE>20240101000000.000000+000</VALUE>" in text
    assert "<VALUE>00000000003000.000000:000</VALUE>" in text
    assert parse_instance(text, CLASSES).values["Bought"] == desk.values["Bought"]


@pytest.mark.parametrize(
    "body",
    [
        '<PROPERTY NAME="Colour" TYPE="string"><VALUE>red</VALUE></PROPERTY>',
        '<PROPERTY NAME="Weight" TYPE="uint16"><VALUE>70000</VALUE></PROPERTY>',
        '<PROPERTY NAME="Weight" TYPE="uint16"><VALUE>x</VALUE></PROPERTY>',
        '<PROPERTY NAME="Text" TYPE="string"><VALUE><b/></VALUE></PROPERTY>',
    ],
)
def test_embedded_instances_that_do_not_fit_their_class(body: str) -> None:
    with pytest.raises(InvalidCimXml):
        parse_instance(f'<INSTANCE CLASSNAME="Office_Note">{body}</INSTANCE>', CLASSES)
