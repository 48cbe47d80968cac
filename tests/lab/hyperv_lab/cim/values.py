# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From text to a scalar of a CIM type, with the type's range."""

from __future__ import annotations

import math

from .dmtf_time import parse_dmtf
from .types import CimType, Scalar

RANGES = {
    CimType.UINT8: (0, 2**8 - 1),
    CimType.UINT16: (0, 2**16 - 1),
    CimType.UINT32: (0, 2**32 - 1),
    CimType.UINT64: (0, 2**64 - 1),
    CimType.SINT8: (-(2**7), 2**7 - 1),
    CimType.SINT16: (-(2**15), 2**15 - 1),
    CimType.SINT32: (-(2**31), 2**31 - 1),
    CimType.SINT64: (-(2**63), 2**63 - 1),
    CimType.CHAR16: (0, 2**16 - 1),
}
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


def parse_scalar(type_: CimType, text: str) -> Scalar:
    """ValueError when the text is no value of the type. Datetimes are DMTF text, as in CIM-XML and selectors."""
    if type_ is CimType.STRING:
        return text
    text = text.strip()
    limits = RANGES.get(type_)
    if limits is not None:
        if len(text) > 24 or not text.lstrip("+-").isascii() or not text.lstrip("+-").isdigit():
            raise ValueError(f"{text[:24]!r} is no {type_.value}")
        number = int(text)
        if not limits[0] <= number <= limits[1]:
            raise ValueError(f"{number} is outside the range of {type_.value}")
        return number
    if type_ is CimType.BOOLEAN:
        word = text.lower()
        if word not in _TRUE and word not in _FALSE:
            raise ValueError(f"{text!r} is no boolean")
        return word in _TRUE
    if type_ in (CimType.REAL32, CimType.REAL64):
        real = float(text)
        if not math.isfinite(real):
            raise ValueError(f"{text!r} is no {type_.value}")
        return real
    if type_ is CimType.DATETIME:
        return parse_dmtf(text)
    raise ValueError(f"a {type_.value} is not written as plain text")
