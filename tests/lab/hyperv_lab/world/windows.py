# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One installation of Windows, on metal or in a VM: what hosts and guests have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from . import registry
from .eventlog import EventLog
from .licence import Licence
from .registry import REG_DWORD, REG_SZ, Registry
from .releases import Edition, Release

LANGUAGES = {"en-US": 1033, "de-DE": 1031, "ja-JP": 1041, "ru-RU": 1049}


class KmsSettings(NamedTuple):
    """Values below SoftwareProtectionPlatform (public text of slmgr.vbs). "" and None: not set."""

    machine: str
    port: int | None
    lookup_domain: str


@dataclass(slots=True, eq=False)
class Windows:
    name: str  # computer name, at most 15 characters
    release: Release
    edition: Edition
    licence: Licence
    log: EventLog
    booted: datetime
    installed: datetime
    language: str = "en-US"
    domain: str | None = None  # DNS name; None: a workgroup
    address: str = ""  # IPv4 of its WinRM listener; empty: none
    denied_namespaces: frozenset[str] = frozenset()  # for every account, such as hardened machines
    kms_reachable: bool | None = None  # None: as the scenario's rules say
    licensing_refusals: dict[str, list[int]] = field(default_factory=dict)  # method -> HRESULTs with which its next calls are refused
    # The event service (WS-Man's .../windows/EventLog): refused to every account, or its plug-in switched off.
    event_service: Literal["served", "denied", "absent"] = "served"
    clock_skew: timedelta = timedelta(0)  # by which this machine's own clock is ahead of the lab's
    _registry: Registry | None = field(default=None, repr=False)

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.domain}" if self.domain else self.name

    @property
    def product_name(self) -> str:
        """ProductName in the registry and KVP's OSName."""
        return f"{self.release.product} {self.edition.label}"

    @property
    def caption(self) -> str:
        """Win32_OperatingSystem.Caption. Only its first word is translated, and not everywhere."""
        return f"{'Майкрософт' if self.language == 'ru-RU' else 'Microsoft'} {self.product_name}"

    @property
    def registry(self) -> Registry:
        """Made when first asked for: most machines of a large fleet are never asked."""
        if self._registry is None:
            self._registry = self._new_registry().installed()
        return self._registry

    @property
    def kms_settings(self) -> KmsSettings:
        """What slmgr's /skms and /skms-domain, a policy or a script has set. A key that is installed leaves them as they are."""
        values = self.registry.values(registry.SOFTWARE_PROTECTION) or {}

        def text(name: str) -> str:
            found = values.get(name.lower())
            return "" if found is None else str(found.data)

        port = text("KeyManagementServicePort")
        return KmsSettings(
            text("KeyManagementServiceName"), int(port) if port.isdigit() else None, text("KeyManagementServiceLookupDomain")
        )

    @property
    def changed_registry(self) -> Registry | None:
        """The registry if somebody has looked at it, None if it is as installed."""
        return self._registry

    def become(self, release: Release, edition: Edition) -> None:
        """Another release or edition in the same place, with a registry that says so."""
        self.release, self.edition, self._registry = release, edition, None

    def _new_registry(self) -> Registry:
        hive = Registry()
        build = str(self.release.build)
        hive.create(registry.CURRENT_VERSION)
        strings = {
            "ProductName": self.product_name,
            "EditionID": self.edition.edition_id,
            "InstallationType": "Server Core" if self.edition.core else "Server",
            "CurrentBuild": build,
            "CurrentBuildNumber": build,
            "CurrentVersion": "6.3",
        }
        if self.release.display:
            strings["ReleaseId"] = strings["DisplayVersion"] = self.release.display
        for name, data in strings.items():
            hive.set(registry.CURRENT_VERSION, name, REG_SZ, data)
        if self.release.kernel[0] >= 10:
            hive.set(registry.CURRENT_VERSION, "CurrentMajorVersionNumber", REG_DWORD, self.release.kernel[0])
            hive.set(registry.CURRENT_VERSION, "CurrentMinorVersionNumber", REG_DWORD, self.release.kernel[1])
        hive.create(registry.SOFTWARE_PROTECTION)
        return hive
