# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""WMI object paths: ``\\HOST\root\cimv2:Win32_Service.Name="WinRM"`` (Microsoft, "Describing the Location of a WMI Object").

``Class="x"`` names an instance by its only key, ``Class=@`` a singleton, ``Class`` the class itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .types import CimClass, Reference

_HEAD = re.compile(r"(?:(?:\\\\[^\\/]+[\\/]|//[^\\/]+[\\/])?(?P<namespace>[A-Za-z_][\w\\/]*):)?(?P<cls>[A-Za-z_]\w*)", re.ASCII)
_VALUE = re.compile(r"""\s*(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>[^\s,"'{}]+))\s*""", re.DOTALL)
_KEY = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*=", re.ASCII)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class ObjectPath:
    class_name: str
    namespace: str | None = None  # lower case with slashes; None: not given
    keys: Mapping[str, str] | None = None  # None: the class itself. The name "" stands for the only key.
    singleton: bool = False


def parse_path(text: str) -> ObjectPath:
    """ValueError when the text is no object path."""
    text = text.strip()
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"{text!r} is no object path")
    namespace = head.group("namespace")
    namespace = namespace.replace("\\", "/").lower() if namespace else None
    rest = text[head.end() :].strip()
    class_name = head.group("cls")
    if not rest:
        return ObjectPath(class_name, namespace)
    if rest.startswith("=") and rest[1:].strip() == "@":
        return ObjectPath(class_name, namespace, {}, singleton=True)
    if rest.startswith("="):
        value, end = _value(rest, 1)
        if end != len(rest):
            raise ValueError(f"{text!r} has text after its key")
        return ObjectPath(class_name, namespace, {"": value})
    if not rest.startswith("."):
        raise ValueError(f"{text!r} is no object path")
    keys: dict[str, str] = {}
    position = 1
    while True:
        name = _KEY.match(rest, position)
        if name is None:
            raise ValueError(f"{text!r} lacks a key's name")
        keys[name.group("name")], position = _value(rest, name.end())
        if position == len(rest):
            return ObjectPath(class_name, namespace, keys)
        if rest[position] != ",":
            raise ValueError(f"{text!r} has text after a key")
        position += 1


def _value(text: str, position: int) -> tuple[str, int]:
    match = _VALUE.match(text, position)
    if match is None:
        raise ValueError(f"{text!r} has a key without a value")
    if match.group("bare") is not None:
        return match.group("bare"), match.end()
    quoted = match.group("double")
    return _ESCAPE.sub(r"\1", match.group("single") if quoted is None else quoted), match.end()


def resolve_keys(path: ObjectPath, cls: CimClass) -> dict[str, str]:
    """The path's keys by the names the class gives them; ValueError when they are not keys of the class."""
    keys = dict(path.keys or {})
    if "" in keys:
        if len(cls.keys) != 1:
            raise ValueError(f"{cls.name} has {len(cls.keys)} keys, the path names none")
        return {cls.keys[0]: keys[""]}
    names = {name.lower(): name for name in cls.keys}
    unknown = [name for name in keys if name.lower() not in names]
    if unknown:
        raise ValueError(f"{unknown[0]} is no key of {cls.name}")
    return {names[name.lower()]: value for name, value in keys.items()}


def format_path(reference: Reference, *, machine: str | None = None, relative: bool = False) -> str:
    """Keys sorted by name, as WMI writes them: libvirt finds a virtual switch by the text of its ``__PATH``."""
    named = sorted(reference.keys.items(), key=lambda item: item[0].lower())
    keys = ",".join('{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in named)
    path = f"{reference.class_name}.{keys}" if keys else f"{reference.class_name}=@"
    if relative:
        return path
    namespace = reference.namespace.replace("/", "\\")
    return f"\\\\{machine}\\{namespace}:{path}" if machine else f"{namespace}:{path}"
