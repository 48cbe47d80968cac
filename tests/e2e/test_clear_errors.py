# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong before Windows is reached or because it refuses: one clear error with its remedy, no traceback, nothing changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from .labs import BASIC, NTLM, PSRP, Connection, Lab
from .playing import Player, Run
from .scenario_files import ADMINISTRATOR, lab_of

pytestmark = pytest.mark.e2e

OPERATOR = {"name": "operator", "password": "Lab-Operator1!", "administrator": False}


@pytest.fixture(scope="module")
def lab_process() -> Iterator[Lab]:
    vms = [{"name": "web01", "windows": {"release": "2022", "edition": "standard"}}]
    with lab_of(
        accounts=[
            ADMINISTRATOR,
            OPERATOR,
            {"name": "visitor", "password": "Lab-Visitor1!", "administrator": False, "remote_management": False},
        ],
        hosts=[
            {"name": "hv01", "release": "2022", "edition": "datacenter", "vms": vms},
            {"name": "plain01", "release": "2022", "edition": "datacenter", "hyperv": False},
            {"name": "walled01", "release": "2022", "edition": "datacenter", "denied_namespaces": ["root/virtualization/v2"]},
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(lab_process: Lab) -> Lab:
    lab_process.reset()
    return lab_process


def player(lab: Lab, connection: Connection = NTLM, **variables: Any) -> Player:
    made = lab.player(connection)
    made.inventory = copy.deepcopy(made.inventory)
    made.inventory["all"]["vars"].update(variables)
    return made


def message(run: Run, action: str, host: str) -> str:
    """The one message for a host, after it was checked that it is clear."""
    result = run.one(action, host)
    text = str(result["msg"])
    assert "Traceback" not in run.output, run.output
    assert text.startswith(f"{host}: "), text
    assert text.rstrip().endswith("."), text
    return text


@pytest.mark.parametrize("connection", [NTLM, BASIC, PSRP], ids=str)
def test_wrong_password(lab: Lab, connection: Connection) -> None:
    before = lab.digest()
    run = player(lab, connection, ansible_password="wrong-Passw0rd").module("guest_key", "web01")
    text = message(run, "guest_key", "web01")
    assert run.of("guest_key")[0].kind == "unreachable"
    assert "ansible_password" in text
    assert "wrong-Passw0rd" not in run.output
    assert lab.digest() == before


@pytest.mark.parametrize("connection", [NTLM, PSRP], ids=str)
def test_closed_port(lab: Lab, connection: Connection) -> None:
    run = player(lab, connection, ansible_port=5999).module("host_info", "hv01")
    assert run.of("host_info")[0].kind == "unreachable"
    assert "refused" in message(run, "host_info", "hv01")


@pytest.mark.parametrize("connection", [BASIC, Connection("psrp", "ntlm", "https")], ids=str)
def test_certificate_that_is_not_trusted(lab: Lab, connection: Connection) -> None:
    made = player(lab, connection)
    for name in ("ansible_winrm_ca_trust_path", "ansible_psrp_ca_cert"):
        made.inventory["all"]["vars"].pop(name, None)
    run = made.module("host_info", "hv01")
    assert run.of("host_info")[0].kind == "unreachable"
    text = message(run, "host_info", "hv01")
    assert "certificate" in text
    assert "ca_trust_path" in text or "ca_cert" in text


def test_host_without_hyperv(lab: Lab) -> None:
    made = player(lab)
    info = made.module("host_info", "plain01").one("host_info", "plain01")
    assert info["host"]["avma"]["ready"] is False
    assert "HOST_WITHOUT_HYPERV" in {finding["code"] for finding in info["findings"]}
    run = made.module("kvp_info", "plain01")
    assert run.of("kvp_info")[0].kind == "failed"
    text = message(run, "kvp_info", "plain01")
    assert "Hyper-V" in text
    assert run.one("kvp_info", "plain01")["error"]["kind"] == "namespace_missing"


def test_user_without_rights_in_one_namespace(lab: Lab) -> None:
    run = player(lab).module("kvp_info", "walled01")
    text = message(run, "kvp_info", "walled01")
    assert run.one("kvp_info", "walled01")["error"]["kind"] == "access_denied"
    assert "root/virtualization/v2" in text
    assert "rights" in text


def test_user_that_winrm_lets_in_and_wmi_does_not(lab: Lab) -> None:
    before = lab.digest()
    run = player(lab, ansible_user="operator", ansible_password=OPERATOR["password"]).module("guest_key", "web01")
    assert run.one("guest_key", "web01")["error"]["kind"] == "access_denied"
    assert "denied" in message(run, "guest_key", "web01")
    assert lab.digest() == before


def test_user_that_winrm_refuses(lab: Lab) -> None:
    """WinRM itself refuses some with HTTP 401 and some with a fault."""
    run = player(lab, ansible_user="visitor", ansible_password="Lab-Visitor1!").module("host_info", "hv01")
    assert run.one("host_info", "hv01")["error"]["kind"] in ("access_denied", "authentication_failed")
    message(run, "host_info", "hv01")


@pytest.mark.parametrize("connection", ["ssh", "local"])
def test_connection_without_wsman(lab: Lab, connection: str) -> None:
    run = player(lab, ansible_connection=connection).module("host_info", "hv01")
    text = message(run, "host_info", "hv01")
    assert f"'{connection}'" in text
    assert "winrm" in text
    assert "psrp" in text


def test_unencrypted_messages_that_the_server_refuses(lab: Lab) -> None:
    run = player(lab, ansible_winrm_message_encryption="never").module("host_info", "hv01")
    text = message(run, "host_info", "hv01")
    assert "encrypt" in text


@pytest.mark.parametrize(
    ("module", "host", "options", "words"),
    [
        ("data_exchange", "hv01", {"name": ["web1"]}, "no virtual machine web1"),
        ("data_exchange", "hv01", {}, "'name', 'id', or 'all: true'"),
        ("kvp_info", "hv01", {"query": "vms[?"}, "no JMESPath"),
        ("guest_key", "web01", {"key": "AAAAA-BBBBB"}, "key"),
        ("guest_key", "web01", {"wait": -1}, "negative"),
        ("guest_key", "web01", {"host": {"nonsense": True}}, "host_info"),
    ],
)
def test_options_that_cannot_be_used_change_nothing(lab: Lab, module: str, host: str, options: dict[str, Any], words: str) -> None:
    before = lab.digest()
    run = player(lab).module(module, host, **options)
    assert run.of(module)[0].kind == "failed"
    assert words in run.one(module, host)["msg"], run.one(module, host)["msg"]
    assert "Traceback" not in run.output
    assert lab.digest() == before
