# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``validate.yml`` on the whole fleet: how long a site waits for the state of all its virtual machines."""

from __future__ import annotations

from .controller import Controller
from .fleet import Fleet
from .table import Table


def survey(fleet: Fleet, controller: Controller, hosts: int, vms: int, rounds: int) -> Table:
    rows: list[tuple[str | int | float, ...]] = []
    for number in range(1, rounds + 1):
        fleet.reset_counters()
        before = fleet.cpu()
        cost = controller.playbook("hyperv.avma.validate")
        lab_cpu, traffic = fleet.cpu() - before, fleet.traffic()
        if cost.failed or cost.unreachable:
            raise RuntimeError(f"the survey did not reach every host: {cost}")
        rows.append(
            (
                number,
                cost.wall,
                cost.cpu,
                cost.plays_parent,
                cost.plays_forks,
                cost.memory,
                lab_cpu,
                traffic.requests,
                traffic.bytes_down / 1e6,
            )
        )
    return Table(
        f"Survey of {hosts} hosts and {vms} virtual machines (validate.yml)",
        (
            "round",
            "wall s",
            "controller CPU s",
            "of it parent",
            "of it forks",
            "largest process MiB",
            "lab CPU s",
            "requests",
            "MB received",
        ),
        rows,
    )
