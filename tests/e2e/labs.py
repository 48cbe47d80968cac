# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab in a process of its own, and what its control API tells and changes."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .playing import Player

# The lab's command, as `pip install tests/lab` leaves it in the environment of the tests.
COMMAND = (str(Path(sys.executable).with_name("hyperv-lab")),)
_START_TIMEOUT = 60  # seconds
_STOP_TIMEOUT = 15
# Every lab of this test process gets addresses of its own: 127.<60..119>.<process>.x
_numbers = itertools.count()
# Processes of one run of pytest-xdist (gw0, gw1, ...) never share addresses, those of several runs hardly ever.
_PROCESS = os.getpid() % 62 * 4 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4


@dataclass(frozen=True)
class Connection:
    """How a play reaches the machines."""

    connection: str
    transport: str
    scheme: str

    def __str__(self) -> str:
        return f"{self.connection}-{self.transport}-{self.scheme}"


NTLM = Connection("winrm", "ntlm", "http")
BASIC = Connection("winrm", "basic", "https")
PSRP = Connection("psrp", "ntlm", "http")
CONNECTIONS = (NTLM, BASIC, PSRP)


class Lab:
    """A running lab. ``control`` is the URL of its control API."""

    def __init__(self, process: subprocess.Popen[bytes], control: str) -> None:
        self._process = process
        self.control = control

    # what it tells

    def get(self, path: str) -> Any:
        text = self.text(path)
        return json.loads(text) if path != "/inventory" and not path.startswith("/inventory?") else yaml.safe_load(text)

    def text(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.control}{path}", timeout=30) as answer:
            return str(answer.read().decode("utf-8"))

    def digest(self) -> str:
        """Of everything that a client could have changed."""
        return str(self.get("/digest")["digest"])

    def machine(self, name: str) -> dict[str, Any]:
        return dict(self.get(f"/machines/{name}"))

    def vm(self, name: str) -> dict[str, Any]:
        return dict(self.get(f"/vms/{name}"))

    def requests(self, machine: str) -> int:
        """Requests of one machine since the counters were reset, those of authentication left out."""
        counters = self.get("/counters").get(machine, {})
        return sum(counters.get("requests", {}).values())

    def actions(self) -> dict[str, dict[str, int]]:
        """Requests by machine and action."""
        return {name: dict(counts["requests"]) for name, counts in self.get("/counters").items()}

    def player(self, connection: Connection = NTLM) -> Player:
        query = f"connection={connection.connection}&transport={connection.transport}&scheme={connection.scheme}"
        return Player(self.get(f"/inventory?{query}"))

    # what it does

    def post(self, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.control}{path}", data=json.dumps(body or {}).encode(), headers={"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def arrange(self, do: str, **values: Any) -> None:
        self.post("/arrange", {"do": do, **values})

    def reset(self) -> None:
        """Back to the scenario, with counters at nought."""
        self.post("/reset")
        self.post("/counters/reset")

    def reset_counters(self) -> None:
        self.post("/counters/reset")


@contextmanager
def running_lab(scenario: str, *arguments: str) -> Iterator[Lab]:
    """A lab with this scenario (a name or a file), stopped at the end whatever happens."""
    number = next(_numbers)
    base = f"127.{60 + number % 60}.{_PROCESS}.0"
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready"
        log = Path(folder) / "log"
        command = [*COMMAND, "--name", f"e2e-{os.getpid()}-{number}", "up", "--foreground", "--scenario", scenario]
        command += ["--base", base, "--ready-file", str(ready), *arguments]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        try:
            deadline = time.monotonic() + _START_TIMEOUT
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"The lab did not start:\n{log.read_text(errors='replace')}")
                time.sleep(0.05)
            yield Lab(process, json.loads(ready.read_text())["control"])
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
