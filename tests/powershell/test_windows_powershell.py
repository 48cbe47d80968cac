# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each script of the repository is one that Windows PowerShell 5.1 takes, and those with Pester tests pass them."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))
direct = importlib.import_module("powershell.direct")
engine = importlib.import_module("powershell.engine")
known = importlib.import_module("powershell.windows_powershell")

pytestmark = pytest.mark.skipif(engine.find_engine() is None, reason=engine.MISSING)

ROOT: Path = engine.ROOT
READER = Path(__file__).parent / "read_syntax.ps1"
# Of the collection and its tests; not what is installed or built beside them.
FOLDERS = ("plugins", "roles", "playbooks", "examples", "extensions", "docs", "tests")


def scripts(*endings: str) -> list[Path]:
    return sorted(path for folder in FOLDERS for ending in endings for path in (ROOT / folder).rglob(f"*{ending}"))


def read(texts: list[str]) -> list[dict[str, Any]]:
    ended = engine.run(READER.read_text(), json.dumps(texts).encode() + b"\n")
    assert (ended.stderr, ended.exit_code) == (b"", 0)
    described: list[dict[str, Any]] = json.loads(ended.stdout)
    return described


def refused(script: dict[str, Any]) -> list[str]:
    """What Windows PowerShell 5.1 does not know."""
    found = [*script["errors"]]
    found += sorted(set(script["kinds"]) & known.NEWER_NODES) + sorted(set(script["tokens"]) & known.NEWER_TOKENS)
    found += [text for text in script["texts"] if re.search(known.NEWER_TEXTS, text)]
    own = {name.lower() for name in script["functions"]}
    for command in script["commands"]:
        name = command["name"].lower()
        if name not in known.PARAMETERS:
            found += [] if name in own else [f"line {command['line']}: {command['name']} (add its parameters to windows_powershell.py)"]
            continue
        found += [
            f"line {command['line']}: {command['name']} -{parameter}"
            for parameter in command["parameters"]
            if not known.knows(name, parameter)
        ]
    return found


def test_scripts_of_the_repository() -> None:
    paths = [path for path in scripts(".ps1", ".psm1") if not path.name.endswith(".Tests.ps1")]
    texts = [*(path.read_text("utf-8") for path in paths), direct.bootstrap()]
    names = [*(str(path.relative_to(ROOT)) for path in paths), "bootstrap"]
    assert "plugins/plugin_utils/_windows/powershell_direct.ps1" in names
    assert {name: wrong for name, script in zip(names, read(texts), strict=True) if (wrong := refused(script))} == {}


NEWER = [
    "$a ? 1 : 2",
    "$a ?? 1",
    "$a ??= 1",
    "${a}?.Length",
    "${a}?[0]",
    "Start-Sleep 1 && Start-Sleep 1",
    "Start-Sleep 1 || Start-Sleep 1",
    "Start-Sleep 1 &",
    "function f { clean { 1 } }",
    "1..3 | ForEach-Object -Parallel { 1 }",
    "'{}' | ConvertFrom-Json -AsHashtable",
    "$more = @{ AsHashtable = $true }; '{}' | ConvertFrom-Json @more",
    "$more = @{}; $more['AsHashtable'] = $true; '{}' | ConvertFrom-Json @more",
    "New-PSSession -HostName x",
    "Start-Sleep -Duration 1",
    "Start-Sleep 1 -ProgressAction Ignore",
    '"`e[0m"',
    '"`u{41}"',
    "0b11",
    "1u",
    "5n",
    "Get-Error",
    "if (",
]
OLD = [
    "[pscustomobject] @{ a = 1 } | Sort-Object -Unique",
    "Start-Sleep -Mill 1",
    "Start-Sleep 1 -ErrorAction Stop -ea 0",
    "class A { [string] $B }",
    "function f { param([switch] $X) } f -X",
    "$more = @{ Compress = $true }; ConvertTo-Json @more 1",
    "1kb, 0xFF, 1d, 2L, 1.5e3",
    '"`n$a"',
]


def test_the_check_refuses_what_is_newer_and_nothing_else() -> None:
    described = read([*NEWER, *OLD])
    taken = [text for text, script in zip(NEWER, described[: len(NEWER)], strict=True) if not refused(script)]
    assert taken == []
    assert {text: wrong for text, script in zip(OLD, described[len(NEWER) :], strict=True) if (wrong := refused(script))} == {}


def test_pester(tmp_path: Path) -> None:
    tests = scripts(".Tests.ps1")
    if not tests:
        pytest.skip("no script of the repository has Pester tests (*.Tests.ps1)")
    paths = ", ".join(f"'{path}'" for path in tests)
    ended = engine.run(f"Set-Location '{tmp_path}'; $done = Invoke-Pester -Path {paths} -PassThru; exit $done.FailedCount", limit=80)
    assert ended.exit_code == 0, ended.stdout.decode()
