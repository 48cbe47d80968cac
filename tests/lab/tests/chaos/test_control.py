# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chaos through the control API and the command line."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hyperv_lab.control.api import application
from hyperv_lab.control.command_line import main

from .live_lab import LiveLab
from .requests_of_wmi import query

OS = query("SELECT * FROM Win32_OperatingSystem")
_RULE = {"name": "cut", "when": {"machine": "hv01"}, "effect": {"do": "fault", "fault": "wmi_busy"}}


def _ask(live: LiveLab, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async def ask() -> tuple[int, Any]:
        async with TestClient(TestServer(application(live.lab))) as client:
            answer = await client.request(method, path, json=body)
            return answer.status, await (answer.json() if answer.content_type == "application/json" else answer.text())

    return live.run(ask())


def test_a_profile_is_begun_and_what_it_did_is_read(live: LiveLab) -> None:
    status, view = _ask(live, "POST", "/chaos", {"profile": {"name": "mine", "rules": [_RULE]}, "seed": 3})
    assert status == 200
    assert (view["profile"], view["seed"], view["effects"]) == ("mine", 3, {})
    live.connect("hv01").send(OS)
    live.connect("hv02").send(OS)
    _status, view = _ask(live, "GET", "/chaos")
    assert view["effects"] == {"fault": 1}
    assert {name: count for name, count in view["exchanges"].items() if count} == {"hv01": 1, "hv02": 1}
    _status, injections = _ask(live, "GET", "/chaos/injections")
    assert [(found["machine"], found["exchange"], found["effect"], found["rule"]) for found in injections] == [("hv01", 1, "fault", "cut")]
    assert injections[0]["subject"] == "Enumerate Win32_OperatingSystem"
    assert _ask(live, "GET", "/chaos/injections?machine=hv02")[1] == []
    assert _ask(live, "GET", "/chaos/injections?last=0")[1] == []


def test_the_trace_tells_which_answers_chaos_has_made(live: LiveLab) -> None:
    _ask(live, "POST", "/chaos", {"profile": {"rules": [_RULE]}})
    live.connect("hv01").send(OS)
    live.connect("hv02").send(OS)
    _status, trace = _ask(live, "GET", "/trace?last=2")
    of_first, of_second = trace.strip().splitlines()
    assert "chaos: fault" in of_first
    assert "chaos" not in of_second


def test_named_profiles_and_off(live: LiveLab) -> None:
    assert _ask(live, "POST", "/chaos", {"profile": "hostile"})[1]["profile"] == "hostile"
    assert _ask(live, "POST", "/chaos", {"profile": "off"})[1]["profile"] == "calm"


def test_a_reset_of_the_lab_keeps_the_profile_and_forgets_what_it_did(live: LiveLab) -> None:
    _ask(live, "POST", "/chaos", {"profile": {"name": "mine", "rules": [_RULE]}, "seed": 5})
    live.connect("hv01").send(OS)
    _ask(live, "POST", "/reset")
    _status, view = _ask(live, "GET", "/chaos")
    assert (view["profile"], view["seed"], view["effects"], view["exchanges"]["hv01"]) == ("mine", 5, {}, 0)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"profile": "breezy"}, "no profile is named 'breezy'"),
        ({"profile": "/etc/passwd"}, "no profile is named"),
        ({"profile": {"rules": [{"name": "a"}]}}, "rules[0].effect: missing"),
        ({}, "profile: Field required"),
        ({"profile": "calm", "sneed": 1}, "sneed: Extra inputs"),
    ],
)
def test_what_cannot_be_begun_is_explained(live: LiveLab, body: dict[str, Any], said: str) -> None:
    status, answer = _ask(live, "POST", "/chaos", body)
    assert status == 400
    assert said in answer["error"]


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HYPERV_LAB_HOME", str(tmp_path))
    base = f"127.189.{os.getpid() % 250}.0"
    assert main(["up", "--hosts", "1", "--vms-per-host", "0", "--base", base, "--chaos", "rough", "--seed", "7", "--https-port", "0"]) == 0
    try:
        control = json.loads((tmp_path / "lab.json").read_text(encoding="utf-8"))["control"]

        def view() -> dict[str, Any]:
            with urllib.request.urlopen(f"{control}/chaos", timeout=10) as answer:
                return dict(json.loads(answer.read()))

        assert (view()["profile"], view()["seed"]) == ("rough", 7)
        profile = tmp_path / "mine.yml"
        profile.write_text("rules: [{name: all, effect: {do: unavailable}}]", encoding="utf-8")
        assert main(["chaos", str(profile), "--seed", "9"]) == 0
        assert (view()["profile"], view()["seed"]) == ("mine", 9)
        request = urllib.request.Request(
            f"http://{base[:-1]}1:5985/wsman", OS.encode(), {"WSMANIDENTIFY": "unauthenticated", "Content-Type": "application/soap+xml"}
        )
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=10)
        capsys.readouterr()
        assert main(["chaos"]) == 0
        assert "profile mine, seed 9" in capsys.readouterr().out
        assert main(["chaos", "off"]) == 0
        assert view()["profile"] == "calm"
        assert main(["chaos", "breezy"]) == 1
        assert "give a file or one of calm, hostile, rough" in capsys.readouterr().err
    finally:
        assert main(["down"]) == 0


def test_a_broken_profile_keeps_the_lab_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HYPERV_LAB_HOME", str(tmp_path))
    assert main(["up", "--chaos", "breezy"]) == 1
    assert "no profile 'breezy'" in capsys.readouterr().err
    assert not (tmp_path / "lab.json").exists()
