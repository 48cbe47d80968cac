# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The registry through ``StdRegProv``. Both root/default and root/cimv2 serve it; root/cimv2 needs no further right."""

from __future__ import annotations

from .._wsman.session import Session
from .namespaces import CIMV2

HKEY_LOCAL_MACHINE = 2147483650
_NOT_THERE = (1, 2)  # value not found, key not found


def read_string(session: Session, key: str, value: str) -> str | None:
    """A REG_SZ value under HKEY_LOCAL_MACHINE, None if the key or the value is not there. One request."""
    output = session.invoke(
        CIMV2, "StdRegProv", "GetStringValue", {"hDefKey": HKEY_LOCAL_MACHINE, "sSubKeyName": key, "sValueName": value}, reads=True
    )
    if output.return_value in _NOT_THERE:
        return None
    return output.expect(0).outputs.text("sValue")


def value_names(session: Session, key: str) -> tuple[str, ...] | None:
    """The names of a key's values under HKEY_LOCAL_MACHINE, None if the key is not there. One request."""
    output = session.invoke(CIMV2, "StdRegProv", "EnumValues", {"hDefKey": HKEY_LOCAL_MACHINE, "sSubKeyName": key}, reads=True)
    if output.return_value in _NOT_THERE:
        return None
    return output.expect(0).outputs.texts("sNames")
