# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-builder makes of the collection and of the example: a build context. No image is built, for want of a container engine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .playing import COLLECTIONS, ROOT

pytest.importorskip("ansible_builder", reason="the Python package ansible-builder is not installed")
EXAMPLE = ROOT / "extensions/execution-environment/execution-environment.yml"


def builder(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "ansible_builder", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def names(requirements: str) -> dict[str, str]:
    """Packages with what is wanted of their version, extras left out."""
    lines = (line for line in requirements.splitlines() if line and not line.startswith("#"))
    return {re.split(r"[\[<>=~]", line)[0].lower(): re.sub(r"^[\w.-]+(\[[^]]*\])?", "", line) for line in lines}


def test_builder_finds_what_the_collection_needs() -> None:
    found: dict[str, list[str]] = yaml.safe_load(builder("introspect", str(COLLECTIONS)))
    python = "\n".join(entry.partition("  #")[0] for entry in found["python"])
    assert names(python) == names((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert all("kerberos" in line for line in python.splitlines() if line.startswith(("pywinrm", "pypsrp")))
    system = {entry.partition(" ")[0] for entry in found["system"]}
    # kinit at run time, and what gssapi is compiled with, on both families of distributions
    assert {"krb5-workstation", "krb5-user", "krb5-devel", "libkrb5-dev", "gcc"} <= system


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    builder("create", "--file", str(EXAMPLE), "--context", str(folder), "--output-filename", "Containerfile")
    return folder


def test_the_example_holds_the_collection(context: Path) -> None:
    wanted: dict[str, Any] = yaml.safe_load((context / "_build/requirements.yml").read_text(encoding="utf-8"))
    assert wanted == {"collections": [{"name": "hyperv.avma"}]}
    steps = (context / "Containerfile").read_text(encoding="utf-8")
    assert "ansible-galaxy collection install" in steps
    # the collection's own needs are read from it while the image is built
    assert "introspect.py introspect" in steps


def test_the_example_has_one_python_for_all(context: Path) -> None:
    steps = (context / "Containerfile").read_text(encoding="utf-8")
    python = re.search(r'ARG PYPKG="(python3\.\d+)"', steps)
    assert python is not None
    assert f'ARG PYCMD="/usr/bin/{python[1]}"' in steps
    assert (context / "_build/bindep.txt").read_text(encoding="utf-8").split()[0] == f"{python[1]}-devel"
    assert (context / "_build/exclude-bindep.txt").read_text(encoding="utf-8").split() == ["python3-devel"]


def test_the_example_has_a_supported_ansible(context: Path) -> None:
    core = re.search(r"ansible-core~=2\.(\d+)\.0", (context / "Containerfile").read_text(encoding="utf-8"))
    oldest = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert core is not None
    assert int(core[1]) >= int(oldest.removeprefix(">=2.").partition(".")[0])
