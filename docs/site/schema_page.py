# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON schema of the report as a page: a table for the report and for each of its parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_REFERENCE = "#/$defs/"


def page(schema_file: Path) -> str:
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    parts = ["# Schema of the report", schema["description"], f"The [schema itself](../{schema_file.name}) is JSON Schema, draft 2020-12."]
    parts += ["## report", *_table(schema)]
    for name, definition in schema["$defs"].items():
        parts += [f"## {name}", *_described(definition), *_table(definition)]
    return "\n\n".join(parts) + "\n"


def _described(definition: dict[str, Any]) -> Iterator[str]:
    if "description" in definition:
        yield f"{_cell(definition['description'])}."
    if "properties" not in definition:
        yield f"{_kind(definition)}."


def _table(definition: dict[str, Any]) -> Iterator[str]:
    rows = list(_rows(definition, ""))
    if rows:
        yield "\n".join(["| field | is | meaning |", "| --- | --- | --- |", *rows])


def _rows(definition: dict[str, Any], prefix: str) -> Iterator[str]:
    """The fields, and those of objects that have no name of their own."""
    for name, field in definition.get("properties", {}).items():
        yield f"| `{prefix}{name}` | {_kind(field)} | {_cell(field.get('description', ''))} |"
        yield from _rows(field, f"{prefix}{name}.")
        yield from _rows(field.get("items", {}), f"{prefix}{name}[].")


def _kind(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].removeprefix(_REFERENCE)
        return f"[{name}](#{name.lower()})"
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in field:
            return " or ".join(_kind(one) for one in field[alternatives])
    kinds = field.get("type", "anything")
    text = " or ".join(kinds) if isinstance(kinds, list) else kinds
    if field.get("items"):
        return f"{text} of {_kind(field['items'])}"
    if isinstance(field.get("additionalProperties"), dict):
        return f"{text} of {_kind(field['additionalProperties'])}"
    return str(text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").rstrip(".")
