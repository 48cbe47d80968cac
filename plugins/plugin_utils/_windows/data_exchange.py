# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Switching the Data Exchange integration service of a virtual machine on or off.

Windows 10 / Server 2016 and later: ``ModifyGuestServiceSettings``. Server 2012 R2 has only ``ModifyResourceSettings``, which later
versions still accept for integration services. One call for each machine: whether a call may name several machines is not documented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .._avma.facts import VmState
from .._wsman.errors import Fault, JobFailed, MethodFailed, WsManError
from .._wsman.job import JobOutcome
from .._wsman.session import Session
from .._wsman.values import EmbeddedInstance
from .hyperv import Vm
from .kvp import DISABLED, ENABLED, KvpSetting, read_settings
from .management_service import DOUBTFUL, call

_SETTING = "Msvm_KvpExchangeComponentSettingData"
FIRST_BUILD_WITH_GUEST_SERVICE_SETTINGS = 10240


def switch(session: Session, setting: KvpSetting, *, enabled: bool, host_build: int | None, wait: float) -> JobOutcome:
    """Ask for the change and wait for its job, ``wait`` seconds at the most. Raises as ``management_service.call``."""
    changed = EmbeddedInstance(_SETTING, {"InstanceID": setting.setting_id, "EnabledState": ENABLED if enabled else DISABLED})
    if host_build is not None and host_build < FIRST_BUILD_WITH_GUEST_SERVICE_SETTINGS:
        method, parameter = "ModifyResourceSettings", "ResourceSettings"
    else:
        method, parameter = "ModifyGuestServiceSettings", "GuestServiceSettings"
    return call(session, method, {parameter: [changed]}, wait=wait)


class NotSwitched(WsManError):
    """Nothing was refused, and yet the setting is as it was."""


@dataclass
class Switched:
    """GUIDs of the machines that were changed, and what kept the others from it."""

    changed: list[str] = field(default_factory=list)
    errors: dict[str, WsManError] = field(default_factory=dict)


class SwitchRunner:
    """Switches machines one after the other and looks afterwards whether it is so. One machine's failure does not stop the others.

    ``wait`` is the time for each machine's job in seconds.
    """

    def __init__(self, session: Session, *, host_build: int | None, wait: float) -> None:
        self._session = session
        self._host_build = host_build
        self._wait = wait

    def apply(self, settings: Sequence[KvpSetting], *, enabled: bool) -> Switched:
        outcome = Switched()
        doubtful: list[KvpSetting] = []
        for position, setting in enumerate(settings):
            try:
                job = switch(self._session, setting, enabled=enabled, host_build=self._host_build, wait=self._wait)
            except DOUBTFUL as error:
                outcome.errors[setting.vm_id] = error
                doubtful.append(setting)
            except (MethodFailed, JobFailed, Fault) as error:
                outcome.errors[setting.vm_id] = error
            except WsManError as error:
                # The host itself is gone. What was changed until now must still be told.
                outcome.errors.update({left.vm_id: error for left in settings[position:]})
                _still_doubtful(doubtful, error, outcome)
                return outcome
            else:
                if job is JobOutcome.VANISHED:
                    doubtful.append(setting)
                else:
                    outcome.changed.append(setting.vm_id)
        if doubtful:
            self._look(doubtful, enabled, outcome)
        return outcome

    def _look(self, doubtful: Sequence[KvpSetting], enabled: bool, outcome: Switched) -> None:
        """Whether a change took place although nobody said so."""
        vms = [Vm(id=setting.vm_id, name="", state=VmState.OTHER, state_code=None) for setting in doubtful]
        try:
            now = read_settings(self._session, vms, host_items=False)
        except WsManError as error:
            _still_doubtful(doubtful, error, outcome)
            return
        for setting in doubtful:
            if setting.vm_id in now and now[setting.vm_id].enabled is enabled:
                outcome.errors.pop(setting.vm_id, None)
                outcome.changed.append(setting.vm_id)
            elif setting.vm_id not in outcome.errors:
                outcome.errors[setting.vm_id] = NotSwitched(
                    "the job that should switch Data Exchange is gone, and the setting has not changed"
                )


def _still_doubtful(doubtful: Sequence[KvpSetting], error: WsManError, outcome: Switched) -> None:
    """It could not be looked, because of ``error``: no machine may pass for switched or untouched."""
    for setting in doubtful:
        outcome.errors.setdefault(setting.vm_id, error)
