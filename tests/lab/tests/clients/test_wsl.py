# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``wsl`` (Dell's "whistle", Debian package wsl): a client from a company that made WS-Management, in shell, with curl and xmllint.

It writes what no Python client does: a declaration before the envelope, MessageID without ``uuid:``, mustUnderstand on To and MessageID,
no MaxEnvelopeSize, OperationTimeout or Locale, and it reads answers line by line after xmllint put each element on its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .live_lab import ADMINISTRATOR, LiveLab, demo_scenario, live_lab

RAN = "real"

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
V2 = f"{WMI}/root/virtualization/v2"
WSL = "wsl 0.2.1 (Dell)"
MISSING = [name for name in ("wsl", "curl", "xmllint", "uuidgen") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (Debian: wsl, curl, uuid-runtime)")
Wsl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def unencrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLab]:
    """With AllowUnencrypted, so that Basic over HTTP is taken."""
    with live_lab(tmp_path_factory.mktemp("unencrypted"), demo_scenario(allow_unencrypted=True), 3) as lab:
        yield lab


@pytest.fixture(params=["http", "https"])
def wsl(request: pytest.FixtureRequest, unencrypted: LiveLab, tmp_path: Path) -> Wsl:
    scheme = request.param
    endpoint = f"{unencrypted.address('hv01')}:{5986 if scheme == 'https' else 5985}"
    # Whatever certificate is found under the name of the endpoint is the authority to trust.
    shutil.copy(unencrypted.ca_file, tmp_path / f"{endpoint}.crt")
    settings = {"WSENDPOINT": endpoint, "WSUSER": ADMINISTRATOR.name, "WSPASS": ADMINISTRATOR.password, "HOME": str(tmp_path)}
    if scheme == "http":
        settings["WSNOSSL"] = "true"

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **settings, **more, "SHELL": "/bin/bash", "no_proxy": "*"}
        command = ["wsl", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL
        )

    return run


@pytest.mark.fidelity("Identify names vendor, protocol and version", source=WSL, confidence="H")
def test_identify(wsl: Wsl) -> None:
    done = wsl("identify", "check")
    assert "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>" in done.stdout, done.stdout + done.stderr
    assert "OS: 10.0.20348 SP: 0.0 Stack: 3.0" in done.stdout


@pytest.mark.fidelity("A class URI without a filter enumerates its instances, page by page", source=WSL, confidence="H")
def test_enumerate_a_class(wsl: Wsl, unencrypted: LiveLab) -> None:
    done = wsl("enum", f"{V2}/Msvm_ComputerSystem")
    names = {line.split(">")[1].split("<")[0] for line in done.stdout.splitlines() if "<p:ElementName>" in line}
    assert names == {"HV01", *(vm.name for vm in unencrypted.lab.fleet.host("hv01").vms.values())}, done.stdout[-2000:]


def test_enumerate_by_wql(wsl: Wsl) -> None:
    query = "SELECT * FROM Win32_Service WHERE Name = 'vmms'"
    done = wsl("enum", f"{WMI}/root/cimv2/*", "-dialect", "http://schemas.microsoft.com/wbem/wsman/1/WQL", "-filter", query)
    assert done.stdout.count("<p:Name>vmms</p:Name>") == 1, done.stdout


def test_enumerate_endpoint_references(wsl: Wsl) -> None:
    done = wsl("enum", f"{V2}/Msvm_VirtualSystemManagementService", "-mode", "epr")
    assert '<w:Selector Name="CreationClassName">Msvm_VirtualSystemManagementService</w:Selector>' in done.stdout, done.stdout
    assert "<p:Msvm_VirtualSystemManagementService" not in done.stdout


def test_get(wsl: Wsl) -> None:
    done = wsl("get", f"{WMI}/root/cimv2/Win32_Service", "Name=WinRM")
    answer = ET.fromstring(done.stdout[done.stdout.index("<s:Envelope") :].rsplit("</s:Envelope>", 1)[0] + "</s:Envelope>")
    assert answer.findtext(f".//{{{WMI}/root/cimv2/Win32_Service}}State") == "Running"


@pytest.mark.fidelity("A method is called with the selectors of an endpoint reference as it was handed out", source=WSL, confidence="H")
def test_invoke(wsl: Wsl, tmp_path: Path) -> None:
    """The reference is handed on as text, so its prefix must be the client's own: from a file, as with any Windows server."""
    reference = wsl("enum", f"{V2}/Msvm_VirtualSystemManagementService", "-mode", "epr").stdout
    (tmp_path / "service.epr").write_text(reference.replace("<w:", "<wsman:").replace("</w:", "</wsman:"), encoding="utf-8")
    method = ("invoke", f"{V2}/Msvm_VirtualSystemManagementService", "GetSummaryInformation", "RequestedInformation=1")
    done = wsl(*method, "-inst", "service.epr")
    assert "<p:ReturnValue>0</p:ReturnValue>" in done.stdout, done.stdout + done.stderr
    assert ">web01</" in done.stdout
    assert 'Code="2150858819"' in wsl(*method).stdout, "a prefix that nothing declares is no XML"


def test_a_fault_is_an_answer(wsl: Wsl) -> None:
    done = wsl("get", f"{WMI}/root/cimv2/Win32_Service", "Name=Nobody")
    assert 'Code="2150858752"' in done.stdout, done.stdout + done.stderr


def test_a_wrong_password(wsl: Wsl) -> None:
    done = wsl("identify", "check", WSPASS="Wrong-Passw0rd")
    assert "Microsoft" not in done.stdout
