# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.event_info."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ..plugin_utils._ansible.action import QUERY_OPTION, OptionError, Session, Task, WsManAction
from ..plugin_utils._ansible.results import findings_result
from ..plugin_utils._avma.events import GUEST_EVENT, HOST_EVENT, Bookmark, InvalidBookmark, event_result, read_bookmark, restriction, settle
from ..plugin_utils._avma.times import InvalidTime, moment
from ..plugin_utils._windows.eventlog import read_events, read_origin

_EVENTS = {"auto": (GUEST_EVENT, HOST_EVENT), "guest": (GUEST_EVENT,), "host": (HOST_EVENT,)}


class ActionModule(WsManAction):
    OPTIONS: t.ClassVar = {
        "since": {"type": "str", "default": "30d"},
        "until": {"type": "str"},
        "bookmark": {"type": "dict"},
        "event": {"type": "str", "choices": ["auto", "guest", "host"], "default": "auto"},
        "limit": {"type": "int", "default": 10000},
        **QUERY_OPTION,
    }

    def perform(self, task: Task) -> dict[str, t.Any]:
        if task.options["limit"] < 0:
            raise OptionError("the option 'limit' is negative. Give a number of events, or 0 for no limit.")
        # Read once before anything is sent, so that a typing error costs nothing; then again by the machine's own clock.
        self._end_and_start(task, "", datetime.now(timezone.utc))
        return super().perform(task)

    def converse(self, task: Task, session: Session) -> dict[str, t.Any]:
        origin = read_origin(session)
        until, start = self._end_and_start(task, origin.id, origin.now or datetime.now(timezone.utc))
        found = read_events(session, restriction(start, until, origin.now))
        reading = settle(found, start, origin, until=until, limit=task.options["limit"])
        return {
            "changed": False,
            "machine": task.machine,
            "log": {"computer": origin.computer, "id": origin.id},
            "events": [event_result(event, origin) for event in reading.events],
            "bookmark": reading.bookmark.as_dict(),
            "more": reading.more,
            "complete": reading.complete,
            "findings": findings_result(reading.findings),
        }

    @staticmethod
    def _end_and_start(task: Task, log: str, now: datetime) -> tuple[datetime | None, Bookmark]:
        """Until when, and from where on: the bookmark, or one made of 'since'. OptionError for what cannot be read."""
        options = task.options
        events = _EVENTS[options["event"]]

        def time(name: str) -> datetime:
            try:
                return moment(options[name], now)
            except InvalidTime as error:
                raise OptionError(f"the option '{name}' ({options[name]!r}): {error}.") from error

        until = time("until") if options["until"] else None
        if options["bookmark"]:
            try:
                return until, read_bookmark(options["bookmark"], events)
            except InvalidBookmark as error:
                raise OptionError(
                    f"the option 'bookmark': {error}. Give the bookmark of an earlier result unchanged, or 'since'."
                ) from error
        return until, Bookmark(log=log, events=events, time=time("since"))
