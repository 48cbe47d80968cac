# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the YAML files that users write for the lab, scenarios and profiles of chaos, and says in plain words what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

_Model = TypeVar("_Model", bound=BaseModel)
_WORDS = {"Extra inputs are not permitted": "unknown setting", "Field required": "missing"}


@dataclass(frozen=True)
class Kind(Generic[_Model]):
    """A kind of file: how it is called, what it must have, and which exception says what is wrong."""

    name: str
    least: str  # "at least rules"
    model: type[_Model]
    error: type[ValueError]

    def read(self, path: Path, asked: str, available: Iterable[str]) -> _Model:
        """The file at ``path``; ``asked`` is what the user wrote for it. The error names file, place and cause. Its name is that of the file
        unless it has one."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            cause = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
            raise self.error(f"no {self.name} {asked!r} ({cause}): give a file or one of {', '.join(available)}") from error
        try:
            document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # a safe loader either way
        except yaml.YAMLError as error:
            raise self.error(f"{path}: not YAML: {error}") from error
        if not isinstance(document, dict):
            raise self.error(f"{path}: a {self.name} is a mapping, with {self.least}")
        return self.parse({"name": path.stem, **document}, str(path))

    def parse(self, document: dict[str, Any], origin: str) -> _Model:
        """From plain values, such as a test writes. The error lists each mistake with its place."""
        try:
            return self.model.model_validate(document)
        except ValidationError as error:
            mistakes = [f"{self._place(mistake['loc'])}: {_cause(mistake['msg'])}" for mistake in error.errors(include_input=False)]
            raise self.error(f"{origin}: " + "; ".join(mistakes)) from None

    def _place(self, location: tuple[int | str, ...]) -> str:
        text = ""
        for part in location:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text or self.name


def _cause(message: str) -> str:
    return _WORDS.get(message, message.removeprefix("Value error, "))
