# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The ledger as JSON Lines: one object a line, for other programs and for keeping."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
        with tempfile.NamedTemporaryFile(
            "w", encoding="ascii", newline="\n", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as new:
            try:
                for line in lines(ledger, since, until):
                    new.write(line + "\n")
                    digest.update(line.encode("ascii") + b"\n")
                    count += 1
                changed = _digest(target) != digest.hexdigest()
                if changed and not dry_run:
                    new.flush()
                    os.fsync(new.fileno())
                    os.chmod(new.name, target.stat().st_mode & 0o777 if target.exists() else 0o640)
                    os.replace(new.name, target)
            finally:
                Path(new.name).unlink(missing_ok=True)  # gone already where it has become the target
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
