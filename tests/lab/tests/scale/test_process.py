# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole data centre in one process: it fits into little memory, all of it answers, and it is gone afterwards.

How long that takes is measured by the benchmarks, not tested.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LAB = Path(__file__).parents[2]
BASE = "127.98.0.0"
PORT = 15975
HOSTS, VMS, REACHABLE = 64, 125, 100
GIBIBYTE = 1024 * 1024  # in KiB, as the kernel counts


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("lab")
    ready = folder / "ready"
    command = [sys.executable, "-m", "hyperv_lab", "up", "--foreground", "--hosts", str(HOSTS), "--clusters", "4"]
    command += ["--vms-per-host", str(VMS), "--guests-reachable", str(REACHABLE), "--seed", "7"]
    command += ["--base", BASE, "--http-port", str(PORT), "--ready-file", str(ready)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(LAB), "HYPERV_LAB_HOME": str(folder)})
    try:
        while not ready.exists():
            assert process.poll() is None, "the lab did not start"
            time.sleep(0.05)
        yield json.loads(ready.read_text(encoding="utf-8"))
    finally:
        process.terminate()
        assert process.wait(30) == 0
        assert not ready.exists()


def test_fleet_of_8000_machines_takes_less_than_two_gibibytes(lab: dict[str, Any]) -> None:
    status = Path(f"/proc/{lab['pid']}/status").read_text(encoding="utf-8")
    (highest,) = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    assert highest < 2 * GIBIBYTE


def test_hosts_and_reachable_guests_answer_at_addresses_of_their_own(lab: dict[str, Any]) -> None:
    assert len(lab["machines"]) == len(set(lab["machines"].values())) == HOSTS + REACHABLE
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
        "<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"
    )
    for address in lab["machines"].values():
        request = urllib.request.Request(
            f"http://{address}:{PORT}/wsman",
            body.encode(),
            {"Content-Type": "application/soap+xml;charset=UTF-8", "WSMANIDENTIFY": "unauthenticated"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert b"IdentifyResponse" in answer.read()
