# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of hyperv.avma.summary."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from dataclasses import dataclass

from ..plugin_utils._ansible.action import AvmaAction, Task
from ..plugin_utils._ansible.deferred_file import DeferredFile
from ..plugin_utils._ansible.output import plain
from ..plugin_utils._ansible.registered import Registered, machines_of
from ..plugin_utils._avma.deferred import DeferredGuest, names_text
from ..plugin_utils._avma.outcome import Outcome
from ..plugin_utils._avma.told import mappings
from ..plugin_utils._report.material import GuestMaterial, HostMaterial
from ..plugin_utils._report.run_stats import run_stats
from ..plugin_utils._report.summary import NOT_RUN, UNREACHABLE, WOULD_BE, HostRow, Row, Summary, summarise
from ..plugin_utils._report.table import render

_HOST_HEADINGS = ("HOST", "OS", "LICENCE", "CLUSTER", "VMS", "READY", "REASON")
_HOST_LIMITS = (32, 40, 32, 20, 6, 7, 0)
_HEADINGS = ("GUEST", "HOST", "OS", "OUTCOME", "CHANNEL", "KEY", "REASON")
_LIMITS = (32, 20, 40, 18, 12, 5, 0)
# What the role data_exchange registers.
_SWITCHED = "data_exchange_result"
_NAMED = 10
# Outcomes of guests that a later run may reach.
_TO_COME = (Outcome.DEFERRED.value, UNREACHABLE, NOT_RUN)


@dataclass(frozen=True)
class Options:
    guests: tuple[str, ...]
    left_out: tuple[str, ...]
    hosts: tuple[str, ...]
    guest_variable: str
    host_variable: str
    kvp_variable: str
    max_rows: int
    deferred_file: str | None


class ActionModule(AvmaAction[Options]):
    OPTIONS: t.ClassVar = {
        "guests": {"type": "list", "elements": "str"},
        "hosts": {"type": "list", "elements": "str"},
        "run": {"type": "list", "elements": "str"},
        "guest_variable": {"type": "str", "default": "activate_result"},
        "host_variable": {"type": "str", "default": "host_result"},
        "kvp_variable": {"type": "str", "default": "host_vms"},
        "max_rows": {"type": "int", "default": 200},
        "deferred_file": {"type": "path"},
    }

    def options(self, task: Task) -> Options:
        given = task.given
        guests = machines_of(task, "guests", "guests")
        run = None if given["run"] is None else set(given["run"])
        return Options(
            guests=tuple(name for name in guests if run is None or name in run),
            left_out=tuple(name for name in guests if run is not None and name not in run),
            hosts=machines_of(task, "hosts", "hyperv_hosts"),
            deferred_file=given["deferred_file"] or None,
            **{name: given[name] for name in ("guest_variable", "host_variable", "kvp_variable", "max_rows")},
        )

    def perform(self, task: Task, options: Options) -> dict[str, t.Any]:
        summary = self._summary(task, options)
        for line in lines(summary, options.max_rows):
            self._display.display(line)
        deferred = [DeferredGuest(row.guest, row.outcome, row.reason) for row in summary.rows if row.managed and row.outcome in _TO_COME]
        answer: dict[str, t.Any] = {
            "changed": False,
            "hosts": plain([row.as_dict() for row in summary.hosts]),
            "rows": plain([row.as_dict() for row in summary.rows]),
            "counts": dict(summary.counts),
            "deferred": plain([guest.as_dict() for guest in deferred]),
            "unreached": summary.unreached,
            "stats": plain(run_stats(summary, [guest.name for guest in deferred])),
        }
        if options.deferred_file:
            answer.update(self._keep(task, options.deferred_file, options.guests, deferred))
        return answer

    def _summary(self, task: Task, options: Options) -> Summary:
        hosts = [(name, Registered(task, name)) for name in options.hosts]

        def materials(names: Sequence[str]) -> list[GuestMaterial]:
            return [
                GuestMaterial(name, known.result(options.guest_variable), known.text("avma_vm_id"), known.text("avma_vm_name"))
                for name, known in ((name, Registered(task, name)) for name in names)
            ]

        # What a dry run only foretells has not changed what the hosts show.
        switched = [known.result(_SWITCHED) for _name, known in hosts] if task.check_mode else []
        return summarise(
            materials(options.guests),
            [HostMaterial(name, known.result(options.host_variable), known.result(options.kvp_variable)) for name, known in hosts],
            materials(options.left_out),
            check=task.check_mode,
            mended={
                str(vm.get("id")) for result in switched for vm in mappings(result.get("vms")) if vm.get("changed") and vm.get("after")
            },
        )

    def _keep(self, task: Task, path: str, guests: Sequence[str], deferred: Sequence[DeferredGuest]) -> dict[str, t.Any]:
        inventory = {str(name) for name in task.variables.get("hostvars") or ()}
        try:
            kept = DeferredFile(path).keep({str(name) for name in guests}, deferred, inventory, dry_run=task.check_mode)
        except (OSError, UnicodeError) as error:
            return {
                "failed": True,
                "msg": f"{self._task.action}: deferred_file {path}: {error}. The results are as shown; give a file that can be written on the controller.",
            }
        if kept.after:
            where = "would be" if task.check_mode else "are"
            self._display.display(f"Deferred guests: {len(kept.after)}. Their names {where} in {path}.\n")
        result: dict[str, t.Any] = {"changed": kept.changed}
        if task.diff_mode and kept.changed:
            result["diff"] = {
                "before_header": path,
                "after_header": path,
                "before": names_text(kept.before),
                "after": names_text(kept.after),
            }
        return result


def lines(summary: Summary, max_rows: int) -> list[str]:
    """What is printed: hosts, guests, counts, then what needs attention with its remedy."""
    printed = [""]
    if summary.hosts:
        printed += [*render(_HOST_HEADINGS, [_host_cells(row) for row in summary.hosts], _HOST_LIMITS), ""]
    attention = [row for row in summary.rows if row.attention]
    shown = list(summary.rows) if len(summary.rows) <= max_rows else attention
    if shown:
        printed += [*render(_HEADINGS, [_cells(row) for row in shown], _LIMITS), ""]
    if len(shown) < len(summary.rows):
        printed.append(f"{len(summary.rows)} rows: only those that need attention are shown, all are in the result.")
    if summary.counts:
        counted = (f"{count} {_words(outcome)}" for outcome, count in sorted(summary.counts.items()))
        printed.append("Guests: " + ", ".join(counted) + ".")
    elif not summary.rows:
        printed.append("Guests: none was asked.")
    if summary.check:
        printed.append("Check mode: nothing was changed.")
    if summary.guests_left_out:
        printed.append(f"Not in this run: {summary.guests_left_out} guests of the inventory.")
    if summary.unjudged:
        printed.append(f"Changed without a verdict on their host: {_listed(summary.unjudged)}.")
    unmanaged = sum(not row.managed for row in summary.rows)
    if unmanaged and unmanaged == len(summary.rows):
        printed.append(f"In brackets: what the hosts say of their {unmanaged} virtual machines. No guest was asked.")
    elif unmanaged:
        printed.append(
            f"Outcomes in brackets: virtual machines that the hosts show and that no guest of the inventory stands for ({unmanaged})."
        )
    remedies = [(row.host, row.remedy) for row in summary.hosts if row.remedy] + [
        (row.guest, row.remedy) for row in attention if row.remedy
    ]
    if remedies:
        printed += ["", *render(("NEEDS ATTENTION", "WHAT TO DO"), remedies, (32, 0))]
    return [*printed, ""]


def _words(outcome: str) -> str:
    return outcome.replace("_", " ") if outcome.startswith(WOULD_BE) else outcome


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _host_cells(row: HostRow) -> tuple[str, ...]:
    return (
        row.host,
        row.os or "-",
        row.licence or "-",
        row.cluster or "-",
        "-" if row.vms is None else str(row.vms),
        {True: "yes", False: "no", None: "unknown"}[row.ready],
        row.reason,
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.guest,
        row.host or "-",
        row.os or "-",
        _words(row.outcome) if row.managed else f"({row.outcome})",
        row.channel or "-",
        row.partial_product_key or "-",
        row.reason,
    )
