# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an NTLM AUTHENTICATE_MESSAGE says before anything of it is proved ([MS-NLMP] 2.2.1.3)."""

from __future__ import annotations

import struct

_AUTHENTICATE = b"NTLMSSP\x00\x03\x00\x00\x00"
_RESPONSE_FIELDS = 20
_DOMAIN_FIELDS = 28
_USER_FIELDS = 36
_FLAGS = 60
_UNICODE = 0x1
# NTLMv2_RESPONSE: proof, then a fixed head before the pairs ([MS-NLMP] 2.2.2.7 and 2.2.2.8).
_PAIRS = 16 + 28
_CHANNEL_BINDINGS = 10  # MsvAvChannelBindings
_END = 0  # MsvAvEOL


def claimed_identity(token: bytes) -> tuple[str, str] | None:
    """Domain and user of the message, bare or inside SPNEGO; None when there is none in the token."""
    message = _message(token)
    if message is None:
        return None
    (flags,) = struct.unpack_from("<I", message, _FLAGS)
    encoding = "utf-16-le" if flags & _UNICODE else "latin-1"
    domain, user = (_field(message, position).decode(encoding, "replace") for position in (_DOMAIN_FIELDS, _USER_FIELDS))
    return domain, user


def is_authenticate(token: bytes) -> bool:
    return _message(token) is not None


def sends_channel_binding(token: bytes) -> bool:
    """Whether the message is bound to a channel: it has the pair, and not as noughts."""
    message = _message(token)
    response = _field(message, _RESPONSE_FIELDS) if message is not None else b""
    position = _PAIRS
    while position + 4 <= len(response):
        kind, length = struct.unpack_from("<HH", response, position)
        if kind == _END:
            break
        if kind == _CHANNEL_BINDINGS:
            return any(response[position + 4 : position + 4 + length])
        position += 4 + length
    return False


def _message(token: bytes) -> bytes | None:
    start = token.find(_AUTHENTICATE)
    return token[start:] if start >= 0 and len(token) - start >= _FLAGS + 4 else None


def _field(message: bytes, position: int) -> bytes:
    length, _unused, offset = struct.unpack_from("<HHI", message, position)
    return message[offset : offset + length]
