# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider of the lab has in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from ..cim.hierarchy import key_text, names_object
from ..cim.provider import MethodResult
from ..cim.types import CimClass, Instance, Reference, Value
from ..world.errors import WBEM_E_METHOD_NOT_IMPLEMENTED, WBEM_E_PROVIDER_NOT_CAPABLE, failure
from ..world.fleet import Fleet
from ..world.windows import Windows


class Provider:
    """Shows a part of one machine as instances of the classes in ``serves``, and carries out their methods.

    A provider is made when one of its classes is first asked for, and keeps no state of its own.
    """

    serves: ClassVar[tuple[str, ...]] = ()

    def __init__(self, fleet: Fleet, windows: Windows) -> None:
        self.fleet = fleet
        self.windows = windows

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        return ()

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        """The instance that has these keys. Some of them are enough if no other instance has them."""
        found = [instance for instance in self.instances(cls) if matches(instance, keys)]
        return found[0] if len(found) == 1 else None

    def put(self, instance: Instance, changes: Mapping[str, Value]) -> Instance:
        raise failure(WBEM_E_PROVIDER_NOT_CAPABLE, operation="PutInstance")

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        raise failure(WBEM_E_METHOD_NOT_IMPLEMENTED)


def matches(instance: Instance, keys: Mapping[str, str]) -> bool:
    """Whether the instance has these key values, compared without case."""
    values = {name.lower(): value for name, value in instance.values.items()}
    return all(_is(values.get(name.lower()), wanted) for name, wanted in keys.items())


def _is(value: Value, wanted: str) -> bool:
    if isinstance(value, Reference):
        return names_object(wanted, value)
    return value is not None and key_text(value).lower() == wanted.lower()


def instance(cls: CimClass, values: Mapping[str, Value]) -> Instance:
    """An instance with those of ``values`` that this Windows' version of the class has."""
    return Instance(cls, {name: value for name, value in values.items() if name in cls.properties})
