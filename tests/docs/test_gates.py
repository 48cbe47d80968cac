# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Makefile lists the gates, .ci/gates runs them, and .ci/run runs those of continuous integration."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .blocks import ROOT

# In place of make: fails for the gates named in FAIL, prints what pytest prints for `tests`, and has the lists of the real one.
MAKE = """\
#!/bin/sh
case $1 in
    --silent) exec "$REAL_MAKE" "$@" ;;
esac
echo "output of $1" | tee -a "$RUN"
[ "$1" != tests ] || echo "===== 3 passed, 1 skipped in 0.12s ====="
case " $FAIL " in
    *" $1 "*) exit 2 ;;
esac
"""

Script = Callable[..., subprocess.CompletedProcess[str]]


def listed(name: str) -> list[str]:
    return subprocess.run(["make", "--silent", f"list-{name}"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Runs a script of .ci with that make."""
    (tmp_path / "make").write_text(MAKE)
    (tmp_path / "make").chmod(0o755)
    (tmp_path / "run").touch()
    # all packages of the system are there
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\n")
    (tmp_path / "dpkg-query").chmod(0o755)
    real = subprocess.run(["sh", "-c", "command -v make"], check=True, capture_output=True, text=True).stdout.strip()
    for name in ("MAKE", "MAKEFLAGS", "MAKELEVEL"):
        monkeypatch.delenv(name, raising=False)

    def run(*command: str, fail: str = "") -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "FAIL": fail,
            "RUN": str(tmp_path / "run"),
            "REAL_MAKE": real,
        }
        return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=60)

    return run


def ran(tmp_path: Path) -> list[str]:
    return [line.removeprefix("output of ") for line in (tmp_path / "run").read_text().splitlines()]


def test_each_gate_says_what_it_holds_and_is_in_one_list() -> None:
    gates = [gate for name in ("TEST", "CORE", "STILL", "LAB", "RELEASE") for gate in listed(f"{name}_GATES")]
    assert len(gates) == len(set(gates))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [gate for gate in gates if not re.search(rf"^{gate}:[^#\n]* ## \S", makefile, re.MULTILINE)] == []


def test_continuous_integration_runs_its_gates_and_ends_with_the_line_of_pytest(script: Script, tmp_path: Path) -> None:
    wanted = {gate for name in ("TEST", "CORE", "STILL", "LAB") for gate in listed(f"{name}_GATES")}
    done = script(".ci/run")
    left_out = {"oldest", "sanity-oldest"} if "Left out: tests and sanity with ansible-core 2.16" in done.stdout else set()
    assert sorted(ran(tmp_path)) == sorted(wanted - left_out)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "===== 3 passed, 1 skipped in 0.12s =====")


@pytest.mark.parametrize("lanes", [["tests lint", "docs", "guides"], ["lint tests docs guides"]], ids=["lanes", "one by one"])
def test_a_gate_that_fails_is_named_and_hides_no_other(script: Script, tmp_path: Path, lanes: list[str]) -> None:
    done = script(".ci/gates", "-k", "-t", "50", *lanes, fail="lint guides")
    assert sorted(ran(tmp_path)) == ["docs", "guides", "lint", "tests"]
    assert done.returncode == 1
    *output, gates, last = done.stdout.splitlines()
    assert re.fullmatch(r"=== gates: 2 passed, 2 failed: lint guides", gates)
    assert last.startswith("===== 3 passed")
    assert len([line for line in output if re.fullmatch(r"=== (docs|guides|lint|tests): (passed|failed), \d+ s", line)]) == 4
    # what a gate prints stands between its own lines
    assert re.search(r"^=== docs\noutput of docs\n=== docs: passed, \d+ s$", done.stdout, re.MULTILINE)


def test_without_option_the_first_that_fails_is_the_last(script: Script, tmp_path: Path) -> None:
    done = script(".ci/gates", "lint types tests", fail="types")
    assert (done.returncode, ran(tmp_path)) == (1, ["lint", "types"])
    assert "=== gates: 1 passed, 1 failed: types" in done.stdout


def test_tests_without_a_summary_are_told_of(script: Script, tmp_path: Path) -> None:
    (tmp_path / "make").write_text("#!/bin/sh\nexit 1\n")
    done = script(".ci/gates", "tests")
    assert done.stdout.splitlines()[-1] == "=== 1 error: pytest printed no summary ==="


def test_each_module_and_playbook_is_run_with_each_ansible_core() -> None:
    spec = importlib.util.spec_from_file_location("settings_of_all_tests", ROOT / "tests" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    settings = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(settings)
    text = "".join((ROOT / "tests" / "e2e" / name).read_text(encoding="utf-8") for name in settings.CORE_E2E)
    # these two are run by `make eda` and `make awx`
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")} - {"alert", "controller"}
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("[a-z]*.py")}
    assert {name for name in playbooks | modules if not re.search(rf"\b{name}\b", text)} == set()
    assert all(folder.is_dir() for folder in settings.WITHOUT_ANSIBLE)
