# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What a report is made of: results of the modules as a run or a ledger holds them, and what the site has set.

Results may be those of failed tasks, of older versions, or missing. Nothing that reads them raises on their shape.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .._avma.lease import LeaseRule
from .tenancy import TenantRule

Result = Mapping[str, t.Any]


@dataclass(frozen=True)
class HostMaterial:
    """A Hyper-V host of the inventory with the results of host_info, kvp_info and event_info, each empty if it is not there."""

    name: str
    info: Result = field(default_factory=dict)
    kvp: Result = field(default_factory=dict)
    events: Result = field(default_factory=dict)
    tenant: str | None = None


@dataclass(frozen=True)
class GuestMaterial:
    """A guest of the inventory. ``result`` is that of guest_info or guest_key, empty if neither ran."""

    name: str
    result: Result = field(default_factory=dict)
    vm_id: str | None = None
    vm_name: str | None = None
    tenant: str | None = None


@dataclass(frozen=True)
class LedgerMaterial:
    """What the ledger holds of the time that the report is about. ``begins``: its oldest event."""

    events: tuple[Result, ...] = ()
    activations: tuple[Result, ...] = ()
    begins: datetime | None = None


@dataclass(frozen=True)
class Settings:
    """``observed``: when hosts and guests were asked. ``since``: from when on events count. ``months``: how many, the current one included."""

    now: datetime
    observed: datetime
    since: datetime
    months: int = 2
    title: str = "AVMA report"
    lease: LeaseRule = field(default_factory=LeaseRule)
    tenants: TenantRule = field(default_factory=TenantRule)


@dataclass(frozen=True)
class Material:
    hosts: tuple[HostMaterial, ...] = ()
    guests: tuple[GuestMaterial, ...] = ()
    ledger: LedgerMaterial | None = None
    earlier: Result | None = None  # the JSON of an earlier report
