# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The report as one HTML page that needs nothing else: no request leaves it, and its policy would let none.

Each name and text comes through Jinja's autoescape. The script finds what it filters in the table itself and in one block of data, and puts
text into the page as text only. Style and script are allowed by their hashes, so that markup which slipped through would not run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t
from collections import Counter
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from .._avma.standings import Standing
from .document import Document, significant

_FOLDER = Path(__file__).parent / "page"
# Objects of an action that the page names; all of them are in the JSON.
_NAMED = 12
_LONGEST_MONTHS = 500

STANDINGS = {
    Standing.ACTIVATED.value: "activated",
    Standing.LAPSED.value: "lapsed",
    Standing.LICENSED_OTHERWISE.value: "licensed otherwise",
    Standing.NOT_ACTIVATED.value: "not activated",
    Standing.CONTRADICTED.value: "contradicted",
    Standing.NOT_APPLICABLE.value: "not for AVMA",
    Standing.UNKNOWN.value: "unknown",
}
_MEANINGS = {
    Standing.ACTIVATED.value: "by AVMA",
    Standing.LAPSED.value: "still has the AVMA key, and its lease is over",
    Standing.LICENSED_OTHERWISE.value: "by MAK, KMS, retail or OEM, as the guest says",
    Standing.NOT_ACTIVATED.value: "as the guest says, or its host refused it",
    Standing.CONTRADICTED.value: "guest and host say different things",
    Standing.NOT_APPLICABLE.value: "Linux, Windows client and others",
    Standing.UNKNOWN.value: "no source reports enough; neither good nor bad",
}
_SOURCES = {"guest": "guest itself", "host_event": "host's event log", "kvp": "Data Exchange"}
_TRUST = {"guest": "proof", "host_event": "strong", "kvp": "hint"}


def to_html(document: Document) -> str:
    style, script = _read("report.css"), _read("report.js")
    page = _template().render(
        report=document,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'",
        digest=digest_of(document),
        # The files of the page are the collection's own.
        style=Markup(style),
        script=Markup(script),
        details=_data(_details(document["vms"])),
        standings=STANDINGS,
        meanings=_MEANINGS,
        sources=_SOURCES,
        trust=_TRUST,
        named=_NAMED,
        chart=_chart(document["timeline"]),
        months=document["months"][:_LONGEST_MONTHS],
        # What the table can be filtered by: a finding may be of a guest that has no line in it.
        in_table=Counter(code for vm in document["vms"] for code in {one["code"] for one in vm["findings"]}),
    )
    return page.lstrip()  # the macros before it leave blank lines


def digest_of(document: Document) -> str:
    """Of all that makes the page, except for when it was made."""
    made = hashlib.sha256(json.dumps(significant(document), sort_keys=True).encode("ascii"))
    for name in ("report.html.j2", "report.css", "report.js"):
        made.update(_read(name).encode("utf-8"))
    return made.hexdigest()


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({"report.html.j2": _read("report.html.j2")}),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["time"] = _time
    environment.filters["percent"] = _percent
    return environment.get_template("report.html.j2")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _data(value: t.Any) -> Markup:
    """JSON for a script element: nothing in it can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _details(vms: list[Document]) -> dict[str, t.Any]:
    """What is shown of a machine when it is opened: statements, lease, findings and ID; each text once, and its number where it is used."""
    numbers: dict[str | None, int] = {}

    def number(text: str | None) -> int:
        return numbers.setdefault(text, len(numbers))

    def of(vm: Document) -> list[t.Any]:
        lease = vm["lease"]
        return [
            [[*(number(one[name]) for name in ("source", "text", "time", "joined_by")), one["inferred"]] for one in vm["statements"]],
            [number(lease[name]) for name in ("last", "expected", "lapses", "basis")],
            [[number(one[name]) for name in ("severity", "code", "cause", "remedy")] for one in vm["findings"]],
            number(vm["id"]),
        ]

    found = [of(vm) for vm in vms]
    return {"texts": list(numbers), "vms": found}


def _chart(timeline: list[Document]) -> dict[str, t.Any] | None:
    """Bars of the timeline in a field 100 high; a day is 10 wide."""
    if not timeline:
        return None
    highest = max(day["success"] + day["refused"] + day["other"] for day in timeline) or 1
    bars = []
    for number, day in enumerate(timeline):
        bottom = 100.0
        for kind in ("success", "refused", "other"):
            height = day[kind] * 100 / highest
            bottom -= height
            if height:
                bars.append({"x": number * 10 + 1, "y": round(bottom, 2), "height": round(height, 2), "kind": kind})
    return {"width": len(timeline) * 10, "bars": bars, "highest": highest}


def _time(value: str | None) -> str:
    return "" if value is None else value.replace("T", " ").replace("Z", "").partition(".")[0][:16]


def _percent(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.1f}" if whole else "0"
