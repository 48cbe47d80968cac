# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A WinRS shell over pypsrp.

Its Process opens a command without saying that the input is a pipe, and ends the input with "True", which is not an xs:boolean. So these two
messages are given to its WSMan as elements; all others are its own.
"""

from __future__ import annotations

import base64
import contextlib
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import TYPE_CHECKING

from .command import CODE_PAGE_UTF8, Received
from .errors import WsManError
from .shell_failure import shell_errors

if TYPE_CHECKING:
    from pypsrp.shell import Process, WinRS
    from pypsrp.wsman import SelectorSet, WSMan

_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"


class PypsrpShell:
    """``reset``: how the transport forgets its connection and what was agreed on it.

    ``begin`` is called before each message, with whether it ends command or shell.
    """

    def __init__(self, wsman: WSMan, endpoint: str, reset: Callable[[], None], begin: Callable[[bool], None]) -> None:
        self._wsman = wsman
        self._endpoint = endpoint
        self._reset = reset
        self._begin = begin
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
        from pypsrp.wsman import OptionSet

        shell = self._opened
        line = ET.Element(f"{{{_SHELL}}}CommandLine")
        for name, text in (("Command", executable), *(("Arguments", argument) for argument in arguments)):
            ET.SubElement(line, f"{{{_SHELL}}}{name}").text = text
        options = OptionSet()
        options.add_option("WINRS_CONSOLEMODE_STDIN", "FALSE")
        options.add_option("WINRS_SKIP_CMD_SHELL", "FALSE")
        with self._errors("Command"):
            answer = self._wsman.command(shell.resource_uri, line, option_set=options, selector_set=self._selectors())
            self._process = Process(shell, executable, id=answer.findtext(f".//{{{_SHELL}}}CommandId") or "")

    def send(self, data: bytes) -> None:
        send = ET.Element(f"{{{_SHELL}}}Send")
        stream = ET.SubElement(send, f"{{{_SHELL}}}Stream", Name="stdin", CommandId=self._running.id or "", End="true")
        stream.text = base64.b64encode(data).decode("ascii")
        with self._errors("Send"):
            self._wsman.send(self._opened.resource_uri, send, selector_set=self._selectors())

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
    def _opened(self) -> WinRS:
        if self._shell is None:
            raise RuntimeError("the shell is not open")
        return self._shell

    def _selectors(self) -> SelectorSet:
        from pypsrp.wsman import SelectorSet

        selectors = SelectorSet()
        selectors.add_option("ShellId", self._opened.id or "")
        return selectors

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("no command was started")
        return self._process

    def _errors(self, action: str) -> contextlib.AbstractContextManager[None]:
        self._begin(action in ("Signal", "Delete"))
        return shell_errors(self._endpoint, f"WinRS {action}", self._reset)
