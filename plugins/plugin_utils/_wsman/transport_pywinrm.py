# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Messages over pywinrm: takes a ready ``winrm.protocol.Protocol`` with its authentication, encryption, proxy and certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import Login, MissingLibrary, WsManError
from .http_failure import connection_error
from .shell_pywinrm import PywinrmShell
from .transport import soap_or_error, without_credentials

if TYPE_CHECKING:
    from winrm.protocol import Protocol as WinrmProtocol


class PywinrmTransport:
    def __init__(self, protocol: WinrmProtocol) -> None:
        self._protocol = protocol
        self._transport = protocol.transport

    @property
    def endpoint(self) -> str:
        return without_credentials(self._transport.endpoint)

    @property
    def read_timeout(self) -> float | None:
        seconds = self._transport.read_timeout_sec
        return None if seconds is None else float(seconds)

    def send(self, message: str) -> bytes:
        try:
            from winrm.exceptions import WinRMTransportError
        except ImportError as error:
            raise MissingLibrary("pywinrm") from error
        try:
            return self._transport.send_message(message)
        except WinRMTransportError as error:
            status, text = int(error.code), error.response_text
        except Exception as error:
            # After a failed first exchange pywinrm keeps its session but has no encryption set up, and would send the next message
            # in the clear: never go on with that session.
            self.reset()
            raise connection_error(self.endpoint, error, self._login()) from error
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
        return PywinrmShell(self._protocol, self.endpoint, self.reset)

    def reset(self) -> None:
        self._transport.close_session()
        self._transport.encryption = None

    def close(self) -> None:
        self.reset()
