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


def test_wildcards_stand_for_themselves() -> None:
    assert wql.like("100%_[x]") == "100[%][_][[]x]"


def test_one_of_several_values() -> None:
    assert wql.any_of("Name", ["a", "b'"]) == r"(Name = 'a' OR Name = 'b\'')"
    with pytest.raises(ValueError, match="no value to compare Name with"):
        wql.any_of("Name", [])


def test_select() -> None:
    assert wql.select("Msvm_ComputerSystem") == "SELECT * FROM Msvm_ComputerSystem"
    assert wql.select("Win32_Service", "Name = 'vmms'", "State = 'Running'") == (
        "SELECT * FROM Win32_Service WHERE Name = 'vmms' AND State = 'Running'"
    )
    with pytest.raises(ValueError, match="not a CIM name"):
        wql.select("Win32_Service WHERE 1=1")


def test_associators() -> None:
    path = {"InstanceID": r"Microsoft:6D0F1A7C\2A34B1C2"}
    assert wql.associators("Msvm_VirtualSystemSettingData", path, assoc_class="Msvm_X", result_class="Msvm_Y") == (
        r'ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID="Microsoft:6D0F1A7C\\2A34B1C2"} WHERE AssocClass = Msvm_X ResultClass = Msvm_Y'
    )
    assert wql.object_path("Win32_OperatingSystem", {}) == "Win32_OperatingSystem=@"
