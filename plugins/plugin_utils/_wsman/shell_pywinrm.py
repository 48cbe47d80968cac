# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A WinRS shell over pywinrm."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from .command import CODE_PAGE_UTF8, Received
from .errors import WsManError
from .shell_failure import shell_errors

if TYPE_CHECKING:
    from winrm.protocol import Protocol as WinrmProtocol


class PywinrmShell:
    """``reset``: how the transport forgets its connection and what was agreed on it.

    ``begin`` is called before each message, with whether it ends command or shell.
    """

    def __init__(self, protocol: WinrmProtocol, endpoint: str, reset: Callable[[], None], begin: Callable[[bool], None]) -> None:
        self._protocol = protocol
        self._endpoint = endpoint
        self._reset = reset
        self._begin = begin
        self._shell = self._command = ""

    def open(self) -> None:
        with self._errors("Create"):
            self._shell = self._protocol.open_shell(codepage=CODE_PAGE_UTF8)

    def start(self, executable: str, arguments: tuple[str, ...]) -> None:
        with self._errors("Command"):
            # The input is a pipe, as Ansible's own plugin has it: a program that reads a console's keys would never see it.
            self._command = self._protocol.run_command(self._shell, executable, arguments, console_mode_stdin=False)

    def send(self, data: bytes) -> None:
        with self._errors("Send"):
            self._protocol.send_command_input(self._shell, self._command, data, end=True)

    def receive(self) -> Received:
        from winrm.exceptions import WinRMOperationTimeoutError

        received = Received()
        with self._errors("Receive"), contextlib.suppress(WinRMOperationTimeoutError):
            # The name by which releases before 0.5 know it, and later ones still do.
            stdout, stderr, code, done = self._protocol._raw_get_command_output(self._shell, self._command)
            received = Received(stdout, stderr, code if done else None, done)
        return received

    def close(self) -> None:
        if self._command:
            with contextlib.suppress(WsManError), self._errors("Signal"):
                self._protocol.cleanup_command(self._shell, self._command)
        if self._shell:
            with contextlib.suppress(WsManError), self._errors("Delete"):
                self._protocol.close_shell(self._shell)
        self._shell = self._command = ""
        # pywinrm closes the connection with the shell, and would go on with the encryption that belonged to it.
        self._reset()

    def _errors(self, action: str) -> contextlib.AbstractContextManager[None]:
        self._begin(action in ("Signal", "Delete"))
        return shell_errors(self._endpoint, f"WinRS {action}", self._reset)
