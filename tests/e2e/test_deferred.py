# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is resumed: who was off is in a file, and the next run takes the file as its limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .labs import Lab
from .playing import Player
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

FRESH = {"release": "2022", "edition": "standard", "licence": {"channel": "none"}}


@pytest.fixture(scope="module")
def process() -> Iterator[Lab]:
    with lab_of(
        hosts=[
            {
                "name": "hv01",
                "release": "2022",
                "edition": "datacenter",
                "vms": [
                    {"name": "web01", "windows": FRESH},
                    {"name": "off01", "state": "off", "windows": FRESH},
                    {"name": "saved01", "state": "saved", "windows": FRESH},
                    {"name": "eval01", "windows": {"release": "2022", "edition": "standard_eval"}},
                ],
            }
        ],
    ) as lab:
        yield lab


@pytest.fixture
def lab(process: Lab) -> Lab:
    process.reset()
    return process


def player(lab: Lab, path: Path) -> Player:
    found = lab.player()
    found.variables["avma_deferred_file"] = str(path)
    return found


def test_resumed_until_nothing_is_left(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "deferred.limit"
    resumed = f"hyperv_hosts,@{path}"
    play = player(lab, path)

    first = play.playbook("activate")
    assert first.outcomes() == {"web01": "activated", "off01": "deferred", "saved01": "deferred", "eval01": "refused"}
    assert path.read_text() == "off01\nsaved01\n"
    reasons = dict(line.split("\t", 1) for line in Path(f"{path}.reasons").read_text().splitlines())
    assert reasons == {
        "off01": "deferred\tthe virtual machine is off, as host HV01 shows it",
        "saved01": "deferred\tthe virtual machine is saved, as host HV01 shows it",
    }
    assert f"Deferred guests: 2. Their names are in {path}." in first.output

    lab.arrange("vm_state", vm="off01", state="running")
    lab.reset_counters()
    second = play.playbook("activate", limit=resumed)
    assert second.outcomes() == {"off01": "activated", "saved01": "deferred"}, second.output
    assert set(lab.actions()) == {"hv01", "off01"}, "only what is in the file is asked"
    assert path.read_text() == "saved01\n"
    assert "Could not match" not in second.output

    lab.arrange("vm_state", vm="saved01", state="running")
    third = play.playbook("activate", limit=resumed)
    assert third.outcomes() == {"saved01": "activated"}
    assert third.code == 0, third.output
    assert list(tmp_path.iterdir()) == []


def test_run_of_others_leaves_the_list_as_it_is(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "deferred.limit"
    play = player(lab, path)
    play.playbook("activate")
    run = play.playbook("activate", limit="hyperv_hosts,web01")
    assert path.read_text() == "off01\nsaved01\n"
    assert run.changes == {}


def test_check_mode_writes_no_file(lab: Lab, tmp_path: Path) -> None:
    run = player(lab, tmp_path / "deferred.limit").playbook("activate", check=True)
    assert list(tmp_path.iterdir()) == []
    assert [guest["guest"] for guest in run.of("summary")[0].result["deferred"]] == ["off01", "saved01"]


def test_no_file_unless_asked_for(lab: Lab) -> None:
    result = lab.player().playbook("activate").of("summary")[0].result
    assert (result["changed"], [guest["guest"] for guest in result["deferred"]]) == (False, ["off01", "saved01"])
