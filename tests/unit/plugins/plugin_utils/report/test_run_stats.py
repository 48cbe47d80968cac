# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run hands on: complete in numbers, small whatever the fleet, and fit for a limit."""

from __future__ import annotations

import json

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.outcome import Outcome
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.run_stats import limit_of, run_stats
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.summary import NOT_RUN, UNREACHABLE, HostRow, Row, Summary

OUTCOMES = [*(outcome.value for outcome in Outcome), UNREACHABLE, NOT_RUN]
STATUSES = ["action_required", "eligible", "not_eligible", "unknown"]


def row(name: str, outcome: str, managed: bool = True) -> Row:
    return Row(name, None, None, outcome, None, None, "", "", managed)


def host(ready: bool | None) -> HostRow:
    return HostRow("hv", None, None, None, None, ready, "", "")


def fleet(factor: int) -> Summary:
    """Every outcome and status, ``factor`` times."""
    guests = [row(f"web{number:05}.corp.example", outcome) for outcome in OUTCOMES for number in range(factor)]
    others = [row("vm", status, managed=False) for status in STATUSES for _number in range(factor)]
    return Summary(
        hosts=tuple(host(ready) for ready in (True, False, None, True)),
        rows=(*guests, *others),
        counts=dict.fromkeys(reversed(OUTCOMES), factor),
    )


def test_numbers_of_all_that_there_is() -> None:
    stats = run_stats(fleet(3), ["off01", "off02.corp.example"])
    assert stats["hosts"] == {"total": 4, "ready": 2, "not_ready": 1, "unknown": 1}
    assert stats["guests"] == {"total": 3 * len(OUTCOMES), **dict.fromkeys(OUTCOMES, 3)}
    assert stats["other_vms"] == dict.fromkeys(STATUSES, 3)
    assert (stats["deferred"], stats["deferred_limit"]) == (2, "off01,off02.corp.example")


@pytest.mark.parametrize("deferred", [0, 15, 16, 50_000])
def test_smaller_than_a_kilobyte(deferred: int) -> None:
    names = [f"guest-{number:06}.corp.example" for number in range(deferred)]
    stats = run_stats(fleet(2000), names)
    assert len(json.dumps({"hyperv_avma_activate": stats})) < 1000
    assert stats["deferred"] == deferred
    assert stats["deferred_limit"] == (",".join(names) if deferred < 16 else None)


@pytest.mark.parametrize(
    "name", ["a:b", "!web01", "&guests", "@/etc/passwd", "web[01:99]", "~web", "web*", "a,all", "", "fd00::1", "\u202eweb"]
)
def test_name_that_would_be_a_pattern_gives_no_limit(name: str) -> None:
    assert limit_of(("web01", name)) is None


def test_nothing_deferred_is_no_limit_and_not_unknown() -> None:
    assert limit_of(()) == ""
