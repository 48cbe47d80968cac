# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chassis, activation device and Data Exchange service of a guest, as the gateways read them."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import ActivationDevice, DataExchangeService, IntegrationFacts
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.integration import read_integration
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.system import read_asset_tag
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import AccessDenied, ConnectionDropped, InvalidClassOrQuery
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.scripted_session import Rows, ScriptedSession
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import projected

CIMV2 = "root/cimv2"
CHASSIS_QUERY = "SELECT SMBIOSAssetTag FROM Win32_SystemEnclosure"
DEVICE_QUERY = "SELECT ConfigManagerErrorCode, DeviceID FROM Win32_PnPEntity WHERE DeviceID LIKE '%3375BAF4-9E15-4B30-B765-67ACB10D607B%'"
SERVICE_QUERY = "SELECT StartMode, State FROM Win32_Service WHERE Name = 'vmickvpexchange'"
WORKS = DataExchangeService(installed=True, running=True, disabled=False)


@pytest.mark.parametrize(
    ("rows", "tag"),
    [
        ([projected(SMBIOSAssetTag=" 7783-7084 ")], "7783-7084"),
        ([projected(SMBIOSAssetTag="")], None),
        ([projected(SMBIOSAssetTag=None)], None),
        ([], None),
        (AccessDenied(text="denied"), None),
    ],
)
def test_asset_tag(session: ScriptedSession, rows: Rows, tag: str | None) -> None:
    session.expect_query(CIMV2, CHASSIS_QUERY, rows)
    assert read_asset_tag(session) == tag


def device(problem: int | None) -> object:
    return projected(ConfigManagerErrorCode=problem, DeviceID=r"VMBUS\{3375BAF4-9E15-4B30-B765-67ACB10D607B}\{1}")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([device(0)], ActivationDevice(True, 0)),
        ([device(28)], ActivationDevice(True, 28)),
        ([device(28), device(0)], ActivationDevice(True, 0)),
        ([device(None)], ActivationDevice(True, None)),
        ([], ActivationDevice(False)),
        (InvalidClassOrQuery(text="no such class"), None),
    ],
)
def test_activation_device(session: ScriptedSession, rows: Rows, found: ActivationDevice | None) -> None:
    session.expect_query(CIMV2, DEVICE_QUERY, rows)
    session.expect_query(CIMV2, SERVICE_QUERY, [projected(StartMode="Manual", State="Running")])
    assert read_integration(session) == IntegrationFacts(found, WORKS)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([projected(StartMode="Manual", State="Running")], WORKS),
        ([projected(StartMode="Auto", State="Stopped")], DataExchangeService(True, False, False)),
        ([projected(StartMode="Disabled", State="Stopped")], DataExchangeService(True, False, True)),
        ([projected(StartMode=None, State=None)], DataExchangeService(True)),
        ([], DataExchangeService(False)),
        (AccessDenied(text="denied"), None),
    ],
)
def test_data_exchange_service(session: ScriptedSession, rows: Rows, found: DataExchangeService | None) -> None:
    session.expect_query(CIMV2, DEVICE_QUERY, [device(0)])
    session.expect_query(CIMV2, SERVICE_QUERY, rows)
    assert read_integration(session) == IntegrationFacts(ActivationDevice(True, 0), found)


def test_a_guest_that_is_gone_is_told(session: ScriptedSession) -> None:
    session.expect_query(CIMV2, DEVICE_QUERY, ConnectionDropped("http://web01:5985", "gone"))
    with pytest.raises(ConnectionDropped):
        read_integration(session)
