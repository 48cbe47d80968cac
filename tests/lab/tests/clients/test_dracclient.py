# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python-dracclient (OpenStack Ironic): a general WS-Management client over lxml that sends no Content-Type, no Locale and no limits."""

from __future__ import annotations

from typing import Any

import pytest

from .live_lab import ADMINISTRATOR, LiveLab
from .wire import CIMV2, V2

RAN = "real"

wsman = pytest.importorskip("dracclient.wsman", reason="python-dracclient is not installed")
exceptions = pytest.importorskip("dracclient.exceptions")
SOURCE = "python-dracclient 8"
# It checks no certificate, whatever one does.
pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")


@pytest.fixture
def client(relaxed: LiveLab) -> Any:
    return wsman.Client(relaxed.address("hv01"), ADMINISTRATOR.name, ADMINISTRATOR.password, port=5986)


def texts(answer: Any, name: str, namespace: str) -> list[str]:
    return [element.text or "" for element in answer.iter(f"{{{namespace}}}{name}")]


@pytest.mark.fidelity("A request without Content-Type is taken as SOAP", source=SOURCE, confidence="L")
def test_a_class(client: Any, relaxed: LiveLab) -> None:
    answer = client.enumerate(f"{V2}/Msvm_ComputerSystem", max_elems=2)
    names = texts(answer, "ElementName", f"{V2}/Msvm_ComputerSystem")
    assert sorted(names) == sorted(["HV01", *(vm.name for vm in relaxed.lab.fleet.host("hv01").vms.values())])


def test_a_query(client: Any) -> None:
    query = "SELECT * FROM Win32_Service WHERE StartMode = 'Auto' AND Name LIKE 'vm%'"
    answer = client.enumerate(f"{CIMV2}/*", filter_query=query, filter_dialect="wql")
    assert "vmms" in texts(answer, "Name", f"{CIMV2}/Win32_Service")


@pytest.mark.fidelity(
    "A filter in a dialect that WinRM does not know: n:FilterDialectRequestedUnavailable", source="[MS-WSMV] 3.1.4.8", confidence="M"
)
def test_a_dialect_that_windows_does_not_know(client: Any) -> None:
    with pytest.raises(exceptions.WSManInvalidResponse) as raised:
        client.enumerate(f"{CIMV2}/*", filter_query="select * from Win32_Service", filter_dialect="cql")
    assert "500" in str(raised.value)


def test_a_method(client: Any, relaxed: LiveLab) -> None:
    uri = f"{V2}/Msvm_VirtualSystemManagementService"
    keys = {"CreationClassName": "Msvm_VirtualSystemManagementService", "SystemCreationClassName": "Msvm_ComputerSystem"}
    answer = client.invoke(uri, "GetSummaryInformation", keys, {"RequestedInformation": ["0", "1"]})
    assert texts(answer, "ReturnValue", uri) == ["0"]
    assert "web01" in texts(answer, "ElementName", f"{V2}/Msvm_SummaryInformation")
