# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates are the same wherever they are listed: in the Makefile, in .ci/run and in CONTRIBUTING.md."""

from __future__ import annotations

import re

from .blocks import ROOT


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prerequisites(target: str) -> set[str]:
    (found,) = re.findall(rf"^{target}: ([^#\n]*)", read("Makefile"), re.MULTILINE)
    return set(found.split())


def gates_of_continuous_integration() -> set[str]:
    return {name for group in re.findall(r"gates\+?=\(([^)]*)\)", read(".ci/run")) for name in group.split()}


def test_all_that_a_release_needs_is_what_continuous_integration_runs() -> None:
    assert prerequisites("test-all") == gates_of_continuous_integration()


def test_contributors_are_told_of_every_gate() -> None:
    rows = re.findall(r"^\| (`make .*?) \|", read("CONTRIBUTING.md"), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`make ([a-z-]+)`", row)}
    assert told == gates_of_continuous_integration() | prerequisites("test")
