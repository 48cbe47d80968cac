# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tenants write into Data Exchange: it is text, it is never rendered, and it does not hide the other machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ansible.template
import pytest

from .labs import Lab
from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

# Before 2.19 values carry no tag of trust, so what begins a template is broken in results.
CORE_TAGS = hasattr(ansible.template, "trust_as_template")
TEMPLATE = "{{ lookup('ansible.builtin.pipe', 'echo rendered') }}"
MARKUP = "<script>alert(1)</script>&amp;]]>"
EVENT = {"computer": "hv01", "log": "a log", "record": 1, "event_id": 12310, "time": "2026-11-01T00:00:00Z"}
ESCAPES = "\x1b[31mred\x1b[0m \u202etxt.exe"


@pytest.fixture(scope="module")
def lab_process() -> Iterator[Lab]:
    machines = [
        {
            "name": TEMPLATE,
            "notes": f"{TEMPLATE}\n{MARKUP}{ESCAPES}",
            "windows": {
                "name": "evil01",
                "release": "2022",
                "edition": "standard",
                "guest_items": {"Note": TEMPLATE, "Markup": MARKUP, "Escapes": ESCAPES},
                "false_items": {"OSName": TEMPLATE, "OSEditionId": "9" * 400, "FullyQualifiedDomainName": MARKUP},
            },
        },
        {"name": ESCAPES, "state": "off"},
        {"name": "web01", "windows": {"release": "2022", "edition": "standard"}},
    ]
    with lab_of(hosts=[{"name": "hv01", "release": "2022", "edition": "datacenter", "vms": machines}]) as lab:
        yield lab


@pytest.fixture
def lab(lab_process: Lab) -> Lab:
    lab_process.reset()
    return lab_process


def test_text_of_a_guest_is_never_rendered(lab: Lab) -> None:
    tasks = [
        {"hyperv.avma.kvp_info": {"notes": True}, "register": "found"},
        {"ansible.builtin.debug": {"msg": "{{ found.vms | map(attribute='name') | list + [found.vms[0].kvp.guest.Note] }}"}},
        {"ansible.builtin.debug": {"msg": "{{ found.vms | map(attribute='notes') | list }}"}},
        {"ansible.builtin.set_fact": {"again": "{{ found.vms[0].kvp.guest.Note }}"}},
        {"ansible.builtin.debug": {"msg": "{{ again }}"}},
    ]
    run = lab.player().tasks("hv01", tasks)
    assert run.code == 0, run.output
    shown = TEMPLATE if CORE_TAGS else TEMPLATE.replace("{{", "{ {")
    vm = next(vm for vm in run.one("kvp_info", "hv01")["vms"] if vm["name"] == shown)
    assert vm["kvp"]["guest"]["Note"] == shown
    assert vm["kvp"]["guest"]["Markup"] == MARKUP
    assert vm["notes"].splitlines()[0] == shown
    assert "rendered" not in run.output.replace(shown, "").replace("echo rendered", "")


def test_text_that_a_play_puts_together_anew_is_never_rendered(lab: Lab) -> None:
    """Before 2.19 ansible-core forgets, in a text that is made of another, that it was marked as unsafe; then the next use renders it."""
    tasks: list[dict[str, Any]] = [
        {"hyperv.avma.kvp_info": {}, "register": "found"},
        {"ansible.builtin.set_fact": {"joined": "{{ hostvars['hv01'].found.vms[0].kvp.guest.Note ~ 'x' }}"}},
        {"ansible.builtin.debug": {"msg": "{{ joined }}"}},
    ]
    run = lab.player().tasks("hv01", tasks)
    shown = TEMPLATE if CORE_TAGS else TEMPLATE.replace("{{", "{ {")
    assert run.one("debug", "hv01")["msg"] == f"{shown}x"


def test_the_ledger_keeps_and_raw_text_returns_what_a_guest_wrote(lab: Lab, tmp_path: Path) -> None:
    export = {"path": str(tmp_path / "ledger.sqlite"), "state": "export", "dest": str(tmp_path / "out.jsonl")}
    tasks: list[dict[str, Any]] = [
        {"hyperv.avma.kvp_info": {"raw_text": True}, "register": "raw"},
        {"hyperv.avma.kvp_info": {}, "register": "found"},
        {"hyperv.avma.ledger": {"path": export["path"], "events": [{**EVENT, "text": "{{ found.vms[0].kvp.guest.Note }}"}]}},
        {"hyperv.avma.ledger": export},
    ]
    run = lab.player().tasks("hv01", tasks)
    assert run.code == 0, run.output
    first, second = (task.result["vms"][0]["kvp"]["guest"]["Note"] for task in run.of("kvp_info"))
    assert (first, second) == (TEMPLATE, TEMPLATE if CORE_TAGS else TEMPLATE.replace("{{", "{ {"))
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["text"] == TEMPLATE


def test_notes_longer_than_an_answer_hide_no_machine(lab: Lab) -> None:
    lab.arrange("notes", vm="web01", text="x" * 300_000)
    result = lab.player().module("kvp_info", "hv01", notes=True).one("kvp_info", "hv01")
    assert {vm["name"]: vm["notes"] for vm in result["vms"]}["web01"] is None
    assert any("no notes are there" in warning for warning in result["warnings"])


def test_table_shows_neither_escapes_nor_reordered_text(lab: Lab) -> None:
    run = lab.player().playbook("validate")
    assert run.code == 0, run.output
    assert "\x1b" not in run.output
    assert "\u202e" not in run.output
    assert "web01" in run.output


def test_guest_that_writes_more_than_an_answer_holds_does_not_hide_the_others(lab: Lab) -> None:
    lab.post("/arrange", [{"do": "guest_item", "vm": "web01", "name": f"item{number}", "data": "x" * 1000} for number in range(260)])
    run = lab.player().module("kvp_info", "hv01")
    result = run.one("kvp_info", "hv01")
    names = {vm["name"]: vm for vm in result["vms"]}
    assert names["web01"]["guest"]["release"] == "2022"
    assert names["web01"]["kvp"]["guest"] == {}
    assert any("left out for all machines" in warning for warning in result["warnings"])
