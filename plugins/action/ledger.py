# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.ledger."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ..plugin_utils._ansible.action import RESULT_OPTIONS, AvmaAction, Task
from ..plugin_utils._ansible.options import OptionError
from ..plugin_utils._ansible.output import as_it_was
from ..plugin_utils._ansible.registered import results_of
from ..plugin_utils._avma.times import InvalidTime, iso, parse_duration, parse_time, parse_time_or_age
from ..plugin_utils._report.ledger.errors import LedgerError
from ..plugin_utils._report.ledger.export import export
from ..plugin_utils._report.ledger.rows import rows_of
from ..plugin_utils._report.ledger.store import Ledger

_YEAR = timedelta(days=366)


@dataclass(frozen=True)
class Options:
    """Times are in UTC. ``keep_from``, ``since`` and ``until`` count seconds since 1970."""

    ledger: Ledger
    state: str
    events: tuple[t.Any, ...]
    activations: tuple[t.Any, ...]
    observed: datetime
    keep_from: int | None
    dest: str
    since: int | None
    until: int | None


class ActionModule(AvmaAction[Options]):
    OPTIONS: t.ClassVar = {
        "path": {"type": "path", "required": True},
        "state": {"type": "str", "choices": ["record", "export", "check"], "default": "record"},
        # raw: a result of a failed task is a dict too, and what a loop registers may hold anything
        "events": {"type": "list", "elements": "raw", "default": []},
        "activations": {"type": "list", "elements": "raw", "default": []},
        "hosts": {"type": "list", "elements": "str", "default": []},
        "events_variable": {"type": "str"},
        "guests": {"type": "list", "elements": "str", "default": []},
        "activations_variable": {"type": "str"},
        "observed": {"type": "str"},
        "retention": {"type": "str"},
        "dest": {"type": "path"},
        "since": {"type": "str"},
        "until": {"type": "str"},
        **RESULT_OPTIONS,
    }
    CONSTRAINTS: t.ClassVar = {"required_if": [("state", "export", ("dest",))]}

    def options(self, task: Task) -> Options:
        given, now = task.given, datetime.now(timezone.utc)
        events, activations = as_it_was(given["events"]), as_it_was(given["activations"])
        if given["events_variable"]:
            events += results_of(task, given["hosts"], given["events_variable"])
        if given["activations_variable"]:
            activations += results_of(task, given["guests"], given["activations_variable"])
        since, until = (_epoch(_time(given, name, lambda text: parse_time_or_age(text, now))) for name in ("since", "until"))
        options = Options(
            ledger=Ledger(given["path"]),
            state=given["state"],
            events=tuple(events),
            activations=tuple(activations),
            observed=_time(given, "observed", parse_time) or now,
            keep_from=_keep_from(given["retention"], now),
            dest=given["dest"] or "",
            since=since,
            until=until,
        )
        if options.state == "export" and os.path.realpath(options.dest) == os.path.realpath(options.ledger.path):
            raise OptionError("the options 'dest' and 'path' name the same file. Give the export a file of its own.")
        return options

    def perform(self, task: Task, options: Options) -> dict[str, t.Any]:
        work = {"record": self._record, "export": self._export, "check": self._check}[options.state]
        try:
            return {"path": options.ledger.path, **work(task, options)}
        except LedgerError as error:
            return {"failed": True, "changed": False, "msg": f"{self._task.action}: {error}"}

    @staticmethod
    def _record(task: Task, options: Options) -> dict[str, t.Any]:
        ledger = options.ledger
        rows = rows_of(options.events, options.activations, options.observed)
        done = ledger.record(rows, keep_from=options.keep_from, dry_run=task.check_mode)
        skipped = [{"reason": reason, "count": count} for reason, count in sorted(rows.skipped.items())]
        result: dict[str, t.Any] = {
            "changed": done.changed,
            "events": {"added": done.events_added, "known": done.events_known},
            "activations": {"added": done.activations_added, "known": done.activations_known},
            "expired": done.expired,
            "removed": done.removed,
            "skipped_results": skipped,
            "bookmarks": ledger.bookmarks(),
        }
        if task.diff_mode and done.changed:
            header = f"ledger {ledger.path}"
            after = "".join(
                f"+ {count} {what}\n" for what, count in (("events", done.events_added), ("activations", done.activations_added)) if count
            )
            after += f"- {done.removed} older than the retention\n" if done.removed else ""
            result["diff"] = {
                "before_header": header,
                "after_header": header,
                "before": "",
                "after": after or "made or brought up to date\n",
            }
        return result

    @staticmethod
    def _export(task: Task, options: Options) -> dict[str, t.Any]:
        done = export(options.ledger, options.dest, since=options.since, until=options.until, dry_run=task.check_mode)
        return {"changed": done.changed, "dest": options.dest, "lines": done.lines}

    @staticmethod
    def _check(task: Task, options: Options) -> dict[str, t.Any]:
        ledger = options.ledger
        health = ledger.check()
        result: dict[str, t.Any] = {
            "changed": False,
            "version": health.version,
            "problems": list(health.problems),
            "counts": {"events": health.events, "activations": health.activations, "logs": health.logs},
            "first_event": None if health.first_event is None else iso(datetime.fromtimestamp(health.first_event, timezone.utc)),
            "last_event": None if health.last_event is None else iso(datetime.fromtimestamp(health.last_event, timezone.utc)),
        }
        if health.problems:
            return {
                **result,
                "failed": True,
                "msg": f"the ledger {ledger.path} is damaged: {health.problems[0]}. It was left as it is. Put a copy from a backup in its place.",
            }
        return {**result, "bookmarks": ledger.bookmarks()}


def _time(given: Mapping[str, t.Any], name: str, read: t.Callable[[str], datetime]) -> datetime | None:
    if not given[name]:
        return None
    try:
        return read(given[name])
    except InvalidTime as error:
        raise OptionError(f"the option '{name}' ({given[name]!r}): {error}.") from error


def _keep_from(retention: str | None, now: datetime) -> int | None:
    if not retention:
        return None
    try:
        kept = parse_duration(retention)
    except InvalidTime as error:
        raise OptionError(f"the option 'retention' ({retention!r}): {error}.") from error
    if kept < timedelta(days=1):
        raise OptionError(f"the option 'retention' ({retention!r}) is less than a day, which would empty the ledger. Give a longer one.")
    # further back than any log reaches
    return int((now - min(kept, 200 * _YEAR)).timestamp())


def _epoch(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp())
