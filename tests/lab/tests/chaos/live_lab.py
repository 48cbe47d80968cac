# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small site behind real listeners, with chaos, and clients as they come from PyPI."""

from __future__ import annotations

import asyncio
import http.client
import os
import ssl
import threading
from base64 import b64encode
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

from hyperv_lab.chaos.journal import Injection
from hyperv_lab.chaos.loading import CALM, parse
from hyperv_lab.control.lab import Lab
from hyperv_lab.scenarios.loading import parse as parse_scenario
from hyperv_lab.world.fleet import Fleet

from .requests_of_wmi import first, install_key, query

Result = TypeVar("Result")
USER, PASSWORD = "Administrator", "Lab-Passw0rd!"
_STANDARD_2022_AVMA = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"  # Microsoft, "Automatic virtual machine activation"
SCENARIO = {
    "name": "weather",
    "domain": "lab.example.com",
    "service": {"allow_unencrypted": True},
    "rules": {"jobs": {"reads": 1}},
    "clusters": [{"name": "clu01", "nodes": ["hv01", "hv02"]}],
    "hosts": [
        {
            "name": "hv01",
            "vms": [
                {"name": "web01", "windows": {"edition": "standard", "licence": {"channel": "none"}}},
                {"name": "app01", "data_exchange": False, "windows": {"licence": {"channel": "VT:IA", "status": "licensed"}}},
            ],
        },
        {"name": "hv02", "vms": []},
        {"name": "hv03", "vms": [{"name": "lone01", "windows": {"licence": {"channel": "none"}}}]},
    ],
}


class LiveLab:
    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.lab = Lab(parse_scenario(dict(SCENARIO)), f"127.188.{os.getpid() % 250}.0", folder)
        self.run(self.lab.start())

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def close(self) -> None:
        self.run(self.lab.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # -- chaos

    def begin(self, effect: str, when: dict[str, Any] | None = None, count: dict[str, Any] | None = None, **values: Any) -> None:
        """One rule: an effect with its settings."""
        rule = {"name": effect, "when": when or {}, "count": count or {}, "effect": {"do": effect, **values}}
        self._on_loop(lambda: self.lab.chaos.use(parse({"rules": [rule]})))

    def reset(self) -> None:
        self._on_loop(lambda: self.lab.chaos.use(CALM))
        self.run(self.lab.reset())

    def _on_loop(self, change: Any) -> None:
        async def call() -> None:
            change()

        self.run(call())

    @property
    def injections(self) -> list[Injection]:
        return [*self.lab.chaos.journal.injections]

    @property
    def fleet(self) -> Fleet:
        return self.lab.fleet

    # -- clients

    def address(self, machine: str) -> str:
        return self.fleet.windows(machine).address

    def pywinrm(self, machine: str) -> Protocol:
        """NTLM over HTTP: with message encryption."""
        return Protocol(
            f"http://{self.address(machine)}:5985/wsman",
            transport="ntlm",
            username=USER,
            password=PASSWORD,
            message_encryption="always",
            operation_timeout_sec=10,
            read_timeout_sec=20,
        )

    def pypsrp(self, machine: str) -> WSMan:
        return WSMan(
            self.address(machine), ssl=False, auth="ntlm", username=USER, password=PASSWORD, encryption="always", reconnection_retries=0
        )

    def connect(self, machine: str, *, tls: bool = False) -> RawConnection:
        context = None
        if tls:
            assert self.lab.tls is not None
            context = ssl.create_default_context(cafile=self.lab.tls.ca_file)
        return RawConnection(self.address(machine), context)


def installation(live: LiveLab) -> str:
    """The request that installs an AVMA key in web01, which has none."""
    version = first(r"<p:Version>([^<]+)<", live.connect("web01").ask(query("SELECT * FROM SoftwareLicensingService")))
    return install_key(_STANDARD_2022_AVMA, version)


class RawConnection:
    """Basic over one HTTP or HTTPS connection that is never renewed by itself."""

    def __init__(self, address: str, context: ssl.SSLContext | None = None) -> None:
        self._connection = (
            http.client.HTTPConnection(address, 5985, timeout=20)
            if context is None
            else http.client.HTTPSConnection(address, 5986, timeout=20, context=context)
        )
        self._connection.auto_open = 0
        self._connection.connect()

    def send(self, message: str) -> tuple[int, str, dict[str, str]]:
        """Status, body, and headers by their names in lower case; those that came several times are joined."""
        self._connection.request(
            "POST",
            "/wsman",
            message.encode(),
            {
                "Content-Type": "application/soap+xml;charset=UTF-8",
                "Authorization": "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
            },
        )
        answer = self._connection.getresponse()
        headers: dict[str, str] = {}
        for name, value in answer.getheaders():
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        return answer.status, answer.read().decode(), headers

    def ask(self, message: str) -> str:
        status, body, _headers = self.send(message)
        assert status in (200, 500), f"{status}: {body}"
        return body

    def is_closed(self) -> bool:
        """Whether the other end has closed the connection, asked within two seconds."""
        assert self._connection.sock is not None
        self._connection.sock.settimeout(2)
        try:
            return self._connection.sock.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def close(self) -> None:
        self._connection.close()
