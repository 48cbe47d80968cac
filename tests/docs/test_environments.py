# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Without an index of Python packages, what makes environments says so at once, and what helps."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .blocks import ROOT

# Nobody listens there, and the user's own settings of pip do not count.
NOWHERE = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://someone:hidden@127.0.0.1:1/simple", "PIP_EXTRA_INDEX_URL": ""}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What make-venv reads, in a folder with spaces."""
    folder = tmp_path / "a check out"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    for path in ROOT.glob("requirements*.txt"):
        shutil.copy(path, folder)
    return folder


def make_venv(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    command = [".ci/make-venv", ".venv", "lab"]
    return subprocess.run(
        command, cwd=checkout, env={**inherited, **NOWHERE, **variables}, check=False, capture_output=True, text=True, timeout=120
    )


def test_one_line_says_where_pip_looked_and_the_two_ways_out(checkout: Path) -> None:
    done = make_venv(checkout)
    assert done.returncode == 1
    making, told = done.stderr.splitlines()
    assert making.startswith("Making .venv")
    assert "pywinrm" in told
    assert "http://someone:****@127.0.0.1:1/simple" in told
    assert "Connection refused" in told
    assert "apt-get install ansible-core python3-winrm" in told
    assert "PIP_NO_INDEX=1 PIP_FIND_LINKS=" in told
    assert "hidden" not in done.stdout + done.stderr


def test_a_folder_of_wheels_without_them_is_named(checkout: Path, tmp_path: Path) -> None:
    done = make_venv(checkout, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert done.returncode == 1
    assert f"in {tmp_path}." in done.stderr.splitlines()[-1]


def test_what_a_folder_of_wheels_holds_is_left_to_pip(checkout: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pywinrm-99-py3-none-any.whl", "w") as wheel:
        information = "pywinrm-99.dist-info"
        wheel.writestr(f"{information}/METADATA", "Metadata-Version: 2.1\nName: pywinrm\nVersion: 99\n")
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")
    command = [sys.executable, ".ci/find_packages.py", "pywinrm>=0.4.3"]
    environment = {**os.environ, **NOWHERE, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    done = subprocess.run(command, cwd=checkout, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
