# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as users have it: built, installed from its tarball into an empty folder, and used with no checkout in reach."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .labs import Lab
from .playing import ROOT, TIMEOUT

# Kinds of plugins that ansible-doc knows, by the folder that holds them.
KINDS = {"module": "plugins/modules", "filter": "plugins/filter", "inventory": "plugins/inventory"}


@dataclass(frozen=True)
class Installation:
    folder: Path

    @property
    def collection(self) -> Path:
        return self.folder / "collections/ansible_collections/hyperv/avma"

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of Ansible that knows this installation and nothing else."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
        environment = {
            **inherited,
            "HOME": str(self.folder),
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
            "ANSIBLE_NOCOLOR": "1",
        }
        return subprocess.run(
            [sys.executable, "-m", "ansible", command, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def documentation(self, kind: str, *names: str) -> dict[str, Any]:
        """What ansible-doc shows of these plugins, or the list of all without names."""
        done = self.run("doc", "--type", kind, "--json", *(names or ("--list", "hyperv.avma")))
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    here = Installation(tmp_path_factory.mktemp("installed"))
    built = here.run("galaxy", "collection", "build", "--output-path", str(here.folder), str(ROOT))
    assert built.returncode == 0, built.stderr
    (tarball,) = here.folder.glob("hyperv-avma-*.tar.gz")
    done = here.run("galaxy", "collection", "install", "--offline", "--collections-path", str(here.folder / "collections"), str(tarball))
    assert done.returncode == 0, done.stderr
    return here


@pytest.mark.parametrize("kind", [*KINDS, "role"])
def test_each_plugin_is_documented(installed: Installation, kind: str) -> None:
    if kind == "role":
        wanted = {path.parents[1].name for path in installed.collection.glob("roles/*/meta/argument_specs.yml")}
    else:
        wanted = {path.stem for path in (installed.collection / KINDS[kind]).glob("*.py") if path.stem != "__init__"}
    names = {f"hyperv.avma.{name}" for name in wanted}
    assert set(installed.documentation(kind)) == names
    shown = installed.documentation(kind, *sorted(names))
    assert set(shown) == names
    if kind == "module":
        # options that come from the collection's fragments of documentation
        assert "query" in shown["hyperv.avma.guest_key"]["doc"]["options"]
        assert all(entry["examples"] and entry["return"] for entry in shown.values())


def test_files_that_others_look_for_are_there(installed: Installation) -> None:
    """Automation controller, ansible-builder, ansible-rulebook and Galaxy each read a file of their own."""
    files = [
        "extensions/audit/event_query.yml",
        "meta/execution-environment.yml",
        "meta/runtime.yml",
        "requirements.txt",
        "README.md",
        "LICENSE",
    ]
    assert [name for name in files if not (installed.collection / name).is_file()] == []
    dependencies = yaml.safe_load((installed.collection / "meta/execution-environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert all((installed.collection / name).is_file() for name in dependencies.values())


def test_a_fleet_is_activated_and_nothing_is_left_to_do(installed: Installation, demo: Lab) -> None:
    inventory = installed.folder / "inventory.yml"
    inventory.write_text(yaml.safe_dump(demo.get("/inventory")), encoding="utf-8")
    where = json.loads(installed.run("galaxy", "collection", "list", "--format", "json").stdout)
    assert [folder for folder, found in where.items() if "hyperv.avma" in found] == [
        str(installed.folder / "collections/ansible_collections")
    ]
    command = ("playbook", "hyperv.avma.activate", "-i", str(inventory), "-e", json.dumps({"avma_fail_on": []}))

    first = installed.run(*command)
    assert first.returncode == 0, first.stdout + first.stderr
    licence = demo.machine("app02")["licence"]
    assert (licence["status"], licence["channel"]) == (1, "VT:IA"), first.stdout
    settled = demo.digest()

    second = installed.run(*command)
    assert second.returncode == 0, second.stdout + second.stderr
    assert not re.search(r"changed=[1-9]", second.stdout), second.stdout
    assert demo.digest() == settled
