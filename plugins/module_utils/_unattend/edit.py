# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Edits of an answer file: a setting's value given, changed or removed. Each returns the bytes of the file; nothing else in them differs.

Values and names of this collection are ASCII without characters that XML would want escaped.
"""

from __future__ import annotations

import re

from ansible_collections.hyperv.avma.plugins.module_utils._unattend.answer_file import Missing, Setting, locate
from ansible_collections.hyperv.avma.plugins.module_utils._unattend.document import Document, Element, parse

_BLANKS = " \t\r\n"
_LINE_BREAK = re.compile("\r\n|\n|\r")
_PLAIN_VALUE = re.compile("[A-Za-z0-9-]+")


def value_of(data: bytes, setting: Setting) -> str | None:
    """The text of a setting as it is written, blanks included. None if it is not in the file."""
    element, missing = locate(parse(data), setting)
    return None if missing else element.text


def with_value(data: bytes, setting: Setting, value: str) -> bytes:
    """The file with the setting at this value, neither more nor less. Unchanged if it has it already."""
    if not _PLAIN_VALUE.fullmatch(value):
        raise ValueError("a value of an answer file is made of letters, digits and hyphens here")
    document = parse(data)
    element, missing = locate(document, setting)
    if missing:
        return document.edited([_insertion(document, element, missing, value)])
    if element.text == value:
        return data
    return document.edited(_new_text(element, value))


def without(data: bytes, setting: Setting) -> bytes:
    """The file without the setting, and without the elements below the component that are left empty by that."""
    document = parse(data)
    element, missing = locate(document, setting)
    if missing:
        return data
    for _above in setting.path[1:]:
        if element.parent is None or not _is_only_content(document, element, element.parent):
            break
        element = element.parent
    return document.edited([_removal(document, element)])


def _new_text(element: Element, value: str) -> list[tuple[int, int, str]]:
    if element.empty_tag:
        # <ProductKey/>: its last two characters become the end of a start tag.
        return [(element.end - 2, element.end, f">{value}</{element.tag}>")]
    if not element.runs:
        return [(element.content_end, element.content_end, value)]
    # Comments between the runs of text stay.
    chosen = next((run for run in element.runs if run.value.strip()), element.runs[0])
    return [(run.start, run.end, value if run is chosen else "") for run in element.runs]


def _insertion(document: Document, parent: Element, missing: tuple[Missing, ...], value: str) -> tuple[int, int, str]:
    units = document.units
    content = units[parent.content_start : parent.content_end]
    last_blank = parent.content_end - (len(content) - len(content.rstrip(_BLANKS)))
    trailing = units[last_blank : parent.content_end]
    line_break = _line_break(document)
    # One element a line where the file is written so: the parent's end tag has a line of its own, or nothing is inside it yet.
    in_lines = bool(_LINE_BREAK.search(trailing)) or (not content.strip(_BLANKS) and _LINE_BREAK.search(_inside(document)) is not None)
    if not in_lines:
        text = _rendered(parent.prefix, missing, value, None, "", "")
        if parent.empty_tag:
            return parent.end - 2, parent.end, f">{text}</{parent.tag}>"
        return parent.content_end, parent.content_end, text
    unit = _indent_unit(document)
    outer = _indent(document, parent) or ""
    siblings = [indent for indent in (_indent(document, child) for child in parent.children) if indent is not None]
    inner = siblings[-1] if siblings else outer + unit
    text = line_break + _rendered(parent.prefix, missing, value, line_break, inner, unit)
    if parent.empty_tag:
        return parent.end - 2, parent.end, f">{text}{line_break}{outer}</{parent.tag}>"
    if not _LINE_BREAK.search(trailing):
        return last_blank, parent.content_end, f"{text}{line_break}{outer}"
    return last_blank, last_blank, text


def _rendered(prefix: str, missing: tuple[Missing, ...], value: str, line_break: str | None, indent: str, unit: str) -> str:
    """The missing elements, each inside the one before, the last with the value. In one line if ``line_break`` is None."""
    first, deeper = missing[0], missing[1:]
    tag = prefix + first.name
    attributes = "".join(f' {name}="{text}"' for name, text in first.attributes)
    if not deeper:
        return f"{indent}<{tag}{attributes}>{value}</{tag}>"
    below = _rendered(prefix, deeper, value, line_break, indent if line_break is None else indent + unit, unit)
    if line_break is None:
        return f"<{tag}{attributes}>{below}</{tag}>"
    return f"{indent}<{tag}{attributes}>{line_break}{below}{line_break}{indent}</{tag}>"


def _removal(document: Document, element: Element) -> tuple[int, int, str]:
    units = document.units
    if _indent(document, element) is not None and _ends_its_line(units, element.end):
        start = len(units[: element.start].rstrip(" \t"))
        start -= 2 if units[start - 2 : start] == "\r\n" else 1
        return start, element.end, ""
    return element.start, element.end, ""


def _is_only_content(document: Document, element: Element, parent: Element) -> bool:
    beside = document.units[parent.content_start : element.start] + document.units[element.end : parent.content_end]
    return not beside.strip(_BLANKS)


def _ends_its_line(units: str, place: int) -> bool:
    rest = units[place:].lstrip(" \t")
    return rest[:1] in ("\r", "\n")


def _inside(document: Document) -> str:
    return document.units[document.root.content_start : document.root.content_end]


def _line_break(document: Document) -> str:
    found = _LINE_BREAK.search(document.units)
    return found.group() if found else "\n"


def _indent(document: Document, element: Element) -> str | None:
    """The blanks before an element that begins its line. None for one that stands behind something else."""
    before = document.units[: element.start]
    stripped = before.rstrip(" \t")
    return before[len(stripped) :] if stripped[-1:] in ("\r", "\n") else None


def _indent_unit(document: Document) -> str:
    """By how much the file indents a level, from the first child in a line of its own that shows it."""
    waiting = [document.root]
    while waiting:
        parent = waiting.pop(0)
        outer = "" if parent.parent is None else _indent(document, parent)
        for child in parent.children:
            inner = _indent(document, child)
            if outer is not None and inner is not None and inner != outer and inner.startswith(outer):
                return inner[len(outer) :]
        waiting.extend(parent.children)
    return "  "
