# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""One command on a Windows computer by WinRS: input in, output out.

The messages are those of pywinrm and pypsrp, see the two shells beside this file. What is decided here is what a failure means: until the
input was sent nothing can have happened, and after that it is unknown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .bounds import MAX_RECEIVES
from .errors import DeadlineExceeded, EndlessAnswer, WsManError

CODE_PAGE_UTF8 = 65001
# A command that prints for ever would fill the controller's memory.
MAX_OUTPUT = 32 * 1024 * 1024


@dataclass(frozen=True)
class Command:
    """``stdin`` is all of the command's input and may hold secrets; ``arguments`` must not."""

    executable: str
    arguments: tuple[str, ...]
    stdin: bytes = field(repr=False)


@dataclass(frozen=True)
class CommandOutput:
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    exit_code: int | None


@dataclass(frozen=True)
class Received:
    """What one Receive brought. ``done``: the command has ended and all of its output has come."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int | None = None
    done: bool = False


class CommandLost(WsManError):
    """The command was given its input, and how it ended is not known. ``reason`` is why."""

    def __init__(self, reason: WsManError) -> None:
        self.reason = reason
        super().__init__(f"how the command ended is not known: {reason}")


class Shell(Protocol):
    """A WinRS shell for one command. Every method raises errors of this package only; ``close`` raises none."""

    def open(self) -> None:
        """Have the machine make the shell."""

    def start(self, executable: str, arguments: tuple[str, ...]) -> None:
        """Start the one command."""

    def send(self, data: bytes) -> None:
        """The whole input, and its end."""

    def receive(self) -> Received:
        """Waits for output, at most as long as an operation may take; nothing may have come by then."""

    def close(self) -> None:
        """Ends the command if it still runs, and gives back the shell. A service that cannot be asked forgets it by itself."""


def run_in(shell: Shell, command: Command, *, limit: float, clock: Callable[[], float]) -> CommandOutput:
    """Run a command to its end, for ``limit`` seconds at most.

    Raises CommandLost where it may have run; any other error means that it has not been given its input.
    """
    deadline = clock() + limit
    with contextlib.closing(shell):
        shell.open()
        shell.start(command.executable, command.arguments)
        try:
            shell.send(command.stdin)
            return _output(shell, limit, deadline, clock)
        except WsManError as error:
            raise CommandLost(error) from error


def _output(shell: Shell, limit: float, deadline: float, clock: Callable[[], float]) -> CommandOutput:
    stdout, stderr = bytearray(), bytearray()
    for _unused in range(MAX_RECEIVES):
        received = shell.receive()
        stdout += received.stdout
        stderr += received.stderr
        if received.done:
            return CommandOutput(bytes(stdout), bytes(stderr), received.exit_code)
        if len(stdout) + len(stderr) > MAX_OUTPUT:
            raise EndlessAnswer("the command", f"it has printed more than {MAX_OUTPUT} bytes")
        if clock() > deadline:
            raise DeadlineExceeded(f"the command still runs after {limit:.0f} seconds")
    raise EndlessAnswer("the command", f"it was not done after {MAX_RECEIVES} answers")
