# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server in the place of WinRM that misbehaves on purpose: one way a class, nothing but hostile.

``BEHAVIOURS`` has them all. A class says by ``expected`` which errors may come of it, and by ``auth`` how the client logs on.
"""

from __future__ import annotations

import base64
import functools
import re
import socket
import socketserver
import struct
import threading
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
    "<s:Header><a:Action>urn:answer</a:Action>{relates}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
)
FAULT = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>"
    '<s:Reason><s:Text xml:lang="en-US">Call +1-555 for help</s:Text></s:Reason></s:Fault>'
)
SOAP = "application/soap+xml;charset=UTF-8"


@dataclass(frozen=True)
class Asked:
    """A request as it came. ``number``: on its connection, from 1."""

    headers: dict[str, str]
    body: bytes
    number: int

    @property
    def message_id(self) -> str:
        found = re.search(rb"MessageID>([^<]*)<", self.body)
        return found.group(1).decode() if found else ""

    @property
    def encrypted(self) -> bool:
        return self.headers.get("content-type", "").startswith("multipart/")


class Behaviour(ABC):
    """``answer`` writes to the socket whatever it likes. It may go on until the client has hung up."""

    expected: tuple[str, ...] = ()
    auth = "basic"

    def __init__(self, canary: str) -> None:
        """``canary``: host and port of a machine that must not hear anything."""
        self.canary = canary
        self.prepare()

    def prepare(self) -> None:
        """Make in advance what takes long to make."""
        return

    @abstractmethod
    def answer(self, asked: Asked, wire: socket.socket) -> None:
        """What is sent instead of an answer of WinRM."""


def head(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1")


def whole(body: bytes, status: str = "200 OK", content_type: str = SOAP) -> bytes:
    return head(status, f"Content-Type: {content_type}", f"Content-Length: {len(body)}") + body


def soap(asked: Asked, body: str) -> bytes:
    return ENVELOPE.format(relates=f"<a:RelatesTo>{asked.message_id}</a:RelatesTo>", body=body).encode()


def fault() -> bytes:
    """Without RelatesTo, as some faults of Windows are."""
    return ENVELOPE.format(relates="", body=FAULT).encode()


def drip(wire: socket.socket, data: Iterator[bytes] | bytes, pause: float = 0.2) -> None:
    for piece in data if not isinstance(data, bytes) else (bytes([one]) for one in data):
        wire.sendall(piece)
        time.sleep(pause)


def for_ever(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def pour(wire: socket.socket, piece: bytes) -> None:
    for one in for_ever(piece):
        wire.sendall(one)


# redirects


class Redirect(Behaviour):
    expected = ("Redirected",)
    status = "307 Temporary Redirect"

    def location(self) -> str | None:
        return f"http://{self.canary}/wsman"

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        where = self.location()
        wire.sendall(head(self.status, "Content-Length: 0", *([f"Location: {where}"] if where is not None else [])))


class MovedPermanently(Redirect):
    status = "301 Moved Permanently"


class Found(Redirect):
    status = "302 Found"


class SeeOther(Redirect):
    status = "303 See Other"


class NotModified(Redirect):
    status = "304 Not Modified"


class PermanentRedirect(Redirect):
    status = "308 Permanent Redirect"


class RedirectToHttps(Redirect):
    def location(self) -> str:
        return f"https://{self.canary}/wsman"


class RedirectToAnotherPath(Redirect):
    def location(self) -> str:
        return "/other"


class RedirectToItself(Redirect):
    def location(self) -> str:
        return "/wsman"


class RedirectWithALogin(Redirect):
    def location(self) -> str:
        return f"http://admin:secret@{self.canary}/wsman"


class RedirectNowhere(Redirect):
    def location(self) -> None:
        return None


class RedirectDuringTheLogon(Redirect):
    auth = "ntlm"


class RedirectWithABodyWithoutEnd(Redirect):
    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("307 X", "Transfer-Encoding: chunked", f"Location: http://{self.canary}/wsman"))
        pour(wire, b"8000\r\n" + b"x" * 0x8000 + b"\r\n")


# slow


class SlowStatusLine(Behaviour):
    expected = ("AnswerTooSlow",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        drip(wire, b"HTTP/1.1 200 " + b"O" * 1000)


class SlowHeaders(Behaviour):
    expected = ("AnswerTooSlow",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        drip(wire, for_ever(b"x"))


class SlowBody(Behaviour):
    expected = ("AnswerTooSlow",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", "Content-Length: 100000"))
        drip(wire, for_ever(b" "))


class SlowChunks(Behaviour):
    expected = ("AnswerTooSlow",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", "Transfer-Encoding: chunked"))
        drip(wire, for_ever(b"1\r\nx\r\n"))


class SlowLogon(Behaviour):
    expected = ("AnswerTooSlow",)
    auth = "ntlm"

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("401 Unauthorized", "WWW-Authenticate: NTLM", "Content-Length: 1000"))
        drip(wire, for_ever(b"x"))


class SlowRefusal(Behaviour):
    expected = ("AnswerTooSlow",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("500 Internal Server Error", "Content-Length: 1000"))
        drip(wire, for_ever(b"x"))


class Silence(Behaviour):
    expected = ("ReadTimedOut",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.recv(1)


# interim answers


class ContinueForEver(Behaviour):
    expected = ("AnswerTooLarge",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        pour(wire, b"HTTP/1.1 100 Continue\r\n\r\n")


class ContinueSlowlyForEver(Behaviour):
    expected = ("AnswerTooSlow", "AnswerTooLarge")

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        drip(wire, for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"), pause=1.0)


class EarlyHints(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("103 Early Hints", "Link: </x>") + whole(soap(asked, "")))


class SwitchingProtocols(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("101 Switching Protocols", "Upgrade: websocket"))


# without end


class EndlessChunks(Behaviour):
    expected = ("AnswerTooLarge",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", "Transfer-Encoding: chunked"))
        pour(wire, b"8000\r\n" + b"x" * 0x8000 + b"\r\n")


class EndlessTinyChunks(Behaviour):
    expected = ("AnswerTooLarge", "AnswerTooSlow")

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", "Transfer-Encoding: chunked"))
        pour(wire, b"1\r\nx\r\n" * 1000)


class EndlessChunkExtension(Behaviour):
    expected = ("AnswerTooLarge", "NotHttp", "ConnectionDropped")

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", "Transfer-Encoding: chunked") + b"1;x=")
        pour(wire, b"x" * 4096)


class EndlessTrailers(Behaviour):
    expected = ("AnswerTooLarge",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", "Transfer-Encoding: chunked") + b"0\r\n")
        pour(wire, b"X-Trailer: x\r\n" * 100)


class BodyUntilTheEnd(Behaviour):
    expected = ("AnswerTooLarge",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}"))
        pour(wire, b"x" * 65536)


class HugeLength(Behaviour):
    expected = ("AnswerTooLarge",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", "Content-Length: 10000000000"))
        pour(wire, b"x" * 65536)


class HugeRefusal(Behaviour):
    expected = ("AnswerTooLarge",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("500 Internal Server Error", "Content-Type: text/plain", "Content-Length: 10000000000"))
        pour(wire, b"x" * 65536)


class HugeUnauthorized(Behaviour):
    expected = ("AnswerTooLarge",)
    auth = "ntlm"

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("401 Unauthorized", "WWW-Authenticate: NTLM", "Content-Length: 10000000000"))
        pour(wire, b"x" * 65536)


class OneHeaderWithoutEnd(Behaviour):
    expected = ("AnswerTooLarge", "NotHttp")

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        pour(wire, b"x" * 4096)


class HeadersWithoutEnd(Behaviour):
    expected = ("AnswerTooLarge", "NotHttp")

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(b"HTTP/1.1 200 OK\r\n")
        pour(wire, b"X-Many: x\r\n" * 50)


class LargeHeaders(Behaviour):
    expected = ("AnswerTooLarge",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 60000) for number in range(90)) + b"\r\n")


# enumerations without end


class Pages(Behaviour):
    expected = ("EndlessAnswer", "AnswerTooSlow")

    def items(self) -> str:
        return ""

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        kind, prefix = ("Enumerate", "w") if b"Filter" in asked.body else ("Pull", "n")
        inside = f"<n:EnumerationContext>uuid:1</n:EnumerationContext><{prefix}:Items>{self.items()}</{prefix}:Items>"
        wire.sendall(whole(soap(asked, f"<n:{kind}Response>{inside}</n:{kind}Response>")))


def item(text: str) -> str:
    return f'<p:X xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/X"><p:Name>{text}</p:Name></p:X>'


class EmptyPages(Pages):
    pass


class PagesOfOneItem(Pages):
    def items(self) -> str:
        return item("one")


class PagesOfSmallItems(Pages):
    _small = item("small") * 1000

    def items(self) -> str:
        return self._small


class PagesOfOneLargeItem(Pages):
    _large = item("x" * 1_900_000)

    def items(self) -> str:
        return self._large


class SlowPages(Pages):
    def answer(self, asked: Asked, wire: socket.socket) -> None:
        time.sleep(0.8)
        super().answer(asked, wire)


# compressed


class GzipBomb(Behaviour):
    expected = ("AnswerCompressed",)
    coding, bits = "gzip", 31

    def prepare(self) -> None:
        bomb_of(self.bits)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        bomb = bomb_of(self.bits)
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", f"Content-Encoding: {self.coding}", f"Content-Length: {len(bomb)}") + bomb)


@functools.cache
def bomb_of(bits: int) -> bytes:
    """300 MB in 300 KB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return b"".join(packer.compress(b" " * 1_000_000) for _unused in range(300)) + packer.flush()


class DeflateBomb(GzipBomb):
    coding, bits = "deflate", 15


class ManyCodings(GzipBomb):
    coding = "gzip, gzip, gzip, gzip"


class UnknownCoding(GzipBomb):
    coding = "br"


class GzipAsTransferCoding(Behaviour):
    expected = ("AnswerCompressed",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", f"Content-Type: {SOAP}", "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n")


class CompressedRefusal(Behaviour):
    expected = ("AnswerCompressed",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("500 X", "Content-Encoding: gzip", "Content-Length: 4") + b"oops")


# plain answers in an encrypted session


class InEncryptedSession(Behaviour):
    """Takes any logon by NTLM, and so knows no key; what it answers to the first encrypted message is not encrypted."""

    auth = "ntlm"
    expected = ("AnswerNotEncrypted",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        if asked.encrypted:
            self.answer_encrypted(asked, wire)
            return
        token = asked.headers.get("authorization", "").partition(" ")[2]
        if not token:
            wire.sendall(head("401 Unauthorized", "WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM", "Content-Length: 0"))
        elif base64.b64decode(token)[8] == 1:
            scheme = asked.headers["authorization"].partition(" ")[0]
            challenge = base64.b64encode(ntlm_challenge()).decode()
            wire.sendall(head("401 Unauthorized", f"WWW-Authenticate: {scheme} {challenge}", "Content-Length: 0"))
        else:
            self.answer_logon(wire)

    def answer_logon(self, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", "Content-Length: 0"))

    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(fault(), "500 Internal Server Error"))


class PlainFault(InEncryptedSession):
    pass


class PlainFaultAsBadRequest(InEncryptedSession):
    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(fault(), "400 Bad Request"))


class PlainFaultAsSuccess(InEncryptedSession):
    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(fault()))


class PlainFaultAsUnavailable(InEncryptedSession):
    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(fault(), "503 Service Unavailable"))


class PlainFaultThatClaimsToBeEncrypted(InEncryptedSession):
    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(fault(), "500 X", 'multipart/encrypted;protocol="application/x";boundary="Encrypted Boundary"'))


class PlainFaultOfTwoTypes(InEncryptedSession):
    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        body = fault()
        kind = 'Content-Type: text/plain;protocol="application/HTTP-SPNEGO-session-encrypted"'
        wire.sendall(head("500 X", kind, "Content-Type: multipart/encrypted;", f"Content-Length: {len(body)}") + body)


class PlainFaultToTheLogon(InEncryptedSession):
    def answer_logon(self, wire: socket.socket) -> None:
        wire.sendall(whole(fault(), "500 Internal Server Error"))


class NothingInEncryptedSession(InEncryptedSession):
    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", "Content-Length: 0"))


class EncryptedGarbage(InEncryptedSession):
    expected = ("ConnectionDropped",)

    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        kind = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
        body = (
            b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
            b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=20\r\n--Encrypted Boundary\r\n"
            b"\tContent-Type: application/octet-stream\r\n\x10\0\0\0" + b"x" * 36 + b"--Encrypted Boundary--\r\n"
        )
        wire.sendall(whole(body, "200 OK", kind))


class RedirectInEncryptedSession(InEncryptedSession):
    expected = ("Redirected",)

    def answer_encrypted(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("307 X", f"Location: http://{self.canary}/wsman", "Content-Length: 0"))


class NoEndOfChallenges(InEncryptedSession):
    expected = ("AuthenticationFailed", "ConnectionDropped", "AnswerTooLarge", "ConnectionFailed")

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        challenge = base64.b64encode(ntlm_challenge()).decode()
        bare = "authorization" not in asked.headers
        wire.sendall(head("401 Unauthorized", f"WWW-Authenticate: NTLM{'' if bare else f' {challenge}'}", "Content-Length: 0"))


def ntlm_challenge() -> bytes:
    """[MS-NLMP] 2.2.1.2, with the domain "LAB" and a time, as clients of NTLMv2 want it."""
    name = "LAB".encode("utf-16-le")
    info = b"".join(
        struct.pack("<HH", kind, len(value)) + value
        for kind, value in ((2, name), (1, name), (7, struct.pack("<Q", (int(time.time()) + 11644473600) * 10_000_000)), (0, b""))
    )
    flags = 0xE28A8235
    start = 56
    return (
        b"NTLMSSP\0"
        + struct.pack("<I", 2)
        + struct.pack("<HHI", len(name), len(name), start)
        + struct.pack("<I", flags)
        + b"12345678"
        + b"\0" * 8
        + struct.pack("<HHI", len(info), len(info), start + len(name))
        + b"\x0a\0\x63\x45\0\0\0\x0f"
        + name
        + info
    )


# not HTTP, or not SOAP


class UnauthorizedForEver(Behaviour):
    expected = ("AuthenticationFailed",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("401 Unauthorized", 'WWW-Authenticate: Basic realm="WSMAN"', "Content-Length: 0"))


class WebPage(Behaviour):
    expected = ("MalformedAnswer",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(b"<html><body>Welcome</body></html>", content_type="text/html"))


class AnotherEncoding(Behaviour):
    expected = ("UnexpectedHttpStatus",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(b"\xff\xfe\x80 not UTF-8 \xc3", "500 Internal Server Error", "text/plain"))


class BytesAsSuccess(Behaviour):
    expected = ("MalformedAnswer",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(bytes(range(256)) * 100, content_type="application/octet-stream"))


class AnswerToAnotherMessage(Behaviour):
    expected = ("MalformedAnswer",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(whole(ENVELOPE.format(relates="<a:RelatesTo>uuid:OTHER</a:RelatesTo>", body="<n:EnumerateResponse/>").encode()))


class TwoLengths(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        body = soap(asked, "<n:EnumerateResponse><n:EndOfSequence/></n:EnumerateResponse>")
        wire.sendall(head("200 OK", f"Content-Length: {len(body)}", "Content-Length: 5") + body)


class LengthAndChunks(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", "Content-Length: 5", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n")


class NegativeLength(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", "Content-Length: -5") + b"hello")


class LengthInWords(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", "Content-Length: five") + b"hello")


class LongerThanItsLength(Behaviour):
    expected = ("MalformedAnswer",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        body = soap(asked, "<n:EnumerateResponse><n:EndOfSequence/></n:EnumerateResponse>")
        wire.sendall(head("200 OK", f"Content-Length: {len(body) - 20}") + body)


class ShorterThanItsLength(Behaviour):
    expected = ("ConnectionDropped",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", "Content-Length: 5000") + b"short")
        wire.shutdown(socket.SHUT_RDWR)


class ClosesAtOnce(Behaviour):
    expected = ("ConnectionDropped",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.shutdown(socket.SHUT_RDWR)


class ClosesInItsHeaders(Behaviour):
    expected = ("ConnectionDropped", "MalformedAnswer")

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Len")
        wire.shutdown(socket.SHUT_RDWR)


class GarbageInsteadOfAStatus(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(b"\x16\x03\x01\x02\x00\x01garbage\r\n\r\n")


class StatusWithoutNumber(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("OK OK", "Content-Length: 0"))


class StatusOutOfRange(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("999 Denied", "Content-Length: 0"))


class Http09(Behaviour):
    expected = ("NotHttp",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(soap(asked, "<n:EnumerateResponse/>"))
        wire.shutdown(socket.SHUT_RDWR)


class WrongChunkLength(Behaviour):
    expected = ("ConnectionDropped", "NotHttp")

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("200 OK", "Transfer-Encoding: chunked") + b"zz\r\nhello\r\n")
        wire.shutdown(socket.SHUT_RDWR)


class ComeBackTomorrow(Behaviour):
    expected = ("UnexpectedHttpStatus",)

    def answer(self, asked: Asked, wire: socket.socket) -> None:
        wire.sendall(head("503 Service Unavailable", "Retry-After: 86400", "Content-Length: 0"))


_BASES = (Behaviour, Pages, InEncryptedSession)


def _all(of: type[Behaviour]) -> Iterator[type[Behaviour]]:
    for found in of.__subclasses__():
        yield found
        yield from _all(found)


BEHAVIOURS: dict[str, type[Behaviour]] = {found.__name__: found for found in _all(Behaviour) if found not in _BASES}


class HostileServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def __init__(self, behave: Callable[[Asked, socket.socket], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.behave = behave
        self.connections = 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """The client hangs up: that is what it should do."""


class _Connection(socketserver.StreamRequestHandler):
    server: HostileServer

    def handle(self) -> None:
        self.server.connections += 1
        number = 0
        while self.rfile.readline():
            headers = {}
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                name, _colon, value = line.decode("latin-1").partition(":")
                headers[name.strip().lower()] = value.strip()
            number += 1
            body = self.rfile.read(int(headers.get("content-length") or 0))
            self.server.behave(Asked(headers, body, number), self.connection)
