# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``report.yml`` against the lab's own world: a sample of what tests/truth draws, through the real playbook."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from .labs import Lab

pytestmark = pytest.mark.e2e
LICENSED = 1


def by_hosts_only(lab: Lab, folder: Path) -> dict[str, dict[str, Any]]:
    run = lab.player().playbook("report", avma_report_guests=False, avma_report_dir=str(folder))
    assert run.code == 0, run.output
    document = json.loads((folder / "avma-report.json").read_text(encoding="ascii"))
    return {vm["name"]: vm for vm in document["vms"]}


def test_a_refused_renewal_is_no_lost_activation(demo: Lab, tmp_path: Path) -> None:
    """The guest is activated, and its host refuses its next request."""
    run = demo.player().module("guest_key", "web01")
    assert run.code == 0, run.output
    time.sleep(1.1)  # event logs know whole seconds: a refusal in the second of the success would be no later one
    demo.arrange("throttle", host="hv01", requests=1)
    for state in ("off", "running"):  # it asks when it starts
        demo.arrange("vm_state", vm="web01", state=state)
    licence = demo.machine("web01")["licence"]
    assert (licence["status"], licence["minutes_remaining"] > 10_000) == (LICENSED, True)
    web01 = by_hosts_only(demo, tmp_path)["web01"]
    assert (web01["standing"], web01["source"], web01["lease"]["state"]) == ("activated", "host_event", "current")
    assert web01["as_of"] == web01["last_success"] == web01["lease"]["last"]
    (refused,) = [one for one in web01["findings"] if one["code"] == "RENEWAL_REFUSED"]
    assert web01["lease"]["lapses"][:16] in refused["cause"]
    assert refused["remedy"]
