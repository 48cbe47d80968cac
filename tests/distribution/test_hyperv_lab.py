# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as those have it who know nothing of the collection: installed by pip into an empty environment, from a folder that is read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml

LAB = Path(__file__).resolve().parents[1] / "lab"
BASE = "127.47.0.0"


class Environment:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "source"
        shutil.copytree(LAB, self.source, ignore=shutil.ignore_patterns("__pycache__"))
        venv.create(folder / "venv", with_pip=True)

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        environment["HYPERV_LAB_HOME"] = str(self.folder / "state")
        return subprocess.run(
            [str(self.folder / "venv/bin" / command), *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def lab(self, *arguments: str) -> str:
        done = self.run("hyperv-lab", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    made = Environment(tmp_path_factory.mktemp("distribution"))
    before = sorted(made.source.rglob("*"))
    done = made.run("pip", "install", "--quiet", "--disable-pip-version-check", str(made.source))
    assert done.returncode == 0, done.stderr
    assert sorted(made.source.rglob("*")) == before, "the build left something in the folder that it was made from"
    shutil.rmtree(made.source)
    return made


def test_nothing_of_ansible_is_there(environment: Environment) -> None:
    installed = environment.run("pip", "list", "--format", "freeze").stdout.lower()
    assert "hyperv-lab==" in installed
    assert "ansible" not in installed
    assert "winrm" not in installed


def test_the_version_is_that_of_the_distribution(environment: Environment) -> None:
    of_the_distribution = environment.run("python", "-c", "from importlib.metadata import version; print(version('hyperv-lab'))").stdout
    assert environment.lab("--version") == f"hyperv-lab {of_the_distribution}"


def test_the_demo_fleet_from_up_to_down(environment: Environment) -> None:
    assert "18 machines" in environment.lab("up", "--scenario", "demo", "--base", BASE)
    try:
        assert "scenario: demo" in environment.lab("status")
        assert yaml.safe_load(environment.lab("inventory"))["all"]["children"]["hyperv_hosts"]["hosts"]["hv01"]
        environment.lab("arrange", '{"do": "vm_state", "vm": "web01", "state": "off"}')
        environment.lab("chaos", "rough")
        assert "profile rough" in environment.lab("chaos")
        environment.lab("trace")
        environment.lab("reset")
    finally:
        environment.lab("down")


def test_a_scenario_of_ones_own(environment: Environment) -> None:
    (environment.folder / "mine.yml").write_text("hosts: [{name: hv, vms: [{name: web, windows: {}}]}]", encoding="utf-8")
    environment.lab("up", "--scenario", "mine.yml", "--base", BASE)
    environment.lab("down")


def test_type_checkers_see_its_types(environment: Environment) -> None:
    (environment.folder / "uses_it.py").write_text(
        "from hyperv_lab.scenarios.building import build\nfrom hyperv_lab.scenarios.loading import load\nreveal_type(build(load('demo')))\n",
        encoding="utf-8",
    )
    python = environment.folder / "venv/bin/python"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            os.devnull,
            "--cache-dir",
            os.devnull,
            "--python-executable",
            str(python),
            "uses_it.py",
        ],
        cwd=environment.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Revealed type is "hyperv_lab.world.fleet.Fleet"' in done.stdout, done.stdout


def test_a_library_that_is_missing_is_told_in_a_sentence(environment: Environment) -> None:
    environment.run("pip", "uninstall", "--quiet", "--yes", "lark")
    for arguments in (["--help"], ["up"]):
        done = environment.run("hyperv-lab", *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("hyperv-lab: the Python library lark is not installed for ")
        assert "pip install 'lark>=" in done.stderr
        assert "apt-get install python3-lark" in done.stderr
        assert done.stderr.count("\n") == 1
