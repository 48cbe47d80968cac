# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real ``ansible-playbook`` and reads what it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".dev"
TIMEOUT = 240  # seconds; a run that hangs is killed and fails its test


@dataclass(frozen=True)
class TaskResult:
    kind: str  # ok, failed, unreachable, skipped
    host: str
    action: str
    task: str
    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))


@dataclass(frozen=True)
class Run:
    """What one run of ansible-playbook printed and did."""

    code: int
    output: str
    tasks: tuple[TaskResult, ...]

    def of(self, action: str, host: str | None = None) -> list[TaskResult]:
        """The results of a module, short name, of one host or all."""
        wanted = {action, f"hyperv.avma.{action}", f"ansible.builtin.{action}"}
        return [task for task in self.tasks if task.action in wanted and (host is None or task.host == host)]

    def one(self, action: str, host: str) -> dict[str, Any]:
        """The result of a module that ran once on a host."""
        found = self.of(action, host)
        assert len(found) == 1, f"{action} ran {len(found)} times on {host}, not once. Output:\n{self.output}"
        return found[0].result

    @property
    def changes(self) -> dict[str, list[str]]:
        """Actions that reported a change, by host. The report is none: it lies on the controller, and a run's first machine stands for it."""
        found: dict[str, list[str]] = {}
        for task in self.tasks:
            if task.changed and task.action != "hyperv.avma.report":
                found.setdefault(task.host, []).append(task.action)
        return found

    def outcomes(self) -> dict[str, str]:
        """Outcome of guest_key by host."""
        return {task.host: task.result.get("outcome", task.kind) for task in self.of("guest_key")}


@dataclass
class Player:
    """Runs plays against an inventory."""

    inventory: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    file_name: str = "inventory.yml"  # inventory plugins know their files by it
    folder: tempfile.TemporaryDirectory[str] = field(default_factory=tempfile.TemporaryDirectory)  # where plays are run
    arguments: tuple[str, ...] = ()  # more of ansible-playbook's own

    def playbook(self, name: str, *, check: bool = False, diff: bool = False, verbosity: int = 0, limit: str = "", **variables: Any) -> Run:
        """A playbook of the collection by its FQCN, as a user runs it."""
        return self._run(f"hyperv.avma.{name}", check, diff, verbosity, limit, variables)

    def tasks(
        self,
        hosts: str,
        tasks: list[dict[str, Any]],
        *,
        check: bool = False,
        diff: bool = False,
        verbosity: int = 0,
        **variables: Any,
    ) -> Run:
        """A play made of these tasks."""
        play = [{"hosts": hosts, "gather_facts": False, "tasks": tasks}]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "play.yml"
            path.write_text(yaml.safe_dump(play), encoding="utf-8")
            return self._run(str(path), check, diff, verbosity, "", variables)

    def module(self, module: str, machine: str, /, *, check: bool = False, diff: bool = False, verbosity: int = 0, **options: Any) -> Run:
        """One module of the collection on one host (or pattern)."""
        return self.tasks(machine, [{"name": module, f"hyperv.avma.{module}": options}], check=check, diff=diff, verbosity=verbosity)

    def _run(self, playbook: str, check: bool, diff: bool, verbosity: int, limit: str, variables: dict[str, Any]) -> Run:
        with tempfile.TemporaryDirectory() as folder:
            inventory = Path(folder) / self.file_name
            inventory.write_text(yaml.safe_dump(self.inventory), encoding="utf-8")
            record = Path(folder) / "record.jsonl"
            record.touch()
            extra = Path(folder) / "extra.json"
            extra.write_text(json.dumps({**self.variables, **variables}), encoding="utf-8")
            command = [sys.executable, "-m", "ansible", "playbook", playbook, "-i", str(inventory), "-e", f"@{extra}"]
            command += (
                ["--check"] * check + ["--diff"] * diff + ["-" + "v" * verbosity] * bool(verbosity) + ["--limit", limit] * bool(limit)
            )
            command += self.arguments
            done = subprocess.run(
                command,
                env=environment(record),
                cwd=self.folder.name,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        tasks = tuple(TaskResult(row["kind"], row["host"], row["action"], row["task"], row["result"]) for row in rows)
        return Run(code=done.returncode, output=done.stdout + done.stderr, tasks=tasks)


def environment(record: Path) -> dict[str, str]:
    """The environment of a run: this checkout as the collection, nothing of the caller's Ansible settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {
        **inherited,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "1",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "ANSIBLE_FORKS": "10",
        "ANSIBLE_CONFIG": str(Path(__file__).parent / "ansible.cfg"),  # not the one of the caller
        "HYPERV_AVMA_RECORD": str(record),
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
    }
