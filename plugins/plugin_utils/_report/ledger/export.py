# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The ledger as JSON Lines: one object a line, for other programs and for keeping."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..._whole_file import replacement
from .errors import LedgerError
from .store import Ledger


class ExportFailed(LedgerError):
    def __init__(self, path: str, cause: str) -> None:
        super().__init__(f"the export {path} could not be written ({cause}). Check that its folder is there and may be written to.")


@dataclass(frozen=True)
class Exported:
    lines: int
    changed: bool


def lines(ledger: Ledger, since: int | None = None, until: int | None = None) -> Iterator[str]:
    """Events, then activations, each by time. ASCII only, so that no line of a tenant's making harms a terminal."""
    for event in ledger.events(since=since, until=until):
        yield json.dumps({"type": "event", **event}, ensure_ascii=True, separators=(",", ":"))
    for activation in ledger.activations(since=since, until=until):
        yield json.dumps({"type": "activation", **activation}, ensure_ascii=True, separators=(",", ":"))


def export(ledger: Ledger, dest: str, *, since: int | None = None, until: int | None = None, dry_run: bool = False) -> Exported:
    """Write the lines to ``dest``, whole or not at all; a file that would not change is left alone."""
    target = Path(dest)
    count, digest = 0, hashlib.sha256()
    try:
        with replacement(dest) as new:
            for line in lines(ledger, since, until):
                content = line.encode("ascii") + b"\n"
                new.file.write(content)
                digest.update(content)
                count += 1
            changed = _digest(target) != digest.hexdigest()
            if changed and not dry_run:
                new.take_its_place()
    except OSError as error:
        raise ExportFailed(dest, error.strerror or str(error)) from error
    return Exported(count, changed)


def _digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
