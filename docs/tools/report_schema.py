# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON schema of the report, from the fields of its entries: their names, types and descriptions."""

from __future__ import annotations

import json
import types
import typing as t
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.evidence import Match, Source, Statement
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.lease import Lease
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.standings import Standing
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import GROUPINGS
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.document import SCHEMA, VERSION
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.entry_fields import Described, described_fields
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.model import (
    Action,
    Comparison,
    FindingEntry,
    Group,
    HostEntry,
    MonthRow,
    Report,
    Totals,
    VmEntry,
)

TARGET = Path(__file__).resolve().parents[1] / "report.schema.json"
Schema = dict[str, t.Any]

_DESCRIPTION = (
    "What the module hyperv.avma.report writes as JSON. Texts may be those of tenants: they are one line each, without control, bidirectional "
    "and invisible characters, and must still be escaped where they are shown. null is 'not known'."
)
_SCALARS: dict[t.Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0},
    datetime: {"$ref": "#/$defs/time"},
    date: {"$ref": "#/$defs/date"},
    Standing: {"$ref": "#/$defs/standing"},
}
_NAMED = {
    Totals: "totals", Group: "group", FindingEntry: "finding", Action: "action", HostEntry: "host", VmEntry: "vm", MonthRow: "month",
    Comparison: "comparison",
}  # fmt: skip
_STANDINGS = {
    Standing.ACTIVATED: "by AVMA",
    Standing.LAPSED: "was activated by AVMA, still has the key, and its lease is over",
    Standing.LICENSED_OTHERWISE: "by MAK, KMS, retail, OEM or an evaluation, as the guest says",
    Standing.NOT_ACTIVATED: "as the guest says, or as its host refused it",
    Standing.CONTRADICTED: "guest and host say different things",
    Standing.NOT_APPLICABLE: "Linux and others that AVMA does not serve",
    Standing.UNKNOWN: "nobody has said enough",
}


def page() -> str:
    report = _entry(Report)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hyperv-avma:report:{VERSION}",
        "title": "Report of the Ansible collection hyperv.avma",
        "description": _DESCRIPTION,
        **_object(
            {
                "schema": {"const": SCHEMA},
                "version": {"const": VERSION, "description": "Grows when something is renamed, removed or means something else."},
                **report["properties"],
            }
        ),
        "$defs": {
            "time": {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$"},
            "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
            "standing": {"enum": [standing.value for standing in Standing]},
            **{name: _entry(entry) for entry, name in _NAMED.items()},
        },
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def stale() -> list[str]:
    """The schema's name if it is not that of the entries."""
    return [] if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == page() else [f"docs/{TARGET.name}"]


def _entry(entry: type) -> Schema:
    """What ``plain`` of document.py makes of an entry."""
    fields = {name: _field(*known) for name, known in described_fields(entry).items()}
    counts = {standing.value: {"type": "integer", "minimum": 0, "description": text} for standing, text in _STANDINGS.items()}
    if entry is Totals:
        found: Schema = {}
        for name, one in fields.items():
            found.update(counts if name == "standings" else {name: one})
        return _object(found)
    if entry is Group:
        return _object({"name": fields["name"], **_entry(Totals)["properties"]})
    if entry is Comparison:
        return _object({"with" if name == "generated" else name: one for name, one in fields.items()})
    if entry is Lease:
        fields["basis"]["description"] = "guest: the minutes that it tells; assumed: last success and what is set"
    if entry is Statement:
        trust = _field(Source, Described("guest: proof; host_event: strong; kvp: a hint"))
        fields = {"source": fields.pop("source"), "trust": trust, **fields}
        fields["joined_by"] = _field(Match, Described("name is weaker"))
        del fields["match"]
        fields["inferred"]["description"] = "concluded from a text that is documented nowhere"
    return _object(fields)


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _field(kind: t.Any, known: Described) -> Schema:
    described = {"description": known.text} if known.text else {}
    return {**_type(kind), **(known.schema or {}), **described}


def _type(kind: t.Any) -> Schema:
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    if isinstance(kind, types.UnionType):
        return _nullable(_type(next(one for one in t.get_args(kind) if one is not types.NoneType)))
    origin, inner = t.get_origin(kind), t.get_args(kind)
    if origin is tuple:
        return {"type": "array", "items": _type(inner[0])}
    if origin is Mapping:
        of_standings = inner[0] is Standing
        names = [standing.value for standing in Standing] if of_standings else GROUPINGS
        return _object({name: {"type": "integer"} if of_standings else _type(inner[1]) for name in names})
    if kind in _NAMED:
        return {"$ref": f"#/$defs/{_NAMED[kind]}"}
    if is_dataclass(kind):
        return _entry(t.cast(type, kind))
    if issubclass(kind, Enum):
        return {"enum": [one.value for one in kind]}
    raise TypeError(f"no schema for {kind}")


def _nullable(schema: Schema) -> Schema:
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}
