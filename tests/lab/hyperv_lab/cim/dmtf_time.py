# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as CIM writes them: DMTF text in WQL and CIM-XML, XML Schema text on the WS-Man wire.

DMTF (DSP0004): ``yyyymmddHHMMSS.mmmmmm+UUU`` with the offset in minutes, intervals ``ddddddddHHMMSS.mmmmmm:000``. Stars stand for
parts that are not given. Every function raises ValueError on text that is not of its form.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_DMTF = re.compile(r"([\d*]{4})([\d*]{2})([\d*]{2})([\d*]{2})([\d*]{2})([\d*]{2})\.([\d*]{6})([+-])(\d{3}|\*{3})", re.ASCII)
_DMTF_INTERVAL = re.compile(r"(\d{8})(\d{2})(\d{2})(\d{2})\.([\d*]{6}):000", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d\d):(\d\d)(?::(\d\d))?)?", re.ASCII)
_DURATION = re.compile(
    r"(-)?P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.(\d{1,9}))?S)?)?", re.ASCII
)


def _number(text: str | None, default: int) -> int:
    return default if text is None or "*" in text else int(text)


def _micros(fraction: str | None) -> int:
    return 0 if fraction is None or "*" in fraction else int(fraction[:6].ljust(6, "0"))


def parse_dmtf(text: str) -> datetime | timedelta:
    """A time (aware) or an interval from DMTF text; stars count as the smallest value."""
    match = _DMTF.fullmatch(text)
    if match is not None:
        year, month, day, hour, minute, second, fraction, sign, offset = match.groups()
        minutes = _number(offset, 0) * (-1 if sign == "-" else 1)
        zone = timezone(timedelta(minutes=minutes))
        moment = (_number(hour, 0), _number(minute, 0), _number(second, 0), _micros(fraction))
        return datetime(_number(year, 1), _number(month, 1), _number(day, 1), *moment, tzinfo=zone)
    match = _DMTF_INTERVAL.fullmatch(text)
    if match is not None:
        days, hours, minutes_, seconds = (int(part) for part in match.groups()[:4])
        if days > timedelta.max.days - 1:
            raise ValueError(f"{text!r} is longer than an interval can be")
        return timedelta(days=days, hours=hours, minutes=minutes_, seconds=seconds, microseconds=_micros(match.group(5)))
    raise ValueError(f"{text!r} is no DMTF time")


def format_dmtf(value: datetime | timedelta) -> str:
    if isinstance(value, timedelta):
        hours, rest = divmod(value.seconds, 3600)
        return f"{value.days:08d}{hours:02d}{rest // 60:02d}{rest % 60:02d}.{value.microseconds:06d}:000"
    minutes = int((value.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{value:%Y%m%d%H%M%S}.{value.microsecond:06d}{'-' if minutes < 0 else '+'}{abs(minutes):03d}".rjust(25, "0")


def parse_xml_datetime(text: str) -> datetime:
    """``xs:dateTime`` or ``xs:date``; without a zone it is UTC, as Windows takes it."""
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no XML Schema time")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    offset = timedelta()
    if zone not in (None, "Z"):
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    parts = (_number(hour, 0), _number(minute, 0), _number(second, 0), _micros(fraction))
    return datetime(int(year), int(month), int(day), *parts, tzinfo=timezone(offset))


def format_xml_datetime(value: datetime) -> str:
    """UTC with ``Z``; the fraction without trailing zeros, none when it is zero (recorded traffic of Windows Server 2012)."""
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
    text = value.replace(tzinfo=None).isoformat()
    if value.microsecond:
        text = text.rstrip("0")
    return f"{text}Z"


def parse_duration(text: str) -> timedelta:
    """``xs:duration``; a year counts 365 days, a month 30, as Windows' timeouts do."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or text.strip().endswith(("P", "T")):
        raise ValueError(f"{text!r} is no XML Schema duration")
    sign, years, months, days, hours, minutes, seconds, fraction = match.groups()
    days_in_all = _number(years, 0) * 365 + _number(months, 0) * 30 + _number(days, 0)
    try:
        span = timedelta(
            days=days_in_all,
            hours=_number(hours, 0),
            minutes=_number(minutes, 0),
            seconds=_number(seconds, 0),
            microseconds=_micros(fraction),
        )
    except OverflowError as error:
        raise ValueError(f"{text!r} is longer than an interval can be") from error
    return -span if sign else span


def format_duration(value: timedelta) -> str:
    """``P0DT0H45M0S``, the form of ``cim:Interval`` (Microsoft OMI, wsbuf.c)."""
    hours, rest = divmod(value.seconds, 3600)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"P{value.days}DT{hours}H{rest // 60}M{rest % 60}{fraction}S"


def parse_query_time(text: str) -> datetime | timedelta:
    """A time as WQL accepts it in a WHERE clause: DMTF, or one of the date forms of Microsoft's "WQL-Supported Date Formats"."""
    try:
        return parse_dmtf(text)
    except ValueError:
        match = _US_DATE.fullmatch(text.strip())
        if match is None:
            return parse_xml_datetime(text)
        month, day, year, hour, minute, second = match.groups()
        clock = (_number(hour, 0), _number(minute, 0), _number(second, 0))
        return datetime(int(year), int(month), int(day), *clock, tzinfo=UTC)
