# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook and tells what that cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .fleet import ROOT

_HERE = Path(__file__).parent
_SECONDS = 1800


@dataclass(frozen=True)
class Cost:
    """In seconds: of the whole command, and of its plays alone. ``memory`` is the largest process, in MiB."""

    wall: float
    cpu: float
    memory: int
    plays_wall: float
    plays_parent: float
    plays_forks: float
    failed: int
    unreachable: int

    @property
    def plays_cpu(self) -> float:
        return self.plays_parent + self.plays_forks


class Controller:
    def __init__(self, inventory: bytes, forks: int, folder: Path) -> None:
        self._forks = forks
        self._folder = folder
        self._last = folder / "output"  # of the last run
        self._inventory = folder / "inventory.yml"
        self._inventory.write_bytes(inventory)

    def play(self, hosts: str, task: dict[str, Any], repeat: int = 1, **variables: Any) -> Cost:
        """One task, so many times over, on each host of a group."""
        path = self._folder / "play.yml"
        tasks = [{"name": f"Task {number}", **task} for number in range(1, repeat + 1)]
        path.write_text(yaml.safe_dump([{"name": "Play", "hosts": hosts, "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        cost = self.playbook(str(path), **variables)
        if cost.failed or cost.unreachable:
            raise RuntimeError(
                f"{cost.failed} of {task} failed and {cost.unreachable} machines were unreachable:\n{self._last.read_text(encoding='utf-8')[-4000:]}"
            )
        return cost

    def playbook(self, name: str, **variables: Any) -> Cost:
        """A playbook by its path or FQCN. RuntimeError if it did not come to its end."""
        with tempfile.TemporaryDirectory() as folder:
            usage, output, extra = Path(folder) / "usage", self._last, Path(folder) / "variables.json"
            extra.write_text(json.dumps(variables), encoding="utf-8")
            command = [sys.executable, "-m", "ansible", "playbook", name, "-i", str(self._inventory), "-e", f"@{extra}"]
            started = time.monotonic()
            with output.open("wb") as stream:
                process = subprocess.Popen(
                    command,
                    env=self._environment(usage),
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    cwd=self._folder,
                )
                _pid, _status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
            if not usage.exists():
                raise RuntimeError(f"{name} did not come to its end:\n{output.read_text(encoding='utf-8', errors='replace')[-4000:]}")
            plays = json.loads(usage.read_text(encoding="utf-8"))
        return Cost(
            wall=wall,
            cpu=used.ru_utime + used.ru_stime,
            memory=used.ru_maxrss // 1024,
            plays_wall=plays["wall"],
            plays_parent=plays["parent"],
            plays_forks=plays["forks"],
            failed=plays["failed"],
            unreachable=plays["unreachable"],
        )

    def _environment(self, usage: Path) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {
            **inherited,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
            "ANSIBLE_CONFIG": str(ROOT / "tests/e2e/ansible.cfg"),  # not the one of the caller
            "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "usage",
            "ANSIBLE_ACTION_PLUGINS": str(_HERE / "action_plugins"),
            "ANSIBLE_FORKS": str(self._forks),
            "ANSIBLE_NOCOLOR": "1",
            "HYPERV_AVMA_USAGE": str(usage),
            "LC_ALL": "C.UTF-8",
        }
