# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of deferred guests: written whole or not at all, removed with the last guest."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.deferred_file import DeferredFile
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.deferred import DeferredGuest
from ansible_collections.hyperv.avma.tests.unit.plugins.action.playing import play

OFF = DeferredGuest("web02", "deferred", "it is off")
INVENTORY = {"web01", "web02", "web03"}


def keep(path: Path, run: set[str], *deferred: DeferredGuest, dry_run: bool = False) -> bool:
    return DeferredFile(str(path)).keep(run, deferred, INVENTORY, dry_run=dry_run).changed


def test_written_kept_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deferred.limit"
    assert keep(path, {"web01", "web02"}, OFF) is True
    assert path.read_text() == "web02\n"
    assert (tmp_path / "new" / "deferred.limit.reasons").read_text() == "web02\tdeferred\tit is off\n"
    assert keep(path, {"web01", "web02"}, OFF) is False
    assert keep(path, {"web01"}) is False, "a run without the guest says nothing of it"
    assert keep(path, {"web02"}) is True
    assert os.listdir(tmp_path / "new") == []
    assert keep(path, {"web02"}) is False


def _keep_after(path: Path, guest: str, together: Any) -> None:
    together.wait()
    keep(path, {guest}, DeferredGuest(guest, "deferred", "it is off"))


def test_runs_that_end_together_lose_no_name(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("fork")
    for attempt in range(20):
        path = tmp_path / f"{attempt}.limit"
        together = processes.Barrier(3)
        runs = [processes.Process(target=_keep_after, args=(path, guest, together)) for guest in sorted(INVENTORY)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        assert set(path.read_text().split()) == INVENTORY


def test_dry_run_says_what_would_change_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deferred.limit"
    assert keep(path, {"web02"}, OFF, dry_run=True) is True
    assert os.listdir(tmp_path) == []


def test_broken_off_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deferred.limit"
    keep(path, {"web02"}, OFF)
    before = {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)}

    def broken(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="No space left"):
        keep(path, {"web03"}, DeferredGuest("web03", "deferred", "it is saved"))
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == before


# as an option of summary


def summary(path: Path, results: dict[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    variables = {
        "groups": {"guests": list(results)},
        "hostvars": {name: {"activate_result": result} for name, result in results.items()},
    }
    return play("summary", variables=variables, machine="localhost", deferred_file=str(path), **more).result


RESULTS: dict[str, dict[str, Any]] = {
    "done": {"outcome": "activated"},
    "off": {"outcome": "deferred", "reason": "nobody answers"},
    "cut": {"unreachable": True, "msg": "no route"},
    "left": {},
    "bad": {"outcome": "failed", "failed": True, "msg": "0xC004F050"},
    "no": {"outcome": "refused"},
}


def test_deferred_unreachable_and_not_reached_guests_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "deferred.limit"
    result = summary(path, RESULTS)
    assert result["changed"] is True
    assert path.read_text() == "off\ncut\nleft\n"
    assert [(guest["guest"], guest["outcome"]) for guest in result["deferred"]] == [
        ("off", "deferred"),
        ("cut", "unreachable"),
        ("left", "not_run"),
    ]
    assert result["deferred"][0]["reason"] == "nobody answers"
    assert summary(path, RESULTS)["changed"] is False


def test_check_and_diff_mode(tmp_path: Path) -> None:
    path = tmp_path / "deferred.limit"
    result = summary(path, RESULTS, check=True, diff=True)
    assert (result["changed"], result["diff"]["before"], result["diff"]["after"]) == (True, "", "off\ncut\nleft\n")
    assert not path.exists()


def test_file_that_cannot_be_written_fails_and_hides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    result = summary(path, RESULTS)
    assert result["failed"] is True
    assert str(path) in result["msg"]
    assert len(result["rows"]) == len(RESULTS)
