# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests the modules take, counted by the lab, authentication left out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pytest

from .labs import Lab
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

FIRST_PAGES = ("one", "all")  # what a server may put into the answer to Enumerate
MANY = 150
ENVELOPE_KB = 500


@pytest.fixture(scope="module", params=FIRST_PAGES)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    machines = [{"name": f"vm{number:03}", "windows": {"release": "2022", "edition": "standard"}} for number in range(MANY)]
    with lab_of(
        service={"first_page": request.param, "max_envelope_kb": ENVELOPE_KB},
        clusters=[{"name": "clu01", "nodes": ["hv01", "hv02", "hv03"]}],
        hosts=[
            {"name": "hv01", "release": "2022", "edition": "datacenter", "vms": machines},
            {"name": "hv02", "release": "2022", "edition": "datacenter"},
            {"name": "hv03", "release": "2022", "edition": "datacenter"},
        ],
    ) as lab:
        yield lab


def test_host_info_takes_at_most_eight(lab: Lab) -> None:
    lab.reset_counters()
    run = lab.player().module("host_info", "hv01")
    assert run.one("host_info", "hv01")["host"]["cluster"]["name"] == "clu01"
    assert 0 < lab.requests("hv01") <= 8, lab.actions()["hv01"]


@pytest.mark.parametrize("items", [False, True])
def test_kvp_info_takes_the_pages_that_its_data_fills_and_at_most_six_more(lab: Lab, items: bool) -> None:
    lab.reset_counters()
    run = lab.player().module("kvp_info", "hv01", items=items)
    assert len(run.one("kvp_info", "hv01")["vms"]) == MANY
    actions = lab.actions()["hv01"]
    pulled = pages(lab)
    assert len(pulled) >= 4, f"all fits few pages, the test shows nothing: {pulled}"
    # Three classes are read, so at most three pages are the last of their enumeration; each other one is full.
    largest = ENVELOPE_KB * 1024 / 2  # characters: the server counts two bytes for each
    assert sum(size < 0.9 * largest for size in pulled) <= 3, pulled
    assert lab.requests("hv01") - actions["Pull"] <= 6, actions


def pages(lab: Lab) -> list[int]:
    """Characters of each page that was pulled."""
    trace = lab.text("/trace?last=200").splitlines()
    return [int(found[1]) for line in trace if " Pull " in line and (found := re.search(r" (\d+) characters", line))]


@pytest.mark.parametrize("guest", ["vm000"])
def test_guest_key_takes_at_most_thirteen_and_then_three(lab: Lab, guest: str) -> None:
    lab.reset()
    player = lab.player()
    assert player.module("guest_key", guest).outcomes() == {guest: "activated"}
    assert 0 < lab.requests(guest) <= 13, lab.actions()[guest]
    lab.reset_counters()
    assert player.module("guest_key", guest).outcomes() == {guest: "already_activated"}
    assert 0 < lab.requests(guest) <= 3, lab.actions()[guest]


def test_envelope_of_the_server_is_learnt(lab: Lab) -> None:
    """A client that stays at pywinrm's 150 KB would take more than three times the pages."""
    lab.reset_counters()
    lab.player().module("kvp_info", "hv01", items=False)
    counters = lab.get("/counters")["hv01"]
    small_pages = math.ceil(counters["bytes_out"] * 2 / 153600)
    assert lab.requests("hv01") < small_pages, (counters, small_pages)
