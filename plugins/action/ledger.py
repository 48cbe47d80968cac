# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.ledger."""

from __future__ import annotations

import os
import typing as t
from datetime import datetime, timedelta, timezone

from ..plugin_utils._ansible.action import QUERY_OPTION, AvmaAction, OptionError, Task
from ..plugin_utils._ansible.registered import results_of
from ..plugin_utils._avma.times import InvalidTime, iso, moment, point_in_time, span
from ..plugin_utils._report.ledger.errors import LedgerError
from ..plugin_utils._report.ledger.export import export
from ..plugin_utils._report.ledger.rows import rows_of
from ..plugin_utils._report.ledger.store import Ledger

_YEAR = timedelta(days=366)


class ActionModule(AvmaAction):
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
        **QUERY_OPTION,
    }
    CONSTRAINTS: t.ClassVar = {"required_if": [("state", "export", ("dest",))]}

    def perform(self, task: Task) -> dict[str, t.Any]:
        now = datetime.now(timezone.utc)
        ledger = Ledger(task.options["path"])
        work = {"record": self._record, "export": self._export, "check": self._check}[task.options["state"]]
        try:
            return {"path": ledger.path, **work(task, ledger, now)}
        except LedgerError as error:
            return {"failed": True, "changed": False, "msg": f"{self._task.action}: {error}"}

    @staticmethod
    def _record(task: Task, ledger: Ledger, now: datetime) -> dict[str, t.Any]:
        options = task.options
        observed = _time(options, "observed", point_in_time) or now
        events, activations = list(options["events"]), list(options["activations"])
        if options["events_variable"]:
            events += results_of(task, options["hosts"], options["events_variable"])
        if options["activations_variable"]:
            activations += results_of(task, options["guests"], options["activations_variable"])
        rows = rows_of(events, activations, observed)
        done = ledger.record(rows, keep_from=_keep_from(options["retention"], now), dry_run=task.check_mode)
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
    def _export(task: Task, ledger: Ledger, now: datetime) -> dict[str, t.Any]:
        dest = task.options["dest"]
        if os.path.realpath(dest) == os.path.realpath(ledger.path):
            raise OptionError("the options 'dest' and 'path' name the same file. Give the export a file of its own.")
        since, until = (_time(task.options, name, lambda text: moment(text, now)) for name in ("since", "until"))
        done = export(ledger, dest, since=_epoch(since), until=_epoch(until), dry_run=task.check_mode)
        return {"changed": done.changed, "dest": dest, "lines": done.lines}

    @staticmethod
    def _check(task: Task, ledger: Ledger, now: datetime) -> dict[str, t.Any]:
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


def _time(options: dict[str, t.Any], name: str, read: t.Callable[[str], datetime]) -> datetime | None:
    if not options[name]:
        return None
    try:
        return read(options[name])
    except InvalidTime as error:
        raise OptionError(f"the option '{name}' ({options[name]!r}): {error}.") from error


def _keep_from(retention: str | None, now: datetime) -> int | None:
    if not retention:
        return None
    try:
        kept = span(retention)
    except InvalidTime as error:
        raise OptionError(f"the option 'retention' ({retention!r}): {error}.") from error
    if kept < timedelta(days=1):
        raise OptionError(f"the option 'retention' ({retention!r}) is less than a day, which would empty the ledger. Give a longer one.")
    # further back than any log reaches
    return int((now - min(kept, 200 * _YEAR)).timestamp())


def _epoch(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp())
