# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the logs of hosts over WS-Man into the ledger and onto the page. ``make bench BENCH=events`` does the same with 200,000 events."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger

from .labs import running_lab

pytestmark = pytest.mark.e2e

HOSTS, OF_HOST = 4, 600
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def test_events_of_many_logs_end_on_the_page(tmp_path: Path) -> None:
    page, file = tmp_path / "avma-report.html", tmp_path / "ledger.sqlite"
    arguments = ("--hosts", str(HOSTS), "--vms-per-host", "25", "--guests-reachable", "0", "--past-activations", str(OF_HOST))
    variables = {"avma_report_dir": str(tmp_path), "avma_ledger": str(file), "avma_report_guests": False, "avma_events_since": "90d"}
    with running_lab("demo", *arguments) as lab:
        player = lab.player()
        # more than one page of answers, and the limit has cut none
        first = player.playbook("report", **variables)
        assert first.code == 0, first.output
        read = {task.host: task.result for task in first.of("event_info")}
        assert len(read) == HOSTS
        assert all(result["complete"] and len(result["events"]) >= OF_HOST for result in read.values())
        added = sum(len(result["events"]) for result in read.values())
        assert first.of("ledger")[-1].result["events"] == {"added": added, "known": 0}
        second = player.playbook("report", **variables)
        assert second.of("ledger")[-1].result["events"] == {"added": 0, "known": 0}
        assert {task.host: task.result["events"] for task in second.of("event_info")} == {host: [] for host in read}
    assert Ledger(str(file)).check().events == added
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium), so the page was not looked at")
    playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    said: list[str] = []
    asked: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # it refuses its sandbox to root
        tab = browser.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.as_uri())
        shown = tab.locator("#shown")
        playwright.expect(shown).to_have_text(f"{HOSTS * 25} virtual machines")
        tab.fill("#f-text", "hv001")
        playwright.expect(shown).to_have_text(f"25 of {HOSTS * 25} virtual machines")
        browser.close()
    assert (said, asked) == ([], [page.as_uri()])
