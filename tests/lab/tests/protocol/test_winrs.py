# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinRS: shells, commands, input and output, as messages; no command but a known one."""

from __future__ import annotations

import base64
import re

import pytest

from hyperv_lab.cim.provider import Account
from hyperv_lab.wsman.answer import Answer
from hyperv_lab.wsman.recorder import mask
from hyperv_lab.wsman.service import WsmanService
from hyperv_lab.wsman.settings import ServiceSettings
from hyperv_lab.wsman.winrs import Printed

from .messages import ADMINISTRATOR, TRANSFER, fault_code_in, message
from .office_machine import OfficeAccount, OfficeMachine

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
OPERATOR = OfficeAccount("operator", "Lab-Pass2", administrator=False)
OTHER = OfficeAccount("svc", "Lab-Pass4")
ACCESS_DENIED, UNEXPECTED_SELECTORS, TIMED_OUT, TOO_MANY = 5, 2150858843, 2150858793, 2150859173


class Echo:
    """Knows one command, which prints its input 5000 times."""

    def __init__(self) -> None:
        self.inputs: list[bytes] = []

    def knows(self, command_line: str) -> bool:
        return command_line == "echo.exe -n all"

    def run(self, data: bytes, account: Account) -> Printed:
        self.inputs.append(data)
        return Printed(data * 5000, b"warned", 7)


class Client:
    def __init__(self, commands: Echo | None) -> None:
        self.service = WsmanService(OfficeMachine(), ServiceSettings(), commands=commands)
        self.account = ADMINISTRATOR
        self.shell = ""

    def send(self, action: str, body: str = "", *, uri: str = f"{SHELL}/cmd", shell: str | None = None, extra: str = "") -> Answer:
        name = self.shell if shell is None else shell
        declared = re.sub(r"^<rsp:(\w+)", rf'<rsp:\1 xmlns:rsp="{SHELL}"', body)
        envelope = message(action, uri, declared, selectors={"ShellId": name} if name else None, extra=extra)
        return self.service.answer(self.service.receive(envelope.encode()), self.account, "office")

    def create(self, **more: str) -> Answer:
        streams = "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams>"
        answer = self.send(f"{TRANSFER}Create", f"<rsp:Shell>{streams}</rsp:Shell>", shell="", **more)
        found = re.search(r'<w:Selector Name="ShellId">([^<]+)<', answer.body)
        self.shell = found[1] if found else ""
        return answer

    def command(
        self, line: str = "<rsp:Command>echo.exe</rsp:Command><rsp:Arguments>-n all</rsp:Arguments>", *, console: str = "FALSE"
    ) -> Answer:
        options = f'<w:OptionSet><w:Option Name="WINRS_CONSOLEMODE_STDIN">{console}</w:Option></w:OptionSet>'
        return self.send(f"{SHELL}/Command", f"<rsp:CommandLine>{line}</rsp:CommandLine>", extra=options)

    def started(self, console: str = "FALSE") -> str:
        self.create()
        found = re.search("<rsp:CommandId>([^<]+)<", self.command(console=console).body)
        assert found is not None
        return found[1]

    def input(self, command: str, data: bytes, *, end: str = "true") -> Answer:
        text = base64.b64encode(data).decode()
        stream = f'<rsp:Stream Name="stdin" CommandId="{command}" End="{end}">{text}</rsp:Stream>'
        return self.send(f"{SHELL}/Send", f"<rsp:Send>{stream}</rsp:Send>")

    def receive(self, command: str) -> Answer:
        return self.send(
            f"{SHELL}/Receive", f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream></rsp:Receive>'
        )


@pytest.fixture
def client() -> Client:
    return Client(Echo())


def stream(body: str, name: str) -> bytes:
    found = re.findall(rf'<rsp:Stream Name="{name}"[^>]*>([^<]+)</rsp:Stream>', body)
    return b"".join(base64.b64decode(text) for text in found)


@pytest.mark.fidelity(
    "A shell is created, commanded, fed, read and deleted; its output comes in blocks until CommandState is Done",
    source="[MS-WSMV] 3.1.4.5; pywinrm and pypsrp, which work against Windows",
    confidence="H",
)
def test_the_life_of_a_shell(client: Client) -> None:
    command = client.started()
    client.input(command, b"ab", end="false")
    client.input(command, b"cd")
    out = b""
    answers = []
    while not answers or "CommandState/Done" not in answers[-1].body:
        answers.append(client.receive(command))
        assert answers[-1].status == 200
        out += stream(answers[-1].body, "stdout")
    assert len(answers) == 2, "20,000 bytes are more than one block"
    assert "CommandState/Running" in answers[0].body
    assert out == b"abcd" * 5000
    assert stream(answers[0].body, "stderr") == b"warned"
    assert "<rsp:ExitCode>7</rsp:ExitCode>" in answers[-1].body
    signal = f'<rsp:Signal CommandId="{command}"><rsp:Code>{SHELL}/signal/terminate</rsp:Code></rsp:Signal>'
    assert client.send(f"{SHELL}/Signal", signal).status == 200
    assert client.send(f"{TRANSFER}Delete").status == 200


@pytest.mark.fidelity(
    "A shell or command that is not there, or is another user's: 2150858843",
    source="pypsrp, recorded traffic of Windows",
    confidence="H",
)
def test_a_shell_that_has_gone(client: Client) -> None:
    command = client.started()
    assert fault_code_in(client.receive("00000000-0000-0000-0000-000000000000").body) == UNEXPECTED_SELECTORS
    client.account = OTHER
    assert fault_code_in(client.receive(command).body) == UNEXPECTED_SELECTORS
    client.account = ADMINISTRATOR
    client.send(f"{TRANSFER}Delete")
    assert fault_code_in(client.receive(command).body) == UNEXPECTED_SELECTORS


@pytest.mark.fidelity(
    "A Receive that no output comes for within OperationTimeout: 2150858793",
    source="pypsrp, recorded traffic of Windows",
    confidence="H",
)
def test_a_command_that_waits_for_input(client: Client) -> None:
    command = client.started()
    assert fault_code_in(client.receive(command).body) == TIMED_OUT
    client.input(command, b"a", end="false")
    assert fault_code_in(client.receive(command).body) == TIMED_OUT


@pytest.mark.fidelity(
    "A program sees what is sent as its input only where WINRS_CONSOLEMODE_STDIN is FALSE",
    source="Ansible's winrm connection, which says so whenever it sends input; [MS-WSMV] 3.1.4.11",
    confidence="M",
)
def test_input_is_a_pipe_only_where_that_is_said() -> None:
    for console, seen in (("FALSE", b"abc"), ("TRUE", b"")):
        echo = Echo()
        client = Client(echo)
        client.input(client.started(console), b"abc")
        assert echo.inputs == [seen]


@pytest.mark.fidelity("The end of input is an xs:boolean, without capitals", source="[MS-WSMV] 2.2.4.34; XML Schema", confidence="L")
def test_the_end_of_input_has_no_capitals(client: Client) -> None:
    command = client.started()
    assert client.input(command, b"a", end="True").status == 500
    assert client.input(command, b"a", end="1").status == 200


@pytest.mark.parametrize(
    "command",
    [
        "<rsp:Command>whoami</rsp:Command>",
        "<rsp:Command>echo.exe</rsp:Command><rsp:Arguments>-n all &amp; whoami</rsp:Arguments>",
        "<rsp:Command>ECHO.EXE</rsp:Command><rsp:Arguments>-n all</rsp:Arguments>",
    ],
)
@pytest.mark.parametrize("echo", [Echo(), None])
def test_nothing_else_is_run_and_that_is_what_it_says(command: str, echo: Echo | None) -> None:
    client = Client(echo)
    client.create()
    found = re.search("<rsp:CommandId>([^<]+)<", client.command(command).body)
    assert found is not None
    answer = client.receive(found[1]).body
    assert "<rsp:ExitCode>9009</rsp:ExitCode>" in answer
    assert stream(answer, "stdout") == b""
    assert stream(answer, "stderr").startswith(b"hyperv-lab runs no command")
    assert echo is None or echo.inputs == []


def test_powershell_remoting_is_not_served_and_that_is_what_it_says() -> None:
    answer = Client(Echo()).create(uri="http://schemas.microsoft.com/powershell/Microsoft.PowerShell")
    assert fault_code_in(answer.body) == 2150858811
    assert "serves no PowerShell remoting" in answer.body


@pytest.mark.fidelity(
    "A shell for an account that is not an administrator: w:AccessDenied, code 5",
    source="a Go test that quotes Windows Server 2022",
    confidence="M",
)
def test_only_administrators_get_a_shell(client: Client) -> None:
    client.account = OPERATOR
    assert fault_code_in(client.create().body) == ACCESS_DENIED


@pytest.mark.fidelity(
    "More than 30 shells of one user: w:QuotaLimit, 2150859173", source="WinRb/WinRM, recorded traffic; wsmerror.h", confidence="H"
)
def test_shells_of_a_user_are_counted(client: Client) -> None:
    for _unused in range(30):
        assert client.create().status == 200
    last = client.shell
    assert fault_code_in(client.create().body) == TOO_MANY
    client.shell = last
    client.send(f"{TRANSFER}Delete")
    assert client.create().status == 200


def test_what_a_command_is_given_is_not_kept() -> None:
    request = '<rsp:Send><rsp:Stream Name="stdin" CommandId="X">c2VjcmV0</rsp:Stream><rsp:Stream Name="b">eA==</rsp:Stream></rsp:Send>'
    kept = mask(request)
    assert "c2VjcmV0" not in kept
    assert "eA==" not in kept
    assert kept.count("***") == 2
