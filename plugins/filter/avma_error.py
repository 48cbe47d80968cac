# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``avma_error``: what an error code of Windows' licensing means and what to do about it."""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._product_keys import mask_likely_keys
from ..plugin_utils._avma.windows_codes import error_of, format_code, unsigned_code
from ..plugin_utils._filter.defined import require_defined

_HEX = re.compile("0[xX][0-9a-fA-F]{1,40}")
_DECIMAL = re.compile("[+-]?[0-9]{1,40}")
_HEX_WITHOUT_MARK = re.compile("(?=[0-9]*[a-fA-F])[0-9a-fA-F]{8}")
# An HRESULT is a number of 32 bits, read without sign, with sign, or with its sign carried on to 64 bits.
_WORD = 1 << 32
_SIGN = 1 << 31
_CARRIED_SIGN = (1 << 64) - _SIGN


def avma_error(value: object) -> dict[str, t.Any]:
    require_defined(value)
    code = _code(value)
    entry = error_of(code)
    if entry is None:
        return {
            "code": format_code(code),
            "symbol": None,
            "meaning": None,
            "cause": None,
            "remedy": f"The code is not in this collection's catalogue. Run 'slui.exe 0x2a {format_code(code)}' on any Windows: it shows the text of a code.",
            "transient": None,
            "source": None,
        }
    return {
        "code": format_code(code),
        "symbol": entry.symbol or None,
        "meaning": entry.meaning,
        "cause": entry.cause or None,
        "remedy": entry.remedy,
        "transient": entry.transient,
        "source": entry.source,
    }


def _code(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise AnsibleFilterError(
            f"avma_error: an error code is a number or a text, but this is of type {type(value).__name__}. Give it as in '0xC004FD02'."
        )
    number = value if isinstance(value, int) else _number(value)
    if not (-_SIGN <= number < _WORD or _CARRIED_SIGN <= number < 1 << 64):
        raise AnsibleFilterError(f"avma_error: {_shown(value)} has more than the 32 bits of an error code. Check where it was copied from.")
    return unsigned_code(number)


def _number(text: str) -> int:
    stripped = text.strip()
    if _HEX_WITHOUT_MARK.fullmatch(stripped):
        stripped = "0x" + stripped
    if _HEX.fullmatch(stripped):
        return int(stripped, 16)
    if _DECIMAL.fullmatch(stripped):
        return int(stripped)
    raise AnsibleFilterError(
        f"avma_error: {_shown(text)} is not an error code. Give it as a number (-1073414910, 3221552386) or in hexadecimal ('0xC004FD02')."
    )


def _shown(value: int | str) -> str:
    return f"'{mask_likely_keys(value)[:40]}'" if isinstance(value, str) else f"a number of {value.bit_length()} bits"


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"avma_error": avma_error}
