# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Messages over pywinrm: takes a ready ``winrm.protocol.Protocol`` with its authentication, encryption, proxy and certificates."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from .bounds import Allowance, shell_allowance
from .errors import Login, MissingLibrary, WsManError
from .http_failure import connection_error
from .service import DEFAULT_MAX_ENVELOPE_SIZE
from .shell_pywinrm import PywinrmShell
from .transport import DEFAULT_ALLOWANCE, soap_or_error, without_credentials
from .transport_policy import TransportPolicy

if TYPE_CHECKING:
    from winrm.protocol import Protocol as WinrmProtocol


class PywinrmTransport:
    def __init__(self, protocol: WinrmProtocol) -> None:
        self._protocol = protocol
        self._transport = protocol.transport

    @cached_property
    def _policy(self) -> TransportPolicy:
        return _policy_on(self._transport, self.endpoint)

    @property
    def endpoint(self) -> str:
        return without_credentials(self._transport.endpoint)

    @property
    def read_timeout(self) -> float | None:
        seconds = self._transport.read_timeout_sec
        return None if seconds is None else float(seconds)

    def send(self, message: str, allowance: Allowance = DEFAULT_ALLOWANCE) -> bytes:
        try:
            from winrm.exceptions import WinRMTransportError
        except ImportError as error:
            raise MissingLibrary("pywinrm") from error
        self._policy.begin(allowance)
        try:
            return self._transport.send_message(message)
        except WinRMTransportError as error:
            status, text = int(error.code), error.response_text
        except WsManError:
            self.reset()
            raise
        except Exception as error:
            # After a failed first exchange pywinrm keeps its session but has no encryption set up, and would send the next message
            # in the clear: never go on with that session.
            self.reset()
            raise connection_error(self.endpoint, error, self._login(), sent=self._policy.sent) from error
        try:
            return soap_or_error(self.endpoint, status, text.encode("utf-8", "replace"), self._login())
        except WsManError:
            self.reset()
            raise

    def _login(self) -> Login:
        method = str(self._transport.auth_method or "")
        if method in ("plaintext", "ssl"):  # pywinrm's older names; "ssl" is Basic over HTTPS unless a certificate is given
            method = "certificate" if method == "ssl" and self._transport.cert_pem else "basic"
        return Login(str(self._transport.username or ""), method)

    def shell(self) -> PywinrmShell:
        return PywinrmShell(self._protocol, self.endpoint, self.reset, self._begin_shell_message)

    def _begin_shell_message(self, closing: bool) -> None:
        self._policy.begin(shell_allowance(self.read_timeout, DEFAULT_MAX_ENVELOPE_SIZE, closing=closing))

    def reset(self) -> None:
        self._transport.close_session()
        self._transport.encryption = None

    def close(self) -> None:
        self.reset()


def _policy_on(transport: Any, endpoint: str) -> TransportPolicy:
    """Every session that the library makes from now on is under the policy, before anything is sent over it."""
    policy = TransportPolicy(endpoint)
    build_session, setup_encryption = transport.build_session, transport.setup_encryption

    def build() -> Any:
        session = build_session()
        policy.put_on(session)
        return session

    def encrypt(*arguments: Any) -> None:
        # pywinrm sends a blank message while it makes the session
        policy.put_on(transport.session)
        setup_encryption(*arguments)

    transport.build_session, transport.setup_encryption = build, encrypt
    return policy
