# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.event_info."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..plugin_utils._ansible.action import RESULT_OPTIONS, Session, Task, WsManAction
from ..plugin_utils._ansible.options import OptionError, not_negative
from ..plugin_utils._ansible.results import findings_result
from ..plugin_utils._avma.clocks import clock_finding, difference, utc_now
from ..plugin_utils._avma.events import (
    GUEST_EVENT,
    HOST_EVENT,
    Bookmark,
    InvalidBookmark,
    event_result,
    read_bookmark,
)
from ..plugin_utils._avma.times import InvalidTime, iso, parse_time_or_age
from ..plugin_utils._windows.eventlog import read_new, read_origin

_EVENTS = {"auto": (GUEST_EVENT, HOST_EVENT), "guest": (GUEST_EVENT,), "host": (HOST_EVENT,)}


@dataclass(frozen=True)
class Options:
    """Times are read again by the clock of the machine that is asked."""

    since: str
    until: str | None
    bookmark: Mapping[str, t.Any] | None
    events: tuple[int, ...]
    limit: int


class ActionModule(WsManAction[Options]):
    OPTIONS: t.ClassVar = {
        "since": {"type": "str", "default": "30d"},
        "until": {"type": "str"},
        "bookmark": {"type": "dict"},
        "event": {"type": "str", "choices": ["auto", "guest", "host"], "default": "auto"},
        "limit": {"type": "int", "default": 10000},
        **RESULT_OPTIONS,
    }

    def options(self, task: Task) -> Options:
        given = task.given
        limit = not_negative(given, "limit", "a number of events, or 0 for no limit")
        options = Options(given["since"], given["until"] or None, given["bookmark"] or None, _EVENTS[given["event"]], limit)
        # Read once before anything is sent, so that a typing error costs nothing.
        _end_and_start(options, "", utc_now())
        return options

    def converse(self, task: Task, options: Options, session: Session) -> dict[str, t.Any]:
        origin, now = read_origin(session), utc_now()
        ahead, clock = difference(origin.now, now), clock_finding(origin.computer, origin.now, now)
        until, start = _end_and_start(options, origin.id, origin.now or now)
        reading = read_new(session, origin, start, until=until, limit=options.limit)
        return {
            "changed": False,
            "machine": task.machine,
            "log": {
                "computer": origin.computer,
                "id": origin.id,
                "time": None if origin.now is None else iso(origin.now),
                "ahead": None if ahead is None else int(ahead.total_seconds()),
            },
            "events": [event_result(event, origin) for event in reading.events],
            "bookmark": reading.bookmark.as_dict(),
            "more": reading.more,
            "complete": reading.complete,
            "findings": findings_result([*([clock] if clock else []), *reading.findings]),
        }


def _end_and_start(options: Options, log: str, now: datetime) -> tuple[datetime | None, Bookmark]:
    """Until when, and from where on: the bookmark, or one made of 'since'. OptionError for what cannot be read."""

    def time(name: str, text: str) -> datetime:
        try:
            return parse_time_or_age(text, now)
        except InvalidTime as error:
            raise OptionError(f"the option '{name}' ({text!r}): {error}.") from error

    until = time("until", options.until) if options.until else None
    if options.bookmark:
        try:
            return until, read_bookmark(options.bookmark, options.events)
        except InvalidBookmark as error:
            raise OptionError(f"the option 'bookmark': {error}. Give the bookmark of an earlier result unchanged, or 'since'.") from error
    return until, Bookmark(log=log, events=options.events, time=time("since", options.since))
