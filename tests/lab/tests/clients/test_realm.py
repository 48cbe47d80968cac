# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own Kerberos realm: what it needs, whom it knows, and that nothing of it stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hyperv_lab.control import realm
from hyperv_lab.control.lab import Lab
from hyperv_lab.control.realm import Realm, RealmFailure
from hyperv_lab.http.service_keys import ServiceKeys
from hyperv_lab.scenarios.building import ScenarioError
from hyperv_lab.world.accounts import LabAccount

from .conftest import missing_for_kerberos
from .live_lab import demo_scenario

ACCOUNTS = [
    LabAccount("Administrator", "Lab-Passw0rd!"),
    LabAccount("quoted user", 'a "quoted" \\ password $HOME'),
    LabAccount("own", "x", domain="LAB"),
    LabAccount("foreign", "x", domain="other.example.com"),
]
needs_kerberos = pytest.mark.skipif(bool(missing_for_kerberos()), reason=f"Kerberos: not installed: {', '.join(missing_for_kerberos())}")


def test_a_machine_without_a_kdc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realm, "_PATH", str(tmp_path))
    with pytest.raises(RealmFailure, match=r"not installed: kdb5_util, kadmin\.local, krb5kdc\. On Debian: apt-get install krb5-kdc"):
        Realm(tmp_path / "realm", "lab.example.com", ACCOUNTS, {})
    assert not (tmp_path / "realm").exists()


def test_a_lab_without_a_domain(tmp_path: Path) -> None:
    scenario = demo_scenario().model_copy(update={"domain": None})
    with pytest.raises(ScenarioError, match="give the scenario a domain"):
        Lab(scenario, "127.54.0.0", tmp_path, kerberos=True)


@needs_kerberos
def test_who_gets_a_ticket_for_what(tmp_path: Path) -> None:
    opened = Realm(tmp_path / "realm", "Lab.Example.com", ACCOUNTS, {"HV01": "127.54.0.1"})
    environment = {**os.environ, "KRB5_CONFIG": str(opened.config), "KRB5CCNAME": f"FILE:{tmp_path / 'cache'}", "LC_ALL": "C"}

    def run(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=environment, input=text, capture_output=True, text=True, timeout=20, check=False)

    try:
        for account in ACCOUNTS[:3]:
            done = run("kinit", account.name.replace(" ", "\\ "), text=f"{account.password}\n")
            assert done.returncode == 0, done.stderr
        for name in ("HTTP/hv01.lab.example.com", "host/HV01", "HTTP/127.54.0.1"):
            asked = name.replace("hv01.", "HV01.")
            assert run("kvno", asked).returncode == 0, name
        assert "not found in Kerberos database" in run("kinit", "foreign", text="x\n").stderr
        assert run("kvno", "HTTP/hv02.lab.example.com").returncode != 0
    finally:
        opened.close()
    assert run("kinit", "Administrator", text="Lab-Passw0rd!\n").returncode != 0, "the KDC has ended"
    for path in (tmp_path / "realm").iterdir():
        assert "Lab-Passw0rd!" not in path.read_bytes().decode("latin-1"), path


@needs_kerberos
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed (Debian: util-linux)")
def test_a_lab_that_is_killed_takes_its_kdc_along(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from hyperv_lab.control.realm import Realm\n"
        "realm = Realm(Path(sys.argv[1]), 'lab.example.com', [], {}); print(realm._process.pid, flush=True); time.sleep(60)"
    )
    lab = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, str(tmp_path / "realm")]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(lab)}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        kdc = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{kdc}/exe").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_kerberos
def test_a_keytab_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("nothing", encoding="utf-8")
    for path in (tmp_path / "keys", tmp_path / "missing"):
        with pytest.raises(ValueError, match=path.name):
            ServiceKeys(path)
