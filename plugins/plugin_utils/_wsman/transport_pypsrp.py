# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Messages over pypsrp: takes a ready ``pypsrp.wsman.WSMan`` and uses its HTTP transport; no runspace is opened."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from .bounds import Allowance, shell_allowance
from .errors import Login, MissingLibrary, WsManError
from .http_failure import connection_error
from .service import DEFAULT_MAX_ENVELOPE_SIZE
from .shell_pypsrp import PypsrpShell
from .transport import DEFAULT_ALLOWANCE, soap_or_error, without_credentials
from .transport_policy import TransportPolicy

if TYPE_CHECKING:
    from pypsrp.wsman import WSMan


class PypsrpTransport:
    def __init__(self, wsman: WSMan) -> None:
        self._wsman = wsman
        self._transport = wsman.transport

    @cached_property
    def _policy(self) -> TransportPolicy:
        return _policy_on(self._transport, self.endpoint)

    @property
    def endpoint(self) -> str:
        return without_credentials(self._transport.endpoint)

    @property
    def read_timeout(self) -> float | None:
        seconds = self._transport.read_timeout
        return None if seconds is None else float(seconds)

    def send(self, message: str, allowance: Allowance = DEFAULT_ALLOWANCE) -> bytes:
        try:
            from pypsrp.exceptions import WinRMTransportError
        except ImportError as error:
            raise MissingLibrary("pypsrp") from error
        self._policy.begin(allowance)
        try:
            return bytes(self._transport.send(message.encode("utf-8")))
        except WinRMTransportError as error:
            status, text = int(error.code), str(error.response_text or "")
        except WsManError:
            self.reset()
            raise
        except Exception as error:
            self.reset()
            raise connection_error(self.endpoint, error, self._login(), sent=self._policy.sent) from error
        try:
            return soap_or_error(self.endpoint, status, text.encode("utf-8", "replace"), self._login())
        except WsManError:
            self.reset()
            raise

    def _login(self) -> Login:
        return Login(str(self._transport.username or ""), str(self._transport.auth or "").lower())

    def shell(self) -> PypsrpShell:
        return PypsrpShell(self._wsman, self.endpoint, self.reset, self._begin_shell_message)

    def _begin_shell_message(self, closing: bool) -> None:
        self._policy.begin(shell_allowance(self.read_timeout, DEFAULT_MAX_ENVELOPE_SIZE, closing=closing))

    def reset(self) -> None:
        # pypsrp's close leaves session and security context in place
        self._transport.close()
        self._transport.session = None
        self._transport.encryption = None

    def close(self) -> None:
        self.reset()


def _policy_on(transport: Any, endpoint: str) -> TransportPolicy:
    """Every session that the library makes from now on is under the policy, before anything is sent over it."""
    policy = TransportPolicy(endpoint)
    build_session = transport._build_session

    def build() -> Any:
        session = build_session()
        policy.put_on(session, key_password=getattr(transport, "certificate_key_password", None))
        return session

    transport._build_session = build
    return policy
