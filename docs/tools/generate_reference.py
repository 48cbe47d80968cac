# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/reference/*.md and docs/troubleshooting.md from the tables that the collection itself uses, README.md of each role from its
specification, the standings in docs/evidence-and-trust.md, the releases in the survey of AWX, the gates in CONTRIBUTING.md, and
docs/report.schema.json.

    python docs/tools/generate_reference.py           writes the pages
    python docs/tools/generate_reference.py --check   writes nothing, exit code 1 if a page is out of date

Run it with the folder that holds ``ansible_collections`` in PYTHONPATH, or from a checkout with its ``.dev`` folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / ".dev"), str(Path(__file__).parent)]

import gates  # noqa: E402
import report_schema  # noqa: E402
import role_pages  # noqa: E402
import standings_table  # noqa: E402
import survey_choices  # noqa: E402
import troubleshooting  # noqa: E402

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import KMS_CLIENT_KEYS  # noqa: E402
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import SKUS  # noqa: E402
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.finding_types import FINDINGS  # noqa: E402
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS  # noqa: E402
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.matrix import can_activate  # noqa: E402
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.releases import RELEASES  # noqa: E402
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED  # noqa: E402
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.windows_codes import ERRORS, format_code  # noqa: E402

TARGET = ROOT / "docs" / "reference"
GUIDE = ROOT / "docs" / "troubleshooting.md"
_HEADER = """<!--
Copyright: hyperv.avma contributors
GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later

Made by docs/tools/generate_reference.py from the collection's own tables. Do not edit.
-->
"""


def pages() -> dict[str, str]:
    """File name and text of each page."""
    return {"findings.md": _findings(), "errors.md": _errors(), "keys.md": _keys()}


def _findings() -> str:
    parts = [
        "# Findings",
        "Modules return findings, each with a stable code. Words in braces stand for values, which a finding also carries as `data`.\n"
        "*Error*: activation is impossible, or what was asked is refused. *Warning*: it may be impossible, or rests on something that nobody documents.\n"
        "*Confidence* is how sure the statement about Windows is; *own* marks a rule of this collection.",
        _table(
            ("Code", "Severity", "Confidence"),
            ((f"[{kind.code}](#{kind.code.lower()})", kind.severity.value, kind.confidence.value) for kind in FINDINGS.values()),
        ),
    ]
    for kind in FINDINGS.values():
        parts.append(f"## {kind.code}")
        parts.append(f"{_cell(kind.title)} ({kind.severity.value}).")
        parts.append(
            f"- Cause: {_cell(kind.cause)}\n- Remedy: {_cell(kind.remedy)}\n- Source: {_cell(kind.source)} (confidence {kind.confidence.value})"
        )
    return _page(parts)


def _errors() -> str:
    rows = (
        (
            f"`{format_code(entry.code)}`",
            f"`{entry.symbol}`",
            entry.meaning,
            entry.cause,
            entry.remedy,
            "yes" if entry.transient else "no",
            entry.source,
        )
        for entry in sorted(ERRORS, key=lambda entry: entry.code)
    )
    return _page(
        [
            "# Codes of Windows' licensing",
            "What the licensing service answers, as HRESULT in unsigned 32 bit. *Transient*: a further try may succeed without a change.",
            _table(("Code", "Symbol", "Meaning", "Probable cause", "Remedy", "Transient", "Source"), rows),
        ]
    )


def _keys() -> str:
    ltsc = [release for release in reversed(RELEASES) if release.channel == "LTSC"]
    matrix = ((host.label, *("yes" if can_activate(host, guest, PUBLISHED) else "" for guest in reversed(RELEASES))) for host in ltsc)
    return _page(
        [
            "# Keys, releases, editions",
            "Published keys are generic: they say how a guest is to be activated and are not a licence by themselves.",
            "## AVMA keys",
            _table(
                ("Release", "Edition", "Key", "Source", "Date"),
                ((row.release_name, row.edition.value, f"`{row.key}`", row.source, row.date) for row in AVMA_KEYS),
            ),
            "For Windows Server, versions 2004, 20H2 and 23H2, and for Essentials after 2019, Microsoft publishes no AVMA key. None is guessed.",
            "## Host and guest",
            "An activated Datacenter host (rows) activates guests (columns). Source: Microsoft, Automatic Virtual Machine Activation; for 2004, 20H2 and 23H2"
            " the builds are compared, which nobody documents.",
            _table(("Host", *(release.name for release in reversed(RELEASES))), matrix),
            "## Releases",
            _table(
                ("Release", "Name", "Build", "Channel", "Counts with", "Released", "Source"),
                ((row.name, row.label, str(row.build), row.channel, row.ltsc, row.date, row.source) for row in RELEASES),
            ),
            "Azure Local has builds of its own line, some of them shared with Windows Server. It is recognised by its SKU, never by its build.",
            "## Editions",
            _table(
                ("SKU", "Hexadecimal", "Meaning", "Edition", "EditionID", "Evaluation", "Source"),
                (
                    (
                        str(sku.number),
                        f"0x{sku.number:X}",
                        sku.meaning,
                        sku.edition.value,
                        sku.edition_id or "",
                        "yes" if sku.evaluation else "",
                        sku.source,
                    )
                    for sku in SKUS
                ),
            ),
            "## KMS client keys",
            "Listed because they are mistaken for AVMA keys: Windows takes them without an error and then looks for a KMS host.",
            _table(
                ("Release", "Edition", "Key", "Source", "Date"),
                ((row.release_name, row.edition, f"`{row.key}`", row.source, row.date) for row in KMS_CLIENT_KEYS),
            ),
        ]
    )


def _page(parts: Iterable[str]) -> str:
    return _HEADER + "\n" + "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def stale(target: Path = TARGET) -> list[str]:
    """Names of the pages that differ from what the tables say, and of pages that no longer belong there."""
    wanted = pages()
    present = {path.name for path in target.glob("*.md")}
    differing = {name for name, text in wanted.items() if name not in present or (target / name).read_text(encoding="utf-8") != text}
    return sorted(differing | (present - set(wanted)))


def guide() -> str:
    """Text of the guide by symptoms."""
    return troubleshooting.page(_HEADER.replace("own tables", "own tables and docs/tools/symptoms.yml"))


def stale_guide(path: Path = GUIDE) -> list[str]:
    """The guide's name if it differs from what the tables say, or is not there."""
    return [] if path.is_file() and path.read_text(encoding="utf-8") == guide() else [path.name]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write docs/reference from the collection's tables.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a page is out of date")
    if parser.parse_args(arguments).check:
        old = [
            *(f"docs/reference/{name}" for name in stale()),
            *(f"docs/{name}" for name in stale_guide()),
            *role_pages.stale(),
            *survey_choices.stale(),
            *gates.stale(),
            *report_schema.stale(),
            *standings_table.stale(_table),
        ]
        if old:
            print(f"out of date: {', '.join(old)}. Run 'python docs/tools/generate_reference.py'.", file=sys.stderr)
        return 1 if old else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (TARGET / name).write_text(text, encoding="utf-8", newline="\n")
    GUIDE.write_text(guide(), encoding="utf-8", newline="\n")
    for path, text in role_pages.pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")
    standings_table.GUIDE.write_text(standings_table.page(_table), encoding="utf-8", newline="\n")
    survey_choices.TEMPLATES.write_text(survey_choices.page(), encoding="utf-8", newline="\n")
    gates.CONTRIBUTING.write_text(gates.page(), encoding="utf-8", newline="\n")
    report_schema.TARGET.write_text(report_schema.page(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
