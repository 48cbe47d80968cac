# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The fixed script of PowerShell Direct: the command that starts it, what it is given, and its answer read back.

The command line is the same for every guest and every run, and names the digest of the only text that it carries out. Script and parameters
go by the command's input, so neither a password nor a product key is on a command line or in a file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .._wsman.command import Command
from .._wsman.errors import MalformedAnswer

SCRIPT = Path(__file__).parent / "powershell_direct.ps1"
# Those with which Ansible itself starts PowerShell over WinRM.
_SWITCHES = ("-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Unrestricted")
_BEGIN, _END = "HYPERV-AVMA-BEGIN", "HYPERV-AVMA-END"
_DIGEST_LENGTH = 64
# $input, as Ansible's own wrapper reads it. The input is ASCII, so no code page can change it. All lines but the first are the request, so that
# one line too many is a part of it, which the script refuses.
_BOOTSTRAP = """$ErrorActionPreference = 'Stop'
$lines = @($input)
try {{ $script = [Convert]::FromBase64String($lines[0]) }} catch [FormatException] {{ exit 70 }}
$digest = [BitConverter]::ToString([Security.Cryptography.SHA256CryptoServiceProvider]::new().ComputeHash($script)).Replace('-', '')
if ($digest -cne '{digest}') {{ exit 70 }}
& ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString($script))) ([string] $lines[1..$lines.Count])
"""


@dataclass(frozen=True)
class Credential:
    """An account of the guest."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class ScriptAnswer:
    """``stage`` is how far the script came: "session" (none could be opened in the guest) or "guest".

    ``results`` has an entry for each operation that was carried out, None where the script failed as a whole: then ``error_id`` and
    ``exception_types`` say why, in words that are not translated.
    """

    stage: str
    results: tuple[dict[str, Any], ...] | None
    error_id: str = ""
    message: str = ""
    exception_types: tuple[str, ...] = ()


@cache
def script_text() -> bytes:
    return SCRIPT.read_bytes()


@cache
def command_line() -> tuple[str, tuple[str, ...]]:
    """Executable and arguments: always the same."""
    bootstrap = _BOOTSTRAP.format(digest=hashlib.sha256(script_text()).hexdigest().upper())
    encoded = base64.b64encode(bootstrap.encode("utf-16-le")).decode("ascii")
    return "powershell.exe", (*_SWITCHES, "-EncodedCommand", encoded)


def command_for(vm_id: str, credential: Credential, operations: list[dict[str, Any]], nonce: str) -> Command:
    """The command that carries ``operations`` into the machine with this GUID. ``nonce`` marks its answer."""
    request = {
        "nonce": nonce,
        "vm": vm_id,
        "user": credential.user,
        "password": credential.password,
        "operations": json.dumps(operations),
    }
    lines = (base64.b64encode(script_text()), json.dumps(request).encode("ascii"), b"")
    executable, arguments = command_line()
    return Command(executable, arguments, b"\r\n".join(lines))


def read_answer(stdout: bytes, nonce: str) -> ScriptAnswer | None:
    """The script's answer in what the command printed, whatever else stands there; None if there is no whole one.

    Raises MalformedAnswer for one that is whole and has another shape than the script gives it.
    """
    text = stdout.decode("ascii", "ignore")
    _before, begin, rest = text.partition(f"{_BEGIN} {nonce}")
    framed, end, _after = rest.partition(_END)
    if not begin or not end:
        return None
    # A console may break lines anywhere.
    framed = "".join(framed.split())
    digest, encoded = framed[:_DIGEST_LENGTH], framed[_DIGEST_LENGTH:]
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return None
    if hashlib.sha256(data).hexdigest().upper() != digest:
        return None
    return _answer(_json(data))


def _json(data: bytes | str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer("PowerShell Direct: the script's answer is not JSON") from error


def _answer(document: Any) -> ScriptAnswer:
    if not isinstance(document, dict):
        raise MalformedAnswer("PowerShell Direct: the script's answer is not a JSON object")
    results = document.get("results")
    types = document.get("types")
    return ScriptAnswer(
        stage=str(document.get("stage") or ""),
        results=None if results is None else _results(_json(str(results))),
        error_id=str(document.get("error_id") or ""),
        message=str(document.get("message") or ""),
        exception_types=tuple(str(name) for name in types) if isinstance(types, list) else (),
    )


def _results(document: Any) -> tuple[dict[str, Any], ...]:
    """What the guest said. It is the tenant's machine, so nothing is taken for granted."""
    if not isinstance(document, list) or not all(isinstance(result, dict) for result in document):
        raise MalformedAnswer("PowerShell Direct: the guest's answer is not a list of results")
    for result in document:
        if "error_id" not in result and not _are_rows(result.get("rows")):
            raise MalformedAnswer("PowerShell Direct: a result of the guest has neither rows nor an error")
    return tuple(document)


def _are_rows(rows: Any) -> bool:
    return isinstance(rows, list) and all(
        isinstance(row, dict) and all(isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in row.values())
        for row in rows
    )
