# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Which answers are accepted, for both libraries: the policy that pywinrm's and pypsrp's ``requests.Session`` is put under.

- Nothing is sent to another address than the connection's own: no redirect is followed, and ``.netrc`` is not read. Proxies stay as configured.
- To an encrypted message only an encrypted answer counts, a fault too.
- Compressed answers are refused; so is what is not HTTP as HTTP.sys speaks it (two lengths, an answer of 1xx).
- Time, bytes of a body and of headers, interim answers and the number of answers are bounded, see ``bounds``.

It sits in the HTTP adapter and below it in the connection, since the authentication libraries send their messages again through the adapter
(``response.connection.send``) and read answers themselves. A refusal is an ``AnswerRefused`` and passes through all of them unchanged.
"""

from __future__ import annotations

import functools
import http.client
import io
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .bounds import MAX_ANSWERS, MAX_HEADER_BYTES, MAX_INTERIM_ANSWERS, Allowance
from .errors import AnswerCompressed, AnswerNotEncrypted, AnswerRefused, AnswerTooLarge, AnswerTooSlow, NotHttp, Redirected

try:
    from requests.adapters import HTTPAdapter
except ImportError:  # then pywinrm and pypsrp are missing too, and there is no session to put a policy on
    HTTPAdapter = object  # type: ignore[assignment,misc]

if TYPE_CHECKING:
    import requests

_ENCRYPTED_TYPE = re.compile(r"\s*multipart/(?:x-multi-)?encrypted\s*;", re.IGNORECASE)
_ENCRYPTED_PROTOCOL = re.compile(r'protocol="(application/HTTP-(?:SPNEGO|Kerberos|CredSSP)-session-encrypted)"', re.IGNORECASE)
# What says of itself that the logon goes on, or that a proxy wants one.
_LOGON = (401, 407)


class TransportPolicy:
    """Of one transport, for as long as it lives; its sessions come and go. ``begin`` is called before each exchange."""

    def __init__(self, endpoint: str) -> None:
        """``endpoint``: without credentials, as errors name it."""
        self._meter = _Meter(endpoint)

    def begin(self, allowance: Allowance) -> None:
        self._meter.begin(allowance)

    @property
    def sent(self) -> bool:
        """Whether a message has left since the exchange began."""
        return self._meter.sent

    def put_on(self, session: requests.Session, *, key_password: str | None = None) -> None:
        """``key_password``: of the key file of a client certificate, which requests itself does not know."""
        if isinstance(session.adapters.get("https://"), _PolicyAdapter):
            return
        for scheme in ("http://", "https://"):
            retries = getattr(session.adapters.get(scheme), "max_retries", None)
            session.mount(scheme, _PolicyAdapter(self._meter, retries, key_password))
        session.max_redirects = 0
        # The proxies and authorities that the environment names are in the session already; what is left is .netrc.
        session.trust_env = False
        session.headers["Accept-Encoding"] = "identity"


class _Meter:
    """Counts what one exchange takes, and ends it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._allowance = Allowance(0, 0)
        self._ends = 0.0
        self._answers = self._interim = self._headers = self._body = 0
        self._in_headers = False

    def begin(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._ends = time.monotonic() + allowance.seconds
        self._answers = 0

    @property
    def sent(self) -> bool:
        return self._answers > 0

    def message(self) -> None:
        """A message is about to be sent."""
        self._answers += 1
        if self._answers > MAX_ANSWERS:
            raise AnswerTooLarge(self.endpoint, f"the logon is not done after {MAX_ANSWERS} answers")
        self._interim = self._headers = self._body = 0
        self.seconds_left()

    def headers_begin(self) -> None:
        self._in_headers = True

    def headers_end(self) -> None:
        self._in_headers = False

    def status_line(self) -> None:
        self._interim += 1
        if self._interim > MAX_INTERIM_ANSWERS + 1:
            raise AnswerTooLarge(self.endpoint, f"more than {MAX_INTERIM_ANSWERS} interim answers (100 Continue) came instead of an answer")

    def received(self, size: int) -> None:
        if self._in_headers:
            self._headers += size
            if self._headers > MAX_HEADER_BYTES:
                raise AnswerTooLarge(self.endpoint, f"the headers of the answer have more than {MAX_HEADER_BYTES} bytes")
        else:
            self._body += size
            if self._body > self._allowance.size:
                raise AnswerTooLarge(self.endpoint, f"the answer has more than {self._allowance.size} bytes")

    def seconds_left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise self.too_slow()
        return left

    def too_slow(self) -> AnswerTooSlow:
        return AnswerTooSlow(self.endpoint, f"the answer was not complete after {self._allowance.seconds:.0f} seconds")


class _MeteredInput(io.RawIOBase):
    """What comes from a socket. The time that is left bounds each wait, so that one byte now and then does not help."""

    def __init__(self, raw: Any, sock: Any, meter: _Meter) -> None:
        self._raw = raw
        self._wire = sock
        self._meter = meter

    @property
    def _sock(self) -> Any:
        # where the authentication libraries look for the server's certificate
        return self._raw._sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._meter.seconds_left()
        wait = self._wire.gettimeout()
        cut = wait is None or left < wait
        if cut:
            self._wire.settimeout(left)
        try:
            size: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            if cut:
                raise self._meter.too_slow() from None
            raise
        if size:
            self._meter.received(size)
        return size

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _MeteredResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, meter: _Meter, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        self._meter = meter
        self.fp = io.BufferedReader(_MeteredInput(self.fp.detach(), sock, meter))

    def begin(self) -> None:
        self._meter.headers_begin()
        super().begin()
        self._meter.headers_end()

    def _read_status(self) -> Any:
        # once for each answer, and for each interim one before it
        self._meter.status_line()
        return super()._read_status()  # type: ignore[misc]


class _MeteredConnections:
    """Stands for the class of connections of a pool of urllib3."""

    def __init__(self, connection_class: Any, meter: _Meter) -> None:
        self._connection_class = connection_class
        self._meter = meter

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        connection = self._connection_class(*arguments, **more)
        connection.response_class = functools.partial(_MeteredResponse, meter=self._meter)
        return connection


class _PolicyAdapter(HTTPAdapter):
    def __init__(self, meter: _Meter, retries: Any, key_password: str | None) -> None:
        self._meter = meter
        self._key_password = key_password
        self._home: str | None = None
        super().__init__()
        if retries is not None:
            # Retry-After is the server's, and would make us sleep for as long as it likes.
            self.max_retries = retries.new(respect_retry_after_header=False)

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        if self._key_password is not None:
            more["key_password"] = self._key_password
        super().init_poolmanager(*arguments, **more)

    def get_connection_with_tls_context(self, *arguments: Any, **more: Any) -> Any:
        return self._metered(super().get_connection_with_tls_context(*arguments, **more))

    def get_connection(self, *arguments: Any, **more: Any) -> Any:
        # requests before 2.32.2
        return self._metered(super().get_connection(*arguments, **more))

    def _metered(self, pool: Any) -> Any:
        if not isinstance(pool.ConnectionCls, _MeteredConnections):
            pool.ConnectionCls = _MeteredConnections(pool.ConnectionCls, self._meter)
        return pool

    def send(self, request: requests.PreparedRequest, *arguments: Any, **more: Any) -> requests.Response:
        url = str(request.url)
        if self._home is None:
            self._home = url  # the library's own first message
        elif url != self._home:
            raise Redirected(self._meter.endpoint, None, url)
        self._meter.message()
        response = super().send(request, *arguments, **more)
        try:
            self._judge(request, response)
        except AnswerRefused:
            response.close()
            raise
        return response

    def _judge(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        endpoint = self._meter.endpoint
        status = response.status_code
        if 300 <= status < 400:
            raise Redirected(endpoint, status, response.headers.get("Location", ""))
        if not 200 <= status < 600:
            raise NotHttp(endpoint, f"an answer with the HTTP status {status}")
        _judge_coding(endpoint, response)
        response.encoding = "utf-8"  # else the libraries guess it of the whole body, which takes long
        if status in _LOGON:
            return
        wanted = _protocol_of(request.headers)
        if wanted is not None:
            self._judge_encryption(response, wanted)
        elif status >= 400:
            # The blank message that opens an encrypted session is one too: whoever answers it by a fault has not proved to know the session.
            if not request.body and b"Envelope" in response.content:
                raise AnswerNotEncrypted(endpoint, status)
            _set_content(response, response.content.decode("utf-8", "replace").encode())

    def _judge_encryption(self, response: requests.Response, wanted: str) -> None:
        found = _protocol_of(response.headers)
        if found is not None:
            # pywinrm opens what has the protocol of its own message, and passes on everything else as it is.
            response.headers["Content-Type"] = response.headers["Content-Type"].replace(found, wanted)
            return
        status = response.status_code
        if status < 300 or b"Envelope" in response.content or (status == 500 and response.content):
            raise AnswerNotEncrypted(self._meter.endpoint, status)
        # HTTP.sys says "503" and "400" for WinRM without knowing the session. The number is taken, the text is not.
        _set_content(response, b"")


def _judge_coding(endpoint: str, response: requests.Response) -> None:
    headers = response.headers
    coding = headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise AnswerCompressed(endpoint, coding)
    transfer = headers.get("Transfer-Encoding", "").strip().lower()
    if transfer not in ("", "identity", "chunked"):
        raise AnswerCompressed(endpoint, transfer)
    length = headers.get("Content-Length")
    if length is not None and (transfer == "chunked" or not length.strip().isascii() or not length.strip().isdigit()):
        raise NotHttp(endpoint, "an answer with more than one length, or one that is not a number")


def _protocol_of(headers: Mapping[str, Any]) -> str | None:
    """The protocol of an encrypted message, None for a plain one."""
    content_type = headers.get("Content-Type") or ""
    if isinstance(content_type, bytes):
        content_type = content_type.decode("latin-1")
    if not _ENCRYPTED_TYPE.match(content_type):
        return None
    found = _ENCRYPTED_PROTOCOL.search(content_type)
    return found.group(1) if found else None


def _set_content(response: requests.Response, content: bytes) -> None:
    response._content = content
    response._content_consumed = True  # type: ignore[attr-defined]
