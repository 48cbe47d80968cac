# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that misbehaves costs the inventory plugin and the event source its own slot, for a bounded time, and is reported."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible import parallel_sessions
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.survey import Target, ask_hosts
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching import host_session
from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.arguments import WatchedHost
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.hostile import client
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.hostile.server import (
    Behaviour,
    EndlessChunks,
    HostileServer,
    Redirect,
    SlowBody,
)

pytest.importorskip("winrm")
pytest.importorskip("pypsrp")

KINDS: dict[type[Behaviour], str] = {SlowBody: "answer_too_slow", EndlessChunks: "answer_too_large", Redirect: "redirected"}
MOST_SECONDS = 2 * client.READ_TIMEOUT + 10


@pytest.fixture(params=["pywinrm", "pypsrp"])
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def servers() -> Iterator[dict[str, HostileServer]]:
    made = {kind.__name__: HostileServer(kind("127.0.0.1:9").answer) for kind in KINDS}
    yield made
    for server in made.values():
        server.shutdown()
        server.server_close()


def test_inventory(monkeypatch: pytest.MonkeyPatch, servers: dict[str, HostileServer], library: str) -> None:
    monkeypatch.setattr(parallel_sessions, "open_session", lambda connection: client.session(library, connection.port, "basic"))

    def connect(name: str) -> Any:
        return SimpleNamespace(port=servers[name].port, get_option=lambda option: "operator")

    started = time.monotonic()
    # One after the other, as where there are more such hosts than slots.
    answers = ask_hosts([Target(name, lambda name=name: connect(name)) for name in servers], items=True, parallel=1, tables=PUBLISHED)
    assert time.monotonic() - started < MOST_SECONDS * len(servers)
    failures = {name: answer.failure for name, answer in answers.items()}
    assert {name: failure.kind for name, failure in failures.items() if failure} == {kind.__name__: text for kind, text in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_event_source(monkeypatch: pytest.MonkeyPatch, servers: dict[str, HostileServer], library: str, kind: type[Behaviour]) -> None:
    monkeypatch.setattr(host_session, "connection_of", lambda *arguments, **more: None)
    port = servers[kind.__name__].port
    watched = host_session.HostSession(WatchedHost("hv01", {}), 3, PUBLISHED, lambda connection: client.session(library, port, "basic"))
    started = time.monotonic()
    sight = watched.look(None, timedelta(days=1), limit=10, licence=False)
    watched.close()
    assert time.monotonic() - started < MOST_SECONDS
    assert sight.failure is not None
    assert sight.failure.kind == KINDS[kind]
