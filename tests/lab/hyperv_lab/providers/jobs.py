# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Msvm_ConcreteJob, and how a method begins one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Value
from ..world.jobs import Job, JobState
from ..world.vm import derived_guid
from .base import instance
from .localisation import localised
from .virtualization import COMPLETED, FAILED, JOB_STARTED, HyperVProvider, setting_reference

_CLASS = "Msvm_ConcreteJob"
_CAPTIONS = {"RequestStateChange": "Changing State"}


def start_job(
    provider: HyperVProvider, method: str, affected: str, effect: Callable[[], None], outputs: Mapping[str, Value] | None = None
) -> MethodResult:
    """4096 with a job, or the effect at once and 0 with ``outputs``, as the scenario has it. Answers with a job have no other outputs."""
    rules = provider.fleet.rules.jobs
    if not rules.asynchronous or method in rules.at_once:
        effect()
        return MethodResult(COMPLETED, outputs or {})
    host = provider.host

    def new_id(number: str) -> str:
        return derived_guid("job", host.name, number)

    job = host.jobs.begin(new_id, method, _CAPTIONS.get(method, "Modifying Settings"), affected, rules, provider.fleet.clock.now(), effect)
    return MethodResult(JOB_STARTED, {"Job": setting_reference(_CLASS, job.id)})


class Jobs(HyperVProvider):
    serves = (_CLASS,)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        now = self.fleet.clock.now()
        for job in self.host.jobs.all(now):
            current = self.host.jobs.read(job.id, now)
            if current is not None:
                yield self._job(cls, current)

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        job_id = next((value for key, value in keys.items() if key.lower() == "instanceid"), "")
        job = self.host.jobs.read(job_id, self.fleet.clock.now())
        return self._job(cls, job) if job is not None else None

    def _job(self, cls: CimClass, job: Job) -> Instance:
        caption = localised(job.caption, self.host.language)
        failed = job.state is JobState.EXCEPTION
        error = "The operation failed." if failed else None
        values: dict[str, Value] = {
            "Cancellable": False,
            "Caption": caption,
            "DeleteOnCompletion": False,
            "Description": caption,
            "ElapsedTime": (job.ended or self.fleet.clock.now()) - job.begun,
            "ElementName": caption,
            "ErrorCode": FAILED if failed else 0,
            "ErrorDescription": error,
            "ErrorSummaryDescription": error,
            "HealthState": 5,
            "InstanceID": job.id,
            "JobState": job.state.value,
            "JobStatus": error or "OK",
            "JobType": 1,
            "LocalOrUtcTime": 2,
            "Name": caption,
            "OperationalStatus": [6] if failed else [2],
            "Owner": r"NT AUTHORITY\SYSTEM",
            "PercentComplete": job.percent,
            "StartTime": job.begun,
            "Status": "Error" if failed else "OK",
            "StatusDescriptions": [error or localised("Operating normally", self.host.language)],
            "TimeBeforeRemoval": None,
            "TimeOfLastStateChange": job.ended or job.begun,
            "TimeSubmitted": job.begun,
        }
        return instance(cls, values)


class AffectedJobElements(HyperVProvider):
    serves = ("Msvm_AffectedJobElement",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        for job in self.host.jobs.all(self.fleet.clock.now()):
            values: dict[str, Value] = {
                "AffectedElement": setting_reference("Msvm_VirtualSystemSettingData", f"Microsoft:{job.affected}"),
                "AffectingElement": setting_reference(_CLASS, job.id),
                "ElementEffects": [5],
            }
            yield instance(cls, values)
