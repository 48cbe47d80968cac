# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job by every way that Ansible's connections ``winrm`` and ``psrp`` have of proving who they are."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from .labs import Connection, Lab, running_lab
from .playing import Player

pytestmark = pytest.mark.e2e

DOMAIN = "lab.example.com"
LANGUAGES = ("en-US", "ja-JP", "de-DE", "ru-RU")
WITHOUT_KERBEROS = [
    Connection("winrm", "ntlm", "http"),
    Connection("winrm", "ntlm", "https"),
    Connection("winrm", "basic", "https"),
    Connection("winrm", "credssp", "http"),
    Connection("winrm", "credssp", "https"),
    Connection("winrm", "certificate", "https"),
    Connection("psrp", "ntlm", "http"),
    Connection("psrp", "ntlm", "https"),
    Connection("psrp", "basic", "https"),
    Connection("psrp", "credssp", "http"),
    Connection("psrp", "credssp", "https"),
    Connection("psrp", "certificate", "https"),
]
BY_KERBEROS = [Connection(plugin, "kerberos", scheme) for plugin in ("winrm", "psrp") for scheme in ("http", "https")]
ADMINISTRATOR = {"name": "Administrator", "password": "Lab-Passw0rd!"}
ACCOUNTS = [
    ADMINISTRATOR,
    {"name": "operator", "password": "Lab-Operator1!", "administrator": False},
    {"name": "localadmin", "password": "Lab-Filtered1!", "uac_filtered": True},
    {"name": "locked", "password": "Lab-Locked1!", "locked": True},
]


def scenario(folder: Path, machines: int, first_page: str) -> str:
    """So many licensed hosts of several languages, each with a guest that has no key. ``first_page``: see ServiceSettings of the lab."""
    hosts = []
    for number in range(1, machines + 1):
        language = LANGUAGES[number % len(LANGUAGES)]
        windows = {"release": "2022", "edition": "standard", "language": language, "licence": {"channel": "none"}}
        hosts.append({"name": f"hv{number:02}", "language": language, "vms": [{"name": f"web{number:02}", "windows": windows}]})
    service = {"authentication": ["basic", "negotiate", "kerberos", "credssp", "certificate"], "first_page": first_page}
    path = folder / "scenario.yml"
    described = {"name": "authentication", "domain": DOMAIN, "service": service, "accounts": ACCOUNTS, "hosts": hosts}
    path.write_text(yaml.safe_dump(described), encoding="utf-8")
    return str(path)


def mixed(lab: Lab, ways: Sequence[Connection]) -> dict[str, Any]:
    """An inventory in which the first host and its guest are reached the first way, the second the second, and so on."""
    children: dict[str, Any] = {"hyperv_hosts": {"hosts": {}}, "guests": {"hosts": {}}}
    for number, way in enumerate(ways, 1):
        everything = lab.player(way).inventory["all"]
        for group, name in (("hyperv_hosts", f"hv{number:02}"), ("guests", f"web{number:02}")):
            children[group]["hosts"][name] = {**everything["vars"], **everything["children"][group]["hosts"][name]}
    return {"all": {"children": children}}


def check_main_job(lab: Lab, inventory: dict[str, Any], ways: Sequence[Connection]) -> None:
    lab.reset()
    player = Player(inventory)
    first = player.playbook("activate")
    named = {f"web{number:02}": str(way) for number, way in enumerate(ways, 1)}
    outcomes = {named[guest]: outcome for guest, outcome in first.outcomes().items()}
    assert outcomes == dict.fromkeys(named.values(), "activated"), first.output
    assert first.code == 0, first.output
    for guest in named:
        assert lab.machine(guest)["licence"]["channel"] == "VT:IA"
    second = player.playbook("activate")
    assert (second.code, second.changes) == (0, {}), second.output
    assert ADMINISTRATOR["password"] not in first.output + second.output


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(scenario(tmp_path_factory.mktemp("scenario"), len(WITHOUT_KERBEROS), "one")) as lab:
        yield lab


def test_the_main_job_by_every_way_without_kerberos(open_lab: Lab) -> None:
    check_main_job(open_lab, mixed(open_lab, WITHOUT_KERBEROS), WITHOUT_KERBEROS)


def check_bad_week(lab: Lab, inventory: dict[str, Any], ways: Sequence[Connection]) -> None:
    """The same end within three runs, and nothing said that is not so, although connections break in the midst of everything."""
    lab.reset()
    lab.post("/chaos", {"profile": "rough", "seed": 11})
    try:
        player, reached = Player(inventory), set()
        for _attempt in range(3):
            run = player.playbook("activate")
            said = {guest for guest, outcome in run.outcomes().items() if outcome in ("activated", "already_activated")}
            true = {guest for guest in said if lab.machine(guest)["licence"]["channel"] == "VT:IA"}
            assert said == true, run.output
            reached |= true
            if len(reached) == len(ways):
                break
        assert len(reached) == len(ways), run.output
    finally:
        lab.post("/chaos", {"profile": "calm"})


def test_a_bad_week_without_kerberos(open_lab: Lab) -> None:
    """By the ways that the tests of chaos itself leave out."""
    ways = [way for way in WITHOUT_KERBEROS if way.transport in ("credssp", "certificate")]
    check_bad_week(open_lab, mixed(open_lab, ways), ways)


@pytest.fixture(scope="module")
def realm_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    programs = ["kinit", "krb5kdc", "kadmin.local", "kdb5_util"]
    missing = [name for name in programs if shutil.which(name) is None and not Path("/usr/sbin", name).exists()]
    missing += [f"Python package {name}" for name in ("gssapi", "krb5", "kerberos") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"Kerberos: not installed: {', '.join(missing)}")
    with running_lab(scenario(tmp_path_factory.mktemp("scenario"), len(BY_KERBEROS) + 1, "all"), "--kerberos") as lab:
        yield lab


def test_the_main_job_by_kerberos(realm_lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By tickets that Ansible gets, or that are there: the last machine's connection finds one in the cache."""
    monkeypatch.setenv("KRB5_CONFIG", realm_lab.get("/status")["krb5_config"])
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'cache'}")
    upn = f"{ADMINISTRATOR['name']}@{DOMAIN.upper()}"
    subprocess.run(["kinit", upn], input=f"{ADMINISTRATOR['password']}\n", text=True, capture_output=True, check=True)
    ways = [*BY_KERBEROS, Connection("winrm", "kerberos", "http")]
    inventory = mixed(realm_lab, ways)
    for group in inventory["all"]["children"].values():
        last = list(group["hosts"].values())[-1]
        last["ansible_winrm_kinit_mode"] = "manual"
        del last["ansible_password"]
    check_main_job(realm_lab, inventory, ways)


def test_a_bad_week_by_kerberos(realm_lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KRB5_CONFIG", realm_lab.get("/status")["krb5_config"])
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'cache'}")
    check_bad_week(realm_lab, mixed(realm_lab, BY_KERBEROS), BY_KERBEROS)


UPN = f"{ADMINISTRATOR['name']}@{DOMAIN.upper()}"
WRONG_NAME = {"winrm": "ansible_winrm_kerberos_hostname_override", "psrp": "ansible_psrp_negotiate_hostname_override"}
# What is wrong, and a piece of the remedy.
KERBEROS_MISTAKES: dict[str, tuple[str, dict[str, Any], str]] = {
    "password_winrm": ("winrm", {"ansible_password": "Wrong-Passw0rd!"}, "Check ansible_password of this user in the domain."),
    "password_psrp": ("psrp", {"ansible_password": "Wrong-Passw0rd!"}, "Check ansible_password of this user in the domain."),
    "form_of_user_winrm": ("winrm", {"ansible_user": "LAB\\Administrator"}, "name@REALM"),
    "form_of_user_psrp": ("psrp", {"ansible_user": "LAB\\Administrator"}, "name@REALM"),
    "realm_winrm": ("winrm", {"ansible_user": UPN.lower()}, "write the realm in capitals"),
    "realm_psrp": ("psrp", {"ansible_user": UPN.lower()}, "write the realm in capitals"),
    "name_winrm": ("winrm", {WRONG_NAME["winrm"]: f"alias.{DOMAIN}"}, "connect by its full name in the domain"),
    "name_psrp": ("psrp", {WRONG_NAME["psrp"]: f"alias.{DOMAIN}"}, "connect by its full name in the domain"),
    "no_ticket_winrm": ("winrm", {"ansible_winrm_kinit_mode": "manual"}, "run kinit before"),
    "no_kinit_winrm": ("winrm", {"ansible_winrm_kinit_cmd": "no-such-kinit"}, "krb5-user"),
}


def test_what_kerberos_refuses_and_how_it_is_told(realm_lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KRB5_CONFIG", realm_lab.get("/status")["krb5_config"])
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'cache'}")
    hosts = {}
    for name, (plugin, mistake, _remedy) in KERBEROS_MISTAKES.items():
        everything = realm_lab.player(Connection(plugin, "kerberos", "http")).inventory["all"]
        hosts[name] = {**everything["vars"], **everything["children"]["hyperv_hosts"]["hosts"]["hv01"], **mistake}
    run = Player({"all": {"hosts": hosts}}).module("host_info", "all")
    for name, (_plugin, _mistake, remedy) in KERBEROS_MISTAKES.items():
        (told,) = run.of("host_info", name)
        assert (told.kind, told.result["error"]["kind"]) == ("unreachable", "authentication_failed"), told.result["msg"]
        assert remedy in told.result["msg"]
    assert "Wrong-Passw0rd!" not in run.output
    assert ADMINISTRATOR["password"] not in run.output


REFUSALS = {
    "wrong": ({"ansible_user": ADMINISTRATOR["name"], "ansible_password": "Wrong-Passw0rd!"}, "unreachable"),
    "locked": ({"ansible_user": "locked", "ansible_password": "Lab-Locked1!"}, "unreachable"),
    "localadmin": ({"ansible_user": "localadmin", "ansible_password": "Lab-Filtered1!"}, "unreachable"),
    "operator": ({"ansible_user": "operator", "ansible_password": "Lab-Operator1!"}, "failed"),
}


REFUSED_WAYS = [Connection("winrm", "ntlm", "http"), Connection("winrm", "credssp", "http"), Connection("psrp", "ntlm", "https")]


@pytest.mark.parametrize("way", REFUSED_WAYS, ids=str)
def test_who_is_refused_and_how_it_is_told(open_lab: Lab, way: Connection) -> None:
    everything = open_lab.player(way).inventory["all"]
    address = everything["children"]["hyperv_hosts"]["hosts"]["hv01"]
    hosts = {name: {**everything["vars"], **address, **account} for name, (account, _kind) in REFUSALS.items()}
    run = Player({"all": {"hosts": hosts}}).module("host_info", "all")
    told = {task.host: task for task in run.of("host_info")}
    assert {name: task.kind for name, task in told.items()} == {name: kind for name, (_account, kind) in REFUSALS.items()}, run.output
    for name, (account, _kind) in REFUSALS.items():
        assert account["ansible_password"] not in run.output + json.dumps(told[name].result)
    assert "0x80338104 ERROR_WSMAN_WMI_SVC_ACCESS_DENIED" in told["operator"].result["msg"]
    for name in ("wrong", "locked", "localadmin"):
        assert "authentication failed" in told[name].result["msg"]
