# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many guests of one host that takes only a few requests for activation at once: all of them end activated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .labs import Lab
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

GUESTS = [f"web{number:02}" for number in range(50)]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    machines = [{"name": name, "windows": {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}} for name in GUESTS]
    with lab_of(
        rules={"licensing": {"activation_seconds": 0.5}},
        hosts=[{"name": "hv01", "release": "2022", "edition": "datacenter", "activations_at_once": 3, "vms": machines}],
    ) as lab:
        yield lab


def test_a_crowd_of_guests_ends_activated(lab: Lab) -> None:
    run = lab.player().tasks("guests", [{"hyperv.avma.guest_key": {}}])
    assert run.outcomes() == dict.fromkeys(GUESTS, "activated"), run.output
    refusals = lab.machine("hv01")["throttled"]
    assert 0 < refusals < 2 * len(GUESTS), refusals
    said = [line for line in run.output.splitlines() if "0xC004FD00" in line]
    assert 0 < len(said) <= refusals
