# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many machines at once: in order, user by user, each session closed."""

from __future__ import annotations

import os
import threading

import pytest
from ansible.errors import AnsibleError

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible import parallel_sessions
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.parallel_sessions import ask_machines

USERS = {"hv01": "anna", "hv02": "bert", "hv03": "anna"}


class FakeSession:
    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Connection:
    def __init__(self, machine: str) -> None:
        self.machine = machine

    def get_option(self, name: str) -> str:
        assert name == "remote_user"
        return USERS[self.machine]


class Opener:
    """Opens sessions as Kerberos does: the process has the tickets of the last user."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.sessions: list[FakeSession] = []

    def __call__(self, connection: Connection) -> FakeSession:
        if connection.machine == "hv99":
            raise AnsibleError("kinit failed")
        user = USERS[connection.machine]
        self.opened.append(user)
        os.environ["KRB5CCNAME"] = user
        self.sessions.append(FakeSession())
        return self.sessions[-1]


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch) -> Opener:
    found = Opener()
    monkeypatch.setattr(parallel_sessions, "open_session", found)
    monkeypatch.setenv("KRB5CCNAME", "own")
    return found


def refused(machine: str, error: Exception) -> str:
    return f"{machine}: {error}"


def test_each_user_has_its_own_tickets_and_answers_are_in_order(opener: Opener) -> None:
    answers = ask_machines(USERS, Connection, lambda machine, _session: f"{machine} as {os.environ['KRB5CCNAME']}", refused, parallel=4)
    assert answers == ["hv01 as anna", "hv02 as bert", "hv03 as anna"]
    assert opener.opened == ["anna", "anna", "bert"]
    assert os.environ["KRB5CCNAME"] == "own"
    assert all(session.closed for session in opener.sessions)


def test_tickets_that_were_not_there_are_not_left_there(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KRB5CCNAME")
    ask_machines(["hv01"], Connection, lambda _machine, _session: None, lambda _machine, _error: None, parallel=1)
    assert "KRB5CCNAME" not in os.environ
    assert opener.opened == ["anna"]


def test_machines_that_cannot_be_connected_are_refused_by_name(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(USERS, "hv99", "anna")

    def connect(machine: str) -> Connection:
        if machine == "hv00":
            raise AnsibleError("no such plugin")
        return Connection(machine)

    answers = ask_machines(["hv00", "hv01", "hv99"], connect, lambda machine, _session: machine, refused, parallel=2)
    assert answers == ["hv00: no such plugin", "hv01", "hv99: kinit failed"]


@pytest.mark.usefixtures("opener")
def test_machines_are_asked_at_once() -> None:
    together = threading.Barrier(2, timeout=30)  # broken, and so an error, if the two are not asked at the same time
    ask_machines(["hv01", "hv03"], Connection, lambda _machine, _session: together.wait(), lambda _machine, _error: -1, parallel=2)


def test_a_session_is_closed_even_if_asking_fails(opener: Opener) -> None:
    def ask(_machine: str, _session: object) -> str:
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        ask_machines(["hv01"], Connection, ask, refused, parallel=1)
    assert opener.sessions[0].closed
    assert os.environ["KRB5CCNAME"] == "own"
