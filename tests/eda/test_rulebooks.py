# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulebooks of the collection in the real ansible-rulebook: what happens in the lab has its effect in the lab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e.labs import Lab, running_lab

from .rulebooks import Rulebook, missing, running, write_inventory

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

AVMA_KEY_2022_STANDARD = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
AVMA_KEY_2022_DATACENTER = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
LICENSED = 1


@pytest.fixture(scope="module")
def lab_process() -> Iterator[Lab]:
    with running_lab("demo") as lab:
        yield lab


@pytest.fixture
def lab(lab_process: Lab, tmp_path: Path) -> Lab:
    lab_process.reset()
    write_inventory(lab_process, tmp_path)
    return lab_process


def refuse(lab: Lab, guest: str, key: str) -> None:
    """The guest has its AVMA key, restarts, asks its host, and the host has too much to do."""
    lab.arrange("install_key", machine=guest, key=key)
    lab.arrange("throttle", host="hv01", requests=1)
    lab.arrange("vm_state", vm=guest, state="off")
    lab.arrange("vm_state", vm=guest, state="running")
    assert not activated(lab, guest)
    assert lab.machine("hv01")["events"][-1]["strings"][0].startswith("0xC004FD00")


def activated(lab: Lab, guest: str) -> bool:
    return bool(lab.machine(guest)["licence"]["status"] == LICENSED)


def ended(rulebook: Rulebook, runs: int) -> bool:
    return rulebook.output.count("PLAY RECAP") == runs


def told(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_refused_guest_is_activated_and_a_restart_does_not_do_it_again(lab: Lab, tmp_path: Path) -> None:
    # so far back that every start without bookmarks would find the first refusal
    watch: dict[str, Any] = {"hosts": ["hv01"], "avma_watch_since": "1d", "avma_watch_bookmarks": str(tmp_path / "bookmarks.json")}
    with running("activate_refused", lab, tmp_path, "-vv", **watch) as rulebook:
        rulebook.wait("it has asked the host", lambda: lab.requests("hv01"))
        refuse(lab, "web01", AVMA_KEY_2022_STANDARD)
        rulebook.wait("the refused guest is activated", lambda: activated(lab, "web01"))
        rulebook.wait("the playbook has ended", lambda: ended(rulebook, 1))
        output = rulebook.output
    assert "Lab-Passw0rd!" not in output
    assert lab.requests("web01")
    for guest in ("web02", "file01", "app02"):
        assert lab.requests(guest) == 0, f"the run was for web01 alone, and {guest} was asked"
    kept = json.loads((tmp_path / "bookmarks.json").read_text())["hosts"]["hv01"]["bookmark"]

    lab.reset_counters()
    with running("activate_refused", lab, tmp_path, **watch) as rulebook:
        rulebook.wait("it has asked the host", lambda: lab.requests("hv01") >= 3)
        refuse(lab, "web02", AVMA_KEY_2022_DATACENTER)
        rulebook.wait("the other refused guest is activated", lambda: activated(lab, "web02"))
        rulebook.wait("the playbook has ended", lambda: ended(rulebook, 1))
    assert lab.requests("web01") == 0
    assert json.loads((tmp_path / "bookmarks.json").read_text())["hosts"]["hv01"]["bookmark"]["record"] > kept["record"]


OWN_ALERT = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Tell the operators",
                "ansible.builtin.lineinfile": {
                    "path": "{{ alerts }}",
                    "line": "{{ {'alert': avma_alert, 'event': ansible_eda.event} | to_json }}",
                    "create": True,
                    "mode": "0600",
                },
            }
        ],
    }
]


def test_what_needs_a_person_is_told_by_their_own_playbook(lab: Lab, tmp_path: Path) -> None:
    alerts = tmp_path / "alerts.jsonl"
    playbook = tmp_path / "mail.yml"
    playbook.write_text(yaml.safe_dump(OWN_ALERT).replace("{{ alerts }}", str(alerts)))
    watch: dict[str, Any] = {"hosts": ["hv01", "hv02"], "avma_alert_playbook": str(playbook)}
    with running("alert", lab, tmp_path, **watch) as rulebook:
        rulebook.wait("both hosts were asked", lambda: lab.requests("hv01") > 6 and lab.requests("hv02") > 6)

        lab.arrange("licence", machine="hv01", status="notification")
        rulebook.wait("the lost activation is told", lambda: len(told(alerts)) == 1)

        lab.arrange("fail_over", host="hv02")
        rulebook.wait("the silence is told", lambda: len(told(alerts)) == 2)

        lab.reset_counters()
        lab.arrange("fail_over", host="hv02", back=True)
        lab.arrange("licence", machine="hv02", status="unlicensed")
        rulebook.wait("it has found back to the host", lambda: len(told(alerts)) == 3)
        assert lab.requests("hv02")

    lost, silent, second = told(alerts)
    assert lost["alert"] == "hv01 is not activated (notification): its guests will lose their activation."
    assert (lost["event"]["change"], lost["event"]["before"]["licensed"]) == ("lost", True)
    assert silent["event"]["error"]["kind"] in ("connection_failed", "connect_timed_out")
    assert silent["alert"].startswith("hv02: http://127.")
    assert (second["event"]["host"], second["event"]["change"]) == ("hv02", "lost")


def test_the_alert_that_comes_with_the_collection_and_the_printing_rulebook(lab: Lab, tmp_path: Path) -> None:
    lab.arrange("licence", machine="hv02", status="notification")
    lab.arrange("event", machine="hv01", id=12310, strings=["{{ lookup('pipe', 'touch intruder') }}", "0xC004FD03"])
    with running("alert", lab, tmp_path, hosts=["hv02"]) as rulebook:
        rulebook.wait("the alert is printed", lambda: ended(rulebook, 1))
        assert "hv02 is not activated (notification): its guests will lose their activation." in rulebook.output
    with running("print_events", lab, tmp_path, hosts=["hv01"]) as rulebook:
        rulebook.wait("events are printed", lambda: "'type': 'guest_activation'" in rulebook.output and "0xC004FD03" in rulebook.output)
        rulebook.wait("the licence is printed", lambda: "'type': 'host_licence'" in rulebook.output)
        assert "{ { lookup('pipe'" in rulebook.output
    assert not list(tmp_path.rglob("intruder"))
