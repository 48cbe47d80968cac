# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's registry: keys by path, values by name, both without regard to case."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_QWORD = 1, 2, 3, 4, 7, 11

HKLM = 0x80000002
ROOTS = {0x80000000: "HKCR", 0x80000001: "HKCU", HKLM: "HKLM", 0x80000003: "HKU", 0x80000005: "HKCC"}

CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SOFTWARE_PROTECTION = CURRENT_VERSION + r"\SoftwareProtectionPlatform"
VIRTUAL_MACHINE = r"HKLM\SOFTWARE\Microsoft\Virtual Machine"

Data = str | int | list[str] | bytes


class RegistryValue(NamedTuple):
    name: str
    kind: int
    data: Data


Values = dict[str, RegistryValue]  # by lower-case name


def string_values(items: dict[str, str]) -> Values:
    return {name.lower(): RegistryValue(name, REG_SZ, data) for name, data in items.items()}


class Registry:
    """Keys are created with their parents, as ``StdRegProv.CreateKey`` does.

    ``mount`` lays a key over somebody else's values: the integration service's pools show as keys that way.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {root.lower(): root for root in ROOTS.values()}
        self._values: dict[str, Values | Callable[[], Values]] = {}
        self._pristine = False

    @property
    def untouched(self) -> bool:
        """Whether nothing was written since ``installed``."""
        return self._pristine

    def installed(self) -> Registry:
        """Marks the present content as the one that Setup leaves behind."""
        self._pristine = True
        return self

    def create(self, path: str) -> None:
        self._pristine = False
        parts = path.strip("\\").split("\\")
        for depth in range(1, len(parts) + 1):
            self._names.setdefault("\\".join(parts[:depth]).lower(), parts[depth - 1])

    def mount(self, path: str, values: Values | Callable[[], Values]) -> None:
        """Shows ``values`` (or what calling it gives, read-only then) as the values of the key ``path``."""
        self.create(path)
        self._values[path.lower()] = values

    def exists(self, path: str) -> bool:
        return path.strip("\\").lower() in self._names

    def values(self, path: str) -> Values | None:
        """Values of a key, None if there is no such key. Changing the mapping changes the key, unless the key is computed."""
        found = path.strip("\\").lower()
        if found not in self._names:
            return None
        values = self._values.setdefault(found, {})
        return values() if callable(values) else values

    def subkeys(self, path: str) -> list[str] | None:
        """Names of the keys below ``path``, None if there is no such key."""
        found = path.strip("\\").lower()
        if found not in self._names:
            return None
        prefix = found + "\\"
        return sorted(
            (name for key, name in self._names.items() if key.startswith(prefix) and "\\" not in key[len(prefix) :]), key=str.lower
        )

    def set(self, path: str, name: str, kind: int, data: Data) -> bool:
        values = self.values(path)
        if values is None:
            return False
        values[name.lower()] = RegistryValue(name, kind, data)
        self._pristine = False
        return True

    def delete_value(self, path: str, name: str) -> bool:
        values = self.values(path)
        if values is None or values.pop(name.lower(), None) is None:
            return False
        self._pristine = False
        return True

    def delete_key(self, path: str) -> bool:
        """Deletes a key that has no subkeys. False if there is no such key or it has some."""
        found = path.strip("\\").lower()
        if self.subkeys(path) != []:
            return False
        del self._names[found]
        self._pristine = False
        values = self._values.pop(found, None)
        if values is not None and not callable(values):
            values.clear()
        return True

    def dump(self) -> dict[str, list[RegistryValue]]:
        """Every key with its values in a fixed order: what two moments are compared by."""
        return {key: sorted((self.values(key) or {}).values(), key=repr) for key in sorted(self._names)}
