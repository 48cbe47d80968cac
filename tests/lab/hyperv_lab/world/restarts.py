# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host or guest that restarts."""

from __future__ import annotations

from . import avma
from .fleet import Fleet
from .guest import Guest
from .host import Host
from .jobs import JobQueue
from .vm import Vm, VmState
from .windows import Windows


class Restart:
    """Down from its making until ``finish``.

    A host saves its running VMs and resumes them, which is the default of AutomaticStopAction and AutomaticStartAction (Microsoft,
    Set-VM). What its management service had in memory is lost: jobs that had not ended never take effect.
    """

    def __init__(self, fleet: Fleet, windows: Windows) -> None:
        self._fleet = fleet
        self._windows = windows
        self._saved: list[Vm] = []
        if isinstance(windows, Host):
            windows.jobs = JobQueue()
            self._saved = [vm for vm in windows.vms.values() if vm.running]
            for vm in self._saved:
                fleet.set_state(vm, VmState.SAVED)

    def finish(self) -> None:
        self._windows.booted = self._fleet.clock.now()
        for vm in self._saved:
            if vm.state is VmState.SAVED:
                self._fleet.set_state(vm, VmState.RUNNING)
        if isinstance(self._windows, Guest) and self._fleet.placement(self._windows)[1].running:
            avma.at_start(self._fleet, self._windows)
