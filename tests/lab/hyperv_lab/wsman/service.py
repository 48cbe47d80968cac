# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM service of one machine: from a request's bytes to its answer. Every failure is a fault; nothing escapes as an exception."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ..cim.provider import Account, CimError, Machine
from . import transfer
from .answer import Answer, fault_answer
from .enumeration import Enumerations
from .envelope import Addressing, Request, parse_envelope, read_addressing, read_request
from .event_subscriptions import EventSubscriptions
from .fault_rendering import fault_action, render_fault
from .faults import ACCESS_DENIED, ACTION_NOT_SUPPORTED, INTERNAL_ERROR, INVALID_URI, WsmanFault, provider_failure, unknown_error
from .identify import identify
from .instance_xml import InstanceWriter
from .invoke import invoke
from .namespaces import ENUMERATION, EVENT_LOG, POWERSHELL_ROOT, SHELL_ROOT, TRANSFER
from .operation import Operation
from .resource_uri import is_wmi_uri
from .settings import ServiceSettings
from .winrm_config import get_config, is_config_uri
from .winrs import Commands, Shells

_log = logging.getLogger(__name__)
# One for all machines: most of them share their classes.
_WRITER = InstanceWriter()


@dataclass(frozen=True)
class Received:
    """A request as far as it could be read; ``fault`` is set when WinRM refuses it before looking at the resource."""

    addressing: Addressing
    request: Request | None = None
    fault: WsmanFault | None = None

    @property
    def action(self) -> str:
        if self.request is not None and self.request.identify:
            return "Identify"
        return self.addressing.action or ""

    @property
    def resource_uri(self) -> str:
        return self.request.resource_uri if self.request is not None else ""

    @property
    def is_shell(self) -> bool:
        return is_shell_uri(self.resource_uri)


def is_shell_uri(uri: str) -> bool:
    return uri.lower().startswith((SHELL_ROOT, POWERSHELL_ROOT))


class WsmanService:
    def __init__(
        self,
        machine: Machine,
        settings: ServiceSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        commands: Commands | None = None,
    ) -> None:
        """``commands``: those that a shell of this machine runs; every other one it only takes."""
        self.machine = machine
        self.settings = settings
        self._shells = Shells(commands)
        self._enumerations = Enumerations(clock)
        self._subscriptions = EventSubscriptions(machine, clock)

    def receive(self, data: bytes) -> Received:
        """Read the envelope and its headers."""
        addressing = Addressing()
        try:
            envelope = parse_envelope(data)
            addressing = read_addressing(envelope)
            request = read_request(
                envelope,
                strict=self.settings.strict,
                max_envelope_bytes=self.settings.max_envelope_bytes,
                max_timeout=timedelta(milliseconds=self.settings.max_timeout_ms),
            )
        except WsmanFault as fault:
            return Received(addressing, fault=fault)
        return Received(addressing, request)

    async def wait(self, received: Received) -> None:
        """Let a Pull of events wait for events, as long as its operation may take."""
        request = received.request
        if request is not None and request.action == f"{ENUMERATION}/Pull":
            await self._subscriptions.wait(request.body, request.timeout.total_seconds())

    def answer(self, received: Received, account: Account | None, client_host: str) -> Answer:
        """``account`` None: not authenticated, which only Identify bears. ``client_host``: the machine as the client called it."""
        try:
            if received.fault is not None:
                raise received.fault
            if received.request is None:
                raise ACTION_NOT_SUPPORTED.fault()
            if received.request.identify:
                return identify(self.settings, authenticated=account is not None)
            if account is None or not account.remote_management:
                raise ACCESS_DENIED.fault()
            return self._dispatch(received.request, account)
        except WsmanFault as fault:
            return self.fault(received, fault, client_host)
        except CimError as error:
            return self.fault(received, provider_failure(error, "root/cimv2", "ExecQuery"), client_host)
        except Exception:
            _log.exception("%s: %s on %s failed", self.machine.name, received.action, received.resource_uri)
            return self.fault(received, INTERNAL_ERROR.fault(), client_host)

    def fault(self, received: Received, fault: WsmanFault, client_host: str) -> Answer:
        if fault.hresult is not None and self.settings.unknown_errors == "text":
            fault = unknown_error(fault.hresult)
        language = received.addressing.locale or self.machine.language
        body = render_fault(fault, form=self.settings.fault_form, language=language, client_host=client_host, computer=self.machine.name)
        return fault_answer(fault_action(fault), body, fault.code, to=received.addressing, language=language)

    def _dispatch(self, request: Request, account: Account) -> Answer:
        operation = Operation(
            request, account, self.machine.seen_by(account), self.settings, _WRITER, request.locale or self.machine.language
        )
        # A Pull or Release is known by its context alone, whatever its resource URI says.
        if request.action == f"{ENUMERATION}/Pull" and self._subscriptions.knows(request.body):
            return self._subscriptions.pull(operation)
        if request.action == f"{ENUMERATION}/Pull":
            return self._enumerations.pull(operation)
        if request.action == f"{ENUMERATION}/Release":
            return self._enumerations.release(operation)
        uri = request.resource_uri
        if is_shell_uri(uri):
            return self._shells.answer(operation)
        if uri.lower() == EVENT_LOG.lower():
            return self._subscriptions.answer(operation)
        if is_config_uri(uri):
            return get_config(operation)
        if not is_wmi_uri(uri):
            raise INVALID_URI.fault()
        return self._wmi(operation)

    def _wmi(self, operation: Operation) -> Answer:
        action = operation.request.action
        if action == f"{ENUMERATION}/Enumerate":
            return self._enumerations.enumerate(operation)
        if action == f"{TRANSFER}/Get":
            return transfer.get(operation)
        if action == f"{TRANSFER}/Put":
            return transfer.put(operation)
        if action in (f"{TRANSFER}/Create", f"{TRANSFER}/Delete"):
            return transfer.refuse_change(operation)
        if is_wmi_uri(action):
            return invoke(operation)
        raise ACTION_NOT_SUPPORTED.fault()
