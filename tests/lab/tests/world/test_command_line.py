# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``hyperv-lab``: a lab of its own process, from start to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

LAB = Path(__file__).parents[2]
BASE = "127.91.18.0"


class Shell:
    def __init__(self, home: Path) -> None:
        self.home = home
        self._environment = {**os.environ, "PYTHONPATH": str(LAB), "HYPERV_LAB_HOME": str(home)}

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hyperv_lab", *arguments], env=self._environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path / "home")
    yield shell
    shell.run("down")


def test_up_ask_and_down(shell: Shell, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    assert "18 machines" in shell.run("up", "--base", BASE, "--http-port", "15986", "--https-port", "15987", "--ready-file", str(ready))
    state = json.loads(ready.read_text(encoding="utf-8"))
    assert state["machines"]["hv01"] == "127.91.18.1"
    assert Path(state["ca_file"]).is_file()
    assert "listening: 17" in shell.run("status")
    assert yaml.safe_load(shell.run("inventory", "--connection", "psrp"))["all"]["vars"]["ansible_port"] == 15986
    assert shell.run("arrange", '{"do": "vm_state", "vm": "web01", "state": "off"}') == ""
    assert "listening: 16" in shell.run("status")
    shell.run("reset")
    assert "listening: 17" in shell.run("status")
    assert "hvx" in shell.run("arrange", '{"do": "throttle", "host": "hvx", "requests": 1}', code=1)
    assert "runs already" in shell.run("up", code=1)
    assert "another --base" in shell.run("--name", "second", "up", "--base", BASE, "--http-port", "15986", code=1)
    assert shell.run("trace").strip() == ""
    shell.run("down")
    assert not ready.exists()
    assert not list(shell.home.glob("*.json"))
    with pytest.raises(ProcessLookupError):
        os.kill(state["pid"], 0)
    assert "does not run" in shell.run("status", code=1)


def test_mistakes_show_before_anything_starts(shell: Shell, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("hosts: [{name: hv, edition: gold}]", encoding="utf-8")
    assert "hosts[0].edition: 'gold' is no edition" in shell.run("up", "--scenario", str(wrong), code=1)
    assert not list(shell.home.glob("*.json"))


def test_counted_fleet_ends_by_a_signal(shell: Shell) -> None:
    shell.run(
        "up", "--hosts", "2", "--vms-per-host", "3", "--guests-reachable", "0", "--base", BASE, "--http-port", "15988", "--https-port", "0"
    )
    assert "listening: 2" in shell.run("status")
    (path,) = shell.home.glob("*.json")
    os.kill(json.loads(path.read_text(encoding="utf-8"))["pid"], signal.SIGINT)
    deadline = time.monotonic() + 10
    while path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
