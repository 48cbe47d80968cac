# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Switching the Data Exchange integration service of a virtual machine on or off.

Windows 10 / Server 2016 and later: ``ModifyGuestServiceSettings``. Server 2012 R2 has only ``ModifyResourceSettings``, which later
versions still accept for integration services, so each stands in for the other. One call for each machine: whether a call may name several
machines is not documented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .._avma.facts import VmState
from .._wsman.errors import DeadlineExceeded, Fault, InvalidParameter, JobFailed, MethodFailed, MethodNotAvailable, WsManError
from .._wsman.job import JobOutcome
from .._wsman.session import Session
from .._wsman.values import EmbeddedInstance
from .hyperv import Vm
from .kvp import DISABLED, ENABLED, KvpSetting, read_settings
from .management_service import DOUBTFUL, ServiceRefused, call

_SETTING = "Msvm_KvpExchangeComponentSettingData"
FIRST_BUILD_WITH_GUEST_SERVICE_SETTINGS = 10240


_GUEST_SERVICE = ("ModifyGuestServiceSettings", "GuestServiceSettings")
_RESOURCE = ("ModifyResourceSettings", "ResourceSettings")
# "Not supported" and "invalid parameter": nothing was changed, and the other method may do.
_NOT_THIS_METHOD = frozenset({32770, 32773})


def switch(session: Session, setting: KvpSetting, *, enabled: bool, host_build: int | None, wait: float) -> JobOutcome:
    """Ask for the change and wait for its job, ``wait`` seconds at most. Raises as ``management_service.call``.

    Where a host refuses the method itself, the other one is called: Microsoft's own module takes ModifyResourceSettings on new hosts too.
    """
    changed = EmbeddedInstance(_SETTING, {"InstanceID": setting.setting_id, "EnabledState": ENABLED if enabled else DISABLED})
    old = host_build is not None and host_build < FIRST_BUILD_WITH_GUEST_SERVICE_SETTINGS
    first, second = (_RESOURCE, _GUEST_SERVICE) if old else (_GUEST_SERVICE, _RESOURCE)
    try:
        return _call(session, first, changed, wait)
    except (InvalidParameter, MethodNotAvailable, ServiceRefused) as refusal:
        if isinstance(refusal, ServiceRefused) and refusal.return_value not in _NOT_THIS_METHOD:
            raise
        try:
            return _call(session, second, changed, wait)
        except (InvalidParameter, MethodNotAvailable):
            raise refusal from None  # the first answer is the one that says more


def _call(session: Session, method: tuple[str, str], changed: EmbeddedInstance, wait: float) -> JobOutcome:
    name, parameter = method
    return call(session, name, {parameter: [changed]}, wait=wait)


class NotSwitched(WsManError):
    """Nothing was refused, and yet the setting is as it was."""


@dataclass
class Switched:
    """GUIDs of the machines that were changed, and what kept the others from it."""

    changed: list[str] = field(default_factory=list)
    errors: dict[str, WsManError] = field(default_factory=dict)


# A call that was lost is made once more if a look shows that nothing has changed: the same setting twice does no harm.
_ROUNDS = 2


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
        for _unused in range(_ROUNDS):
            settings = self._round(settings, enabled, outcome)
            if not settings:
                break
        return outcome

    def _round(self, settings: Sequence[KvpSetting], enabled: bool, outcome: Switched) -> Sequence[KvpSetting]:
        """Asks for each machine once. Returns those whose call came to nothing and may be made again; their errors stand until then."""
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
                return ()
            else:
                outcome.errors.pop(setting.vm_id, None)
                if job is JobOutcome.VANISHED:
                    doubtful.append(setting)
                else:
                    outcome.changed.append(setting.vm_id)
        return self._look(doubtful, enabled, outcome) if doubtful else ()

    def _look(self, doubtful: Sequence[KvpSetting], enabled: bool, outcome: Switched) -> list[KvpSetting]:
        """Whether a change took place although no answer said so. Returns the machines that certainly did not change."""
        unchanged: list[KvpSetting] = []
        vms = [Vm(id=setting.vm_id, name="", state=VmState.OTHER, state_code=None) for setting in doubtful]
        try:
            now = read_settings(self._session, vms, host_items=False)
        except WsManError as error:
            _still_doubtful(doubtful, error, outcome)
            return unchanged
        for setting in doubtful:
            if setting.vm_id in now and now[setting.vm_id].enabled is enabled:
                outcome.errors.pop(setting.vm_id, None)
                outcome.changed.append(setting.vm_id)
                continue
            gone = NotSwitched("the job that should switch Data Exchange is gone, and the setting has not changed")
            error_of_call = outcome.errors.setdefault(setting.vm_id, gone)
            if setting.vm_id in now and not isinstance(error_of_call, DeadlineExceeded):  # that one's job may still run
                unchanged.append(setting)
        return unchanged


def _still_doubtful(doubtful: Sequence[KvpSetting], error: WsManError, outcome: Switched) -> None:
    """It could not be looked, because of ``error``: no machine may pass for switched or untouched."""
    for setting in doubtful:
        outcome.errors.setdefault(setting.vm_id, error)
