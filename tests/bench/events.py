# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``report.yml`` on a fleet whose hosts have logged very many activations: harvested over WS-Man into a ledger, reported, and looked at in a browser."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger

from .controller import Controller
from .fleet import Fleet
from .table import Table


def events(fleet: Fleet, controller: Controller, folder: Path, hosts: int, of_host: int) -> Iterator[Table]:
    ledger, report = folder / "ledger.sqlite", folder / "report"
    variables = {
        "avma_report_dir": str(report),
        "avma_report_guests": False,
        "avma_report_formats": ["html", "csv", "json", "months", "openmetrics"],
        "avma_ledger": str(ledger),
        "avma_events_since": "90d",
    }
    rows: list[tuple[str | int | float, ...]] = []
    for run in ("first", "second"):
        fleet.reset_counters()
        before = fleet.cpu()
        cost = controller.playbook("hyperv.avma.report", **variables)
        lab_cpu, traffic = fleet.cpu() - before, fleet.traffic()
        if cost.failed or cost.unreachable:
            raise RuntimeError(f"not every host was asked: {cost}")
        kept = Ledger(str(ledger)).check().events
        # those of guests that were activated when the lab began come on top
        if kept < hosts * of_host or (rows and kept != rows[0][-1]):
            raise RuntimeError(f"the ledger holds {kept} events of {hosts * of_host}")
        rows.append((run, cost.wall, cost.cpu, cost.plays_parent, cost.memory, lab_cpu, traffic.requests, traffic.bytes_down / 1e6, kept))
    yield Table(
        f"report.yml with {hosts * of_host:,} events in the logs of {hosts} hosts",
        (
            "run",
            "wall s",
            "controller CPU s",
            "of it parent",
            "largest process MiB",
            "lab CPU s",
            "requests",
            "MB received",
            "in the ledger",
        ),
        rows,
    )
    page = report / "avma-report.html"
    opened = _opened(page)
    if opened is not None:
        yield Table(
            "The page in headless Chromium", ("MB", "painted after s", "filtered after s", "messages of the console", "requests"), [opened]
        )


def _opened(page: Path) -> tuple[float, float, float, int, int] | None:
    """None where there is no browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        begun = time.perf_counter()
        tab.goto(page.as_uri())
        tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        painted = time.perf_counter() - begun
        total = tab.locator("#shown").text_content()
        begun = time.perf_counter()
        tab.fill("#f-text", "vm0")
        tab.wait_for_function("(before) => document.getElementById('shown').textContent !== before", arg=total)
        filtered = time.perf_counter() - begun
        browser.close()
    # the first request is that for the page itself
    return page.stat().st_size / 1e6, painted, filtered, len(said), len(asked) - 1
