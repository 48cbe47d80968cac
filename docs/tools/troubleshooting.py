# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide by symptoms: ``symptoms.yml``, with the words of the collection's own tables of findings and codes beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.finding_types import FINDINGS, FindingType
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.windows_codes import ERRORS, ErrorEntry, format_code

SYMPTOMS = Path(__file__).parent / "symptoms.yml"
_ERRORS = {entry.code: entry for entry in ERRORS}
_INTRODUCTION = """# Troubleshooting by symptom

Look for what you see: a code of Windows, a word of a finding, or what a person reports. Each symptom has its cause, what to do, a command that
shows it, and what the collection itself says in that state. Words in braces stand for values. `hv01` is a Hyper-V host of your inventory,
`web01` a guest; add `-i inventory.yml`. Commands of Windows are meant for the machine itself.

All findings stand in [their own list](reference/findings.md), all codes in [theirs](reference/errors.md). Errors on the way to a machine
(network, certificates, rights) are explained in [Start here](start-here.md#what-an-error-means)."""


class WrongSymptom(ValueError):
    """A row of symptoms.yml that cannot be. The message names it."""


@dataclass(frozen=True)
class Symptom:
    seen: str
    cause: str
    remedy: str
    check: str
    findings: tuple[FindingType, ...] = ()
    codes: tuple[ErrorEntry, ...] = ()


@dataclass(frozen=True)
class Chapter:
    title: str
    symptoms: tuple[Symptom, ...]


def page(header: str, source: Path = SYMPTOMS) -> str:
    chapters = read(source)
    parts = [header + "\n" + _INTRODUCTION, *_index(chapters)]
    for chapter in chapters:
        parts.append(f"## {chapter.title}")
        for symptom in chapter.symptoms:
            parts.extend(_symptom(symptom))
    parts.extend(_rest(chapters))
    return "\n\n".join(parts) + "\n"


def read(source: Path = SYMPTOMS) -> tuple[Chapter, ...]:
    """Raises WrongSymptom for a row with a finding or a code that is in no table, with an unknown word, or that is there twice."""
    rows = yaml.safe_load(source.read_text(encoding="utf-8"))
    chapters = tuple(Chapter(row["title"], tuple(_read(symptom) for symptom in row["symptoms"])) for row in rows)
    seen = [anchor(symptom.seen) for chapter in chapters for symptom in chapter.symptoms]
    for twice in {name for name in seen if seen.count(name) > 1}:
        raise WrongSymptom(f"two symptoms have the heading {twice}")
    return chapters


def _read(row: Mapping[str, Any]) -> Symptom:
    about = row.get("seen", "a symptom")
    needed = {"seen", "cause", "remedy", "check"}
    wrong = (needed - set(row)) | (set(row) - needed - {"findings", "codes"})
    if wrong:
        raise WrongSymptom(f"{about}: {', '.join(sorted(wrong))} is missing or unknown")
    unknown = [code for code in row.get("findings", ()) if code not in FINDINGS]
    unknown += [format_code(code) for code in row.get("codes", ()) if code not in _ERRORS]
    if unknown:
        raise WrongSymptom(f"{about}: {', '.join(unknown)} is in no table of the collection")
    return Symptom(
        seen=str(row["seen"]),
        cause=row["cause"],
        remedy=row["remedy"],
        check=row["check"],
        findings=tuple(FINDINGS[code] for code in row.get("findings", ())),
        codes=tuple(_ERRORS[code] for code in row.get("codes", ())),
    )


def anchor(heading: str) -> str:
    """The anchor that a forge makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _index(chapters: Iterable[Chapter]) -> Iterator[str]:
    for chapter in chapters:
        lines = [f"- [{symptom.seen}](#{anchor(symptom.seen)})" for symptom in chapter.symptoms]
        yield "\n".join([f"**{chapter.title}**", "", *lines])


def _symptom(symptom: Symptom) -> Iterator[str]:
    yield f"### {symptom.seen}"
    yield f"- **Cause**: {symptom.cause}\n- **Remedy**: {symptom.remedy}\n- **Check**: `{symptom.check}`"
    if symptom.findings or symptom.codes:
        yield _table(symptom.findings, symptom.codes)


def _rest(chapters: Iterable[Chapter]) -> Iterator[str]:
    told = [symptom for chapter in chapters for symptom in chapter.symptoms]
    findings = {found.code for symptom in told for found in symptom.findings}
    codes = {entry.code for symptom in told for entry in symptom.codes}
    left = [kind for code, kind in FINDINGS.items() if code not in findings]
    left_codes = [entry for entry in ERRORS if entry.code not in codes]
    if left or left_codes:
        yield "## Whatever else may be said"
        yield _table(left, left_codes)


def _table(findings: Sequence[FindingType], codes: Sequence[ErrorEntry]) -> str:
    rows = [(f"[{kind.code}](reference/findings.md#{kind.code.lower()})", kind.title, kind.remedy) for kind in findings]
    rows += [(f"`{format_code(entry.code)}` {entry.symbol}", entry.meaning, entry.remedy) for entry in codes]
    lines = ["| Said | What it means | Its remedy |", "| --- | --- | --- |"]
    # A remedy that is a template as a whole is made for the case at hand.
    lines += [
        f"| {said} | {_cell(meaning)} | {_cell('in the finding itself' if remedy == '{remedy}' else remedy)} |"
        for said, meaning, remedy in rows
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
