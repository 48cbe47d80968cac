# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fails on the controller, before anything is sent, is failed and never deferred, and costs no other machine its turn."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .labs import BASIC, NTLM, PSRP, Connection, Lab
from .playing import TIMEOUT, Player, environment
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

# As Python's import system tells it of a library that is not there; a version is what its metadata say.
_HIDE = """
import importlib.metadata, sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
_version = importlib.metadata.version
importlib.metadata.version = lambda name: {versions!r}.get(name) or _version(name)
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    windows = {"release": "2022", "edition": "standard"}
    vms = [{"name": f"web0{number}", "windows": windows} for number in (1, 2, 3)]
    with lab_of(hosts=[{"name": "hv01", "release": "2022", "edition": "datacenter", "vms": vms}]) as running:
        yield running


def with_guest_variables(lab: Lab, connection: Connection = NTLM, **variables: Any) -> Player:
    """web01 and web02 with these variables, web03 as it should be."""
    made = lab.player(connection)
    made.inventory = copy.deepcopy(made.inventory)
    for name, own in made.inventory["all"]["children"]["guests"]["hosts"].items():
        if name != "web03":
            own.update(variables)
    return made


@pytest.mark.parametrize(
    ("connection", "variables", "said"),
    [
        (BASIC, {"ansible_user": "Администратор"}, "Basic cannot carry the character А (U+0410) of ansible_user. Use kerberos or ntlm"),
        (NTLM, {"ansible_password": ""}, "ansible_password is empty or not set. Set ansible_password for this machine"),
        (PSRP, {"ansible_psrp_max_envelope_size": 2000}, "it does not take its options together: max_envelope_size must be at least 8192"),
        (NTLM, {"ansible_winrm_transport": "basic"}, "Correct the connection options"),
    ],
    ids=["basic", "password", "envelope", "encryption"],
)
def test_a_run_fails_and_defers_nobody(lab: Lab, connection: Connection, variables: dict[str, Any], said: str) -> None:
    run = with_guest_variables(lab, connection, **variables).playbook("activate", check=True)
    assert run.code == 2, run.output
    assert run.outcomes()["web01"] == run.outcomes()["web02"] == "failed", run.output
    assert run.outcomes()["web03"] != "failed"
    assert said in run.one("guest_key", "web01")["msg"]
    assert "could not be decrypted" not in run.output


def hidden(folder: Path, monkeypatch: pytest.MonkeyPatch, *modules: str, **versions: str) -> None:
    (folder / "sitecustomize.py").write_text(_HIDE.format(hidden=set(modules), versions=versions), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.parametrize(
    ("connection", "module", "pip", "package"),
    [
        (NTLM, "winrm", "'pywinrm>=0.4.3'", "python3-winrm"),
        (PSRP, "pypsrp", "'pypsrp>=0.8.1'", "python3-pypsrp"),
        (NTLM, "spnego", "pyspnego", "python3-spnego"),
        (NTLM, "cryptography", "cryptography", "python3-cryptography"),
        (NTLM, "requests_ntlm", "requests-ntlm", "python3-requests-ntlm"),
        (NTLM, "xmltodict", "xmltodict", "python3-xmltodict"),
        (NTLM, "defusedxml", "defusedxml", "python3-defusedxml"),
    ],
)
def test_a_missing_library_is_named_with_its_python_and_packages(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: Connection, module: str, pip: str, package: str
) -> None:
    hidden(tmp_path, monkeypatch, module)
    run = lab.player(connection).module("guest_key", "web01")
    result = run.one("guest_key", "web01")
    assert (run.of("guest_key")[0].kind, result["error"]["kind"], result["outcome"]) == ("failed", "library_missing", "failed")
    assert f"{sys.executable} -m pip install {pip}" in result["msg"], result["msg"]
    assert package in result["msg"]
    assert result["msg"].count("Install it there") == 1
    assert "Traceback" not in run.output


def test_a_library_that_is_too_old(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden(tmp_path, monkeypatch, pywinrm="0.3.0")
    result = lab.player().module("host_info", "hv01").one("host_info", "hv01")
    assert result["error"]["kind"] == "library_missing"
    assert "pywinrm cannot be used by" in result["msg"]
    assert "version 0.3.0 is too old: 0.4.3 or later is needed" in result["msg"]


def test_a_query_without_its_library(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden(tmp_path, monkeypatch, "jmespath")
    result = lab.player().module("host_info", "hv01", query="host.name").one("host_info", "hv01")
    assert result["error"]["kind"] == "library_missing"
    assert "pip install jmespath" in result["msg"]


def test_one_bad_host_leaves_the_rest_of_an_inventory(lab: Lab, tmp_path: Path) -> None:
    everything = lab.player(PSRP).inventory["all"]
    good = everything["children"]["hyperv_hosts"]["hosts"]["hv01"]
    bad = {"small": {"ansible_psrp_max_envelope_size": 2000}, "blank": {"ansible_password": ""}, "slash": {"ansible_host": "hv01/"}}
    source = {
        "plugin": "hyperv.avma.guests",
        "hosts": {"hv01": good, **{name: {**good, **own} for name, own in bad.items()}},
        "host_variables": everything["vars"],
    }
    path = tmp_path / "lab.avma.yml"
    path.write_text(yaml.safe_dump(source), encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "inventory", "-i", str(path), "--list"]
    done = subprocess.run(command, env=environment(tmp_path / "record"), capture_output=True, text=True, timeout=TIMEOUT, check=False)
    listed = json.loads(done.stdout)
    assert set(listed["hyperv_vms"]["hosts"]) == {"web01", "web02", "web03"}, done.stderr
    assert set(listed["hyperv_hosts_failed"]["hosts"]) == set(bad)
    assert all(name in done.stderr for name in bad)
