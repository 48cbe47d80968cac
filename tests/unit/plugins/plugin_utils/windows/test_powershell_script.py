# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of PowerShell Direct as a program: it parses, and does nothing that a fixed script should not do.

No PowerShell is to be had where this runs, so the tree of a grammar is looked at; where there is one, its own parser is asked too.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.direct_guest import TRIP_LIMIT
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.powershell_direct import SCRIPT, command_line

tree_sitter = pytest.importorskip("tree_sitter", reason="tree-sitter is not installed (requirements-dev.txt)")
grammar = pytest.importorskip("tree_sitter_powershell", reason="tree-sitter-powershell is not installed (requirements-dev.txt)")

# Everything that the script calls. Whoever adds a name says by it that the script may do that.
CMDLETS = {"Add-Type", "Get-CimInstance", "Invoke-CimMethod", "New-CimInstance", "New-PSSession", "Start-Sleep", "Write-Information"}
NEVER = (
    "Invoke-Expression",
    "iex",
    "ScriptBlock]::Create",
    "Start-Process",
    "cmd.exe",
    "DownloadString",
    "ConvertTo-SecureString",
)


def bootstrap() -> bytes:
    return base64.b64decode(command_line()[1][-1]).decode("utf-16-le").encode()


def tree_of(source: bytes) -> Any:
    return tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(source).root_node


def nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in node.children:
        yield from nodes(child)


def texts(source: bytes, kind: str) -> list[str]:
    return [node.text.decode() for node in nodes(tree_of(source)) if node.type == kind]


@pytest.mark.parametrize("source", [SCRIPT.read_bytes(), bootstrap()], ids=["script", "bootstrap"])
def test_it_parses(source: bytes) -> None:
    wrong = [(node.type, node.start_point, node.text[:60]) for node in nodes(tree_of(source)) if node.type == "ERROR" or node.is_missing]
    assert wrong == []


def test_the_grammar_notices_what_is_wrong() -> None:
    assert any(node.type == "ERROR" or node.is_missing for node in nodes(tree_of(SCRIPT.read_bytes().replace(b"catch {", b"catch"))))


def test_it_calls_these_cmdlets_and_no_others() -> None:
    assert set(texts(SCRIPT.read_bytes(), "command_name")) == CMDLETS


def test_nothing_is_put_together_to_be_run() -> None:
    script = SCRIPT.read_text()
    assert [word for word in NEVER if word.lower() in script.lower()] == []
    # What runs in another runspace are blocks of the script itself.
    assert set(re.findall(r"AddScript\((.)", script)) == {"{", "$"}
    assert re.findall(r"AddScript\((\$\w+)", script) == ["$work", "$inGuest"]
    # Text in double quotes could be filled in, and the call operator could run it.
    assert texts(SCRIPT.read_bytes(), "expandable_string_literal") == []
    assert texts(SCRIPT.read_bytes(), "command_invokation_operator") == []
    # The bootstrap runs one thing: the text whose digest it has compared.
    assert texts(bootstrap(), "command_invokation_operator") == ["&"]
    assert bootstrap().count(b"Create(") == 1


def test_the_host_s_script_ends_before_the_controller_stops_waiting() -> None:
    limits = {name: int(value) for name, value in re.findall(r"^\$(\w+Limit) = (\d+)$", SCRIPT.read_text(), re.MULTILINE)}
    # A minute for an activation that its host refuses, and a sign of life each two seconds.
    assert 2 * 5 < limits["silenceLimit"] < limits["firstLimit"] < limits["answerLimit"] < limits["scriptLimit"] < TRIP_LIMIT


def test_parameters_come_by_the_request_only() -> None:
    script = SCRIPT.read_text()
    assert "$env:" not in script
    assert "$args" not in script
    assert script.count("$Request") == 2, "declared, and read as JSON"
    assert "param([string] $Request)" in script
    # The tenant's side gets the operations, and neither user nor password.
    inside = script[script.index("$inGuest = {") : script.index("$answerLimit = ")]
    assert "password" not in inside.lower()
    assert "$asked" not in inside


def test_nothing_is_written_to_a_file_or_to_the_host_s_streams() -> None:
    script = SCRIPT.read_text()
    for word in ("Out-File", "Set-Content", "Add-Content", "WriteAllText", "Write-Host", "Write-Output", "Write-Error", "Start-Transcript"):
        assert word not in script


def test_the_parser_of_powershell_itself_takes_it() -> None:
    pwsh = shutil.which("pwsh") or shutil.which("powershell")
    if pwsh is None:
        pytest.skip("no PowerShell is installed")
    asks = "$e = $null; $null = [Management.Automation.Language.Parser]::ParseFile($args[0], [ref] $null, [ref] $e); $e | Out-String; exit $e.Count"
    done = subprocess.run(
        [pwsh, "-NoProfile", "-NonInteractive", "-Command", f"& {{ {asks} }}", str(SCRIPT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
