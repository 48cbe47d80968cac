# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an instance fulfils a WHERE clause.

A condition is compiled for a class once: names are resolved, literals are brought to the property's type, and what WMI would
refuse is refused before the first instance is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..cim.dmtf_time import parse_query_time
from ..cim.hierarchy import Classes, ancestry, is_a, key_text, reference_to
from ..cim.object_path import format_path
from ..cim.types import CimClass, CimProperty, CimType, Instance, Reference, Value
from ..cim.values import RANGES
from .like import like
from .syntax import And, Comparison, Condition, IsA, Like, Literal, Not, Operand, Or, PropertyName

Test = Callable[[Instance], bool]
Reader = Callable[[Instance], Value]
_ORDER: dict[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "<>": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    ">": lambda sign: sign > 0,
    "<=": lambda sign: sign <= 0,
    ">=": lambda sign: sign >= 0,
}


class WqlInvalidQuery(ValueError):
    """The query names what the class does not have, or compares what cannot be compared."""


@dataclass(frozen=True)
class QueryScope:
    """What a query is evaluated in."""

    classes: Classes
    machine_name: str  # __SERVER


_NUMBERS = frozenset({*RANGES, CimType.REAL32, CimType.REAL64})
_SYSTEM: dict[str, Callable[[QueryScope, Instance], Value]] = {
    "__server": lambda scope, instance: scope.machine_name,
    "__class": lambda scope, instance: instance.cls.name,
    "__namespace": lambda scope, instance: instance.cls.namespace.replace("/", "\\"),
    "__path": lambda scope, instance: format_path(reference_to(instance), machine=scope.machine_name),
    "__relpath": lambda scope, instance: format_path(reference_to(instance), relative=True),
    "__superclass": lambda scope, instance: instance.cls.superclass,
    "__dynasty": lambda scope, instance: list(ancestry(scope.classes, instance.cls))[-1],
    "__genus": lambda scope, instance: 2,
    "__property_count": lambda scope, instance: len(instance.cls.properties),
}
_SYSTEM_NUMBERS = frozenset({"__genus", "__property_count"})


def find_property(cls: CimClass, name: str) -> CimProperty | None:
    found = cls.properties.get(name)
    if found is None:
        lowered = name.lower()
        found = next((prop for prop in cls.properties.values() if prop.name.lower() == lowered), None)
    return found


def is_system_property(name: str) -> bool:
    return name.lower() in _SYSTEM or name.lower() == "__derivation"


def with_system_properties(instances: Iterator[Instance], names: tuple[str, ...], scope: QueryScope) -> Iterator[Instance]:
    """The instances with the values of these system properties, of classes that have them."""
    extended: dict[str, CimClass] = {}
    kinds = {name: CimType.SINT32 if name.lower() in _SYSTEM_NUMBERS else CimType.STRING for name in names}
    for instance in instances:
        cls = extended.get(instance.cls.name)
        if cls is None:
            added = {name: CimProperty(name, kind) for name, kind in kinds.items()}
            cls = extended[instance.cls.name] = replace(instance.cls, properties={**instance.cls.properties, **added})
        values = {name: _SYSTEM[name.lower()](scope, instance) for name in names if name.lower() in _SYSTEM}
        yield Instance(cls, {**instance.values, **values})


def compile_condition(condition: Condition, cls: CimClass, scope: QueryScope) -> Test:
    """WqlInvalidQuery when the condition does not fit the class."""
    if isinstance(condition, And):
        every = [compile_condition(term, cls, scope) for term in condition.terms]
        return lambda instance: all(test(instance) for test in every)
    if isinstance(condition, Or):
        some = [compile_condition(term, cls, scope) for term in condition.terms]
        return lambda instance: any(test(instance) for test in some)
    if isinstance(condition, Not):
        inner = compile_condition(condition.term, cls, scope)
        return lambda instance: not inner(instance)
    if isinstance(condition, Like):
        return _like(condition, cls, scope)
    if isinstance(condition, IsA):
        return _isa(condition, cls, scope)
    return _comparison(condition, cls, scope)


def _reader(name: PropertyName, cls: CimClass, scope: QueryScope) -> tuple[Reader, CimProperty]:
    """How to read the property, and of what type it is."""
    first = name.parts[0].lower()
    if name.is_system and first in _SYSTEM:
        system = _SYSTEM[first]
        type_ = CimType.SINT32 if first in _SYSTEM_NUMBERS else CimType.STRING
        return (lambda instance: system(scope, instance)), CimProperty(name.parts[0], type_)
    prop = find_property(cls, name.parts[0])
    if prop is None:
        raise WqlInvalidQuery(f"{cls.name} has no property {name.parts[0]}")
    key = prop.name
    if len(name.parts) == 1:
        return (lambda instance: instance.values.get(key)), prop
    # The embedded object may be of any class (MSCluster's PrivateProperties are): its properties are looked up by name.
    if prop.type is not CimType.OBJECT or prop.array:
        raise WqlInvalidQuery(f"{cls.name}.{prop.name} is no embedded object")
    return (lambda instance: _embedded(instance.values.get(key), name.parts[1:])), CimProperty(str(name), CimType.OBJECT)


def _embedded(value: Value, parts: tuple[str, ...]) -> Value:
    for part in parts:
        if not isinstance(value, Instance):
            return None
        prop = find_property(value.cls, part)
        value = value.values.get(prop.name) if prop is not None else None
    return value


def _literal_of(operand: Operand, scope: QueryScope) -> Literal:
    """The constant side; __SERVER is one too (``Name != __SERVER``, libvirt's query for virtual machines)."""
    if isinstance(operand, Literal):
        return operand
    if operand.is_system and operand.parts[0].lower() == "__server":
        return Literal(scope.machine_name)
    raise WqlInvalidQuery(f"{operand} stands where a constant belongs")


_MIRRORED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _comparison(condition: Comparison, cls: CimClass, scope: QueryScope) -> Test:
    left, operator, right = condition.left, condition.operator, condition.right
    if not isinstance(left, PropertyName):
        left, operator, right = right, _MIRRORED[operator], left
    if not isinstance(left, PropertyName):
        raise WqlInvalidQuery("a comparison needs a property")
    constant = _literal_of(right, scope).value
    read, prop = _reader(left, cls, scope)
    if constant is None:
        if operator not in ("=", "<>"):
            raise WqlInvalidQuery("NULL is neither less nor greater than anything")
        wanted = operator == "="
        # An array without elements is NULL on the wire and to WMI.
        return lambda instance: (read(instance) in (None, [])) is wanted
    if prop.array:
        raise WqlInvalidQuery(f"{prop.name} is an array, which WQL does not compare")
    accepts = _ORDER[operator]
    compare = _comparator(prop, constant, scope)

    def test(instance: Instance) -> bool:
        value = read(instance)
        # WMI: a NULL differs from every constant and is neither less nor greater.
        return operator == "<>" if value is None else accepts(compare(value))

    return test


def _sign(left: float, right: float) -> int:
    return (left > right) - (left < right)


def _comparator(prop: CimProperty, constant: str | int | float | bool, scope: QueryScope) -> Callable[[Value], int]:
    """Compares a value that is not NULL with the constant: negative, zero or positive."""
    if prop.type is CimType.OBJECT:
        return lambda value: _compare_untyped(value, constant)
    if prop.type is CimType.BOOLEAN:
        wanted = _boolean(prop, constant)
        return lambda value: _sign(bool(value), wanted)
    if prop.type in _NUMBERS:
        number = _number(prop, constant)
        return lambda value: _sign(value, number) if isinstance(value, (int, float)) else 1
    if prop.type is CimType.DATETIME:
        moment = _moment(prop, constant)
        return lambda value: _compare_times(value, moment)
    if prop.type is CimType.REFERENCE:
        return _reference_comparator(prop, constant)
    text = key_text(constant).lower()
    return lambda value: _compare_text(value, text)


def _compare_text(value: Value, lowered: str) -> int:
    text = key_text(value).lower()
    return (text > lowered) - (text < lowered)


def _compare_untyped(value: Value, constant: str | int | float | bool) -> int:
    if isinstance(value, (int, float)) and isinstance(constant, (int, float)):
        return _sign(value, constant)
    return _compare_text(value, key_text(constant).lower())


def _boolean(prop: CimProperty, constant: str | int | float | bool) -> bool:
    word = key_text(constant).lower()
    if word not in ("true", "false", "0", "1", "-1"):
        raise WqlInvalidQuery(f"{prop.name} is a boolean, {constant!r} is none")
    return word not in ("false", "0")


def _number(prop: CimProperty, constant: str | int | float | bool) -> int | float:
    if isinstance(constant, str):
        try:
            return int(constant, 0) if len(constant) < 40 else float(constant)
        except ValueError:
            try:
                return float(constant)
            except ValueError:
                raise WqlInvalidQuery(f"{prop.name} is a number, {constant!r} is none") from None
    return constant


def _moment(prop: CimProperty, constant: str | int | float | bool) -> datetime | timedelta:
    try:
        return parse_query_time(str(constant))
    except (ValueError, OverflowError) as error:
        raise WqlInvalidQuery(f"{prop.name} is a time, {constant!r} is none") from error


def _compare_times(value: Value, moment: datetime | timedelta) -> int:
    if isinstance(value, datetime) and isinstance(moment, datetime):
        return (value > moment) - (value < moment)
    if isinstance(value, timedelta) and isinstance(moment, timedelta):
        return (value > moment) - (value < moment)
    return 1


def _reference_comparator(prop: CimProperty, constant: str | int | float | bool) -> Callable[[Value], int]:
    from ..cim.hierarchy import same_object
    from ..cim.object_path import parse_path

    try:
        path = parse_path(str(constant))
    except ValueError as error:
        raise WqlInvalidQuery(f"{prop.name} is a reference, {constant!r} is no object path") from error
    wanted = Reference(path.namespace or "", path.class_name, dict(path.keys or {}))

    def compare(value: Value) -> int:
        if not isinstance(value, Reference):
            return 1
        named = wanted
        if "" in wanted.keys and len(value.keys) == 1:
            named = Reference(wanted.namespace, wanted.class_name, {next(iter(value.keys)): wanted.keys[""]})
        return 0 if same_object(named, value) else 1

    return compare


def _like(condition: Like, cls: CimClass, scope: QueryScope) -> Test:
    pattern = _literal_of(condition.pattern, scope).value
    if not isinstance(condition.left, PropertyName) or not isinstance(pattern, str):
        raise WqlInvalidQuery("LIKE needs a property and a pattern")
    read, prop = _reader(condition.left, cls, scope)
    if prop.array or prop.type not in (CimType.STRING, CimType.OBJECT, CimType.CHAR16):
        raise WqlInvalidQuery(f"{prop.name} is no string: LIKE does not fit it")

    def test(instance: Instance) -> bool:
        value = read(instance)
        return isinstance(value, str) and like(value, pattern)

    return test


def _isa(condition: IsA, cls: CimClass, scope: QueryScope) -> Test:
    wanted = condition.class_name
    class_name = wanted.value if isinstance(wanted, Literal) else str(wanted)
    if not isinstance(condition.left, PropertyName) or not isinstance(class_name, str):
        raise WqlInvalidQuery("ISA needs a property and a class")
    if condition.left.parts[0].lower() == "__this":
        return lambda instance: is_a(scope.classes, instance.cls, class_name)
    read, prop = _reader(condition.left, cls, scope)
    if prop.array or prop.type is not CimType.OBJECT:
        raise WqlInvalidQuery(f"{prop.name} is no embedded object: ISA does not fit it")

    def test(instance: Instance) -> bool:
        value = read(instance)
        return isinstance(value, Instance) and is_a(scope.classes, value.cls, class_name)

    return test
