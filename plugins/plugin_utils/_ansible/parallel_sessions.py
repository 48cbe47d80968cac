# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Asking many machines at once from one process, each over a session of its own."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from .._wsman.session import Session
from .connection import open_session

Machine = t.TypeVar("Machine")
Answer = t.TypeVar("Answer")

_TICKETS = "KRB5CCNAME"


@dataclass(frozen=True)
class _Connected(t.Generic[Machine]):
    number: int
    machine: Machine
    connection: t.Any  # kept as long as the session: it owns the file of a Kerberos ticket

    @property
    def user(self) -> str:
        return str(self.connection.get_option("remote_user") or "")


def ask_machines(
    machines: Iterable[Machine],
    connect: Callable[[Machine], t.Any],
    ask: Callable[[Machine, Session], Answer],
    refuse: Callable[[Machine, Exception], Answer],
    *,
    parallel: int,
) -> list[Answer]:
    """What ``ask`` says of each machine, in their order; ``parallel`` of them at once.

    ``connect`` makes the connection plugin of a machine. Where that or its session cannot be made, whatever the reason, the
    answer is that of ``refuse``. ``ask`` runs in a thread and must turn errors into answers; its session is closed afterwards.

    Users come one after the other, since the Kerberos tickets of a process are those of its last user.
    """
    answers: dict[int, Answer] = {}
    connected: list[_Connected[Machine]] = []
    for number, machine in enumerate(machines):
        try:
            connected.append(_Connected(number, machine, connect(machine)))
        except Exception as error:  # one machine's options must not keep the others from being asked
            answers[number] = refuse(machine, error)

    def converse(opened: tuple[_Connected[Machine], Session]) -> Answer:
        one, session = opened
        try:
            return ask(one.machine, session)
        finally:
            session.close()

    with preserved_ticket_cache():
        for _user, group in groupby(sorted(connected, key=lambda one: one.user), key=lambda one: one.user):
            opened: list[tuple[_Connected[Machine], Session]] = []
            for one in group:
                try:
                    # Here and not in the threads: with Kerberos this runs kinit, which sets the environment of the process.
                    opened.append((one, open_session(one.connection)))
                except Exception as error:
                    answers[one.number] = refuse(one.machine, error)
            if opened:
                with ThreadPoolExecutor(max_workers=min(parallel, len(opened)), thread_name_prefix="avma") as pool:
                    answers.update(zip((one.number for one, _session in opened), pool.map(converse, opened), strict=True))
    return [answers[number] for number in sorted(answers)]


@contextmanager
def preserved_ticket_cache() -> Iterator[None]:
    """The Kerberos tickets that the process had hold again afterwards."""
    before = os.environ.get(_TICKETS)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_TICKETS, None)
        else:
            os.environ[_TICKETS] = before
