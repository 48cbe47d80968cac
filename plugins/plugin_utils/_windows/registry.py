# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The registry through ``StdRegProv``. Both root/default and root/cimv2 serve it; root/cimv2 needs no further right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from .._wsman.cim import Call, Cim
from .._wsman.values import Argument
from .namespaces import CIMV2

HKEY_LOCAL_MACHINE = 2147483650
REG_SZ = 1
_NOT_THERE = (1, 2)  # value not found, key not found


def string_call(key: str, value: str) -> Call:
    """The call that ``read_string`` makes."""
    return Call(CIMV2, "StdRegProv", "GetStringValue", {"hDefKey": HKEY_LOCAL_MACHINE, "sSubKeyName": key, "sValueName": value})


def names_call(key: str) -> Call:
    """The call that ``value_names`` makes."""
    return Call(CIMV2, "StdRegProv", "EnumValues", {"hDefKey": HKEY_LOCAL_MACHINE, "sSubKeyName": key})


def read_string(session: Cim, key: str, value: str) -> str | None:
    """A REG_SZ value under HKEY_LOCAL_MACHINE, None if the key or the value is not there. One request."""
    call = string_call(key, value)
    output = session.invoke(call.namespace, call.class_name, call.method, call.arguments, reads=True)
    if output.return_value in _NOT_THERE:
        return None
    return output.expect(0).outputs.text("sValue")


@dataclass(frozen=True)
class RegistryValue:
    """A value without its data. ``kind`` is None where Windows did not say it."""

    name: str
    kind: int | None


def list_values(session: Cim, key: str) -> tuple[RegistryValue, ...] | None:
    """A key's values with their types under HKEY_LOCAL_MACHINE, None if the key is not there. One request."""
    call = names_call(key)
    output = session.invoke(call.namespace, call.class_name, call.method, call.arguments, reads=True)
    if output.return_value in _NOT_THERE:
        return None
    outputs = output.expect(0).outputs
    return tuple(RegistryValue(name, kind) for name, kind in zip_longest(outputs.texts("sNames"), outputs.integers("Types")) if name)


def delete_value(session: Cim, key: str, name: str) -> bool:
    """Delete a value under HKEY_LOCAL_MACHINE; whether it was there. One request, which is never repeated.

    Raises EffectUnknown where the answer is missing: the key is to be read then.
    """
    arguments: dict[str, Argument] = {"hDefKey": HKEY_LOCAL_MACHINE, "sSubKeyName": key, "sValueName": name}
    output = session.invoke(CIMV2, "StdRegProv", "DeleteValue", arguments)
    if output.return_value in _NOT_THERE:
        return False
    output.expect(0)
    return True


def value_names(session: Cim, key: str) -> tuple[str, ...] | None:
    """The names of a key's values under HKEY_LOCAL_MACHINE, None if the key is not there. One request."""
    values = list_values(session, key)
    return None if values is None else tuple(value.name for value in values)
