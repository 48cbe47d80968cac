# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one task on one machine costs, against what Ansible itself costs for a task that does nothing."""

from __future__ import annotations

from typing import Any

from .controller import Controller, Cost
from .table import Table

_NOTHING = "nothing (ansible.builtin.assert)"
_REQUEST = "one authenticated request (pywinrm alone)"
_HOST_TASKS: tuple[tuple[str, dict[str, Any]], ...] = (
    (_NOTHING, {"ansible.builtin.assert": {"that": [True], "quiet": True}}),
    (_REQUEST, {"authenticated_request": {}}),
    ("hyperv.avma.host_info", {"hyperv.avma.host_info": {}, "register": "found"}),
)
_GUEST_TASKS = (*_HOST_TASKS[:2], ("hyperv.avma.guest_info", {"hyperv.avma.guest_info": {}, "register": "found"}))


def tasks(controller: Controller, hosts: int, guests: int, rounds: int) -> list[Table]:
    return [
        _compared(controller, "hyperv_hosts", hosts, _HOST_TASKS, rounds),
        *([_compared(controller, "guests", guests, _GUEST_TASKS, rounds)] if guests else []),
    ]


def _compared(controller: Controller, group: str, machines: int, kinds: tuple[tuple[str, dict[str, Any]], ...], rounds: int) -> Table:
    repeat = 3
    found: dict[str, list[Cost]] = {name: [] for name, _task in kinds}
    for _round in range(rounds):  # in turns, so that a busy moment of the machine meets all of them
        for name, task in kinds:
            found[name].append(controller.play(group, task, repeat))
    count = machines * repeat
    # The least of the rounds: what else the machine does can only add to it.
    wall = {name: min(cost.plays_wall for cost in costs) / count * 1000 for name, costs in found.items()}
    cpu = {name: min(cost.plays_cpu for cost in costs) / count * 1000 for name, costs in found.items()}
    rows = [
        (
            name,
            wall[name],
            wall[name] / wall[_NOTHING],
            wall[name] / wall[_REQUEST],
            cpu[name],
            cpu[name] / cpu[_NOTHING],
            cpu[name] / cpu[_REQUEST],
        )
        for name, _task in kinds
    ]
    return Table(
        f"One task on one machine, {machines} machines of {group.partition(':')[0]}",
        ("task", "wall ms", "÷ nothing", "÷ request", "CPU ms", "÷ nothing", "÷ request"),
        rows,
        f"Least of {rounds} rounds of {repeat} tasks on each machine; the plays alone, without the start of ansible-playbook.",
    )
