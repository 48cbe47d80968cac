# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Findings: what was found about one object, in words for people and as data for programs.

Data may hold text of tenants and, by mistake, product keys; both are made harmless here, once, before they reach a template.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from string import Formatter
from typing import Any

from ...module_utils._product_keys import mask_keys
from .finding_types import FINDINGS, Confidence, FindingType, Severity
from .text import cut, safe_text, strip_unsafe

__all__ = ["FINDINGS", "Confidence", "Finding", "FindingType", "Severity", "errors_in", "finding", "shown"]

DataValue = str | int | float | bool | None | tuple[str, ...]

_TEXT_LIMIT = 400
_OBJECT_LIMIT = 120
# A list of any length reads badly and may come from a tenant.
_LIST_LIMIT = 32
_NOTHING = "unknown"


@dataclass(frozen=True)
class Finding:
    """One finding. ``cause`` has no full stop at its end where it continues a sentence, ``remedy`` is whole sentences."""

    code: str
    severity: Severity
    object: str
    cause: str
    remedy: str
    data: dict[str, DataValue] = field(default_factory=dict, hash=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain types only; the public shape."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "object": self.object,
            "cause": self.cause,
            "remedy": self.remedy,
            "data": {name: list(value) if isinstance(value, tuple) else value for name, value in self.data.items()},
        }

    def __str__(self) -> str:
        return f"{self.object}: {self.cause}. {self.remedy}"


def finding(finding_code: str, object: str | None, /, **data: DataValue) -> Finding:
    """A finding about ``object``. Raises KeyError for an unknown code and ValueError if data for its templates is missing.

    ``data`` may hold a ``code`` of Windows.
    """
    kind = FINDINGS[finding_code]
    missing = sorted(fields_of(kind) - set(data) - {"object"})
    if missing:
        raise ValueError(f"finding {finding_code} needs {', '.join(missing)} for its text")
    about = shown(object, _OBJECT_LIMIT) or _NOTHING
    harmless = {name: _harmless(value) for name, value in data.items()}
    words = {name: _in_words(value) for name, value in harmless.items()}
    words["object"] = about
    return Finding(finding_code, kind.severity, about, kind.cause.format_map(words), kind.remedy.format_map(words), harmless)


def errors_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(found for found in findings if found.severity is Severity.ERROR)


@cache
def fields_of(kind: FindingType) -> frozenset[str]:
    """Names of the data that the templates of a kind need."""
    templates = (kind.cause, kind.remedy)
    return frozenset(name for template in templates for _text, name, _format, _conversion in Formatter().parse(template) if name)


def shown(value: object, limit: int = _TEXT_LIMIT) -> str:
    """``safe_text`` that also hides keys. They are hidden before the text is cut: half a key would not be recognised."""
    text = safe_text(value, limit * 4)
    return cut(strip_unsafe(mask_keys(text)), limit)


def _harmless(value: DataValue) -> DataValue:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, tuple):
        return tuple(shown(item, _OBJECT_LIMIT) for item in value[:_LIST_LIMIT])
    return value


def _in_words(value: DataValue) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return _NOTHING if value is None or value == "" else str(value)
