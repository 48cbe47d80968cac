# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A counted fleet of the lab in a process of its own, and what that process uses."""

from __future__ import annotations

import json
import os
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

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 120
_STOP_SECONDS = 20
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Traffic:
    """Requests (those of authentication left out) and bytes of envelopes since the counters were reset."""

    requests: int
    bytes_up: int
    bytes_down: int


class Fleet:
    def __init__(self, pid: int, state: dict[str, Any], seconds_to_ready: float) -> None:
        self._pid = pid
        self._control = state["control"]
        self.addresses: dict[str, str] = state["machines"]
        self.seconds_to_ready = seconds_to_ready

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self._control}{path}", timeout=120) as answer:
            return bytes(answer.read())

    def post(self, path: str) -> None:
        request = urllib.request.Request(f"{self._control}{path}", data=b"{}", headers={"Content-Type": "application/json"}, method="POST")
        urllib.request.urlopen(request, timeout=120).close()

    def cpu(self) -> float:
        """Seconds of CPU since its start."""
        fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> tuple[int, int]:
        """Resident memory in MiB, now and at its highest."""
        status = dict(line.split(":", 1) for line in Path(f"/proc/{self._pid}/status").read_text(encoding="utf-8").splitlines())
        return int(status["VmRSS"].split()[0]) // 1024, int(status["VmHWM"].split()[0]) // 1024

    def reset_counters(self) -> None:
        self.post("/counters/reset")

    def traffic(self) -> Traffic:
        counters = json.loads(self.get("/counters")).values()
        return Traffic(
            requests=sum(sum(machine["requests"].values()) for machine in counters),
            bytes_up=sum(machine["bytes_in"] for machine in counters),
            bytes_down=sum(machine["bytes_out"] for machine in counters),
        )


@contextmanager
def counted_fleet(hosts: int, vms_per_host: int, guests: int, seed: int, past_activations: int = 0) -> Iterator[Fleet]:
    """Stopped at the end, whatever happens. ``past_activations``: events that each host has logged."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready"
        command = [str(Path(sys.executable).with_name("hyperv-lab")), "--name", f"bench-{os.getpid()}", "up", "--foreground"]
        command += ["--hosts", str(hosts), "--clusters", str(min(4, hosts)), "--vms-per-host", str(vms_per_host)]
        command += ["--guests-reachable", str(guests), "--seed", str(seed), "--past-activations", str(past_activations)]
        command += ["--base", f"127.{120 + os.getpid() % 100}.0.0", "--ready-file", str(ready)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests/lab"), "HYPERV_LAB_HOME": folder}
        log = Path(folder) / "log"
        started = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            while not ready.exists():
                if process.poll() is not None or time.monotonic() - started > _START_SECONDS:
                    raise RuntimeError(f"the lab did not start: {log.read_text(encoding='utf-8', errors='replace')}")
                time.sleep(0.02)
            yield Fleet(process.pid, json.loads(ready.read_text(encoding="utf-8")), time.monotonic() - started)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
