# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A WinRS shell over pypsrp."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from .command import CODE_PAGE_UTF8, Received
from .errors import WsManError
from .shell_failure import shell_errors

if TYPE_CHECKING:
    from pypsrp.shell import Process, WinRS
    from pypsrp.wsman import WSMan


class PypsrpShell:
    """``reset``: how the transport forgets its connection and what was agreed on it."""

    def __init__(self, wsman: WSMan, endpoint: str, reset: Callable[[], None]) -> None:
        self._wsman = wsman
        self._endpoint = endpoint
        self._reset = reset
        self._shell: WinRS | None = None
        self._process: Process | None = None

    def open(self) -> None:
        from pypsrp.shell import WinRS

        shell = WinRS(self._wsman, codepage=CODE_PAGE_UTF8)
        with self._errors("Create"):
            shell.open()
        self._shell = shell

    def start(self, executable: str, arguments: tuple[str, ...]) -> None:
        from pypsrp.shell import Process

        if self._shell is None:
            raise RuntimeError("the shell is not open")
        with self._errors("Command"):
            process = Process(self._shell, executable, list(arguments))
            process.begin_invoke()
            self._process = process

    def send(self, data: bytes) -> None:
        with self._errors("Send"):
            self._running.send(data, end=True)

    def receive(self) -> Received:
        from pypsrp.shell import CommandState

        process = self._running
        with self._errors("Receive"):
            process.poll_invoke()
        received = Received(process.stdout, process.stderr, process.rc, process.state == CommandState.DONE)
        process.stdout = process.stderr = b""
        return received

    def close(self) -> None:
        from pypsrp.shell import SignalCode

        if self._process is not None:
            with contextlib.suppress(WsManError), self._errors("Signal"):
                self._process.signal(SignalCode.TERMINATE)
        if self._shell is not None:
            with contextlib.suppress(WsManError), self._errors("Delete"):
                self._shell.close()
        self._shell = self._process = None

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("no command was started")
        return self._process

    def _errors(self, action: str) -> contextlib.AbstractContextManager[None]:
        return shell_errors(self._endpoint, f"WinRS {action}", self._reset)
