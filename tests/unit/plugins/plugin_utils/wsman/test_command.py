# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command by WinRS: what a failure means for whoever asked, and what the two libraries' failures are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import requests

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman import command as module
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.command import Command, CommandLost, CommandOutput, Received, run_in
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectionDropped,
    DeadlineExceeded,
    Fault,
    QuotaExceeded,
    UnexpectedHttpStatus,
    WsManError,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.shell_failure import shell_errors
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.shell_pypsrp import PypsrpShell
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.shell_pywinrm import PywinrmShell

ENDPOINT = "http://hv01:5985/wsman"
DROPPED = ConnectionDropped(ENDPOINT, "closed")
COMMAND = Command("some.exe", ("-a", "b"), b"input")


class FakeShell:
    """``fails`` names the step that raises."""

    def __init__(self, *received: Received, fails: str = "") -> None:
        self._received = list(received)
        self._fails = fails
        self.calls: list[Any] = []

    def _call(self, name: str, *values: Any) -> None:
        self.calls.append((name, *values))
        if name == self._fails:
            raise DROPPED

    def open(self) -> None:
        self._call("open")

    def start(self, executable: str, arguments: tuple[str, ...]) -> None:
        self._call("start", executable, *arguments)

    def send(self, data: bytes) -> None:
        self._call("send", data)

    def receive(self) -> Received:
        self._call("receive")
        return self._received.pop(0)

    def close(self) -> None:
        self._call("close")


def run(shell: FakeShell, times: list[float] | None = None) -> CommandOutput:
    clock = iter(times or [0.0] * 50)
    return run_in(shell, COMMAND, limit=10, clock=lambda: next(clock))


def test_all_output_is_put_together_until_the_command_is_done() -> None:
    shell = FakeShell(Received(b"one "), Received(), Received(b"two", b"warned"), Received(b"", b"", 3, done=True))
    assert run(shell) == CommandOutput(b"one two", b"warned", 3)
    assert shell.calls[:3] == [("open",), ("start", "some.exe", "-a", "b"), ("send", b"input")]
    assert shell.calls[-1] == ("close",)


@pytest.mark.parametrize("step", ["open", "start"])
def test_nothing_can_have_happened_before_the_input_was_sent(step: str) -> None:
    shell = FakeShell(fails=step)
    with pytest.raises(ConnectionDropped):
        run(shell)
    assert shell.calls[-1] == ("close",)


@pytest.mark.parametrize("step", ["send", "receive"])
def test_afterwards_nobody_knows(step: str) -> None:
    shell = FakeShell(Received(), fails=step)
    with pytest.raises(CommandLost) as caught:
        run(shell)
    assert caught.value.reason is DROPPED
    assert shell.calls[-1] == ("close",)


def test_a_command_that_does_not_end_is_given_up() -> None:
    shell = FakeShell(Received(), Received())
    with pytest.raises(CommandLost) as caught:
        run(shell, [0.0, 5.0, 10.5])
    assert isinstance(caught.value.reason, DeadlineExceeded)
    assert shell.calls[-1] == ("close",)


def test_a_command_that_prints_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OUTPUT", 4)
    with pytest.raises(CommandLost):
        run(FakeShell(Received(b"12345")))


# what the libraries raise


def _pywinrm_fault(code: int | None, quota: int | None = None) -> Exception:
    from winrm.exceptions import WSManFaultError

    return WSManFaultError(500, "Bad HTTP response", "<s:Envelope/>", "Zugriff verweigert", wsman_fault_code=code, wmierror_code=quota)


def _pypsrp_fault(code: int | str) -> Exception:
    from pypsrp.exceptions import WSManFaultError

    return WSManFaultError(code, "hv01", "Zugriff verweigert", None, None, None)


def _transport_error(library: str, status: int) -> Exception:
    if library == "winrm":
        from winrm.exceptions import WinRMTransportError as Error
    else:
        from pypsrp.exceptions import WinRMTransportError as Error
    return Error("http", status, "")


@pytest.mark.parametrize(
    ("raised", "kind", "renews"),
    [
        (_pywinrm_fault(5), AccessDenied, False),
        (_pywinrm_fault(None, 2150859173), QuotaExceeded, False),
        (_pywinrm_fault(None), Fault, False),
        (_pypsrp_fault(5), AccessDenied, False),
        (_pypsrp_fault(2150859173), QuotaExceeded, False),
        (_pypsrp_fault("w:Unknown"), Fault, False),
        (_transport_error("winrm", 401), AuthenticationFailed, True),
        (_transport_error("pypsrp", 503), UnexpectedHttpStatus, True),
        (requests.exceptions.ConnectionError(ConnectionResetError(104, "reset")), ConnectionDropped, True),
        (KeyError("a security context that does not fit"), ConnectionDropped, True),
    ],
)
def test_failures_of_both_libraries_are_errors_of_ours(raised: Exception, kind: type[WsManError], renews: bool) -> None:
    resets = 0

    def reset() -> None:
        nonlocal resets
        resets += 1

    with pytest.raises(kind), shell_errors(ENDPOINT, "WinRS Create", reset):
        raise raised
    assert resets == renews, "after a fault the connection is as good as before"


class _Broken:
    """A library whose every function raises."""

    transport = None

    def __getattr__(self, name: str) -> Any:
        def call(*_arguments: Any, **_named: Any) -> None:
            raise requests.exceptions.ConnectionError(ConnectionResetError(104, "reset"))

        return call


def test_closing_raises_nothing() -> None:
    resets: list[None] = []
    pywinrm = PywinrmShell(_Broken(), ENDPOINT, lambda: resets.append(None), lambda closing: None)
    pywinrm._shell = pywinrm._command = "11111111"
    pywinrm.close()
    assert resets, "pywinrm keeps the encryption of the connection that it has closed"
    pypsrp = PypsrpShell(_Broken(), ENDPOINT, lambda: None, lambda closing: None)
    pypsrp._shell, pypsrp._process = _Broken(), _Broken()
    pypsrp.close()
    PypsrpShell(_Broken(), ENDPOINT, lambda: None, lambda closing: None).close()


def test_no_output_within_an_operation_s_time_is_no_failure() -> None:
    from winrm.exceptions import WinRMOperationTimeoutError

    def nothing(_shell: str, _command: str) -> None:
        raise WinRMOperationTimeoutError

    assert (
        PywinrmShell(SimpleNamespace(_raw_get_command_output=nothing), ENDPOINT, lambda: None, lambda closing: None).receive() == Received()
    )
