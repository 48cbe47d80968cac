# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_ServerFeature and Win32_OptionalFeature: which roles are installed (Microsoft; IDs 20 Hyper-V, 33 Failover Clustering)."""

from __future__ import annotations

from collections.abc import Iterable

from ..cim.types import CimClass, Instance, Value
from ..world.host import Host
from .base import Provider, instance

_INSTALLED, _NOT_INSTALLED = 1, 2


class ServerFeatures(Provider):
    serves = ("Win32_ServerFeature",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        features = [(481, "File and Storage Services", 0)]
        if isinstance(self.windows, Host):
            if self.windows.hyperv:
                features.append((20, "Hyper-V", 0))
            if self.fleet.cluster_of(self.windows) is not None:
                features.append((33, "Failover Clustering", 0))
        for number, name, parent in features:
            yield instance(cls, {"ID": number, "Name": name, "ParentID": parent})


class OptionalFeatures(Provider):
    serves = ("Win32_OptionalFeature",)

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        hyperv = isinstance(self.windows, Host) and self.windows.hyperv
        for name, caption in (
            ("Microsoft-Hyper-V", "Hyper-V"),
            ("Microsoft-Hyper-V-Management-PowerShell", "Hyper-V Module for Windows PowerShell"),
        ):
            values: dict[str, Value] = {"Caption": caption, "Name": name, "InstallState": _INSTALLED if hyperv else _NOT_INSTALLED}
            yield instance(cls, values)
