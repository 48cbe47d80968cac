# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Guests whose turn is still to come: those that were off, did not answer, or were not reached by a run.

They are kept as names in a file that ``ansible-playbook --limit @file`` reads. Ansible takes each line of it as a pattern of hosts, splits it at
commas and colons, and does not allow comments: a reason in there might select other machines. So the reasons are kept apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .text import safe_text

_REASON_LIMIT = 300


@dataclass(frozen=True)
class DeferredGuest:
    name: str  # in the inventory
    outcome: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return {"guest": self.name, "outcome": self.outcome, "reason": self.reason}


def still_deferred(
    earlier: Iterable[str], run: Collection[str], deferred: Iterable[DeferredGuest], inventory: Collection[str]
) -> tuple[str, ...]:
    """The names after a run: the deferred ones of this run, before them the earlier ones that were not part of it.

    A run with a limit says nothing of the other guests, so they stay. Who has left the inventory does not: its name would match nothing.
    """
    names = [name for name in earlier if name not in run and name in inventory]
    names.extend(guest.name for guest in deferred)
    return tuple(dict.fromkeys(names))


def names_text(names: Iterable[str]) -> str:
    return "".join(f"{name}\n" for name in names)


def names_in(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def reasons_text(names: Iterable[str], deferred: Iterable[DeferredGuest], earlier: str) -> str:
    """A line for each name: name, outcome and reason, between tabs. Of a name that was not part of the run its ``earlier`` line stays."""
    lines = {line.partition("\t")[0]: line for line in earlier.splitlines() if "\t" in line}
    lines.update({guest.name: f"{guest.name}\t{guest.outcome}\t{safe_text(guest.reason, _REASON_LIMIT)}" for guest in deferred})
    return "".join(f"{lines.get(name, name)}\n" for name in names)
