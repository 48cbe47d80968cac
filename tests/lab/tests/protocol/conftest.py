# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hyperv_lab.http.accounts import AccountBook
from hyperv_lab.http.server import LabServer, ServedMachine, ServiceSettings
from hyperv_lab.http.tls import TlsMaterial

from .live_office import LiveOffice
from .office_machine import OfficeAccount, OfficeMachine

ACCOUNTS = (
    OfficeAccount("Administrator", "Lab-Pass1"),
    OfficeAccount("operator", "Lab-Pass2", administrator=False),
    OfficeAccount("visitor", "Lab-Pass3", administrator=False, remote_management=False),
    OfficeAccount("svc", "Lab-Pass4", domain="lab.example"),
)


@pytest.fixture
def office() -> OfficeMachine:
    return OfficeMachine()


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsMaterial:
    return TlsMaterial(tmp_path_factory.mktemp("tls"), ["127.9.9.1", "localhost"])


@pytest.fixture
def serve(tls: TlsMaterial, tmp_path: Path) -> Iterator[Callable[..., LiveOffice]]:
    """Starts the server for one machine in a thread of its own; ``serve(machine, **settings)``."""
    book = AccountBook(ACCOUNTS)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[LabServer] = []

    def start(machine: OfficeMachine, **settings: object) -> LiveOffice:
        service = ServiceSettings(**settings)  # type: ignore[arg-type]
        served = ServedMachine(machine, "127.9.9.1", service)
        server = LabServer([served], book, tls)
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        servers.append(server)
        return LiveOffice(machine, served.address, server.recorder, tls)

    yield start
    for server in servers:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
    book.close()
