# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Messages over pypsrp: takes a ready ``pypsrp.wsman.WSMan`` and uses its HTTP transport; no runspace is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import Login, MissingLibrary, WsManError
from .http_failure import connection_error
from .shell_pypsrp import PypsrpShell
from .transport import soap_or_error, without_credentials

if TYPE_CHECKING:
    from pypsrp.wsman import WSMan


class PypsrpTransport:
    def __init__(self, wsman: WSMan) -> None:
        self._wsman = wsman
        self._transport = wsman.transport

    @property
    def endpoint(self) -> str:
        return without_credentials(self._transport.endpoint)

    @property
    def read_timeout(self) -> float | None:
        seconds = self._transport.read_timeout
        return None if seconds is None else float(seconds)

    def send(self, message: str) -> bytes:
        try:
            from pypsrp.exceptions import WinRMTransportError
        except ImportError as error:
            raise MissingLibrary("pypsrp") from error
        try:
            return bytes(self._transport.send(message.encode("utf-8")))
        except WinRMTransportError as error:
            status, text = int(error.code), str(error.response_text or "")
        except Exception as error:
            self.reset()
            raise connection_error(self.endpoint, error, self._login()) from error
        try:
            return soap_or_error(self.endpoint, status, text.encode("utf-8", "replace"), self._login())
        except WsManError:
            self.reset()
            raise

    def _login(self) -> Login:
        return Login(str(self._transport.username or ""), str(self._transport.auth or "").lower())

    def shell(self) -> PypsrpShell:
        return PypsrpShell(self._wsman, self.endpoint, self.reset)

    def reset(self) -> None:
        # pypsrp's close leaves session and security context in place
        self._transport.close()
        self._transport.session = None
        self._transport.encryption = None

    def close(self) -> None:
        self.reset()
