# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""StdRegProv: the registry by static methods."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_lab.cim.provider import CimError, MethodResult
from hyperv_lab.cim.types import Value

from .conftest import World, pair

HKLM = 2147483650
CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"


@pytest.fixture
def world() -> World:
    return pair({"release": "2022", "edition": "standard_core"})


def _call(
    world: World, method: str, key: str = CURRENT_VERSION, root: int | None = HKLM, namespace: str = "root/default", **more: Value
) -> MethodResult:
    return world.call("vm", namespace, "StdRegProv", method, hDefKey=root, sSubKeyName=key, **more)


@pytest.mark.parametrize("namespace", ["root/default", "root/cimv2"])
@pytest.mark.parametrize("root", [HKLM, None])
def test_values_of_windows_are_there(world: World, namespace: str, root: int | None) -> None:
    found = _call(world, "GetStringValue", sValueName="editionid", namespace=namespace, root=root)
    assert (found.return_value, found.outputs["sValue"]) == (0, "ServerStandard")
    assert _call(world, "GetDWORDValue", sValueName="CurrentMajorVersionNumber").outputs["uValue"] == 10
    assert _call(world, "GetStringValue", sValueName="InstallationType").outputs["sValue"] == "Server Core"


@pytest.mark.parametrize(
    ("method", "key", "name", "code"),
    [
        ("GetStringValue", CURRENT_VERSION, "Nothing", 1),
        ("GetStringValue", "SOFTWARE\\Nothing", "Nothing", 2),
        ("GetDWORDValue", CURRENT_VERSION, "EditionID", 0x80041005),
        ("DeleteValue", CURRENT_VERSION, "Nothing", 2),
        ("EnumKey", "SOFTWARE\\Nothing", "", 2),
        ("DeleteKey", "SOFTWARE\\Microsoft", "", 5),
    ],
)
def test_what_is_not_there_has_its_code(world: World, method: str, key: str, name: str, code: int) -> None:
    before = world.fleet.digest()
    assert _call(world, method, key, sValueName=name).return_value == code
    assert world.fleet.digest() == before


@pytest.mark.parametrize(
    ("kind", "parameter", "written", "read", "number"),
    [
        ("String", "sValue", "text", "text", 1),
        ("ExpandedString", "sValue", "%SystemRoot%", "%SystemRoot%", 2),
        ("Binary", "uValue", [1, 2, 255], [1, 2, 255], 3),
        ("DWORD", "uValue", 4294967295, 4294967295, 4),
        ("MultiString", "sValue", ["a", "b"], ["a", "b"], 7),
        ("MultiString", "sValue", None, None, 7),
        ("QWORD", "uValue", 2**40, 2**40, 11),
    ],
)
def test_every_type_is_written_and_read(world: World, kind: str, parameter: str, written: Any, read: Any, number: int) -> None:
    key = r"SOFTWARE\Example\Deep\Down"
    assert _call(world, f"Set{kind}Value", key, sValueName="V", **{parameter: written}).return_value == 2
    assert _call(world, "CreateKey", key).return_value == 0
    assert _call(world, f"Set{kind}Value", key, sValueName="V", **{parameter: written}).return_value == 0
    assert _call(world, f"Get{kind}Value", key, sValueName="v").outputs[parameter] == read
    assert _call(world, "EnumValues", key).outputs == {"sNames": ["V"], "Types": [number]}
    assert _call(world, "EnumKey", r"software\example").outputs["sNames"] == ["Deep"]
    assert _call(world, "DeleteKey", r"SOFTWARE\Example").return_value == 5
    assert _call(world, "DeleteKey", key).return_value == 0
    assert _call(world, "EnumValues", key).return_value == 2


def test_wrong_parameters_are_refused(world: World) -> None:
    for arguments in ({"sSubKeyName": None}, {"sSubKeyName": CURRENT_VERSION, "sValueName": "V", "uValue": "text"}):
        with pytest.raises(CimError) as refusal:
            world.call("vm", "root/default", "StdRegProv", "SetDWORDValue", **arguments)
        assert refusal.value.hresult == 0x80041008


def test_reading_changes_nothing_and_writing_does(world: World) -> None:
    before = world.fleet.digest()
    _call(world, "EnumValues")
    assert world.fleet.digest() == before
    _call(world, "SetStringValue", sValueName="Note", sValue="x")
    assert world.fleet.digest() != before
