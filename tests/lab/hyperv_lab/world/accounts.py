# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of the lab. Their passwords are public: they open nothing but the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

# What Hyper-V shows an account without rights of its own on it: nothing, the host's own row, or that and its services. Rows of machines
# are filtered (containers/libhvee 224, microsoft/devhome 2476); whether the others are is not published.
HyperVRows = Literal["all", "none", "host", "services"]
# Zero rows and no fault is what was seen of an account that may not read the log (ORMi 30, Win32-OpenSSH 1662).
EventLogRight = Literal["readable", "empty", "denied"]


@dataclass(frozen=True)
class LabAccount:
    """One account as every machine of the lab knows it."""

    name: str
    password: str = field(repr=False)
    domain: str | None = None
    administrator: bool = True
    remote_management: bool = True
    denied: frozenset[str] = frozenset()  # namespaces, lower case
    machines: frozenset[str] | None = None  # names of the machines it is good for; None: all
    locked: bool = False  # locked out by wrong passwords
    wmi_rights: bool = False  # no administrator, but granted every right on the WMI namespaces
    hyperv_rows: HyperVRows = "all"
    event_log: EventLogRight = "readable"

    def may_read(self, machine: str, namespace: str) -> bool:
        """WMI namespace security: only administrators read by default; others may be granted it (Microsoft, "Access to WMI namespaces")."""
        if self.machines is not None and machine.lower() not in self.machines:
            return False
        return (self.administrator or self.wmi_rights) and namespace.lower() not in self.denied
