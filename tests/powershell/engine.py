# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where PowerShell is, and how a text is run in it."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BESIDE = ROOT.parent / "shared/tools/pwsh/pwsh"
MISSING = "PowerShell 7 is not installed: not on the PATH, not in HYPERV_AVMA_PWSH, not in ../shared/tools/pwsh beside the checkout"
# The whole sequence is known only from outside: Ansible's switches are those of the command line itself.
_SWITCHES = ("-NoProfile", "-NonInteractive", "-EncodedCommand")


@cache
def find_engine() -> str | None:
    """PowerShell 7: of the variable, of the PATH, or beside the checkout."""
    if named := os.environ.get("HYPERV_AVMA_PWSH"):
        return named
    return shutil.which("pwsh") or (str(_BESIDE) if _BESIDE.is_file() else None)


@dataclass(frozen=True)
class Ended:
    """How a run of PowerShell ended. ``exit_code`` is None where it was stopped from outside."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    seconds: float
    peak_mb: float


def run(text: str, stdin: bytes = b"", *, limit: float = 60, memory_mb: float = 3000, **environment: str) -> Ended:
    """Run a text as ``powershell.exe -EncodedCommand`` would, for ``limit`` seconds and with ``memory_mb`` at most."""
    engine = find_engine()
    if engine is None:
        raise FileNotFoundError(MISSING)
    encoded = base64.b64encode(text.encode("utf-16-le")).decode("ascii")
    began = time.monotonic()
    process = subprocess.Popen(
        [engine, *_SWITCHES, encoded],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(environment),
        start_new_session=True,
    )
    watch = _Watch(process, began + limit, memory_mb)
    watch.start()
    try:
        stdout, stderr = process.communicate(stdin)
    finally:
        watch.ended.set()
        watch.join()
    seconds = time.monotonic() - began
    return Ended(stdout, stderr, None if watch.stopped else process.returncode, seconds, watch.peak_mb)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    quiet = {"POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off", "DOTNET_CLI_TELEMETRY_OPTOUT": "1"}
    return {**os.environ, **quiet, **more}


class _Watch(threading.Thread):
    """Notes the peak of the process's own memory, and ends it where it passes its bounds."""

    def __init__(self, process: subprocess.Popen[bytes], deadline: float, memory_mb: float) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.stopped = False
        self.peak_mb = 0.0
        self._process = process
        self._deadline = deadline
        self._memory_mb = memory_mb

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.peak_mb = max(self.peak_mb, _resident_mb(self._process.pid))
            if time.monotonic() > self._deadline or self.peak_mb > self._memory_mb:
                self.stopped = True
                self._process.kill()
                return


def _resident_mb(pid: int) -> float:
    """The most that the process ever had (Linux); 0 where nobody says."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)
