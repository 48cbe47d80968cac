# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a whole machine while somebody speaks to it: restart, live migration, a clock that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from ..world.guest import Guest
from ..world.host import Host
from ..world.vm import Vm
from ..wsman.answer import Answer, Ending
from .effect import Effect, Moment, RuleMatch


class Reboot(Effect):
    """The machine restarts: no listener for ``seconds``, enumerations and jobs lost, every connection reset."""

    do: Literal["reboot"]
    seconds: float = Field(default=2.0, ge=0, le=600)
    moment: Moment = "before"

    async def before(self, match: RuleMatch) -> Answer | None:
        if self.moment == "after":
            return None
        self._restart(match)
        return Answer(0, ending=Ending.CUT)

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        if self.moment == "before":
            return answer
        self._restart(match)
        return replace(answer, ending=Ending.CUT)

    def _restart(self, match: RuleMatch) -> None:
        match.record(f"restarts {self.moment} it was carried out, back in {self.seconds:g} s")
        match.site.restart(match.exchange.machine, self.seconds)


class Migrate(Effect):
    """A VM moves to another node of its host's cluster: that of the guest that is asked, or one of the host's running ones.

    Nothing happens where there is no cluster, or no other node that is up.
    """

    decides: ClassVar[bool] = False
    do: Literal["migrate"]
    moment: Moment = "before"

    async def before(self, match: RuleMatch) -> Answer | None:
        if self.moment == "before":
            self._migrate(match)
        return None

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        if self.moment == "after":
            self._migrate(match)
        return answer

    def _migrate(self, match: RuleMatch) -> None:
        fleet = match.site.fleet
        windows = fleet.windows(match.exchange.machine)
        vm: Vm | None = None
        if isinstance(windows, Guest):
            source, vm = fleet.placement(windows)
        elif isinstance(windows, Host):
            source = windows
            running = [vm for vm in windows.vms.values() if vm.running]
            vm = running[int(match.chance("vm") * len(running))] if running else None
        cluster = fleet.cluster_of(source)
        targets = [
            node
            for node in (cluster.nodes if cluster is not None else ())
            if node is not source and node.node_state == 0 and not match.site.is_restarting(node.name)
        ]
        if vm is None or not vm.running or not targets:
            return
        target = targets[int(match.chance("node") * len(targets))]
        fleet.migrate(vm, target)
        match.record(f"VM {vm.name} moves from {source.name} to {target.name}")


class ClockSkew(Effect):
    """The machine's clock is wrong by ``seconds`` from now on."""

    decides: ClassVar[bool] = False
    do: Literal["clock_skew"]
    seconds: float

    async def before(self, match: RuleMatch) -> Answer | None:
        windows = match.site.fleet.windows(match.exchange.machine)
        skew = timedelta(seconds=self.seconds)
        if windows.clock_skew != skew:
            windows.clock_skew = skew
            match.record(f"the clock is wrong by {self.seconds:g} s from now on")
        return None
