# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Hyper-V host whose PowerShell carries the script's operations to a FakeGuest, and answers as the script does."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.command import Command, CommandOutput
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import Fault
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session, Statistics
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Sensitive
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_guest import FakeGuest, LostAnswer
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import projected

VM_ID = "11111111-2222-3333-4444-555555555555"
NOISE = b"Welcome to HV01\r\nHYPERV-AVMA-BEGIN 0000 nothing HYPERV-AVMA-END\r\n"


def framed(answer: dict[str, Any], nonce: str) -> bytes:
    data = json.dumps(answer).encode()
    line = f"HYPERV-AVMA-BEGIN {nonce} {hashlib.sha256(data).hexdigest().upper()} {base64.b64encode(data).decode()} HYPERV-AVMA-END\r\n"
    return line.encode()


class FakeDirectHost(Session):
    """Windows Server 2022 with one running machine, web01. ``on_run`` is a queue of what the next commands do: an error is raised, a
    LostAnswer is carried out or not, a dictionary is the script's answer, bytes are what is printed; None works."""

    def __init__(self, guest: FakeGuest) -> None:
        self.statistics = Statistics()
        self.guest = guest
        self.build = "20348"
        self.vms: list[tuple[str, str, int]] = [(VM_ID, "web01", 2)]
        self.intrinsic: dict[str, str] = {}
        self.version = "9.0"
        self.on_run: list[Any] = []
        self.commands: list[Command] = []
        self.queries: list[str] = []
        self.clock = guest.clock
        self.sleep = guest.sleep
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        self.queries.append(wql)
        if "Win32_OperatingSystem" in wql:
            yield projected(BuildNumber=self.build, CSName="HV01")
        elif "Msvm_KvpExchangeComponent" in wql:
            yield projected(GuestIntrinsicExchangeItems=tuple(_item(name, data) for name, data in self.intrinsic.items()))
        elif "Msvm_VirtualSystemSettingData" in wql:
            for kind, version in (("Realized", self.version), ("Snapshot", "1.0")):
                yield projected(VirtualSystemIdentifier=VM_ID, VirtualSystemType=f"Microsoft:Hyper-V:System:{kind}", Version=version)
        else:
            wanted = wql.rpartition(" = ")[2].strip("'") if " WHERE " in wql else None
            if wanted is None:
                yield projected(ElementName="HV01", EnabledState=2, Name="HV01")
            for identifier, name, state in self.vms:
                if wanted in (None, identifier, name):
                    yield projected(ElementName=name, EnabledState=state, Name=identifier)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What each command was given."""
        return [json.loads(command.stdin.split(b"\r\n")[1]) for command in self.commands]

    def run(self, command: Command, *, limit: float) -> CommandOutput:
        self.commands.append(command)
        request = self.requests[-1]
        todo = None
        if self.on_run:
            todo = self.on_run.pop(0)
        if isinstance(todo, LostAnswer):
            if todo.effect:
                self._carry_out(request)
            raise todo.error
        if isinstance(todo, Exception):
            raise todo
        if isinstance(todo, CommandOutput):
            return todo
        if isinstance(todo, bytes):
            return CommandOutput(todo, b"", 1)
        answer = todo or {"stage": "guest", "results": json.dumps(self._carry_out(request))}
        return CommandOutput(NOISE + framed(answer, request["nonce"]), b"#< CLIXML", 0)

    def _carry_out(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        results = []
        for operation in json.loads(request["operations"]):
            try:
                results.append({"rows": self._rows(operation)})
            except Fault as fault:
                results.append({"error_id": f"HRESULT 0x{fault.code or 0:08x},Some.Cmdlet", "message": fault.provider_text or fault.text})
                if operation["stops"]:
                    break
        return results

    def _rows(self, operation: dict[str, Any]) -> list[dict[str, list[str]]]:
        if operation["kind"] == "query":
            return [_texts(row) for row in self.guest.query(operation["namespace"], operation["query"])]
        arguments = {name: Sensitive(value) if name == "ProductKey" else value for name, value in operation["arguments"].items()}
        reads = operation["class"] == "StdRegProv"
        output = self.guest.invoke(
            operation["namespace"], operation["class"], operation["method"], arguments, operation["keys"] or None, reads=reads
        )
        return [_texts(output.outputs)]


def _texts(row: Instance) -> dict[str, list[str]]:
    return {name: list(row.texts(name)) for name in row.names()}


def _item(name: str, data: str) -> str:
    return (
        '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem">'
        f'<PROPERTY NAME="Data" TYPE="string"><VALUE>{data}</VALUE></PROPERTY>'
        f'<PROPERTY NAME="Name" TYPE="string"><VALUE>{name}</VALUE></PROPERTY></INSTANCE>'
    )
