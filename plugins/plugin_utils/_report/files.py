# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The report's files: each written whole or not at all, and left alone where it would say the same."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .._whole_file import replace
from .document import Document, significant, to_json
from .openmetrics import PASSING, to_openmetrics
from .spreadsheet import ENCODING, PASSING_COLUMNS, months_csv, vms_csv
from .webpage import digest_of, to_html

_DIGEST = re.compile(r'<meta name="report-digest" content="([0-9a-f]{64})">')
# Where the digest stands, at the page's beginning.
_HEAD = 4096


LAST_GOOD = "-last-good"


class ReportNotWritten(Exception):
    """A file or folder that cannot be written. What was there is still there."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(
            f"the report {path} could not be written ({cause}). Check that its folder may be written to and that the disk has room."
        )


@dataclass(frozen=True)
class Format:
    """One file: how it is made, and whether what is there says the same already."""

    name: str
    suffix: str
    encoding: str
    make: Callable[[Document, datetime], str]
    same: Callable[[str, str, Document], bool]


@dataclass(frozen=True)
class Written:
    format: str
    path: str
    changed: bool
    size: int  # bytes, of the file that is there or would be


def _same_json(old: str, _new: str, document: Document) -> bool:
    try:
        return significant(json.loads(old)) == significant(document)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _same_html(old: str, _new: str, document: Document) -> bool:
    match = _DIGEST.search(old[:_HEAD])
    return match is not None and match[1] == digest_of(document) and old.endswith("</html>\n")


def _same_csv(old: str, new: str, _document: Document) -> bool:
    return _lasting(old) == _lasting(new)


def _lasting(text: str) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    passing = {number for number, name in enumerate(rows[0]) if name in PASSING_COLUMNS} if rows else set()
    return [[value for number, value in enumerate(row) if number not in passing] for row in rows]


def _same_metrics(old: str, new: str, _document: Document) -> bool:
    def lasting(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith(f"{PASSING} ")]

    return lasting(old) == lasting(new)


FORMATS = {
    one.name: one
    for one in (
        Format("html", ".html", "utf-8", lambda document, _now: to_html(document), _same_html),
        Format("csv", ".csv", ENCODING, lambda document, _now: vms_csv(document), _same_csv),
        Format("json", ".json", "ascii", lambda document, _now: to_json(document), _same_json),
        Format("months", "-months.csv", ENCODING, lambda document, _now: months_csv(document), _same_csv),
        Format("openmetrics", ".prom", "utf-8", lambda document, now: to_openmetrics(document, int(now.timestamp())), _same_metrics),
    )
}


def keep_last_good(folder: str, name: str, formats: list[str]) -> None:
    """Before a report that nobody has answered takes their place: the files under another name beside it. Raises ReportNotWritten."""
    for current, kept in _pairs(folder, name, formats):
        try:
            if current.is_file() and not kept.exists():
                os.link(current, kept)
        except OSError as error:
            raise ReportNotWritten(str(kept), error.strerror or str(error)) from error


def drop_last_good(folder: str, name: str, formats: list[str]) -> None:
    """The present report is good again."""
    for _current, kept in _pairs(folder, name, formats):
        with suppress(OSError):
            kept.unlink(missing_ok=True)


def _pairs(folder: str, name: str, formats: list[str]) -> list[tuple[Path, Path]]:
    return [(Path(folder) / f"{name}{FORMATS[one].suffix}", Path(folder) / f"{name}{LAST_GOOD}{FORMATS[one].suffix}") for one in formats]


def write(document: Document, folder: str, name: str, formats: list[str], *, now: datetime, mode: int, dry_run: bool) -> list[Written]:
    """Raises ReportNotWritten. ``dry_run`` only says what would change."""
    written = []
    for one in (FORMATS[chosen] for chosen in formats):
        target = Path(folder) / f"{name}{one.suffix}"
        text = one.make(document, now)
        content = text.encode(one.encoding, "replace")
        try:
            old = _content(target)
            changed = old is None or not one.same(old.decode(one.encoding, "replace"), text, document)
            if not dry_run:
                if changed:
                    replace(str(target), content, mode)
                elif target.stat().st_mode & 0o777 != mode:
                    target.chmod(mode)
                    changed = True
            elif old is not None and not changed:
                changed = target.stat().st_mode & 0o777 != mode
        except OSError as error:
            raise ReportNotWritten(str(target), error.strerror or str(error)) from error
        written.append(Written(one.name, str(target), changed, len(content) if changed or old is None else len(old)))
    return written


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
