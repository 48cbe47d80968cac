# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Success means that somebody was asked, and each word of a run is true of what it has seen and done."""

from __future__ import annotations

from pathlib import Path

import pytest

from .labs import Lab
from .playing import Player, Run

pytestmark = pytest.mark.e2e


def table(run: Run) -> dict[str, str]:
    return {
        str(row["guest"]): str(row["outcome"]) for row in next(task for task in run.of("summary") if "rows" in task.result).result["rows"]
    }


@pytest.mark.parametrize("playbook", ["validate", "activate", "report", "retire"])
def test_nobody_to_ask_is_no_success(playbook: str) -> None:
    run = Player({"all": {"children": {"hyper_v_hosts": {}, "servers": {}}}}).playbook(playbook)
    assert run.code == 2, run.output
    assert "Nobody can be asked: the inventory has no machine in hyperv_hosts" in run.output
    assert "hyper_v_hosts, servers" in run.output


def test_empty_group_is_named_and_the_hosts_have_their_table(demo: Lab) -> None:
    player = demo.player()
    groups = player.inventory["all"]["children"]
    groups["servers"] = groups.pop("guests")
    run = player.playbook("activate", limit="hv01,web01")
    assert run.code == 0, run.output
    assert "No machine of the inventory is in guests, so none of it is asked. The groups are: " in run.output
    assert "servers" in run.output
    assert table(run)["web01"] == "eligible"


def test_limit_that_leaves_nobody_is_no_success(demo: Lab) -> None:
    player = demo.player()
    player.inventory["all"]["children"]["others"] = {"hosts": {"printer": {}}}
    run = player.playbook("activate", limit="printer")
    assert run.code == 2, run.output
    assert "the limit printer leaves no machine of hyperv_hosts or guests" in run.output


def test_check_mode_speaks_of_what_would_be(demo: Lab, tmp_path: Path) -> None:
    player = demo.player()
    run = player.playbook("activate", check=True, limit="hv01,hv02,web01", avma_report_dir=str(tmp_path / "report"))
    summary = run.of("summary")[0].result
    assert summary["counts"] == {"would_be_activated": 1}, run.output
    assert summary["stats"]["check"] is True
    assert "Guests: 1 would be activated." in run.output
    assert "Check mode: nothing was changed." in run.output
    assert "Not in this run: 13 guests of the inventory." in run.output
    assert set(table(run)) == {"web01", "lin01"}, "machines of guests that are no part of the run are not taken for unknown ones"
    assert str(tmp_path) not in run.output, "no path of a file that is not there"
    assert list(tmp_path.iterdir()) == []


def test_empty_list_names_nobody_and_one_list_serves_several_hosts(demo: Lab) -> None:
    player = demo.player()
    untouched = demo.digest()
    role = {"ansible.builtin.include_role": {"name": "hyperv.avma.data_exchange"}}
    nobody = player.tasks("hv01,hv02", [role], avma_data_exchange_vms=[], avma_data_exchange_state="disabled")
    assert (nobody.code, demo.digest()) == (0, untouched), nobody.output
    some = player.tasks("hv01,hv02", [role], avma_data_exchange_vms=["silent01", "WEB01", "nobody"])
    assert some.code == 0, some.output
    assert demo.vm("silent01")["data_exchange"] is True
    assert some.one("data_exchange", "hv01")["missing"] == ["silent01", "nobody"]
    assert some.changes == {"hv02": ["hyperv.avma.data_exchange"]}


def test_no_guest_reached_is_no_success(demo: Lab) -> None:
    player = demo.player()
    for guest in player.inventory["all"]["children"]["guests"]["hosts"].values():
        guest["ansible_port"] = 9
    run = player.playbook("activate", limit="hyperv_hosts,web01,web02", avma_report=False)
    assert set(run.outcomes().values()) == {"deferred"}
    assert run.code == 2, run.output
    assert "Not one guest was reached" in run.output
    lenient = player.playbook("activate", limit="hyperv_hosts,web01,web02", avma_report=False, avma_fail_unanswered=False)
    assert lenient.code == 0, lenient.output


def test_report_that_no_host_answers_is_red_and_keeps_the_last_good_one(demo: Lab, tmp_path: Path) -> None:
    player = demo.player()
    told = {"avma_report_dir": str(tmp_path), "avma_report_formats": ["json"], "avma_report_guests": False}
    assert player.playbook("report", **told).code == 0
    good = (tmp_path / "avma-report.json").read_bytes()
    for host in player.inventory["all"]["children"]["hyperv_hosts"]["hosts"].values():
        host["ansible_port"] = 9
    for _again in range(2):
        run = player.playbook("report", **told)
        assert run.code == 2, run.output
        assert "No host has answered" in run.output
        assert (tmp_path / "avma-report-last-good.json").read_bytes() == good
        assert (tmp_path / "avma-report.json").read_bytes() != good
    assert demo.player().playbook("report", **told).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["avma-report.json"]


def test_report_of_guests_alone_is_written_and_says_so(demo: Lab, tmp_path: Path) -> None:
    run = demo.player().playbook("report", limit="web01,app01", avma_report_dir=str(tmp_path), avma_report_formats=["json"])
    assert run.code == 0, run.output
    assert "No host is part of this run" in run.output
    assert (tmp_path / "avma-report.json").is_file()
