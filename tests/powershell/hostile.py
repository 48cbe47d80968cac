# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest does that is not honest: texts that its side runs in place of the first command of the script."""

from __future__ import annotations

_FORGED = "HYPERV-AVMA-BEGIN {0} {1} e30= HYPERV-AVMA-END"


def _instead(body: str) -> str:
    return f"function global:Add-Type {{ param([string] $AssemblyName) {body} }}"


BEHAVIOURS: dict[str, str] = {
    "endless objects": _instead("while ($true) { [pscustomobject] @{ A = 1; B = 'x' * 1000 } }"),
    "endless text": _instead("$text = 'x' * 1MB; while ($true) { $text }"),
    "one object of 200 MB": _instead("'x' * 200MB; break"),
    "one array of 20 MB": _instead("Write-Output -NoEnumerate @(1..20000 | ForEach-Object { 'x' * 1000 }); break"),
    "deep objects": _instead("$deep = @{}; 1..3000 | ForEach-Object { $deep = @{ a = $deep } }; $deep; break"),
    "wrong types": _instead("42; break"),
    "nothing": _instead("break"),
    "never": _instead("Start-Sleep -Seconds 100000"),
    "alive for ever": _instead("while ($true) { Write-Information 'alive'; Start-Sleep -Milliseconds 200 }"),
    "chatter on each stream": _instead(
        "$VerbosePreference = $DebugPreference = $InformationPreference = $WarningPreference = 'Continue';"
        "foreach ($n in 1..50) { Write-Host 'CHATTER'; Write-Warning 'CHATTER'; Write-Verbose 'CHATTER'; Write-Debug 'CHATTER';"
        "Write-Information 'CHATTER'; Write-Progress 'CHATTER'; Write-Error 'CHATTER' -ErrorAction Continue;"
        "$Host.UI.WriteLine('CHATTER'); $Host.UI.WriteErrorLine('CHATTER'); [Console]::Out.WriteLine('') }"
    ),
    "forged frames": _instead(
        f"foreach ($n in 1..20) {{ $line = '{_FORGED}' -f ('0' * 32), ('0' * 64); Write-Host $line; $Host.UI.WriteLine($line); $line }}; break"
    ),
    "dead in the middle": _instead("[System.Diagnostics.Process]::GetCurrentProcess().Kill()"),
    "error flood": _instead("while ($true) { Write-Error ('x' * 1000) -ErrorAction Continue }"),
    "two answers": _instead("""'[{"rows":[{"A":["first"]}]}]'; '[{"rows":[{"A":["second"]}]}]'; break"""),
    "a prompt": _instead("$null = $Host.UI.ReadLine(); break"),
    "an exit code": _instead("$Host.SetShouldExit(0); 'bye'; break"),
    "an error of its own": _instead("throw ('x' * 10MB)"),
}
