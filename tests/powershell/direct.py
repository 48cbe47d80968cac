# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's bootstrap and script of PowerShell Direct, byte for byte, in PowerShell with a simulated guest behind it."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.powershell_direct import (
    Credential,
    ScriptAnswer,
    command_for,
    command_line,
    read_answer,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import MalformedAnswer

from .engine import Ended, run

STAND_INS = Path(__file__).parent / "stand_ins"
VM_ID = "11111111-2222-3333-4444-555555555555"
NONCE = "0123456789abcdef0123456789abcdef"
USER = r".\Administrator"
PASSWORD = """Ge"heim' `$äß€\\ 🔑"""

Request = dict[str, Any]
# An answer is {"rows": [{name: value}]}, or {"failure": {...}} as the script words one.
AnswerOf = Callable[[Request], dict[str, Any]]


def compile_stand_ins(folder: Path) -> Path:
    """The types that only Windows has, compiled once."""
    library = folder / "windows.dll"
    done = run(f"Add-Type -Path '{STAND_INS / 'windows.cs'}' -OutputAssembly '{library}'")
    assert library.is_file(), done.stderr.decode()
    return library


@dataclass(frozen=True)
class Trip:
    """``answer`` is what the controller reads; None if there is none, or where it is ``malformed``."""

    ended: Ended
    answer: ScriptAnswer | None
    malformed: str = ""

    @property
    def results(self) -> tuple[dict[str, Any], ...]:
        assert self.answer is not None, self.ended
        assert self.answer.results is not None, self.answer
        return self.answer.results


class Site:
    """A host and its guest. ``requests`` are those that reached the simulated guest."""

    def __init__(self, library: Path, answer: AnswerOf) -> None:
        self.requests: list[Request] = []
        self._library = library
        self._answer = answer
        site = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                request = json.loads(self.rfile.readline())
                site.requests.append(request)
                self.wfile.write(json.dumps(site.typed(request)).encode() + b"\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def typed(self, request: Request) -> dict[str, Any]:
        answer = self._answer(request)
        if "failure" in answer:
            return answer
        return {"rows": [[_typed(name, value) for name, value in row.items()] for row in answer["rows"]]}

    def trip(
        self,
        *operations: Request,
        user: str = USER,
        password: str = PASSWORD,
        vm: str = VM_ID,
        guest: str = "",
        stdin: Callable[[bytes], bytes] = bytes,
        limit: float = 60,
        memory_mb: float = 3000,
        **environment: str,
    ) -> Trip:
        """One trip. ``guest`` is a text that the guest's side runs before; ``stdin`` may damage the input."""
        command = command_for(vm, Credential(user, password), list(operations), NONCE)
        environment = {
            "STAND_INS": str(STAND_INS),
            "PSModulePath": str(STAND_INS / "modules"),
            "STAND_IN_TYPES": str(self._library),
            "STAND_IN_PORT": str(self._server.server_address[1]),
            "STAND_IN_VM": VM_ID,
            "STAND_IN_USER": USER,
            "STAND_IN_PASSWORD": PASSWORD,
            "STAND_IN_GUEST": guest,
            **environment,
        }
        ended = run(f". '{STAND_INS / 'host.ps1'}'\n{bootstrap()}", stdin(command.stdin), limit=limit, memory_mb=memory_mb, **environment)
        try:
            return Trip(ended, read_answer(ended.stdout, NONCE))
        except MalformedAnswer as error:
            return Trip(ended, None, str(error))


def bootstrap() -> str:
    return base64.b64decode(command_line()[1][-1]).decode("utf-16-le")


def _typed(name: str, value: Any) -> dict[str, Any]:
    many = value if isinstance(value, list) else [] if value is None else [value]
    kinds = [_text(one) for one in many]
    return {
        "name": name,
        "type": kinds[0][0] if kinds else "string",
        "values": [text for _kind, text in kinds],
        "array": isinstance(value, list),
    }


def _text(value: Any) -> tuple[str, str]:
    if isinstance(value, bool):
        return "boolean", str(value)
    if isinstance(value, int):
        return ("uint32" if 0 <= value < 2**32 else "uint64" if value >= 0 else "sint64"), str(value)
    if isinstance(value, float):
        return "real64", repr(value)
    if isinstance(value, datetime):
        return "datetime", value.astimezone(UTC).isoformat()
    if isinstance(value, timedelta):
        return "interval", str(value // timedelta(microseconds=1) * 10)
    return "string", str(value)


def query(text: str = "SELECT * FROM A", *, stops: bool = False) -> Request:
    return {"kind": "query", "namespace": "root/cimv2", "query": text, "stops": stops}


def call(class_name: str, method: str, keys: Mapping[str, str] | None = None, *, stops: bool = False, **arguments: Any) -> Request:
    named = {"namespace": "root/cimv2", "class": class_name, "method": method, "keys": dict(keys or {}), "arguments": arguments}
    return {"kind": "call", "stops": stops, **named}
