# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of guest_info against a guest that stands still."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest

LICENSED_BY_AVMA = {
    "Description": "Windows(R) Operating System, VIRTUAL_MACHINE_ACTIVATION channel",
    "ProductKeyChannel": "VT:IA",
    "PartialProductKey": "78VHK",
    "LicenseStatus": 1,
}


def codes(result: dict[str, Any]) -> list[str]:
    return [found["code"] for found in result["findings"]]


def test_integration_services_are_told() -> None:
    result = play("guest_info", FakeGuest()).result
    assert result["guest"]["integration"] == {
        "activation_device": {"present": True, "problem": 0},
        "data_exchange_service": {"installed": True, "running": True, "disabled": False},
    }
    assert codes(result) == []


@pytest.mark.parametrize("licence", [{}, LICENSED_BY_AVMA])
def test_integration_services_that_do_not_work_are_found_whatever_the_licence(licence: dict[str, Any]) -> None:
    guest = FakeGuest()
    guest.licences = [licence]
    guest.device_problems = []
    guest.data_exchange = {"StartMode": "Disabled", "State": "Stopped"}
    assert codes(play("guest_info", guest).result) == ["ACTIVATION_DEVICE_MISSING", "DATA_EXCHANGE_SERVICE_DISABLED"]


def test_azure_is_found_where_a_key_would_be_installed() -> None:
    guest = FakeGuest()
    guest.asset_tag = "7783-7084-3265-9085-8269-3286-77"
    assert codes(play("guest_info", guest).result) == ["GUEST_IN_AZURE"]
    guest.licences = [LICENSED_BY_AVMA]
    assert codes(play("guest_info", guest).result) == []


def test_a_machine_of_another_hypervisor_is_not_asked_for_hyper_v_s_services() -> None:
    guest = FakeGuest()
    guest.computer = {"Name": "WEB01", "Manufacturer": "QEMU", "Model": "Standard PC"}
    result = play("guest_info", guest).result
    assert result["guest"]["integration"] is None
    assert codes(result) == ["NOT_ON_HYPERV"]
    assert not {"Win32_PnPEntity", "Win32_Service", "Win32_SystemEnclosure"} & set(guest.calls)
