# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Hyper-V host."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .jobs import JobQueue
from .vm import Vm
from .windows import Windows

Platform = Literal["metal", "hyper-v", "azure"]


@dataclass(slots=True, eq=False)
class Host(Windows):
    hyperv: bool = True  # False: the role is not installed, root/virtualization/v2 does not exist
    hyperv_removed: bool = False  # the role is gone and its namespace stays, without classes
    vms: dict[str, Vm] = field(default_factory=dict)  # by GUID
    jobs: JobQueue = field(default_factory=JobQueue)
    throttle: int = 0  # so many requests for activation are refused with 0xC004FD00
    activations_at_once: int | None = None  # more requests for activation than this at a time are refused with it too; None: no limit
    taken: list[datetime] = field(default_factory=list)  # when those came that it is busy with, or was lately
    throttled: int = 0  # requests that were refused for being too many
    platform: Platform = "metal"  # otherwise the host is itself a virtual machine
    entitlement: str | None = None  # Azure Local only: one of releases.ENTITLEMENTS
    synchronised: bool = True  # Azure Local: False when it has not spoken with Azure for 30 days
    powered: bool = True  # False: dead, so that nothing answers
    node_state: int = 0  # MSCluster_Node.State: 0 up, 1 down, 2 paused, 3 joining
