# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypted messages over HTTP ([MS-WSMV] 2.2.9.1): MIME parts of which the second holds the sealed envelope."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from spnego import ContextProxy
from spnego.exceptions import SpnegoError

_BOUNDARY = "Encrypted Boundary"
_SOAP = "application/soap+xml;charset=UTF-8"
_CREDSSP_CHUNK = 16384
_KINDS = ("multipart/encrypted", "multipart/x-multi-encrypted")
_PROTOCOL = re.compile(r'protocol="?(?P<protocol>application/HTTP-(?:SPNEGO|Kerberos|CredSSP)-session-encrypted)"?', re.IGNORECASE)
_HEAD = re.compile(
    rb"--\s?Encrypted Boundary\r\n\s*Content-Type:[^\r\n]*\r\n\s*OriginalContent:[^\r\n]*Length=(\d{1,9})[^\r\n]*\r\n"
    rb"--\s?Encrypted Boundary\r\n\s*Content-Type:\s*application/octet-stream\r\n",
    re.IGNORECASE,
)
_TAIL = re.compile(rb"--\s?Encrypted Boundary(--)?", re.IGNORECASE)


class CannotDecrypt(ValueError):
    """The body is no sealed message, or not one of this connection."""


@dataclass(frozen=True)
class EncryptedAnswer:
    content_type: str
    body: bytes


def encryption_protocol(content_type: str) -> str | None:
    """The protocol of an encrypted message by its Content-Type; None when it is not encrypted."""
    if not content_type.lower().startswith(_KINDS):
        return None
    match = _PROTOCOL.search(content_type)
    return match.group("protocol") if match is not None else None


def decrypt(context: ContextProxy, body: bytes) -> bytes:
    plain = b""
    position = 0
    while True:
        head = _HEAD.match(body, position)
        if head is None:
            raise CannotDecrypt("a part of the message has no head")
        start = head.end()
        length = int(head.group(1))
        if len(body) < start + 4:
            raise CannotDecrypt("a part of the message is cut off")
        (header_length,) = struct.unpack_from("<I", body, start)
        # The sealed data is at least as long as the plain text, so the boundary is not looked for inside it.
        tail = _TAIL.search(body, min(len(body), start + 4 + max(length, 1)))
        if tail is None or header_length > len(body):
            raise CannotDecrypt("a part of the message has no end")
        sealed = body[start + 4 : tail.start()]
        try:
            part = context.unwrap_winrm(sealed[:header_length], sealed[header_length:])
        except (SpnegoError, ValueError, struct.error, OSError) as error:
            raise CannotDecrypt(type(error).__name__) from error
        if len(part) != length:
            raise CannotDecrypt("a part of the message is not as long as it says")
        plain += part
        position = tail.start()
        if tail.group(1):
            return plain


def encrypt(context: ContextProxy, protocol: str, body: bytes) -> EncryptedAnswer:
    chunks = [body]
    kind = _KINDS[0]
    if "credssp" in protocol.lower() and len(body) > _CREDSSP_CHUNK:
        chunks = [body[start : start + _CREDSSP_CHUNK] for start in range(0, len(body), _CREDSSP_CHUNK)]
        kind = _KINDS[1]
    parts = [_seal(context, protocol, chunk) for chunk in chunks]
    return EncryptedAnswer(f'{kind};protocol="{protocol}";boundary="{_BOUNDARY}"', b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode())


def _seal(context: ContextProxy, protocol: str, chunk: bytes) -> bytes:
    wrapped = context.wrap_winrm(chunk)
    head = (
        f"--{_BOUNDARY}\r\n\tContent-Type: {protocol}\r\n\tOriginalContent: type={_SOAP};Length={len(chunk) + wrapped.padding_length}\r\n"
        f"--{_BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n"
    )
    return head.encode() + struct.pack("<i", len(wrapped.header)) + wrapped.header + wrapped.data
