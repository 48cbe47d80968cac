# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as users start it: from a fresh checkout and from an installed collection, in any folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from .playing import ROOT, TIMEOUT

# Of an installed collection in FILES.json, of a checkout by git: what tools left there is in neither.
_LEFT_BEHIND = shutil.ignore_patterns(".*", "build", "demo-output", "avma-report", "__pycache__")
_TIMES = re.compile(r"\d+(\.\d+)? s\b|\d\d:\d\d(:\d\d)?(Z| UTC)?")


@dataclass(frozen=True)
class Place:
    collection: Path
    folder: Path

    def run(self, command: list[str] | str, **variables: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH", "LC_", "LANG"))}
        return subprocess.run(
            command,
            shell=isinstance(command, str),
            cwd=self.folder,
            env={**inherited, "LANG": "C.UTF-8", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def demo(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run([sys.executable, str(self.collection / "tests/lab/demo.py"), *arguments], **variables)

    def files(self) -> list[Path]:
        return sorted(self.collection.rglob("*"))


def place(tmp_path: Path, *, installed: bool) -> Place:
    collection = tmp_path / ("roots/ansible_collections/hyperv/avma" if installed else "my checkout")
    shutil.copytree(ROOT, collection, ignore=_LEFT_BEHIND)
    if installed:
        (collection / "galaxy.yml").unlink()
        (collection / "MANIFEST.json").write_text(
            '{"collection_info": {"namespace": "hyperv", "name": "avma", "version": "0.1.0"}}', encoding="utf-8"
        )
    folder = tmp_path / "Mein Ördner"
    folder.mkdir()
    return Place(collection, folder)


def printed_command(output: str) -> str:
    (command,) = re.findall(r"^ *(?:== )?(.*ansible-playbook hyperv\.avma\.activate.*)$", output, re.MULTILINE)
    return str(command)


def test_within_an_installed_collection_the_temporary_folder_is_used(tmp_path: Path) -> None:
    demo = place(tmp_path, installed=True)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    before = demo.files()
    inside = Place(demo.collection, demo.collection / "docs")
    try:
        done = inside.demo("--keep", TMPDIR=str(temporary))
        assert done.returncode == 0, done.stdout
    finally:
        inside.demo("--stop", TMPDIR=str(temporary))
    assert demo.files() == before
    assert [path.name for path in temporary.iterdir()] == [f"hyperv-avma-demo-{os.getuid()}"]


@pytest.mark.parametrize(
    ("installed", "variables"),
    [(True, {}), (False, {"LC_ALL": "C", "ANSIBLE_COLLECTIONS_PATH": "/nonexistent", "ANSIBLE_FORKS": "1"})],
    ids=["installed", "checkout-and-odd-settings"],
)
def test_the_printed_command_prints_what_the_demo_prints(installed: bool, variables: dict[str, str], tmp_path: Path) -> None:
    """Nothing has prepared the checkout, and nothing is written into an installed collection."""
    demo = place(tmp_path, installed=installed)
    before = demo.files()
    shown = demo.demo(**variables)
    assert shown.returncode == 0, shown.stdout
    if installed:
        assert demo.files() == before
    assert (demo.folder / "demo-output/report/avma-report.html").is_file()
    command = printed_command(shown.stdout)
    of_the_demo = (demo.folder / "demo-output/first-run.log").read_text(encoding="utf-8")
    assert of_the_demo in shown.stdout

    shutil.rmtree(demo.folder / "demo-output")
    kept = demo.demo("--keep", **variables)
    try:
        assert kept.returncode == 0, kept.stdout
        assert printed_command(kept.stdout) == command
        done = demo.run(command, **variables)
    finally:
        demo.demo("--stop")
    assert done.returncode == 0, done.stdout
    # Machines answer side by side, so lines of one task may change places.
    assert sorted(_TIMES.sub("", done.stdout).splitlines()) == sorted(_TIMES.sub("", of_the_demo).splitlines())


@pytest.mark.parametrize("option", [[], ["--keep"], ["--stop"]], ids=str)
def test_a_library_that_is_missing_is_told_before_anything_starts(option: list[str], tmp_path: Path) -> None:
    demo = place(tmp_path, installed=True)
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    done = demo.run([str(bare / "bin/python"), str(demo.collection / "tests/lab/demo.py"), *option])
    assert done.returncode == 1
    assert done.stdout.strip().startswith("demo: the Python library ansible-core is not installed for ")
    assert "apt-get install ansible-core" in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1
    assert not any(demo.folder.iterdir())
