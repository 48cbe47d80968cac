# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam between the protocol half of the lab and its world.

``wsman`` and ``wql`` know nothing of Hyper-V: they ask a ``Machine`` for instances and have it carry out methods. ``world`` and
``providers`` know nothing of XML or HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from .types import CimClass, Instance, Value


class CimError(Exception):
    """A provider refuses. ``hresult`` is unsigned 32 bit, ``message`` as Windows words it (English unless the host's UI differs)."""

    def __init__(self, hresult: int, message: str, *, operation: str = "", parameter_info: str = "", provider: str = "") -> None:
        super().__init__(f"0x{hresult:08X} {message}")
        self.hresult = hresult & 0xFFFFFFFF
        self.message = message
        self.operation = operation
        self.parameter_info = parameter_info
        self.provider = provider


@dataclass(frozen=True)
class MethodResult:
    """What a method gives back: ``return_value`` None means that no ReturnValue element is sent."""

    return_value: int | None = 0
    outputs: Mapping[str, Value] = field(default_factory=dict)


class Account(Protocol):
    """Who is asking, as the authentication left it."""

    @property
    def name(self) -> str:
        """Without its domain."""

    @property
    def administrator(self) -> bool:
        """False: WinRM lets a member of Remote Management Users in, WMI namespaces refuse."""

    @property
    def remote_management(self) -> bool:
        """False: WinRM itself refuses (Access is denied, code 5)."""


class LoggedEvent(NamedTuple):
    """An event as the log of a machine holds it. ``level``: 2 error, 3 warning, 4 information; ``time`` by the machine's own clock."""

    record: int
    id: int
    qualifiers: int
    source: str
    level: int
    time: datetime
    strings: tuple[str, ...]
    message: str
    computer: str
    channel: str
    user: str | None = None  # SID


@runtime_checkable
class EventChannels(Protocol):
    """The event logs of a machine, for the event service. ``channel`` is compared without case."""

    def serves_events(self) -> bool:
        """False: the plug-in of the event service is switched off, and its resource unknown."""

    def may_read_events(self, account: Account, channel: str) -> bool:
        """False: the service says that access is denied."""

    def log_state(self, channel: str) -> tuple[int, int]:
        """How often the numbering has begun anew, and the number of the newest record."""

    def events_after(self, channel: str, record: int) -> Iterable[LoggedEvent]:
        """The events with a higher number, oldest first."""


class Machine(Protocol):
    """One simulated computer (host or guest) as the protocol half sees it."""

    name: str  # computer name, as in the inner Machine attribute of faults
    language: str  # en-US, de-DE, ja-JP, ru-RU

    def namespaces(self) -> Iterable[str]:
        """Namespaces that exist on this machine, lower case with slashes."""

    def may_read(self, account: Account, namespace: str) -> bool:
        """WMI namespace security: False becomes the WMI access-denied fault."""

    def seen_by(self, account: Account) -> Machine:
        """The machine with what its providers show this account."""

    def classes(self, namespace: str) -> Mapping[str, CimClass]:
        """All classes of a namespace by lower-case name, abstract ones too."""

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        """Instances of exactly this class (not of derived ones), keys always set. May raise CimError."""

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        """One instance by all or, for service singletons, some of its keys (compared without case). None: not found."""

    def put(self, instance: Instance, changes: Mapping[str, Value]) -> Instance:
        """Change properties. CimError if the class or property is read-only."""

    def authorise(self, account: Account, cls: CimClass, method: str) -> None:
        """What a provider asks of its caller beyond the namespace's security. CimError if that is not given."""

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        """Carry out a method (``target`` None: static). Effects are immediate or are a job. May raise CimError."""
