# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What the events 12309 and 12310 carry.

The message tables of Windows 8.1, Server 2012 R2 and Windows 10 give both events two insertion strings: the HRESULT that Windows returned,
which the text prints behind ``hr=``, and a detail on a line of its own. So where the first string is a number and nothing else, it alone
says how the request ended. What the detail holds is not published: it is looked through by pattern, and decides nothing.

Events of any other shape are read by pattern alone. Sibling events of the same provider put comma-separated values into one string
(Microsoft, KB974998). Nothing then depends on order, number or language, what is not recognised is left alone, and nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeVar

from .windows_codes import unsigned_code

_T = TypeVar("_T")

# A hostile or broken event must not cost more than a good one. Windows bounds an event by 64 KB of UTF-16, all of its strings together.
_TEXT_LIMIT = 16384
EVENT_LIMIT = 32768
_ITEM_LIMIT = 64
_STRINGS_OF_THE_TEMPLATE = 2

_CODE = re.compile(r"(?<![0-9A-Za-z])0[xX](?:[Ff]{8})?([0-9A-Fa-f]{8})(?![0-9A-Za-z])")
_RESULT = re.compile(r"\s*(?:hr=)?0[xX](?:[Ff]{8})?([0-9A-Fa-f]{8})\s*\Z")
_DECIMAL_CODE = re.compile(r"-?[0-9]{9,10}\Z")
# What is part of a longer name is not an ID: a guest may be named by the ID of another one.
_GUID = re.compile(r"(?<![0-9A-Za-z_.-])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z_-]|\.[0-9A-Za-z_])")
_TIME = re.compile(
    r"(?<![0-9])([0-9]{4})([/-])([0-9]{1,2})\2([0-9]{1,2})[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?(Z?)(?![0-9])"
)
_SEPARATOR = re.compile(r"[,;\r\n\t\x00]")
_PORT = re.compile(r":[0-9]{1,5}\Z")
# \w: Windows allows letters of any script in computer names
_NAME = re.compile(r"[^\W_](?:[\w-]{0,62})(?:\.[^\W_][\w-]{0,62})*\.?\Z")
_ASCII_NAME = re.compile(_NAME.pattern, re.ASCII)
_NIL_GUID = "00000000-0000-0000-0000-000000000000"
# The application ID of Windows in software licensing (Microsoft, SoftwareLicensingProduct) and the AVMA service's own GUID name no machine.
_NO_MACHINE = frozenset({_NIL_GUID, "55C92734-D682-4D71-983E-D6EC3F16059F", "3375BAF4-9E15-4B30-B765-67ACB10D607B"})


class Notification(str, Enum):
    """Microsoft's four notifications, and two words of this collection: throttled and unknown."""

    SUCCESS = "success"
    INVALID_HOST = "invalid_host"
    INVALID_DATA = "invalid_data"
    ACTIVATION_DENIED = "activation_denied"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"


_PHRASES = {
    "invalid host": Notification.INVALID_HOST,
    "invalid data": Notification.INVALID_DATA,
    "activation denied": Notification.ACTIVATION_DENIED,
    "success": Notification.SUCCESS,
}
_PHRASE = re.compile(r"\b(" + "|".join(_PHRASES) + r")\b", re.IGNORECASE)

# A guess: Microsoft maps no code to a notification. The codes are those of slerror.h.
_BY_CODE = {
    0xC004FD00: Notification.THROTTLED,
    0xC004FD01: Notification.INVALID_HOST,
    0xC004FD02: Notification.INVALID_HOST,
    0xC004FD03: Notification.ACTIVATION_DENIED,
    0xC004FD04: Notification.ACTIVATION_DENIED,
}
_FAILURE = 0x80000000  # the severity bit of an HRESULT


@dataclass(frozen=True)
class EventText:
    """What was recognised. Order is that of the text, nothing comes twice.

    ``times`` are ISO 8601; one without Z stood in the text without a zone. ``names`` may be names of hosts, guests or neither.
    ``code`` is the one that decides, unsigned 32 bit. ``inferred``: the notification is concluded from values of unknown meaning, and not read
    from the result that Windows wrote, or from Windows' own words. ``ids_in_detail``: the GUIDs stand in the second string of the template,
    whose meaning is not published: they may be what the guest sent, so they are its word and not its host's.
    """

    codes: tuple[int, ...] = ()
    guids: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    code: int | None = None
    notification: Notification = Notification.UNKNOWN
    inferred: bool = False
    ids_in_detail: bool = False


def decode(strings: Sequence[str], message: str | None) -> EventText:
    """Insertion strings and message of an event, in any shape. Never raises.

    The message is looked at where the strings hold no code: it is localised and repeats them.
    """
    given = [one[:_TEXT_LIMIT] for one in bounded(strings[:_ITEM_LIMIT]) if one]
    whole = str(message or "")[:_TEXT_LIMIT]
    fields, pattern = fields_of(given), _NAME
    codes, origin = _codes(given, fields), given
    if not codes and whole:
        of_message = fields_of([whole])
        codes = _codes([whole], of_message)
        if codes or not given:
            origin, fields, pattern = [whole], of_message, _ASCII_NAME
    result = _result(given)
    if result is None:
        notification, inferred, code = _notification(codes, given, whole)
    else:
        of_result, code = _of_codes((result,))
        notification, inferred = of_result or Notification.UNKNOWN, False
    return EventText(
        codes=codes,
        guids=_guids(origin),
        times=_times(origin),
        names=_names(fields, pattern),
        code=code,
        notification=notification,
        inferred=inferred,
        ids_in_detail=result is not None,
    )


def bounded(strings: Sequence[str]) -> list[str]:
    """The strings as far as an event of Windows can reach. Where there is more, each has the same share, so that none hides another."""
    texts = [str(one) for one in strings[:EVENT_LIMIT]]
    if sum(map(len, texts)) <= EVENT_LIMIT:
        return texts
    share = EVENT_LIMIT // len(texts)
    return [text[:share] for text in texts]


def _result(given: list[str]) -> int | None:
    """The HRESULT that Windows returned, where the strings are those of the template: that number, then at most a detail."""
    match = _RESULT.match(given[0]) if 0 < len(given) <= _STRINGS_OF_THE_TEMPLATE else None
    return None if match is None else int(match.group(1), 16)


def fields_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The single values in texts that may be lists, without blanks around them; a label before a colon and blank is cut off."""
    found: list[str] = []
    for text in texts:
        for part in _SEPARATOR.split(str(text)[:_TEXT_LIMIT]):
            value = part.strip()
            if value:
                found.append(value.rpartition(": ")[2].strip() or value)
    return _distinct(found)


def _codes(texts: list[str], fields: Iterable[str]) -> tuple[int, ...]:
    found = [int(match.group(1), 16) for text in texts for match in _CODE.finditer(text)]
    for field in fields:
        # 3221552386 and -1073414910 are ways to write an HRESULT; other large numbers are not of licensing
        if _DECIMAL_CODE.match(field) and unsigned_code(field) >> 16 == 0xC004:
            found.append(unsigned_code(field))
    return _distinct(found)


def _guids(texts: list[str]) -> tuple[str, ...]:
    found = (match.group().upper() for text in texts for match in _GUID.finditer(text))
    return _distinct(guid for guid in found if guid not in _NO_MACHINE)


def _times(texts: list[str]) -> tuple[str, ...]:
    found = []
    for text in texts:
        for match in _TIME.finditer(text):
            year, _mark, month, day, hour, minute, second, zone = match.groups()
            try:
                time = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
            except ValueError:
                continue  # looks like a time and is none
            found.append(time.isoformat() + zone)
    return _distinct(found)


def _names(fields: Iterable[str], pattern: re.Pattern[str]) -> tuple[str, ...]:
    found = []
    for field in fields:
        name = _PORT.sub("", field)
        if (
            pattern.match(name)
            and any(character.isalpha() for character in name)
            and not _CODE.match(name)
            and not _GUID.match(name)
            and not _TIME.match(name)
            and name.lower() not in _PHRASES
        ):
            found.append(name.rstrip("."))
    return _distinct(found)


def _notification(codes: tuple[int, ...], given: list[str], message: str) -> tuple[Notification, bool, int | None]:
    """The notification, whether it is inferred, and the code that decided."""
    by_code, code = _of_codes(codes)
    by_words = _of_words(given, message)
    if by_words is not None and by_code in (None, by_words):
        # Only words that no insertion string brought in are Windows' own: an insertion string may be a tenant's text.
        return by_words, not given, code
    if by_code is not None:
        return by_code, True, code
    return Notification.UNKNOWN, False, code


def _of_codes(codes: tuple[int, ...]) -> tuple[Notification | None, int | None]:
    for code in codes:
        if code in _BY_CODE:
            return _BY_CODE[code], code
    for code in codes:
        if code >= _FAILURE:
            return Notification.INVALID_DATA, code
    if 0 in codes:
        return Notification.SUCCESS, 0
    return None, codes[0] if codes else None


def _of_words(given: list[str], message: str) -> Notification | None:
    """The notification that the message names in Microsoft's English words, where it names just one."""
    if _PHRASE.search(message) is None:
        return None
    template = message
    for value in sorted({*given, *fields_of(given)}, key=len, reverse=True):
        template = template.replace(value, " ")
    named = {_PHRASES[match.group().lower()] for match in _PHRASE.finditer(template)}
    return named.pop() if len(named) == 1 else None


def _distinct(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))[:_ITEM_LIMIT]
