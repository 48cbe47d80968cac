# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates and intervals in both of CIM's forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import UnsendableValue
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import (
    Sensitive,
    dmtf_datetime,
    dmtf_interval,
    iso_datetime,
    iso_interval,
    parse_datetime,
)

EAST = timezone(timedelta(hours=5, minutes=30))
moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.sampled_from([UTC, EAST]))


@given(moments)
def test_a_time_reads_back_from_both_forms(moment: datetime) -> None:
    assert parse_datetime(iso_datetime(moment)) == moment
    assert parse_datetime(dmtf_datetime(moment)) == moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2013-04-15T16:28:43.488171Z", datetime(2013, 4, 15, 16, 28, 43, 488171, UTC)),
        ("2013-04-15T20:28:20.913Z", datetime(2013, 4, 15, 20, 28, 20, 913000, UTC)),
        ("2013-03-09T02:57:32", datetime(2013, 3, 9, 2, 57, 32, tzinfo=UTC)),
        ("2013-03-09T02:57:32.1234567-08:00", datetime(2013, 3, 9, 10, 57, 32, 123456, UTC)),
        ("  1601-01-01T00:00:00Z\n", datetime(1601, 1, 1, tzinfo=UTC)),
        ("20240101120000.000000+060", datetime(2024, 1, 1, 11, tzinfo=UTC)),
        ("20240101120000.000000-300", datetime(2024, 1, 1, 17, tzinfo=UTC)),
    ],
)
def test_times_as_windows_writes_them(text: str, expected: datetime) -> None:
    assert parse_datetime(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2013",
        "2013-13-01T00:00:00Z",
        "2013-01-01T24:00:00Z",
        "2013-01-01T00:00:60Z",
        "0001-01-01T00:00:00+14:00",
        "２013-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_datetime(text)


def test_the_forms_are_those_of_windows() -> None:
    moment = datetime(2024, 12, 2, 10, 46, 58, tzinfo=UTC)
    assert iso_datetime(moment) == "2024-12-02T10:46:58.000000Z"
    assert dmtf_datetime(moment.astimezone(EAST)) == "20241202104658.000000+000"
    assert iso_datetime(datetime(801, 2, 3, tzinfo=UTC)) == "0801-02-03T00:00:00.000000Z"
    assert dmtf_datetime(datetime(801, 2, 3, tzinfo=UTC)) == "08010203000000.000000+000"
    assert iso_interval(timedelta(minutes=45)) == "P0DT0H45M0S"
    assert dmtf_interval(timedelta(minutes=30)) == "00000000003000.000000:000"


def test_what_cannot_be_sent_is_said() -> None:
    with pytest.raises(UnsendableValue, match="2024-01-01T00:00:00 has no time zone"):
        iso_datetime(datetime(2024, 1, 1))
    with pytest.raises(UnsendableValue, match="cannot be negative"):
        iso_interval(timedelta(seconds=-1))


def test_a_sensitive_text_is_not_in_its_repr() -> None:
    assert repr(Sensitive("hunter2")) == "Sensitive()"
