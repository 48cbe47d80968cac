# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong before Windows is reached or because it refuses: one clear error with its remedy, no traceback, nothing changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .labs import BASIC, NTLM, PSRP, Connection, Lab
from .playing import Player, Run
from .scenario_files import ADMINISTRATOR, lab_of

pytestmark = pytest.mark.e2e

HTTPS = Connection("psrp", "ntlm", "https")
OPERATOR = {"name": "operator", "password": "Lab-Operator1!", "administrator": False}


@pytest.fixture(scope="module")
def lab_process() -> Iterator[Lab]:
    vms = [{"name": "web01", "windows": {"release": "2022", "edition": "standard"}}]
    with lab_of(
        accounts=[
            ADMINISTRATOR,
            OPERATOR,
            {"name": "visitor", "password": "Lab-Visitor1!", "administrator": False, "remote_management": False},
            {"name": "localadmin", "password": "Lab-Filtered1!", "uac_filtered": True},
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


BASIC_WITHOUT_HTTPS = {"ansible_winrm_transport": "basic", "ansible_winrm_message_encryption": "auto"}
PROXY = "http://surfer:Lab-Proxy1@127.0.0.1:1"
# What is wrong with the connection, the kind of the error, and a piece of its remedy.
FIRST_CONTACT: dict[str, tuple[Connection, dict[str, Any], str, str]] = {
    "closed_port_winrm": (NTLM, {"ansible_port": 5999}, "connection_failed", "connection refused. Check that the machine"),
    "closed_port_psrp": (PSRP, {"ansible_port": 5999}, "connection_failed", "connection refused. Check that the machine"),
    "unknown_name": (NTLM, {"ansible_host": "no-such-host.invalid"}, "connection_failed", "the name could not be resolved"),
    "http_to_5986_winrm": (NTLM, {"ansible_port": 5986}, "connection_failed", "ansible_winrm_scheme or ansible_psrp_protocol to https"),
    "http_to_5986_psrp": (PSRP, {"ansible_port": 5986}, "connection_failed", "ansible_winrm_scheme or ansible_psrp_protocol to https"),
    "https_to_5985_winrm": (BASIC, {"ansible_port": 5985}, "connection_failed", "ansible_port to 5986"),
    "https_to_5985_psrp": (HTTPS, {"ansible_port": 5985}, "connection_failed", "ansible_port to 5986"),
    "authority_unknown_winrm": (BASIC, {"ansible_winrm_ca_trust_path": None}, "certificate_not_trusted", "ansible_winrm_ca_trust_path"),
    "authority_unknown_psrp": (HTTPS, {"ansible_psrp_ca_cert": None}, "certificate_not_trusted", "ansible_psrp_ca_cert"),
    "proxy_winrm": (NTLM, {"ansible_winrm_proxy": PROXY}, "proxy_failed", "ansible_winrm_proxy"),
    "proxy_psrp": (HTTPS, {"ansible_psrp_proxy": PROXY}, "proxy_failed", "ansible_psrp_proxy"),
    "basic_without_https_winrm": (NTLM, BASIC_WITHOUT_HTTPS, "authentication_failed", "not Basic: set ansible_winrm_transport"),
    "basic_without_https_psrp": (
        PSRP,
        {"ansible_psrp_auth": "basic", "ansible_psrp_message_encryption": "never"},
        "authentication_failed",
        "Basic without HTTPS would show the password",
    ),
    "basic_by_default": (
        NTLM,
        {**BASIC_WITHOUT_HTTPS, "ansible_winrm_transport": None},
        "authentication_failed",
        "not Basic: set ansible_winrm_transport",
    ),
    "encryption_that_basic_has_not_winrm": (
        NTLM,
        {"ansible_winrm_transport": "basic"},
        "connection_not_made",
        "Correct the connection options",
    ),
    "no_file_of_authorities_winrm": (
        BASIC,
        {"ansible_winrm_ca_trust_path": "/no/such.pem"},
        "connection_not_made",
        "Correct the connection options",
    ),
    "no_file_of_authorities_psrp": (
        HTTPS,
        {"ansible_psrp_ca_cert": "/no/such.pem"},
        "connection_not_made",
        "Correct the connection options",
    ),
    "no_password_psrp": (PSRP, {"ansible_password": None}, "connection_not_made", "Set ansible_password for this machine"),
    "empty_password_winrm": (NTLM, {"ansible_password": ""}, "connection_not_made", "ansible_password is empty or not set"),
    "empty_password_basic": (BASIC, {"ansible_password": ""}, "connection_not_made", "from an environment variable or a vault"),
    "url_for_a_name": (NTLM, {"ansible_host": "http://hv01"}, "connection_not_made", "without scheme, port, path and blanks"),
    "port_in_the_name": (NTLM, {"ansible_host": "127.0.0.1:5985"}, "connection_not_made", "without scheme, port, path and blanks"),
    "slash_behind_the_name": (PSRP, {"ansible_host": "hv01/"}, "connection_not_made", "'hv01/' is not a name or an address"),
    "blank_name": (NTLM, {"ansible_host": " "}, "connection_not_made", "it is empty"),
    "user_that_basic_cannot_carry_winrm": (BASIC, {"ansible_user": "Администратор"}, "connection_not_made", "Use kerberos or ntlm"),
    "password_that_basic_cannot_carry_psrp": (
        HTTPS,
        {"ansible_psrp_auth": "basic", "ansible_password": "Lab-Wrong1!-€"},
        "connection_not_made",
        "a character of ansible_password",
    ),
    "small_envelope_psrp": (
        PSRP,
        {"ansible_psrp_max_envelope_size": 2000},
        "connection_not_made",
        "max_envelope_size must be at least 8192",
    ),
    "two_backslashes": (NTLM, {"ansible_user": "LAB\\\\Administrator"}, "authentication_failed", "two backslashes"),
    "slash_in_the_user": (NTLM, {"ansible_user": "LAB/svc"}, "authentication_failed", "DOMAIN\\name, not with a slash"),
    "credssp_not_allowed_winrm": (NTLM, {"ansible_winrm_transport": "credssp"}, "authentication_failed", "not CredSSP"),
    "credssp_not_allowed_psrp": (PSRP, {"ansible_psrp_auth": "credssp"}, "authentication_failed", "not CredSSP"),
    "filtered_by_uac": (
        NTLM,
        {"ansible_user": "localadmin", "ansible_password": "Lab-Filtered1!"},
        "authentication_failed",
        "LocalAccountTokenFilterPolicy",
    ),
    "domain_user_by_basic": (
        BASIC,
        {"ansible_user": "CORP\\Administrator", "ansible_password": "Lab-Wrong1!"},
        "authentication_failed",
        "Basic is for local accounts",
    ),
}


def test_first_contact(lab: Lab) -> None:
    """One run with a host for each mistake: each is told apart, with its own remedy and without its secret."""
    hosts = {name: broken_host(lab, connection, changed) for name, (connection, changed, _kind, _remedy) in FIRST_CONTACT.items()}
    made = Player({"all": {"hosts": hosts}})
    run = made.module("host_info", "all")
    told = {task.host: task for task in run.of("host_info")}
    assert {host: task.result["error"]["kind"] for host, task in told.items()} == {host: row[2] for host, row in FIRST_CONTACT.items()}
    for host, (_connection, _changed, _kind, remedy) in FIRST_CONTACT.items():
        assert told[host].kind == ("failed" if told[host].result["error"]["kind"] == "connection_not_made" else "unreachable")
        assert remedy in message(run, "host_info", host), told[host].result["msg"]
    for secret in ("Lab-Passw0rd!", "Lab-Filtered1!", "Lab-Wrong1!", "Lab-Proxy1"):
        assert secret not in run.output


def broken_host(lab: Lab, connection: Connection, changed: dict[str, Any]) -> dict[str, Any]:
    """The variables of the lab's host hv01 with something changed. None: the variable is left out."""
    everything = lab.player(connection).inventory["all"]
    variables = {**everything["vars"], **everything["children"]["hyperv_hosts"]["hosts"]["hv01"]}
    return {name: value for name, value in {**variables, **changed}.items() if value is not None}


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


def test_options_that_psrp_does_not_take_together(lab: Lab) -> None:
    run = player(lab, PSRP, ansible_psrp_auth="basic").module("host_info", "hv01")
    assert "message encryption" in message(run, "host_info", "hv01")


def test_user_whom_winrm_refuses_after_the_logon() -> None:
    """Where WinRM's own security descriptor says no by a fault instead of HTTP 401."""
    visitor = {"name": "visitor", "password": "Lab-Visitor1!", "administrator": False, "remote_management": False}
    hosts = [{"name": "hv01", "release": "2022", "edition": "datacenter"}]
    with lab_of(accounts=[visitor], hosts=hosts, service={"root_sddl_refusal": "fault"}) as lab:
        run = lab.player().module("host_info", "hv01")
    assert run.one("host_info", "hv01")["error"]["kind"] == "access_denied"
    assert "RootSDDL" in message(run, "host_info", "hv01")


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
        ("kvp_info", "hv01", {"query": "vms[?"}, "not a JMESPath"),
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


def test_a_condition_that_is_not_met_is_no_unknown_error(tmp_path: Path) -> None:
    """ansible-core shows 'msg' of a result that the playbook makes a failure of."""
    player = Player({"all": {"hosts": {"here": {"ansible_connection": "local"}}}})
    read = {"hyperv.avma.ledger": {"path": str(tmp_path / "ledger.sqlite")}, "check_mode": True, "register": "found", "ignore_errors": True}
    run = player.tasks("here", [{**read, "until": "found.events.added > 5", "retries": 1, "delay": 0}, {**read, "failed_when": True}])
    assert [task.kind for task in run.of("ledger")][-1] == "failed"
    assert "Unknown error" not in run.output
    assert run.output.count("here has answered.") >= 2
