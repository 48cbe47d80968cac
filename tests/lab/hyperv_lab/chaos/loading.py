# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads profiles of chaos and says in plain words what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .rules import Profile

FOLDER = Path(__file__).parent / "profiles"
CALM = Profile(name="calm", description="Nothing happens", rules=())
_OFF = ("off", CALM.name)


class ProfileError(ValueError):
    """A profile that cannot be. The text names the place in it, the cause and what is allowed."""


def available() -> list[str]:
    """Names of the profiles that come with the lab."""
    return sorted({CALM.name, *(path.stem for path in FOLDER.glob("*.yml"))})


def named(name: str) -> Profile:
    """A profile that comes with the lab (``rough``; ``off`` is ``calm``)."""
    if name in _OFF:
        return CALM
    if name not in available():
        raise ProfileError(f"no profile is named {name!r}; there are {', '.join(available())}")
    return _read(FOLDER / f"{name}.yml")


def load(name_or_path: str) -> Profile:
    """A profile by name, or by the path of a YAML or JSON file."""
    if name_or_path in (*_OFF, *available()):
        return named(name_or_path)
    return _read(Path(name_or_path))


def _read(path: Path) -> Profile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
        raise ProfileError(f"no profile {str(path)!r} ({cause}): give a file or one of {', '.join(available())}") from error
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ProfileError(f"{path}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ProfileError(f"{path}: a profile is a mapping, with at least rules")
    return parse({"name": path.stem, **document}, str(path))


def parse(document: dict[str, Any], origin: str = "profile") -> Profile:
    """A profile from plain values. ProfileError lists each mistake with its place."""
    try:
        return Profile.model_validate(document)
    except ValidationError as error:
        mistakes = [f"{_place(mistake['loc'])}: {_cause(mistake['msg'])}" for mistake in error.errors(include_input=False)]
        raise ProfileError(f"{origin}: " + "; ".join(mistakes)) from None


def _place(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "profile"


def _cause(message: str) -> str:
    return {"Extra inputs are not permitted": "unknown setting", "Field required": "missing"}.get(
        message, message.removeprefix("Value error, ")
    )
