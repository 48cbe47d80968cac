# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""States of a job that a method has started. Source: Microsoft, Msvm_ConcreteJob (JobState)."""

from __future__ import annotations

from enum import Enum

from .errors import JobFailed
from .instance import Instance

_COMPLETED = 7
_FAILED = frozenset({8, 9, 10})  # terminated, killed, exception
_COMPLETED_WITH_WARNINGS = 32768


class JobOutcome(str, Enum):
    COMPLETED = "completed"
    COMPLETED_WITH_WARNINGS = "completed with warnings"
    # deleted after its end (DeleteOnCompletion): how it ended is not known, read the object that it was to change
    VANISHED = "vanished"


def outcome_of(job: Instance) -> JobOutcome | None:
    """None while the job runs; raises JobFailed. A state that Microsoft does not name counts as running."""
    state = job.integer("JobState")
    if state == _COMPLETED:
        return JobOutcome.COMPLETED
    if state == _COMPLETED_WITH_WARNINGS:
        return JobOutcome.COMPLETED_WITH_WARNINGS
    if state in _FAILED:
        description = job.text("ErrorDescription") or job.text("ErrorSummaryDescription") or ""
        raise JobFailed(" ".join(description.split()), job_state=state, error_code=job.integer("ErrorCode"))
    return None
