# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The report as a JSON document, whose shape docs/report.schema.json publishes.

What is only a matter of when the report was made (``significant`` leaves it out) does not make a report another one.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum

from .._avma.times import iso
from .model import Report

SCHEMA = "hyperv-avma-report"
VERSION = 1
Document = dict[str, t.Any]


def document_of(report: Report) -> Document:
    return {"schema": SCHEMA, "version": VERSION, **plain(report)}


def plain(value: t.Any) -> t.Any:
    """A part of the report as JSON has it: an entry by the names of its fields, in their order."""
    if hasattr(value, "as_dict"):
        return plain(value.as_dict())
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return iso(value.replace(microsecond=0))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {plain(name): plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def to_json(document: Document) -> str:
    """Two blanks deep and ASCII only, so that it can be looked at in any terminal."""
    return json.dumps(document, ensure_ascii=True, indent=1) + "\n"


# Statements of what was looked at just now carry the time of looking; those of events do not.
_LOOKED_AT = ("guest", "kvp")
_LEASE_FINDINGS = ("LEASE_WILL_LAPSE", "LEASE_LAPSED", "NO_RENEWAL_SEEN", "CLOCK_DIFFERS")


def significant(document: Mapping[str, t.Any]) -> Document:
    """The document without the times of making and looking, and without what is reckoned from them. Raises on what is not a report."""
    kept = {name: value for name, value in document.items() if name not in ("generated", "observed", "events_since")}
    for name in ("vms", "unmatched"):
        kept[name] = [_significant_vm(vm) for vm in document[name]]
    kept["actions"] = [
        {name: value for name, value in action.items() if name not in ("meaning", "objects")}
        | {"objects": [one["name"] for one in action["objects"]]}
        if action["code"] in _LEASE_FINDINGS
        else action
        for action in document["actions"]
    ]
    return kept


def _significant_vm(vm: Mapping[str, t.Any]) -> Document:
    return {
        **vm,
        "as_of": vm["as_of"] if vm["source"] == "host_event" else None,
        "lease": {"state": vm["lease"]["state"], "basis": vm["lease"]["basis"]},
        "statements": [
            {name: value for name, value in one.items() if name != "time" or one["source"] not in _LOOKED_AT} for one in vm["statements"]
        ],
        "findings": [
            {name: value for name, value in one.items() if name != "cause" or one["code"] not in _LEASE_FINDINGS} for one in vm["findings"]
        ],
    }
