# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/lab/rehearse-without-windows.md tells users to type works, in the order in which it stands there."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

from hyperv_lab.control.command_line import main
from hyperv_lab.scenarios.building import build
from hyperv_lab.scenarios.loading import parse

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "lab" / "rehearse-without-windows.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|yaml)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.startswith("hyperv-lab ")]
SCENARIO = next(text for kind, text in BLOCKS if kind == "yaml")


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Those between an up and its down, and the others while the demo fleet is up."""
    (tmp_path / "branch-office.yml").write_text(SCENARIO, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYPERV_LAB_HOME", str(tmp_path / "home"))
    number = os.getpid() % 250

    def lab(*words: str) -> str:
        status = main(words)
        printed = capsys.readouterr()
        assert status == 0, f"{shlex.join(words)}: {printed.err}"
        return printed.out

    up = False
    try:
        for line in COMMANDS:
            words = shlex.split(line.partition(" > ")[0])[1:]
            name = words[words.index("--name") + 1] if "--name" in words else "lab"
            if "up" in words and "--base" not in words:
                # Other labs of this machine may have the usual addresses.
                words += ["--base", f"127.52.{number}.0"]
            if "up" in words and name == "second":
                words[words.index("--base") + 1] = f"127.53.{number}.0"
            if name == "lab" and not up and words[0] not in ("up", "down"):
                lab("up", "--base", f"127.52.{number}.0")
                up = True
            if words[0] == "up" and up:
                lab("down")
            output = lab(*words)
            if name == "lab" and words[0] in ("up", "down"):
                up = words[0] == "up"
            if words[0] == "inventory":
                assert yaml.safe_load(output)["all"]["children"]["hyperv_hosts"]["hosts"]
    finally:
        lab("down")
        lab("--name", "second", "down")
    assert len(COMMANDS) > 20


def test_the_scenario() -> None:
    fleet = build(parse(yaml.safe_load(SCENARIO)))
    assert [host.name for host in fleet.hosts] == ["hv01", "hv02"]
    assert {vm.name for _host, vm in fleet.vms()} == {"dc01", "backup01", "proxy01", "web01"}


@pytest.mark.parametrize("word", ["arrange", "chaos", "down", "inventory", "reset", "status", "trace", "up"])
def test_every_command_is_told_of(word: str) -> None:
    assert any(word in shlex.split(line) for line in COMMANDS)
