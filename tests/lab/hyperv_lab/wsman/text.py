# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Character data as WinRM writes it."""

from __future__ import annotations

import re

# WinRM replaces characters that XML cannot carry by a question mark ([MS-WSMV] 3.1.4.1.25), and writes a quotation mark in text as
# an entity (recorded traffic of Windows Server 2012 R2).
_SPECIAL = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    if _SPECIAL.search(text) is None:
        return text
    # Pages are full of embedded instances, whose every second character is special: replace() is far quicker there than a substitution.
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("\r", "&#13;")
    return _IMPOSSIBLE.sub("?", text)


def utf16_units(text: str) -> int:
    """Length as Windows counts it; characters beyond the Basic Multilingual Plane take two units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
