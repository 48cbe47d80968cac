# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""StdRegProv: the registry by static methods.

Return values as clients that run against Windows 10 and 11 read them: 0, 1 value not found, 2 key not found, 0x80041005 value of
another type.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Value
from ..world.errors import WBEM_E_INVALID_PARAMETER, WBEM_E_METHOD_NOT_IMPLEMENTED, failure
from ..world.registry import (
    HKLM,
    REG_BINARY,
    REG_DWORD,
    REG_EXPAND_SZ,
    REG_MULTI_SZ,
    REG_QWORD,
    REG_SZ,
    ROOTS,
    Data,
)
from .base import Provider

VALUE_NOT_FOUND, KEY_NOT_FOUND, TYPE_MISMATCH, ACCESS_DENIED = 1, 2, 0x80041005, 5

_KINDS = {
    "DWORD": (REG_DWORD, "uValue"),
    "QWORD": (REG_QWORD, "uValue"),
    "Binary": (REG_BINARY, "uValue"),
    "String": (REG_SZ, "sValue"),
    "ExpandedString": (REG_EXPAND_SZ, "sValue"),
    "MultiString": (REG_MULTI_SZ, "sValue"),
}


class StdRegProv(Provider):
    serves = ("StdRegProv",)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        root = arguments.get("hDefKey")
        subkey = arguments.get("sSubKeyName")
        if not isinstance(subkey, str):
            raise failure(WBEM_E_INVALID_PARAMETER)
        if root is not None and root not in ROOTS:
            return MethodResult(KEY_NOT_FOUND)
        path = f"{ROOTS[root if isinstance(root, int) else HKLM]}\\{subkey}".rstrip("\\")
        name = arguments.get("sValueName")
        name = name if isinstance(name, str) else ""
        registry = self.windows.registry
        if method == "CreateKey":
            if not registry.exists(path):
                registry.create(path)
            return MethodResult(0)
        if not registry.exists(path):
            return MethodResult(KEY_NOT_FOUND)
        if method == "EnumKey":
            return MethodResult(0, {"sNames": [*(registry.subkeys(path) or [])] or None})
        if method == "EnumValues":
            values = (registry.values(path) or {}).values()
            return MethodResult(0, {"sNames": [value.name for value in values] or None, "Types": [value.kind for value in values] or None})
        if method == "CheckAccess":
            return MethodResult(0, {"bGranted": True})
        if method == "DeleteKey":
            return MethodResult(0 if registry.delete_key(path) else ACCESS_DENIED)
        if method == "DeleteValue":
            return MethodResult(0 if registry.delete_value(path, name) else KEY_NOT_FOUND)
        kind, parameter = _KINDS.get(method[3:].removesuffix("Value"), (0, ""))
        if not kind:
            raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)
        if method.startswith("Get"):
            return self._get(path, name, kind, parameter)
        registry.set(path, name, kind, _data(kind, arguments.get(parameter)))
        return MethodResult(0)

    def _get(self, path: str, name: str, kind: int, parameter: str) -> MethodResult:
        value = (self.windows.registry.values(path) or {}).get(name.lower())
        if value is None:
            return MethodResult(VALUE_NOT_FOUND)
        strings = (REG_SZ, REG_EXPAND_SZ)
        if value.kind != kind and not (value.kind in strings and kind in strings):
            return MethodResult(TYPE_MISMATCH)
        data: Value = ([*value.data] or None) if isinstance(value.data, (bytes, list)) else value.data
        return MethodResult(0, {parameter: data})


def _data(kind: int, value: Value) -> Data:
    if kind in (REG_DWORD, REG_QWORD) and isinstance(value, int):
        return value
    if kind in (REG_SZ, REG_EXPAND_SZ) and (value is None or isinstance(value, str)):
        return value or ""
    items = value if isinstance(value, list) else [] if value is None else [value]
    if kind == REG_BINARY and all(isinstance(item, int) and 0 <= item <= 255 for item in items):
        return bytes(item for item in items if isinstance(item, int))
    if kind == REG_MULTI_SZ and all(isinstance(item, str) for item in items):
        return [item for item in items if isinstance(item, str)]
    raise failure(WBEM_E_INVALID_PARAMETER)
