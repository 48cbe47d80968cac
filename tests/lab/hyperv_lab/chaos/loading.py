# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads profiles of chaos and says in plain words what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..documents import Kind
from .rules import Profile

FOLDER = Path(__file__).parent / "profiles"
CALM = Profile(name="calm", description="Nothing happens", rules=())
_OFF = ("off", CALM.name)


class ProfileError(ValueError):
    """A profile that cannot be. The text names the place in it, the cause and what is allowed."""


_KIND = Kind("profile", "at least rules", Profile, ProfileError)


def available() -> list[str]:
    """Names of the profiles that come with the lab."""
    return sorted({CALM.name, *(path.stem for path in FOLDER.glob("*.yml"))})


def named(name: str) -> Profile:
    """A profile that comes with the lab (``rough``; ``off`` is ``calm``)."""
    if name in _OFF:
        return CALM
    if name not in available():
        raise ProfileError(f"no profile is named {name!r}; there are {', '.join(available())}")
    return _KIND.read(FOLDER / f"{name}.yml", name, available())


def load(name_or_path: str) -> Profile:
    """A profile by name, or by the path of a YAML or JSON file."""
    if name_or_path in (*_OFF, *available()):
        return named(name_or_path)
    return _KIND.read(Path(name_or_path), name_or_path, available())


def parse(document: dict[str, Any], origin: str = "profile") -> Profile:
    """A profile from plain values, such as a test writes. ProfileError lists each mistake with its place."""
    return _KIND.parse(document, origin)
