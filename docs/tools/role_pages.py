# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md of each role from its meta/argument_specs.yml. Galaxy wants one for every role."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
_HEADER = """<!--
Copyright: hyperv.avma contributors
GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later

Made by docs/tools/generate_reference.py from meta/argument_specs.yml. Do not edit.
-->
"""
_LINK = re.compile(r"\bL\(([^,)]+), *([^)]+)\)")
_OF_PLUGIN = re.compile(r"\bR?[OV]\(([\w.]+)#(\w+):([^)]+)\)")
_CODE = re.compile(r"\b(?:RV|[CEMOPV])\(([^)]*)\)")
_BARE = re.compile(r"\bU\(([^)]+)\)")


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Text by file."""
    files = sorted(root.glob("roles/*/meta/argument_specs.yml"))
    return {file.parents[1] / "README.md": _page(file.parents[1].name, yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files}


def stale(root: Path = ROOT) -> list[str]:
    """Paths below ``root`` of the pages that are missing or say something else."""
    return [
        path.relative_to(root).as_posix()
        for path, text in pages(root).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def _page(role: str, specs: Mapping[str, Any]) -> str:
    return _HEADER + "\n" + "\n\n".join(_parts(role, specs["argument_specs"])) + "\n"


def _parts(role: str, entries: Mapping[str, Any]) -> Iterator[str]:
    main = entries["main"]
    yield f"# Role hyperv.avma.{role}"
    yield f"{main['short_description']}."
    yield from map(_text, _list(main.get("description")))
    yield f"`ansible-doc -t role hyperv.avma.{role}` shows this too."
    for name, entry in entries.items():
        if name == "main":
            yield "## Variables"
        else:
            yield f"## `tasks_from: {name}`"
            yield f"{entry['short_description']}."
            yield from map(_text, _list(entry.get("description")))
        yield _table(entry.get("options") or {})


def _table(options: Mapping[str, Mapping[str, Any]]) -> str:
    if not options:
        return "None."
    rows = ["| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, option in options.items():
        kind = f"list of {option['elements']}" if "elements" in option else _kind(option)
        meaning = " ".join(map(_text, _list(option.get("description"))))
        rows.append(f"| `{name}` | {kind} | {_default(option)} | {meaning} |".replace("\n", " "))
    return "\n".join(rows)


def _kind(option: Mapping[str, Any]) -> str:
    """What is raw for ansible-core, since the module checks it, is of the type of its default."""
    if option.get("type") == "raw" and isinstance(option.get("default"), (bool, int)):
        return type(option["default"]).__name__
    return str(option.get("type", "str"))


def _default(option: Mapping[str, Any]) -> str:
    if option.get("required"):
        return "required"
    if option.get("default") is None:
        return ""
    value = option["default"]
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _list(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _text(text: str) -> str:
    """Ansible's markup as Markdown."""
    text = _LINK.sub(r"[\1](\2)", text)
    text = _OF_PLUGIN.sub(r"`\3` of `\1`", text)
    text = _CODE.sub(lambda found: f"`{found[1].replace('|', chr(92) + '|')}`", text)
    return _BARE.sub(r"<\1>", text)
