# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where others can step into an exchange: once before the request is carried out, once after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .answer import Answer
from .faults import WsmanFault
from .service import Received


@dataclass(frozen=True, eq=False)
class Exchange:
    """One authenticated, decrypted request to one machine. ``fault`` words a fault as this machine's WinRM would for this request."""

    machine: str
    address: str
    account: str | None  # None: not authenticated (Identify)
    received: Received
    body: bytes
    fault: Callable[[WsmanFault], Answer]
    connection_age: float = 0.0  # seconds since the first request over the connection
    connection_exchanges: int = 0  # that came before this one over the connection


class Interceptor(Protocol):
    async def before(self, exchange: Exchange) -> Answer | None:
        """An answer here takes the place of the real one, and the request is not carried out. May wait."""

    async def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """The answer to send instead of ``answer``, mostly the same. May wait."""
