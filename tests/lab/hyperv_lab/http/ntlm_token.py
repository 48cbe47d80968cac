# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who an NTLM AUTHENTICATE_MESSAGE claims to be ([MS-NLMP] 2.2.1.3)."""

from __future__ import annotations

import struct

_AUTHENTICATE = b"NTLMSSP\x00\x03\x00\x00\x00"
_DOMAIN_FIELDS = 28
_USER_FIELDS = 36
_FLAGS = 60
_UNICODE = 0x1


def claimed_identity(token: bytes) -> tuple[str, str] | None:
    """Domain and user of the message, bare or inside SPNEGO; None when there is none in the token."""
    start = token.find(_AUTHENTICATE)
    message = token[start:] if start >= 0 else b""
    if len(message) < _FLAGS + 4:
        return None
    (flags,) = struct.unpack_from("<I", message, _FLAGS)
    encoding = "utf-16-le" if flags & _UNICODE else "latin-1"
    fields = []
    for position in (_DOMAIN_FIELDS, _USER_FIELDS):
        length, _, offset = struct.unpack_from("<HHI", message, position)
        fields.append(message[offset : offset + length].decode(encoding, "replace"))
    return fields[0], fields[1]
