# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals that pass: 503, quotas, a busy WMI, operation timeouts. Codes and texts of wsmerror.h and wbemcli.h."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from ..cim.provider import CimError
from ..wsman.answer import Answer, Ending
from ..wsman.faults import INTERNAL_ERROR, TIMED_OUT, TOO_MANY_SHELLS, FaultKind, WsmanFault, provider_failure, too_many_operations
from .effect import Effect, Moment, RuleMatch

_CANNOT = "The WS-Management service cannot process the request. "
_SLOW_DOWN = "Send future requests at a slower rate or raise the "


def _quota(code: int, text: str) -> FaultKind:
    return FaultKind("w:QuotaLimit", code, text)


_QUOTA_USER = _quota(
    2150859175,
    f"{_CANNOT}The load quota of 1500 requests per 2 seconds has been exceeded. {_SLOW_DOWN}quota for this user. "
    "The next request from this user will not be approved for at least 500 milliseconds. ",
)
_QUOTA_SYSTEM = _quota(
    2150859176,
    f"{_CANNOT}The load quota for the system has been exceeded. {_SLOW_DOWN}system quota. "
    "The next request will not be approved for at least 500 milliseconds. ",
)
_QUOTA_PLUGIN_OPERATIONS = _quota(
    2150859239,
    f"{_CANNOT}The maximum number of concurrent operations for the WMI Provider plug-in has been exceeded. "
    "Retry the request later or raise the plug-in's quota. ",
)
_QUOTA_USER_OPERATIONS = _quota(
    2150859240,
    f"{_CANNOT}The maximum number of concurrent operations for this user in the WMI Provider plug-in has been exceeded. "
    "Close existing operations for this user, or raise the quota for this user. ",
)
_ENDPOINT_UNAVAILABLE = FaultKind(
    "a:EndpointUnavailable",
    2150858772,
    "The WS-Management service cannot process the request because the resource is offline. Retry the request later when the resource is "
    "online. ",
    receiver=True,
)


def _wmi(hresult: int, text: str) -> Callable[[], WsmanFault]:
    return lambda: provider_failure(CimError(hresult, text), "root/cimv2", "ExecQuery")


FaultName = Literal[
    "too_many_operations",
    "too_many_shells",
    "user_load",
    "system_load",
    "plugin_operations",
    "user_operations",
    "offline",
    "wmi_busy",
    "wmi_shutting_down",
    "internal_error",
]
_FAULTS: dict[FaultName, Callable[[], WsmanFault]] = {
    "too_many_operations": lambda: too_many_operations(1500),
    "too_many_shells": TOO_MANY_SHELLS.fault,
    "user_load": _QUOTA_USER.fault,
    "system_load": _QUOTA_SYSTEM.fault,
    "plugin_operations": _QUOTA_PLUGIN_OPERATIONS.fault,
    "user_operations": _QUOTA_USER_OPERATIONS.fault,
    "offline": _ENDPOINT_UNAVAILABLE.fault,
    "wmi_busy": _wmi(0x80041045, "The server is too busy."),  # WBEM_E_SERVER_TOO_BUSY
    "wmi_shutting_down": _wmi(0x80041033, "Shutting down"),  # WBEM_E_SHUTTING_DOWN
    "internal_error": INTERNAL_ERROR.fault,
}


class Refuse(Effect):
    """A fault instead of the answer. The request is not carried out."""

    do: Literal["fault"]
    fault: FaultName

    async def before(self, match: RuleMatch) -> Answer | None:
        fault = _FAULTS[self.fault]()
        match.record(f"fault {fault.code}, {self.fault}")
        return match.exchange.fault(fault)


class Timeout(Effect):
    """The operation took too long, says WinRM after ``seconds`` (never more than the request's OperationTimeout).

    With moment ``after`` it was carried out all the same, and only its answer is lost.
    """

    do: Literal["timeout"]
    moment: Moment = "before"
    seconds: float = Field(default=0.0, ge=0)

    async def before(self, match: RuleMatch) -> Answer | None:
        return await self._time_out(match) if self.moment == "before" else None

    async def after(self, match: RuleMatch, answer: Answer) -> Answer:
        return await self._time_out(match) if self.moment == "after" else answer

    async def _time_out(self, match: RuleMatch) -> Answer:
        request = match.exchange.received.request
        seconds = min(self.seconds, request.timeout.total_seconds()) if request is not None else self.seconds
        match.record(f"timed out {self.moment} it was carried out")
        await asyncio.sleep(seconds)
        return match.exchange.fault(TIMED_OUT.fault())


class Unavailable(Effect):
    """503 from HTTP.sys, as while the WinRM service starts or stops. The request is not carried out."""

    do: Literal["unavailable"]

    async def before(self, match: RuleMatch) -> Answer | None:
        match.record("HTTP 503")
        page = (
            "<!DOCTYPE HTML><HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD>"
            "<BODY><h2>Service Unavailable</h2><p>HTTP Error 503. The service is unavailable.</p></BODY></HTML>"
        )
        headers = {"Content-Type": "text/html; charset=us-ascii", "Connection": "close"}
        return Answer(503, page, headers, ending=Ending.CLOSED, by_http_sys=True)
