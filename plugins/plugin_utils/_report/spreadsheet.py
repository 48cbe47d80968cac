# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The report as CSV for spreadsheets (RFC 4180): all virtual machines, and the months.

A cell that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises. The files begin with a byte order mark,
without which Excel reads UTF-8 as the code page of its country; Python reads them with the encoding ``utf-8-sig``.
"""

from __future__ import annotations

import csv
import io
import re
import typing as t
from collections.abc import Iterable, Sequence

from .document import Document
from .entry_fields import columns_of
from .model import MonthRow, VmEntry

ENCODING = "utf-8-sig"

# What spreadsheets begin a formula with, full-width forms and what they pass over included.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
# Excel separates cells by what Windows' country says, a semicolon in many of them, and quotes that stand elsewhere then separate nothing.
_BEHIND_SEPARATOR = re.compile("([;\t][\\s\"']*)(?=[" + re.escape("".join(_FORMULA)) + "])")

VM_COLUMNS, MONTH_COLUMNS = columns_of(VmEntry), columns_of(MonthRow)
# Other at each look, though nothing has changed.
PASSING_COLUMNS = frozenset({"as_of", "lapses"})


def vms_csv(document: Document) -> str:
    return _written(VM_COLUMNS, (_vm(vm) for vm in document["vms"]))


def months_csv(document: Document) -> str:
    return _written(MONTH_COLUMNS, (_month(row) for row in document["months"]))


def cell(value: t.Any) -> str:
    """A value as a cell that no spreadsheet takes for a formula. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    text = _BEHIND_SEPARATOR.sub(r"\1'", str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text[:1].isspace() else text


def _written(columns: Sequence[str], rows: Iterable[dict[str, t.Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    writer.writerows([cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _vm(vm: Document) -> dict[str, t.Any]:
    urgent = [finding for finding in vm["findings"] if finding["severity"] == vm["severity"]]
    return {
        **vm,
        "lease_state": vm["lease"]["state"],
        "lease_basis": vm["lease"]["basis"],
        "lapses": vm["lease"]["lapses"],
        "findings": " ".join(finding["code"] for finding in vm["findings"]),
        "remedy": urgent[0]["remedy"] if urgent else None,
    }


def _month(row: Document) -> dict[str, t.Any]:
    days, seen = row["days"], row["seen"]
    return {
        **row,
        **{f"{day:02d}": count for day, count in enumerate(days, 1)},
        **{f"seen_{day:02d}": count for day, count in enumerate(seen, 1)},
    }
