# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What a run hands to ``set_stats``: numbers, however large the fleet, and the deferred guests while they are few.

AWX keeps it with each job and hands it as extra variables to the later jobs of a workflow, so it stays below 1 KB of JSON.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from collections.abc import Iterable

from .summary import Summary

# Characters of the names of deferred guests. With the numbers that makes less than 1 KB.
_NAMES_LIMIT = 400
# What Ansible takes for a name, and never for a pattern, in a limit.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def run_stats(summary: Summary, deferred: Iterable[str]) -> dict[str, t.Any]:
    """Hosts by readiness, guests by outcome, other virtual machines by status, and the limit for the next run."""
    ready = Counter(host.ready for host in summary.hosts)
    names = tuple(deferred)
    return {
        "check": summary.check,
        "hosts": {"total": len(summary.hosts), "ready": ready[True], "not_ready": ready[False], "unknown": ready[None]},
        "guests": {"total": sum(row.managed for row in summary.rows), **dict(sorted(summary.counts.items()))},
        "other_vms": dict(sorted(Counter(row.outcome for row in summary.rows if not row.managed).items())),
        "deferred": len(names),
        "deferred_limit": limit_of(names),
    }


def limit_of(names: tuple[str, ...]) -> str | None:
    """The names as a limit; None where they are too many, or one of them would be a pattern."""
    limit = ",".join(names)
    return limit if len(limit) <= _NAMES_LIMIT and all(map(_NAME.fullmatch, names)) else None
