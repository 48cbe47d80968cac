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
from .effect import Effect, Moment, Strike


class Reboot(Effect):
    """The machine restarts: no listener for ``seconds``, enumerations and jobs lost, every connection reset."""

    do: Literal["reboot"]
    seconds: float = Field(default=2.0, ge=0, le=600)
    moment: Moment = "before"

    async def before(self, strike: Strike) -> Answer | None:
        if self.moment == "after":
            return None
        self._restart(strike)
        return Answer(0, ending=Ending.CUT)

    async def after(self, strike: Strike, answer: Answer) -> Answer:
        if self.moment == "before":
            return answer
        self._restart(strike)
        return replace(answer, ending=Ending.CUT)

    def _restart(self, strike: Strike) -> None:
        strike.record(f"restarts {self.moment} it was carried out, back in {self.seconds:g} s")
        strike.site.restart(strike.exchange.machine, self.seconds)


class Migrate(Effect):
    """A VM moves to another node of its host's cluster: that of the guest that is asked, or one of the host's running ones.

    Nothing happens where there is no cluster, or no other node that is up.
    """

    decides: ClassVar[bool] = False
    do: Literal["migrate"]
    moment: Moment = "before"

    async def before(self, strike: Strike) -> Answer | None:
        if self.moment == "before":
            self._migrate(strike)
        return None

    async def after(self, strike: Strike, answer: Answer) -> Answer:
        if self.moment == "after":
            self._migrate(strike)
        return answer

    def _migrate(self, strike: Strike) -> None:
        fleet = strike.site.fleet
        windows = fleet.windows(strike.exchange.machine)
        vm: Vm | None = None
        if isinstance(windows, Guest):
            source, vm = fleet.placement(windows)
        elif isinstance(windows, Host):
            source = windows
            running = [vm for vm in windows.vms.values() if vm.running]
            vm = running[int(strike.chance("vm") * len(running))] if running else None
        cluster = fleet.cluster_of(source)
        targets = [
            node
            for node in (cluster.nodes if cluster is not None else ())
            if node is not source and node.node_state == 0 and not strike.site.is_restarting(node.name)
        ]
        if vm is None or not vm.running or not targets:
            return
        target = targets[int(strike.chance("node") * len(targets))]
        fleet.migrate(vm, target)
        strike.record(f"VM {vm.name} moves from {source.name} to {target.name}")


class ClockSkew(Effect):
    """The machine's clock is wrong by ``seconds`` from now on."""

    decides: ClassVar[bool] = False
    do: Literal["clock_skew"]
    seconds: float

    async def before(self, strike: Strike) -> Answer | None:
        windows = strike.site.fleet.windows(strike.exchange.machine)
        skew = timedelta(seconds=self.seconds)
        if windows.clock_skew != skew:
            windows.clock_skew = skew
            strike.record(f"the clock is wrong by {self.seconds:g} s from now on")
        return None
