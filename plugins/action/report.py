# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.report."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ..plugin_utils._ansible.action import RESULT_OPTIONS, AvmaAction, Task
from ..plugin_utils._ansible.options import OptionError
from ..plugin_utils._ansible.registered import Registered, machines_of
from ..plugin_utils._avma.findings import Severity
from ..plugin_utils._avma.lease import LeaseRule
from ..plugin_utils._avma.times import InvalidTime, parse_duration, parse_time, parse_time_or_age
from ..plugin_utils._avma.told import part
from ..plugin_utils._report.building import build
from ..plugin_utils._report.comparison import InvalidReport, check
from ..plugin_utils._report.document import Document, document_of
from ..plugin_utils._report.files import FORMATS, ReportNotWritten, Written, drop_last_good, keep_last_good, write
from ..plugin_utils._report.ledger.errors import LedgerError
from ..plugin_utils._report.ledger.store import Ledger
from ..plugin_utils._report.material import GuestMaterial, HostMaterial, LedgerMaterial, Material, Result, Settings
from ..plugin_utils._report.model import Report
from ..plugin_utils._report.months import months_until
from ..plugin_utils._report.sightings import lean
from ..plugin_utils._report.tenancy import InvalidPattern, TenantRule, pattern_of

_MOST_MONTHS = 36
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MODE = re.compile(r"0?[0-7]{3}")
# Of a report that is written nothing larger than this is read again.
_LARGEST_EARLIER = 512 * 1024 * 1024


@dataclass(frozen=True)
class Options:
    """``mode`` of the files; ``earlier`` is the report to compare with."""

    settings: Settings
    folder: str
    name: str
    formats: tuple[str, ...]
    mode: int
    strict: bool
    earlier: Result | None
    ledger: str | None
    guests: tuple[str, ...]
    hosts: tuple[str, ...]
    variables: Mapping[str, t.Any]


class ActionModule(AvmaAction[Options]):
    OPTIONS: t.ClassVar = {
        "dest": {"type": "path", "required": True},
        "name": {"type": "str", "default": "avma-report"},
        "formats": {"type": "list", "elements": "str", "choices": list(FORMATS), "default": ["html", "csv", "json"]},
        "mode": {"type": "str", "default": "0640"},
        "write_failure": {"type": "str", "choices": ["error", "warning"], "default": "error"},
        "title": {"type": "str", "default": "AVMA report"},
        "guests": {"type": "list", "elements": "str"},
        "hosts": {"type": "list", "elements": "str"},
        "guest_variables": {"type": "list", "elements": "str", "default": ["guest_result", "activate_result"]},
        "host_variable": {"type": "str", "default": "host_result"},
        "kvp_variable": {"type": "str", "default": "host_vms"},
        "events_variable": {"type": "str", "default": "report_events"},
        "observed": {"type": "str"},
        "ledger": {"type": "path"},
        "since": {"type": "str", "default": "90d"},
        "months": {"type": "int", "default": 2},
        "compare": {"type": "path"},
        "tenant_variable": {"type": "str", "default": "avma_tenant"},
        "tenant_item": {"type": "str"},
        "tenant_pattern": {"type": "str"},
        "tenant_notes": {"type": "str"},
        "lease_interval": {"type": "str", "default": "7d"},
        "lease_validity": {"type": "str", "default": "7d"},
        "lease_warning": {"type": "str", "default": "1d"},
        **RESULT_OPTIONS,
    }

    def options(self, task: Task) -> Options:
        given = task.given
        settings = _settings(given, datetime.now(timezone.utc))
        mode = _mode(given["mode"])
        if not _NAME.fullmatch(given["name"]):
            raise OptionError(f"the option 'name' ({given['name']!r}) is not the name of a file. Use letters, digits, '.', '_' and '-'.")
        return Options(
            settings=settings,
            folder=given["dest"],
            name=given["name"],
            formats=tuple(given["formats"]),
            mode=mode,
            strict=given["write_failure"] == "error",
            earlier=_earlier(given["compare"]),
            ledger=given["ledger"] or None,
            guests=machines_of(task, "guests", "guests"),
            hosts=machines_of(task, "hosts", "hyperv_hosts"),
            variables={name: value for name, value in given.items() if name.endswith(("_variable", "_variables"))},
        )

    def perform(self, task: Task, options: Options) -> dict[str, t.Any]:
        settings = options.settings
        try:
            ledger = _ledger(options.ledger, settings) if options.ledger else None
            hosts, guests = _hosts(task, options), _guests(task, options)
            answered = {
                "hosts": sum(bool(part(host.info, "host")) for host in hosts),
                "guests": sum(bool(part(guest.result, "guest")) for guest in guests),
            }
            report = build(Material(hosts, guests, ledger, options.earlier), settings)
            document = document_of(report)
            folder = str(Path(options.folder).absolute())
            good = answered["hosts"] > 0 or not hosts
            if not good and not task.check_mode:
                keep_last_good(folder, options.name, list(options.formats))
            written = write(
                document, folder, options.name, list(options.formats), now=settings.now, mode=options.mode, dry_run=task.check_mode
            )
        except LedgerError as error:
            return {"failed": True, "changed": False, "msg": f"{self._task.action}: {error}"}
        except ReportNotWritten as error:
            if options.strict:
                return {"failed": True, "changed": False, "msg": f"{self._task.action}: {error}"}
            return {**_result(task, options, report, document, []), "answered": answered, "warnings": [str(error)]}
        if good and not task.check_mode:
            drop_last_good(folder, options.name, list(options.formats))
        return {**_result(task, options, report, document, written), "answered": answered}


def _result(task: Task, options: Options, report: Report, document: Document, written: list[Written]) -> dict[str, t.Any]:
    files = [{"format": one.format, "path": one.path, "changed": one.changed, "size": one.size} for one in written]
    totals = report.totals.as_dict()
    errors = sum(action.severity is Severity.ERROR for action in report.actions)
    stats = {
        "vms": totals,
        "unmatched_guests": len(report.unmatched),
        "hosts": {"total": len(report.hosts), "ready": sum(host.ready is True for host in report.hosts)},
        "actions": {"error": errors, "warning": len(report.actions) - errors},
        # Only what is there: check mode writes none.
        "files": [] if task.check_mode else [one.path for one in written],
        "check": task.check_mode,
    }
    result: dict[str, t.Any] = {
        "changed": any(one.changed for one in written),
        "files": files,
        "totals": totals,
        "actions": [{name: value for name, value in action.items() if name != "objects"} for action in document["actions"]],
        "changes": len(report.comparison.changes) if report.comparison else None,
        "notes": list(report.notes),
        "stats": stats,
    }
    if task.diff_mode and result["changed"]:
        header = f"report {options.folder}"
        lines = "".join(f"{one.path}\n" for one in written if one.changed)
        result["diff"] = {"before_header": header, "after_header": header, "before": "", "after": lines}
    return result


def _settings(given: Mapping[str, t.Any], now: datetime) -> Settings:
    if not 1 <= given["months"] <= _MOST_MONTHS:
        raise OptionError(f"the option 'months' is {given['months']}. Give a number from 1 to {_MOST_MONTHS}.")

    def read(name: str, how: t.Callable[[t.Any], t.Any]) -> t.Any:
        try:
            return how(given[name])
        except (InvalidTime, InvalidPattern) as error:
            raise OptionError(f"the option '{name}' ({given[name]!r}): {error}.") from error

    lease = LeaseRule(read("lease_interval", parse_duration), read("lease_validity", parse_duration), read("lease_warning", parse_duration))
    if not timedelta(hours=1) <= lease.validity <= timedelta(days=3660):
        raise OptionError(f"the option 'lease_validity' ({given['lease_validity']!r}) is out of range (1h to 3660d).")
    return Settings(
        now=now,
        observed=read("observed", parse_time) if given["observed"] else now,
        since=read("since", lambda text: parse_time_or_age(text, now)),
        months=given["months"],
        title=given["title"],
        lease=lease,
        tenants=TenantRule(given["tenant_item"] or None, read("tenant_pattern", pattern_of), read("tenant_notes", pattern_of)),
    )


def _mode(text: str) -> int:
    if not _MODE.fullmatch(text):
        raise OptionError(f"the option 'mode' ({text!r}) is not an octal mode. Give it as a quoted string such as '0640'.")
    return int(text, 8)


def _earlier(path: str | None) -> Result | None:
    if not path:
        return None
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST_EARLIER + 1)
        if len(content) > _LARGEST_EARLIER:
            raise InvalidReport("it is too large to be a report")
        return check(json.loads(content))
    except OSError as error:
        cause = error.strerror or str(error)
    except InvalidReport as error:
        cause = str(error)
    except (ValueError, RecursionError) as error:
        cause = f"it is not JSON ({type(error).__name__})"
    raise OptionError(f"the option 'compare' ({path}): {cause}. Give the JSON file of an earlier report.")


def _ledger(path: str, settings: Settings) -> LedgerMaterial:
    """All that counts by day, and what still held when the first month began."""
    ledger = Ledger(path)
    first = datetime.combine(months_until(settings.now, settings.months)[0].first, datetime.min.time(), timezone.utc)
    since = int(min(settings.since, first - settings.lease.validity).timestamp())
    oldest = next(iter(ledger.events()), None)
    return LedgerMaterial(
        tuple(lean(ledger.events(since=since))),
        tuple(ledger.activations(since=since)),
        _oldest(oldest.get("time")) if oldest else None,
    )


def _oldest(time: t.Any) -> datetime | None:
    try:
        return parse_time(str(time))
    except InvalidTime:
        return None


def _hosts(task: Task, options: Options) -> tuple[HostMaterial, ...]:
    variables = options.variables
    found = []
    for name in options.hosts:
        known = Registered(task, name)
        host, kvp, events = (known.result(variables[which]) for which in ("host_variable", "kvp_variable", "events_variable"))
        found.append(HostMaterial(name, host, kvp, events, known.text(variables["tenant_variable"])))
    return tuple(found)


def _guests(task: Task, options: Options) -> tuple[GuestMaterial, ...]:
    variables = options.variables
    found = []
    for name in options.guests:
        known = Registered(task, name)
        results = [result for result in map(known.result, variables["guest_variables"]) if result]
        told = next((one for one in results if part(one, "guest")), results[0] if results else {})
        found.append(GuestMaterial(name, told, *map(known.text, ("avma_vm_id", "avma_vm_name", variables["tenant_variable"]))))
    return tuple(found)
