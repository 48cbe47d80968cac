# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""How messages travel: the seam between the protocol and the libraries that authenticate and encrypt."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from .bounds import Allowance, allowance_for
from .command import Shell
from .errors import AuthenticationFailed, Login, ProxyFailed, UnencryptedRefused, UnexpectedHttpStatus
from .service import DEFAULT_MAX_ENVELOPE_SIZE, DEFAULT_MAX_TIMEOUT

# Of a message that is sent without saying what its answer may take: that of Windows' defaults.
DEFAULT_ALLOWANCE = allowance_for(None, DEFAULT_MAX_TIMEOUT, DEFAULT_MAX_ENVELOPE_SIZE)


class Transport(Protocol):
    """One authenticated HTTP connection; one message at a time, not for several threads."""

    @property
    def endpoint(self) -> str:
        """The URL, without user name and password."""

    @property
    def read_timeout(self) -> float | None:
        """Seconds that the transport waits for an answer, None for ever."""

    def send(self, message: str, allowance: Allowance = DEFAULT_ALLOWANCE) -> bytes:
        """The body of the answer: a SOAP message, which may be a fault. Raises ConnectionFailed, AuthenticationFailed,
        UnencryptedRefused, UnexpectedHttpStatus, AnswerRefused and their subclasses."""

    def shell(self) -> Shell:
        """A WinRS shell for one command, over the same connection. Nothing is sent yet."""

    def reset(self) -> None:
        """Forget connection and security context: the next ``send`` connects and authenticates again."""

    def close(self) -> None:
        """Give back the connection. A later ``send`` connects again."""


def without_credentials(url: str) -> str:
    """The URL without ``user:password@``."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def soap_or_error(endpoint: str, status: int, body: bytes, login: Login | None = None) -> bytes:
    """The body of an answer whose HTTP status is an error, if it is a SOAP message (faults come as 500, some as 400)."""
    if status == 401:
        raise AuthenticationFailed(endpoint, login=login)
    if status == 407:
        raise ProxyFailed(endpoint, "the proxy wants credentials of its own (HTTP 407)")
    if b"Envelope" in body:
        return body
    if status == 500 and not body.strip():
        raise UnencryptedRefused(endpoint)
    raise UnexpectedHttpStatus(endpoint, status)
