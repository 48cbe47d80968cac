# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trips that do not go as they should: what the reviewed script makes of each.

Sources: PowerShell's source (RemoteSessionHyperVSocket.cs: the messages of the protocol, and that a guest takes one session at a time), and the
script itself, which tests/powershell runs against each of these guests in a real engine.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..world.vm import DirectTrip
from .session import SessionRefused, refused

_REMOTING = "System.Management.Automation.Remoting"
_INVALID = "Hyper-V {} sent an invalid {} response during the connection negotiation."
_PROTOCOL: dict[DirectTrip, str] = {
    "broker": _INVALID.format("Broker", "Credential"),
    "transport_version": _INVALID.format("Server", "TransportVersion"),
    "token": _INVALID.format("Broker", "Token "),
    # The host's policy RequirePsDirectAuthentication, and a guest without the updates of September 2025.
    "negotiation": "Negotiating a secure connection to Hyper-V failed. Make sure the Host and Guest are updated with all relevant Microsoft Updates.",
}
_CLIXML = '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">{}</Objs>'
_ERROR = '<S S="Error">    + FullyQualifiedErrorId : {}_x000D__x000A_</S>'


@dataclass(frozen=True)
class Ending:
    """How PowerShell ends without an answer."""

    exit_code: int
    stderr: bytes = b""


@dataclass(frozen=True)
class Spoilt:
    """What the script says instead of the guest's answer. ``works``: the guest has carried out what it was asked to."""

    error_id: str
    works: bool


def _says(text: str) -> bytes:
    return _CLIXML.format(text).encode()


ENDINGS: dict[DirectTrip, Ending] = {
    "cut_request": Ending(71),
    "constrained": Ending(1, _says(_ERROR.format("MethodInvocationNotSupportedInConstrainedLanguage"))),
    "blocked": Ending(1, _says(_ERROR.format("ScriptContainedMaliciousContent"))),
    "never_opens": Ending(72),
}
SPOILT: dict[DirectTrip, Spoilt] = {
    "flood": Spoilt("AnswerTooLong", works=False),
    "too_long": Spoilt("AnswerTooLong", works=True),
    "dead": Spoilt("GuestSilent", works=True),
    "silent": Spoilt("GuestSilent", works=False),
    "unreadable": Spoilt("AnswerUnreadable", works=True),
}
# Words of the guest, in the form in which a host writes them to a redirected stderr; those of the host itself look like this too.
CHATTER = _says('<Obj S="information" RefId="0"><ToString>FullyQualifiedErrorId : ScriptContainedMaliciousContent</ToString></Obj>')


def why_no_session(trip: DirectTrip) -> SessionRefused | None:
    if trip == "busy":
        message = "An error has occurred which Windows PowerShell cannot handle. A remote session might have ended."
        return refused("PSSessionOpenFailed", message, f"{_REMOTING}.PSRemotingDataStructureException")
    if message := _PROTOCOL.get(trip, ""):
        return refused("PSSessionOpenFailed", message, f"{_REMOTING}.PSDirectException")
    return None
