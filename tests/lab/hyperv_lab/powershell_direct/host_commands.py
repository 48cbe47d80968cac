# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of a Hyper-V host that the lab knows: the bootstrap with the reviewed script on its input."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from ..cim.provider import Account
from ..http.accounts import AccountBook, Login
from ..providers.machine import SimulatedMachine
from ..world.guest import Guest
from ..world.host import Host
from ..world.vm import DirectTrip
from ..wsman.settings import ServiceSettings
from ..wsman.winrs import Printed
from . import reviewed
from .script import GuestScript
from .session import OLDEST_DIRECT_BUILD, SessionRefused, open_session
from .trips import CHATTER, ENDINGS, SPOILT, why_no_session

# What the bootstrap ends with when its input is not the script that it names, and what PowerShell ends with when a script fails.
_OTHER_SCRIPT = 70
_OTHER_REQUEST = 71
_SCRIPT_FAILED = 1
# PowerShell writes its progress to a redirected stderr, whatever the script says, before that begins.
_PROGRESS = (
    b'#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj S="progress" RefId="0"/></Objs>'
)
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
_FIELDS = ("nonce", "vm", "user", "password", "operations")


class HostCommands:
    """Implements ``wsman.winrs.Commands`` for one host. ``machine_of`` gives the simulated computer of a guest by its name."""

    def __init__(
        self, host: SimulatedMachine, machine_of: Callable[[str], SimulatedMachine], accounts: AccountBook, settings: ServiceSettings
    ) -> None:
        self._host = host
        self._machine_of = machine_of
        self._accounts = accounts
        self._settings = settings

    def knows(self, command_line: str) -> bool:
        return reviewed.digest(command_line.encode("utf-8", "surrogatepass")) == reviewed.COMMAND_LINE

    def run(self, data: bytes, account: Account) -> Printed:
        host = self._host.windows
        if not isinstance(host, Host) or host.release.build < OLDEST_DIRECT_BUILD:
            return Printed(b"", _PROGRESS, _SCRIPT_FAILED)  # before PowerShell 5 no type has the method new
        script, request = _parts(data)
        if script is None or reviewed.digest(script) != reviewed.SCRIPT:
            return Printed(b"", _PROGRESS, _OTHER_SCRIPT)
        if request is None:
            return Printed(b"", _PROGRESS, _OTHER_REQUEST)
        vm = host.vms.get(request["vm"].strip("{}").upper())
        trip = vm.begin_direct_trip() if vm is not None else "ordinary"
        if ending := ENDINGS.get(trip):
            return Printed(b"", ending.stderr or _PROGRESS, ending.exit_code)
        answer = json.dumps(self._answer(host, account, request, trip), ensure_ascii=False).encode()
        digest = hashlib.sha256(answer).hexdigest().upper()
        line = f"\r\nHYPERV-AVMA-BEGIN {request['nonce']} {digest} {base64.b64encode(answer).decode()} HYPERV-AVMA-END\r\n"
        return Printed(line.encode("ascii"), CHATTER if trip == "chatter" else _PROGRESS, 0)

    def _answer(self, host: Host, caller: Account, request: dict[str, str], trip: DirectTrip) -> dict[str, Any]:
        try:
            guest, login = open_session(host, caller, request["vm"], lambda: self._logon(host, request, trip))
        except SessionRefused as refused:
            return {"error_id": refused.error_id, "message": refused.message, "types": [*refused.types], "stage": "session"}
        spoilt = SPOILT.get(trip)
        if spoilt is not None and not spoilt.works:
            return _said(spoilt.error_id)
        script = GuestScript(self._machine_of(guest.name), login, self._settings)
        results = json.dumps(script.carry_out(json.loads(request["operations"])), ensure_ascii=False)
        return {"results": results, "stage": "guest"} if spoilt is None else _said(spoilt.error_id)

    def _logon(self, host: Host, request: dict[str, str], trip: DirectTrip) -> Login | None:
        """The account in the guest: a local one is written with a dot for the machine."""
        if no_session := why_no_session(trip):
            raise no_session
        login = self._accounts.verify(request["user"].removeprefix(".\\"), request["password"])
        guest = host.vms[request["vm"].upper()].guest
        if login is None or login.locked or not isinstance(guest, Guest):
            return None
        known = self._host.fleet.accounts.get(login.name.lower())
        elsewhere = known is not None and known.machines is not None and guest.name.lower() not in known.machines
        return None if elsewhere else login


def _said(error_id: str) -> dict[str, Any]:
    """What the script itself throws."""
    return {"error_id": error_id, "message": error_id, "types": ["System.Management.Automation.RuntimeException"], "stage": "guest"}


def _parts(data: bytes) -> tuple[bytes | None, dict[str, str] | None]:
    """The first line of the input is the script in Base64, all others are the request. None for what is not of that form."""
    first, _end, rest = data.partition(b"\r\n")
    try:
        script = base64.b64decode(first, validate=True)
    except binascii.Error:
        return None, None
    try:
        request = json.loads(rest.replace(b"\r\n", b" ").decode("ascii"))
        taken = isinstance(request, dict) and all(isinstance(request.get(name), str) for name in _FIELDS)
        if taken and _GUID.fullmatch(request["vm"]) and isinstance(json.loads(request["operations"]), list):
            return script, request
    except ValueError:
        pass
    return script, None
