# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The ways to a guest: its own WinRM, or PowerShell Direct through the Hyper-V host that runs it."""

from __future__ import annotations

import typing as t
from abc import abstractmethod
from dataclasses import dataclass, field, replace

from .._avma.direct import PROSPECTS, Prospect
from .._avma.findings import Finding, finding
from .._avma.tables import Tables
from .._windows.direct_access import guest_of, open_direct_guest
from .._windows.direct_guest import DirectGuest
from .._windows.direct_refusal import DirectRefused
from .._windows.powershell_direct import Credential
from .._wsman.cim import Cim
from .._wsman.errors import WsManError
from .._wsman.session import Session
from .action import Task, WsManAction
from .failure import EFFECT_UNKNOWN, Failure, failure_of
from .guest_place import VM_ID, places_of
from .meant_vm import IDENTITY_OPTION, MeantVm
from .options import OptionError
from .output import plain
from .owning_host import OwnerSearch

# Cim is for actions, which know Windows and not its protocol.
__all__ = ["NO_ANSWER", "WAY_OPTIONS", "Cim", "GuestAction", "GuestOptions", "Way"]

Result = dict[str, t.Any]

WINRM, DIRECT, AUTO = "winrm", "direct", "auto"
WAY_OPTIONS: dict[str, t.Any] = {
    "via": {"type": "str", "choices": [WINRM, DIRECT, AUTO], "default": WINRM},
    "vm": {"type": "str"},
    "guest_user": {"type": "str"},
    "guest_password": {"type": "str", "no_log": True},
    "direct_hosts": {"type": "list", "elements": "str", "default": []},
    **IDENTITY_OPTION,
}
# What a machine that is off or cut off looks like, also through a proxy. One that refuses the credentials does answer.
NO_ANSWER = ("connect_timed_out", "connection_failed", "proxy_failed", "read_timed_out")
_NEEDED = ("vm", "guest_user", "guest_password")


@dataclass(frozen=True)
class Way:
    """What WAY_OPTIONS say."""

    via: str
    vm: str | None
    guest_user: str | None
    guest_password: str | None = field(repr=False)
    direct_hosts: tuple[str, ...]
    check_identity: bool


@dataclass(frozen=True)
class GuestOptions:
    """What each action on a guest needs; a concrete one adds its own."""

    way: Way
    tables: Tables


Options = t.TypeVar("Options", bound=GuestOptions)


class GuestAction(WsManAction[Options]):
    """An action on one guest. A concrete one adds WAY_OPTIONS to its own, and says what it does with the guest's CIM classes."""

    def way(self, task: Task) -> Way:
        """The way that the task wants. Raises OptionError."""
        given = {name: task.given[name] for name in WAY_OPTIONS}
        if given["via"] == DIRECT and self._task.delegate_to:
            given.update(self._of_guest(task))
        if given["guest_password"]:
            task.secrets.add(given["guest_password"])
        if given["via"] == DIRECT and (missing := [name for name in _NEEDED if not given[name]]):
            raise OptionError(
                f"via: direct needs {' and '.join(missing)}: the task is run on the Hyper-V host, and reaches one guest of it"
            )
        return Way(**{**given, "direct_hosts": tuple(given["direct_hosts"])})

    def _of_guest(self, task: Task) -> dict[str, str]:
        """What is not said, of the guest whose task was delegated to its host: the variables are still the guest's."""
        own = task.variables
        defaults = {
            "vm": own.get(VM_ID) or own.get("inventory_hostname"),
            "guest_user": own.get("ansible_user"),
            "guest_password": own.get("ansible_password"),
        }
        return {
            name: plain(str(self._templar.template(value))) for name, value in defaults.items() if not task.given[name] and _is_text(value)
        }

    def converse(self, task: Task, options: Options, session: Session) -> Result:
        way = options.way
        if way.via != DIRECT:
            return {**self.ask(task, options, session), "via": WINRM}
        credential = Credential(str(way.guest_user), str(way.guest_password))
        vm = str(way.vm)
        try:
            guest = open_direct_guest(session, vm, credential, host=task.machine)
        except DirectRefused as refused:
            return self._direct_failure(task, options, failure_of(refused, f"{vm} on {task.machine}"))
        return self._ask_directly(replace(task, machine=guest.vm.label), options, guest)

    def failed(self, task: Task, options: Options, failure: Failure) -> Result:
        if options.way.via == AUTO and failure.kind in NO_ANSWER:
            return self._around(task, options)
        return self.gave_up(task, failure, later=failure.kind in NO_ANSWER and self.defers(options))

    @abstractmethod
    def ask(self, task: Task, options: Options, guest: Cim) -> Result:
        """Do the work. WsManErrors may be left to the caller."""

    @abstractmethod
    def gave_up(self, task: Task, failure: Failure, *, later: bool) -> Result:
        """The result where the guest could not be asked or refused. ``later``: a further run may reach it."""

    def defers(self, options: Options) -> bool:
        """Whether a guest that does not answer is left for a further run."""
        return False

    def meant_vm(self, task: Task, options: Options, guest: Cim) -> MeantVm:
        """The virtual machine that the guest of this task is meant to be."""
        direct = guest.vm.id if isinstance(guest, DirectGuest) else None
        # Of a task of the host itself, which reaches its guest by name, the variables are not the guest's.
        return MeantVm(
            task.machine,
            task.variables,
            check=options.way.check_identity,
            render=self.rendered,
            direct=direct,
        )

    # through the host

    def _ask_directly(self, task: Task, options: Options, guest: DirectGuest) -> Result:
        try:
            answer = self.ask(task, options, guest)
        except WsManError as error:
            return self._direct_failure(task, options, failure_of(error, task.machine))
        finally:
            self._display.vvv(f"PowerShell Direct: {guest.trips} trips into {guest.vm.label}", host=task.machine)
        vm = {"id": guest.vm.id, "name": guest.vm.name, "host": guest.vm.host, "in_inventory": options.way.via == AUTO}
        return {**answer, "via": DIRECT, "vm": vm}

    def _direct_failure(self, task: Task, options: Options, failure: Failure) -> Result:
        auto = options.way.via == AUTO
        found = failure.finding
        if auto and failure.kind in NO_ANSWER:
            return self._later(task, finding("DIRECT_HOST_UNREACHABLE", task.machine, host=task.machine, reason=failure.msg))
        # A change that may have been made is nothing to leave for later.
        prospect = PROSPECTS.get(found.code) if found is not None and failure.kind != EFFECT_UNKNOWN else None
        later = prospect in (Prospect.LATER, Prospect.OTHER_WAY) if auto else prospect is Prospect.LATER and self.defers(options)
        # The guest is a machine of the inventory only where its own WinRM was tried first.
        return self.gave_up(task, replace(failure, unreachable=failure.unreachable and not auto), later=later)

    def _later(self, task: Task, found: Finding) -> Result:
        return self.gave_up(task, failure_of(DirectRefused(found), task.machine), later=True)

    def _around(self, task: Task, options: Options) -> Result:
        """A guest that does not answer, through the host that owns its machine now."""
        credential = self._guest_credential(task, options.way)
        if credential is None:
            return self._later(task, finding("DIRECT_WITHOUT_CREDENTIALS", task.machine))
        places = places_of(task.variables, task.machine, options.way.vm, options.way.direct_hosts)
        if isinstance(places, Finding):
            return self._later(task, places)
        with OwnerSearch(task.variables, self._play_context) as search:
            owner = search.find(places, task.machine)
            if isinstance(owner, Finding):
                return self._later(task, owner)
            task.say(f"{task.machine}: does not answer over its network, PowerShell Direct through {owner.host} is tried")
            try:
                guest = guest_of(owner.session, owner.vm, credential, host=owner.host)
            except DirectRefused as refused:
                return self._direct_failure(task, options, failure_of(refused, task.machine))
            return self._ask_directly(task, options, guest)

    def _guest_credential(self, task: Task, way: Way) -> Credential | None:
        """What the options say, else what the guest's own connection would have used. A ticket or a certificate is of no use here."""
        user = way.guest_user or self._connection.get_option("remote_user")
        password = way.guest_password or self._connection.get_option("remote_password")
        if not user or not password:
            return None
        task.secrets.add(str(password))
        return Credential(str(user), str(password))


def _is_text(value: t.Any) -> bool:
    """What Ansible Vault has encrypted in a file of variables is none in ansible-core before 2.19, and becomes one when it is asked to."""
    return isinstance(value, str) or bool(getattr(value, "__ENCRYPTED__", False))
