# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What is other than in an earlier report. That one is a file from somewhere: it is read with care, and its text made harmless again."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import replace

from .._avma.findings import shown
from .._avma.standings import Standing
from .._avma.told import mappings, part
from .document import SCHEMA, VERSION, document_of
from .entry_fields import compared_fields
from .material import Result
from .model import Change, Comparison, HostEntry, Report, VmEntry


class InvalidReport(ValueError):
    """A file that is not a report of this collection, or one of another version."""


def check(document: t.Any) -> Result:
    """The document, if it is one of a report that can be compared with. Raises InvalidReport."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise InvalidReport("it is not a JSON report of this collection")
    if document.get("version") != VERSION:
        raise InvalidReport(f"its version is {shown(document.get('version'))}, and this collection compares with version {VERSION}")
    return document


def compare(report: Report, earlier: Result) -> Report:
    """The report with what has changed since ``earlier``."""
    now = document_of(report)
    changes = [
        *_changes("host", mappings(earlier.get("hosts")), now["hosts"], compared_fields(HostEntry)),
        *_changes("vm", mappings(earlier.get("vms")), now["vms"], compared_fields(VmEntry)),
    ]
    before = part(earlier, "totals")
    totals = {standing: report.totals.count(standing) - _number(before.get(standing.value)) for standing in Standing}
    return replace(report, comparison=Comparison(shown(earlier.get("generated")) or "unknown", totals, tuple(changes)))


def _changes(kind: str, before: Iterable[Result], after: Iterable[Result], attributes: Iterable[str]) -> Iterable[Change]:
    old = {_key(one): one for one in before}
    new = {_key(one): one for one in after}
    for key, one in new.items():
        if key not in old:
            yield Change("appeared", kind, *_named(one))
            continue
        for attribute in attributes:
            values = (_value(old[key].get(attribute)), _value(one.get(attribute)))
            if values[0] != values[1]:
                yield Change("changed", kind, *_named(one), attribute, *values)
    for key, one in old.items():
        if key not in new:
            yield Change("gone", kind, *_named(one))


def _key(one: Result) -> tuple[str, str]:
    """The ID; of what has none, its name and host."""
    return ("id", str(one["id"])) if one.get("id") else ("name", f"{one.get('host')}/{one.get('name')}".casefold())


def _named(one: Result) -> tuple[str, str | None]:
    return shown(one.get("name")) or "unknown", shown(one.get("id")) or None


def _value(value: t.Any) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else shown(value)


def _number(value: t.Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
