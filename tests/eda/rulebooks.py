# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real ansible-rulebook in a process of its own, against a lab."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from e2e.labs import Lab
from e2e.playing import COLLECTIONS

# `make eda` names it; ansible-rulebook has pins of its own and so an environment of its own.
RULEBOOK = os.environ.get("HYPERV_AVMA_RULEBOOK") or shutil.which("ansible-rulebook")
JAVA = os.environ.get("JAVA_HOME") or shutil.which("java")
_PASSWORD = "Lab-Passw0rd!"
_PATIENCE = 120  # seconds
_END = 20


def missing() -> str:
    """What these tests need and do not find; empty if all is there."""
    if RULEBOOK is None:
        return "ansible-rulebook is not installed: make eda"
    return "" if JAVA else "Java is not installed: apt-get install default-jre-headless"


class Rulebook:
    """A running rulebook, and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait(self, what: str, until: Callable[[], object]) -> None:
        """Wait until it is so; AssertionError with the output if it never is."""
        deadline = time.monotonic() + _PATIENCE
        while not until():
            assert self._process.poll() is None, f"ansible-rulebook ended while waiting until {what}:\n{self.output}"
            assert time.monotonic() < deadline, f"not after {_PATIENCE} s: {what}\n{self.output}"
            time.sleep(0.1)

    def stop(self) -> None:
        """As its service manager does; every action that runs may end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@contextmanager
def running(rulebook: str, lab: Lab, folder: Path, *arguments: str, hosts: list[str], **variables: Any) -> Iterator[Rulebook]:
    """A rulebook of the collection by its name, which asks ``hosts`` of the lab each second. ``folder`` has the inventory."""
    assert RULEBOOK is not None
    described = lab.get("/inventory")["all"]
    addresses = described["children"]["hyperv_hosts"]["hosts"]
    connection = {name: value for name, value in described["vars"].items() if name not in ("ansible_user", "ansible_password")}
    watch = {
        "avma_watch_hosts": {name: addresses[name] for name in hosts},
        "avma_watch_variables": connection,
        "avma_watch_interval": 1,
        "avma_watch_licence_interval": 1,
        **variables,
    }
    (folder / "watch.yml").write_text(json.dumps(watch), encoding="utf-8")
    log = folder / f"{time.monotonic_ns()}.log"
    command = [RULEBOOK, "-r", f"hyperv.avma.{rulebook}", "-e", str(folder / "watch.yml"), "-i", str(folder / "inventory"), *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = Rulebook(process, log)
    try:
        yield started
    finally:
        started.stop()


def _environment() -> dict[str, str]:
    assert RULEBOOK is not None
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "EDA_", "HYPERV_"))}
    return {
        **inherited,
        "PATH": f"{Path(RULEBOOK).parent}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_NOCOLOR": "1",
        "HYPERV_AVMA_USERNAME": "Administrator",
        "HYPERV_AVMA_PASSWORD": _PASSWORD,
        "PYTHONWARNINGS": "ignore",
    }


def write_inventory(lab: Lab, folder: Path) -> None:
    """The hosts as a list, the guests by asking the hosts, each in a group of its own: as docs/event-driven.md says."""
    inventory = folder / "inventory"
    inventory.mkdir()
    described = lab.get("/inventory")
    del described["all"]["children"]["guests"]
    (inventory / "10-hosts.yml").write_text(yaml.safe_dump(described), encoding="utf-8")
    guests = {
        "plugin": "hyperv.avma.guests",
        "networks": ["127.0.0.0/8"],
        "keyed_groups": [{"prefix": "avma_vm", "key": "avma_vm_id"}],
    }
    (inventory / "20-guests.yml").write_text(yaml.safe_dump(guests), encoding="utf-8")
