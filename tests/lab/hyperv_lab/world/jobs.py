# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of Hyper-V's management service (Msvm_ConcreteJob)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from .rules import JOB_SECONDS, OTHER_JOB_SECONDS, JobRules


class JobState(int, Enum):
    """Msvm_ConcreteJob.JobState."""

    RUNNING = 4
    COMPLETED = 7
    EXCEPTION = 10


@dataclass(slots=True, eq=False)
class Job:
    id: str
    caption: str
    begun: datetime
    rules: JobRules
    effect: Callable[[], None] = field(repr=False)
    affected: str = ""  # GUID of the VM
    seconds: float = 0.0
    reads: int = 0
    state: JobState = JobState.RUNNING
    ended: datetime | None = None

    @property
    def percent(self) -> int:
        if self.state is JobState.COMPLETED:
            return 100
        return min(90, 100 * self.reads // max(1, self.rules.reads))


class JobQueue:
    """Jobs of one host. A job's effect comes when it ends, not when it begins."""

    __slots__ = ("_jobs", "_number")

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._number = 0

    def begin(
        self,
        new_id: Callable[[str], str],
        method: str,
        caption: str,
        affected: str,
        rules: JobRules,
        now: datetime,
        effect: Callable[[], None],
    ) -> Job:
        self._number += 1
        seconds = JOB_SECONDS.get(method, OTHER_JOB_SECONDS) if rules.seconds is None else rules.seconds
        job = Job(new_id(str(self._number)), caption, now, rules, effect, affected, seconds)
        self._jobs[job.id] = job
        return job

    def settle(self, now: datetime) -> None:
        """Ends the jobs whose time has come, and forgets those that vanish."""
        for job in list(self._jobs.values()):
            if job.state is JobState.RUNNING and now - job.begun >= timedelta(seconds=job.seconds):
                self._end(job, now)

    def read(self, job_id: str, now: datetime) -> Job | None:
        """One look at a job, which may be the one that sees it end. None: unknown or vanished."""
        self.settle(now)
        job = self._jobs.get(job_id.upper())
        if job is not None and job.state is JobState.RUNNING:
            job.reads += 1
            if job.reads >= job.rules.reads:
                self._end(job, now)
        return self._jobs.get(job_id.upper())

    def all(self, now: datetime) -> list[Job]:
        self.settle(now)
        return list(self._jobs.values())

    def _end(self, job: Job, now: datetime) -> None:
        job.ended = now
        if job.rules.fails:
            job.state = JobState.EXCEPTION
        else:
            job.state = JobState.COMPLETED
            job.effect()
        if job.rules.vanishes:
            del self._jobs[job.id]
