# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what the plays of a run cost the controller, its start-up and the reading of the inventory left out."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: usage
type: aggregate
short_description: Cost of a run's plays
description: Writes wall-clock time and CPU time of the plays to the file that the environment variable HYPERV_AVMA_USAGE names.
"""


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core is untyped
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "usage"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._start: tuple[float, float, float] | None = None
        self._failures: dict[str, int] = {"failed": 0, "unreachable": 0}

    @staticmethod
    def _now() -> tuple[float, float, float]:
        return time.monotonic(), _cpu(resource.RUSAGE_SELF), _cpu(resource.RUSAGE_CHILDREN)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._start = self._start or self._now()

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._failures["failed"] += 1

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._failures["unreachable"] += 1

    def v2_playbook_on_stats(self, stats: Any) -> None:
        start, end = self._start or self._now(), self._now()
        wall, parent, forks = (after - before for before, after in zip(start, end, strict=True))
        Path(os.environ["HYPERV_AVMA_USAGE"]).write_text(
            json.dumps({"wall": wall, "parent": parent, "forks": forks, **self._failures}), encoding="utf-8"
        )
