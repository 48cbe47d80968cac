# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinRS: a command shell as a resource, with Create, Command, Send, Receive, Signal and Delete ([MS-WSMV] 3.1.4.5, 3.1.4.10 to 3.1.4.14).

No command is ever run. A machine may bring something that knows one command line and can tell what it would have printed. Each other
command ends at once, with a line on stderr that says so and cmd.exe's exit code for a program that it does not find: no client takes that
for a question of rights. PowerShell remoting is not served, and is refused in words of the same kind.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..cim.provider import Account
from .answer import Answer, transfer_answer
from .faults import (
    ACCESS_DENIED,
    ACTION_NOT_SUPPORTED,
    INVALID_BODY,
    INVALID_URI,
    SCHEMA_VALIDATION,
    TIMED_OUT,
    TOO_MANY_SHELLS,
    UNEXPECTED_SELECTORS,
)
from .namespaces import ANONYMOUS, SHELL_ROOT, TRANSFER
from .operation import Operation
from .soap import child, children, text_of
from .text import escape

COMMAND_SHELL = f"{SHELL_ROOT}/cmd"
_RSP = SHELL_ROOT
_DECLARED = f'xmlns:rsp="{SHELL_ROOT}"'
# Of one Receive: output comes in blocks, and a client must ask until the command is done.
_BLOCK = 16 * 1024
_MAX_INPUT = 4 * 1024 * 1024
_MAX_SHELLS = 30  # MaxShellsPerUser
_NOT_RECOGNIZED = 9009  # MSG_DIR_BAD_COMMAND_OR_FILE, as cmd.exe leaves it
_QUOTED = 200  # characters of a command line that are said back
_NO_REMOTING = "hyperv-lab serves no PowerShell remoting: its machines answer CIM by WS-Management, and the script of PowerShell Direct. "
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Printed:
    """What a command left behind."""

    stdout: bytes
    stderr: bytes
    exit_code: int


class Commands(Protocol):
    """The commands of a machine that the lab knows."""

    def knows(self, command_line: str) -> bool:
        """Whether it is one of them, letter by letter."""

    def run(self, data: bytes, account: Account) -> Printed:
        """What the command prints for this input, with its effects on the machine."""


@dataclass
class _Command:
    pipe: bool  # False: the input goes to a console, and a program that reads its standard input sees none
    data: bytearray = field(default_factory=bytearray)
    printed: Printed | None = None
    sent: int = 0  # bytes of stdout that the client has


@dataclass
class _Shell:
    owner: str
    commands: dict[str, _Command] = field(default_factory=dict)


class Shells:
    """The shells of one machine."""

    def __init__(self, commands: Commands | None) -> None:
        self._known = commands
        self._shells: dict[str, _Shell] = {}

    def answer(self, operation: Operation) -> Answer:
        """WsmanFault for what is refused, every command that is not known among it."""
        if not operation.account.administrator:
            raise ACCESS_DENIED.fault()
        request = operation.request
        if request.resource_uri.lower() != COMMAND_SHELL:
            raise INVALID_URI.fault() if request.resource_uri.lower().startswith(SHELL_ROOT) else INVALID_URI.fault(message=_NO_REMOTING)
        if request.action == f"{TRANSFER}/Create":
            return self._create(operation)
        identifier, shell = self._shell(operation)
        if request.action == f"{TRANSFER}/Delete":
            del self._shells[identifier]
            return transfer_answer(f"{TRANSFER}/DeleteResponse", "", to=operation.addressing, language=operation.language)
        verb = request.action.removeprefix(f"{SHELL_ROOT}/")
        carry = {"Command": self._command, "Send": self._send, "Receive": self._receive, "Signal": self._signal}.get(verb)
        if carry is None:
            raise ACTION_NOT_SUPPORTED.fault()
        body = carry(operation, shell)
        answer = transfer_answer(f"{SHELL_ROOT}/{verb}Response", body, to=operation.addressing, language=operation.language)
        return replace(answer, unserved=verb == "Command" and not self._knows(operation))

    def _create(self, operation: Operation) -> Answer:
        body = operation.request.body
        if body is None or body.tag != f"{{{_RSP}}}Shell":
            raise INVALID_BODY.fault()
        owner = operation.account.name
        if sum(shell.owner == owner for shell in self._shells.values()) >= _MAX_SHELLS:
            raise TOO_MANY_SHELLS.fault()
        identifier = str(uuid.uuid4()).upper()
        self._shells[identifier] = _Shell(owner)
        streams = {name: text_of(found) for name in ("InputStreams", "OutputStreams") if (found := child(body, _RSP, name)) is not None}
        content = (
            f"<x:ResourceCreated><a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{COMMAND_SHELL}</w:ResourceURI>"
            f'<w:SelectorSet><w:Selector Name="ShellId">{identifier}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'
            f"<rsp:Shell {_DECLARED}><rsp:ShellId>{identifier}</rsp:ShellId><rsp:ResourceUri>{COMMAND_SHELL}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(owner)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut>"
            f"<rsp:InputStreams>{escape(streams.get('InputStreams', ''))}</rsp:InputStreams>"
            f"<rsp:OutputStreams>{escape(streams.get('OutputStreams', ''))}</rsp:OutputStreams>"
            "<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>"
        )
        return transfer_answer(f"{TRANSFER}/CreateResponse", content, to=operation.addressing, language=operation.language)

    def _shell(self, operation: Operation) -> tuple[str, _Shell]:
        identifier = str(next((value for name, value in operation.request.selectors.items() if name.lower() == "shellid"), "")).upper()
        shell = self._shells.get(identifier)
        if shell is None or shell.owner != operation.account.name:
            raise UNEXPECTED_SELECTORS.fault()
        return identifier, shell

    def _command(self, operation: Operation, shell: _Shell) -> str:
        body = operation.request.body
        executable = child(body, _RSP, "Command") if body is not None else None
        if body is None or executable is None:
            raise INVALID_BODY.fault()
        identifier = str(uuid.uuid4()).upper()
        command = _Command(pipe=(operation.request.option("WINRS_CONSOLEMODE_STDIN") or "").upper() == "FALSE")
        if not self._knows(operation):
            command.printed = not_run(_command_line(operation))
        shell.commands[identifier] = command
        return f"<rsp:CommandResponse {_DECLARED}><rsp:CommandId>{identifier}</rsp:CommandId></rsp:CommandResponse>"

    def _knows(self, operation: Operation) -> bool:
        return self._known is not None and self._known.knows(_command_line(operation))

    def _send(self, operation: Operation, shell: _Shell) -> str:
        body = operation.request.body
        if body is None:
            raise INVALID_BODY.fault()
        for stream in children(body, _RSP, "Stream"):
            command = _running(shell, stream.attrib)
            try:
                command.data += base64.b64decode(text_of(stream), validate=True)
            except binascii.Error:
                raise INVALID_BODY.fault() from None
            if len(command.data) > _MAX_INPUT:
                raise INVALID_BODY.fault()
            end = _BOOLEAN.get(stream.get("End", "false"))
            if end is None:
                raise SCHEMA_VALIDATION.fault()  # xs:boolean has no capitals; whether Windows minds is not known
            if end and command.printed is None and self._known is not None:
                command.printed = self._known.run(bytes(command.data) if command.pipe else b"", operation.account)
                command.data.clear()
        return f"<rsp:SendResponse {_DECLARED}/>"

    def _receive(self, operation: Operation, shell: _Shell) -> str:
        wanted = child(operation.request.body, _RSP, "DesiredStream") if operation.request.body is not None else None
        if wanted is None:
            raise INVALID_BODY.fault()
        command = _running(shell, wanted.attrib)
        if command.printed is None:
            raise TIMED_OUT.fault()  # it waits for the rest of its input
        name = f'CommandId="{escape(wanted.get("CommandId", ""))}"'
        block = command.printed.stdout[command.sent : command.sent + _BLOCK]
        streams = f'<rsp:Stream Name="stdout" {name}>{_encoded(block)}</rsp:Stream>' if block else ""
        if command.sent == 0 and command.printed.stderr:
            streams += f'<rsp:Stream Name="stderr" {name}>{_encoded(command.printed.stderr)}</rsp:Stream>'
        command.sent += len(block)
        if command.sent < len(command.printed.stdout):
            state = f'<rsp:CommandState {name} State="{SHELL_ROOT}/CommandState/Running"/>'
        else:
            streams += f'<rsp:Stream Name="stdout" {name} End="true"/><rsp:Stream Name="stderr" {name} End="true"/>'
            code = f"<rsp:ExitCode>{command.printed.exit_code}</rsp:ExitCode>"
            state = f'<rsp:CommandState {name} State="{SHELL_ROOT}/CommandState/Done">{code}</rsp:CommandState>'
        return f"<rsp:ReceiveResponse {_DECLARED}>{streams}{state}</rsp:ReceiveResponse>"

    def _signal(self, operation: Operation, shell: _Shell) -> str:
        body = operation.request.body
        if body is None:
            raise INVALID_BODY.fault()
        _running(shell, body.attrib)
        del shell.commands[body.attrib["CommandId"].upper()]
        return f"<rsp:SignalResponse {_DECLARED}/>"


def _command_line(operation: Operation) -> str:
    body = operation.request.body
    executable = child(body, _RSP, "Command") if body is not None else None
    if body is None or executable is None:
        return ""
    return " ".join([text_of(executable), *(text_of(argument) for argument in children(body, _RSP, "Arguments"))])


def not_run(command_line: str) -> Printed:
    """What stands for a command that the lab does not run."""
    said = f"hyperv-lab runs no command but the script of PowerShell Direct. Not run: {command_line[:_QUOTED]}\r\n"
    return Printed(b"", said.encode("utf-8", "replace"), _NOT_RECOGNIZED)


def _running(shell: _Shell, attributes: Mapping[str, str]) -> _Command:
    command = shell.commands.get(attributes.get("CommandId", "").upper())
    if command is None:
        raise UNEXPECTED_SELECTORS.fault()
    return command


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
