# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of Hyper-V's management service that are slow, fail, or are gone before anybody has seen them end."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from ..world.host import Host
from ..wsman.answer import Answer
from .effect import Effect, RuleMatch

_JOB = re.compile(r"/Msvm_ConcreteJob</w:ResourceURI><w:SelectorSet><w:Selector Name=\"InstanceID\">([^<]+)</w:Selector>")


class SpoilJob(Effect):
    """Gives another course to a job that the request has started.

    ``reads``, ``seconds``: it ends when it was read that often, or has run that long. ``fails``: it ends in an exception and nothing is
    changed. ``vanishes``: its instance is gone as soon as it has ended.
    """

    decides: ClassVar[bool] = False
    do: Literal["job"]
    reads: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, ge=0)
    fails: bool = False
    vanishes: bool = False

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        started = _JOB.search(answer.body)
        fleet = match.site.fleet
        host = fleet.windows(match.exchange.machine)
        if started is None or not isinstance(host, Host):
            return answer
        job = next((job for job in host.jobs.all(fleet.clock.now()) if job.id == started[1]), None)
        if job is not None and job.ended is None:
            rules = job.rules
            job.rules = replace(
                rules,
                reads=self.reads or rules.reads,
                fails=self.fails,
                vanishes=self.vanishes,
            )
            job.seconds = job.seconds if self.seconds is None else self.seconds
            course = [f"ends after {job.rules.reads} reads or {job.seconds:g} s"]
            course += ["fails"] * self.fails + ["vanishes"] * self.vanishes
            match.record(f"job {job.id}: {', '.join(course)}")
        return answer
