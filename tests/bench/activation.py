# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``activate.yml`` on guests that answer themselves: keys installed, guests activated and verified; then once more with nothing to do."""

from __future__ import annotations

import json

from .controller import Controller
from .fleet import Fleet
from .table import Table


def activation(fleet: Fleet, controller: Controller, guests: int) -> Table:
    rows: list[tuple[str | int | float, ...]] = []
    for run in ("first", "second"):
        fleet.reset_counters()
        cost = controller.playbook("hyperv.avma.activate", avma_fail_on=[])
        counters = json.loads(fleet.get("/counters"))
        own = [machine for name, machine in counters.items() if name.startswith("vm")]
        keys = sum(machine["requests"].get("SoftwareLicensingService.InstallProductKey", 0) for machine in own)
        requests = sum(sum(machine["requests"].values()) for machine in own)
        sent = sum(machine["bytes_in"] for machine in own)
        rows.append(
            (
                run,
                cost.wall,
                cost.cpu,
                keys,
                requests / max(1, len(own)),
                max(_requests(machine) for machine in own),
                sent / 1e3 / max(1, len(own)),
            )
        )
    return Table(
        f"activate.yml on {guests} guests that answer",
        ("run", "wall s", "controller CPU s", "keys installed", "requests a guest", "most of one guest", "KB sent a guest"),
        rows,
        "The wall time includes both plays: hosts judged, Data Exchange enabled, virtual machines read, then the guests.",
    )


def _requests(machine: dict[str, dict[str, int]]) -> int:
    return sum(machine["requests"].values())
