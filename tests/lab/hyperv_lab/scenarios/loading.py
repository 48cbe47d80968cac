# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads scenario files and says in plain words what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .building import ScenarioError
from .description import Scenario

FOLDER = Path(__file__).parent


def available() -> list[str]:
    """Names of the scenarios that come with the lab."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def load(name_or_path: str) -> Scenario:
    """A scenario by name (``demo``) or by the path of a file. ScenarioError names file, place and cause."""
    path = FOLDER / f"{name_or_path}.yml"
    if not path.is_file():
        path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"no scenario {name_or_path!r} ({error.strerror}): give a file or one of {', '.join(available())}") from error
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # a safe loader either way
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ScenarioError(f"{path}: a scenario is a mapping, with at least name and hosts")
    document.setdefault("name", path.stem)
    return parse(document, str(path))


def parse(document: dict[str, Any], origin: str = "scenario") -> Scenario:
    """A scenario from plain values, such as a test writes. ScenarioError lists each mistake with its place."""
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        mistakes = [f"{_place(mistake['loc'])}: {_cause(mistake['msg'])}" for mistake in error.errors(include_input=False)]
        raise ScenarioError(f"{origin}: " + "; ".join(mistakes)) from None


def _place(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "scenario"


def _cause(message: str) -> str:
    return {"Extra inputs are not permitted": "unknown setting", "Field required": "missing"}.get(
        message, message.removeprefix("Value error, ")
    )
