# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads scenario files and says in plain words what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..documents import Kind
from .building import ScenarioError
from .description import Scenario

FOLDER = Path(__file__).parent
_KIND = Kind("scenario", "at least name and hosts", Scenario, ScenarioError)


def available() -> list[str]:
    """Names of the scenarios that come with the lab."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def load(name_or_path: str) -> Scenario:
    """A scenario by name (``demo``) or by the path of a file. ScenarioError names file, place and cause."""
    path = FOLDER / f"{name_or_path}.yml"
    if not path.is_file():
        path = Path(name_or_path)
    return _KIND.read(path, name_or_path, available())


def parse(document: dict[str, Any], origin: str = "scenario") -> Scenario:
    """A scenario from plain values, such as a test writes. ScenarioError lists each mistake with its place."""
    return _KIND.parse(document, origin)
