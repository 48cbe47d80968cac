# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine as an account sees it that WMI lets in, and that Hyper-V or the event log show less than there is.

Hyper-V filters its rows by authorisation and answers empty, not denied (containers/libhvee 224, microsoft/devhome 2476); the event log by
WMI does the same (ORMi 30). Which rows are left is not published, so each shape is a switch of the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..cim.provider import Account, Machine, MethodResult
from ..cim.types import CimClass, Instance, Value
from ..world.accounts import LabAccount
from ..world.errors import WBEM_E_ACCESS_DENIED, failure
from .eventlog import EVENT_CLASSES
from .virtualization import NAMESPACE


class RestrictedMachine:
    """Implements ``cim.provider.Machine``."""

    def __init__(self, machine: Machine, account: LabAccount) -> None:
        self._machine = machine
        self._account = account
        self.name = machine.name
        self.language = machine.language

    def namespaces(self) -> Iterable[str]:
        return self._machine.namespaces()

    def may_read(self, account: Account, namespace: str) -> bool:
        return self._machine.may_read(account, namespace)

    def classes(self, namespace: str) -> Mapping[str, CimClass]:
        return self._machine.classes(namespace)

    def seen_by(self, account: Account) -> Machine:
        return self

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        if cls.name in EVENT_CLASSES and self._account.event_log != "readable":
            if self._account.event_log == "denied":
                raise failure(WBEM_E_ACCESS_DENIED)
            return ()
        return filter(self._shown, self._machine.instances(cls))

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        if cls.name in EVENT_CLASSES and self._account.event_log != "readable":
            return next(iter(self.instances(cls)), None)
        found = self._machine.find(cls, keys)
        return found if found is not None and self._shown(found) else None

    def _shown(self, instance: Instance) -> bool:
        rows = self._account.hyperv_rows
        if rows == "all" or instance.cls.namespace != NAMESPACE:
            return True
        if instance.cls.name == "Msvm_ComputerSystem":
            return rows != "none" and str(instance.values["Name"]).lower() == self.name.lower()
        return rows == "services" and instance.cls.name.endswith("ManagementService")

    def put(self, instance: Instance, changes: Mapping[str, Value]) -> Instance:
        return self._machine.put(instance, changes)

    def authorise(self, account: Account, cls: CimClass, method: str) -> None:
        if cls.namespace == NAMESPACE and self._account.hyperv_rows != "all":
            raise failure(WBEM_E_ACCESS_DENIED)
        self._machine.authorise(account, cls, method)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        return self._machine.invoke(cls, method, target, arguments)
