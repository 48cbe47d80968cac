# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WQL with values of users and guests in it."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman import wql


def test_a_literal_cannot_be_left() -> None:
    assert wql.quote("web01") == "'web01'"
    assert wql.quote("O'Brien") == r"'O\'Brien'"
    assert wql.quote("a\\") == r"'a\\'"
    assert wql.quote("\\' OR Name <> '") == r"'\\\' OR Name <> \''"


def test_one_of_several_values() -> None:
    assert wql.any_of("Name", ["a", "b'"]) == r"(Name = 'a' OR Name = 'b\'')"
    with pytest.raises(ValueError, match="no value to compare Name with"):
        wql.any_of("Name", [])


def test_an_object_path() -> None:
    path = {"InstanceID": r"Microsoft:6D0F1A7C\2A34B1C2"}
    assert (
        wql.object_path("Msvm_VirtualSystemSettingData", path) == r'Msvm_VirtualSystemSettingData.InstanceID="Microsoft:6D0F1A7C\\2A34B1C2"'
    )
    assert wql.object_path("Win32_OperatingSystem", {}) == "Win32_OperatingSystem=@"
    with pytest.raises(ValueError, match="not a CIM name"):
        wql.object_path("Win32_Service WHERE 1=1", {})
