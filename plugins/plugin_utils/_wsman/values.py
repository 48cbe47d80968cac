# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Values that go to Windows or come from it: references, embedded instances, dates, intervals.

On the wire of WS-Management a date is ISO 8601 (``2024-12-02T10:46:58.5Z``) and an interval an ISO duration (``P0DT0H45M0S``);
inside CIM-XML both have the DMTF form of DSP0004 (``20241202104658.500000+000``, ``00000000004500.000000:000``). Reading takes
either form anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from .errors import UnsendableValue

_ISO_DATETIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?\Z", re.ASCII)
_DMTF_DATETIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-])(\d{3})\Z", re.ASCII)
_DMTF_UNSPECIFIC = re.compile(r"[\d*]{14}\.[\d*]{6}[+\-:][\d*]{3}\Z", re.ASCII)


@dataclass(frozen=True)
class Reference:
    """A path to an instance. ``namespace`` has slashes and lower case; a key that is itself a reference appears as object path."""

    namespace: str
    class_name: str
    keys: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str | None:
        """The key's value; names are compared without regard to case."""
        wanted = name.lower()
        return next((value for key, value in self.keys.items() if key.lower() == wanted), None)


@dataclass(frozen=True)
class EmbeddedInstance:
    """An argument of MOF type ``string`` with EmbeddedInstance("class"): travels as CIM-XML text.

    Key and changed properties suffice. A whole number is written as uint16, the type of CIM's enumerations, or the next that
    holds it; ``types`` (by property name, as MOF spells them: ``uint32``) is for where the class says otherwise.
    """

    class_name: str
    properties: Mapping[str, EmbeddedValue]
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sensitive:
    """A text argument that must not appear in any error, log or repr."""

    text: str = field(repr=False)


EmbeddedScalar = None | str | bool | int | float | datetime | timedelta
EmbeddedValue = EmbeddedScalar | Sequence[EmbeddedScalar]
ScalarArgument = None | str | bool | int | float | datetime | timedelta | Reference | EmbeddedInstance | Sensitive
Argument = ScalarArgument | Sequence[ScalarArgument]


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0")[:6].ljust(6, "0"))


def is_unspecific(text: str) -> bool:
    """A DMTF time with asterisks: parts of it are not known, so it is not a point in time."""
    return "*" in text and _DMTF_UNSPECIFIC.match(text.strip()) is not None


def parse_datetime(text: str) -> datetime:
    """A point in time, in UTC; a time without zone is UTC. ValueError for anything else. Digits past the microsecond are cut."""
    value = text.strip()
    match = _ISO_DATETIME.match(value)
    if match:
        zone = match.group(8)
        offset = timedelta()
        if zone and zone != "Z":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
        fraction = match.group(7)
    else:
        match = _DMTF_DATETIME.match(value)
        if not match:
            raise ValueError("not a date and time")
        offset = timedelta(minutes=int(match.group(9))) * (-1 if match.group(8) == "-" else 1)
        fraction = match.group(7)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    local = datetime(year, month, day, hour, minute, second, _microseconds(fraction), tzinfo=timezone.utc)
    try:
        return local - offset
    except OverflowError as error:
        raise ValueError("a time outside of the years 1 to 9999") from error


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise UnsendableValue(f"The time {value.isoformat()} has no time zone")
    try:
        return value.astimezone(timezone.utc)
    except OverflowError as error:
        raise UnsendableValue("A time outside of the years 1 to 9999 cannot be sent") from error


def _interval_parts(value: timedelta) -> tuple[int, int, int, int, int]:
    if value < timedelta():
        raise UnsendableValue("A length of time cannot be negative in CIM")
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return value.days, hours, minutes, seconds, value.microseconds


def iso_datetime(value: datetime) -> str:
    """``2024-12-02T10:46:58.000000Z``."""
    return _in_utc(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def iso_interval(value: timedelta) -> str:
    """``P0DT0H45M0S``, with a fraction of the second where there is one."""
    days, hours, minutes, seconds, microseconds = _interval_parts(value)
    fraction = f".{microseconds:06d}".rstrip("0") if microseconds else ""
    return f"P{days}DT{hours}H{minutes}M{seconds}{fraction}S"


def dmtf_datetime(value: datetime) -> str:
    """``20241202104658.000000+000`` (DSP0004); also the form that WQL compares times with."""
    return _in_utc(value).strftime("%Y%m%d%H%M%S.%f+000").rjust(25, "0")


def dmtf_interval(value: timedelta) -> str:
    """``00000000004500.000000:000`` (DSP0004)."""
    days, hours, minutes, seconds, microseconds = _interval_parts(value)
    if days > 99999999:
        raise UnsendableValue("A length of time of more than 99999999 days cannot be sent")
    return f"{days:08d}{hours:02d}{minutes:02d}{seconds:02d}.{microseconds:06d}:000"
