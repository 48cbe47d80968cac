# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what clients did, and keeps the last messages for a person to read."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .answer import Answer
from .interceptor import Exchange
from .resource_uri import is_wmi_uri

_PRODUCT_KEY = re.compile(r"\b(?:[A-Z0-9]{5}-){4}([A-Z0-9]{5})\b", re.IGNORECASE)
_PASSWORD = re.compile(r"(<([\w.:-]*password[\w.-]*)\b[^>]*>).*?(</\2>)", re.IGNORECASE | re.DOTALL)
_SHELL = "Shell"
# What a command is given: passwords are in there.
_STREAM = re.compile(r"(<([\w.:-]*)Stream\b[^>]*>).*?(</\2Stream>)", re.DOTALL)


def mask(text: str) -> str:
    """Passwords gone, product keys down to their last five characters."""
    return _PRODUCT_KEY.sub(r"XXXXX-XXXXX-XXXXX-XXXXX-\1", _PASSWORD.sub(r"\1***\3", _STREAM.sub(r"\1***\3", text)))


def short_action(exchange: Exchange, answer: Answer) -> str:
    """``Enumerate``, ``Pull``, … or ``Class.Method``; ``WinRS.Create``, ``WinRS.Command``, … for the one command that the lab knows.

    Anything else about a shell is refused or not run, and is ``Shell``.
    """
    if exchange.received.is_shell:
        refused = answer.unserved or (answer.fault_code is not None and not answer.injected)
        return _SHELL if refused else f"WinRS.{exchange.received.action.rpartition('/')[2]}"
    action = exchange.received.action
    head, _unused, name = action.rpartition("/")
    if is_wmi_uri(action):
        return f"{head.rpartition('/')[2]}.{name}"
    return name or "(unreadable)"


@dataclass(frozen=True)
class Message:
    """One request with its answer, both masked.

    A request is masked at once, so that no client's secret stays. An answer holds nothing that the lab does not keep anyway; it may be a page of
    half a megabyte that nobody ever reads, so it is masked when somebody does.
    """

    at: datetime
    machine: str
    account: str | None
    action: str
    resource_uri: str
    status: int
    fault_code: int | None
    request: str
    unmasked_answer: str = field(repr=False)
    injected: tuple[str, ...] = ()  # effects of chaos

    @property
    def answer(self) -> str:
        return mask(self.unmasked_answer)

    def describe(self) -> str:
        fault = f" fault {self.fault_code}" if self.fault_code is not None else ""
        chaos = f" chaos: {', '.join(self.injected)}" if self.injected else ""
        what = f"{self.machine} {self.account or '-'} {self.action} {self.resource_uri}"
        return f"{self.at:%H:%M:%S.%f} {what} {self.status}{fault} {len(self.unmasked_answer)} characters{chaos}"


@dataclass
class MachineCounts:
    """``requests``: by action. Bytes are those of the envelopes, before and after any encryption."""

    requests: Counter[str] = field(default_factory=Counter)
    faults: Counter[int] = field(default_factory=Counter)
    authentication_legs: int = 0
    bytes_in: int = 0
    bytes_out: int = 0

    @property
    def shells_refused(self) -> int:
        return self.requests[_SHELL]


class Recorder:
    """An interceptor that changes nothing."""

    def __init__(self, keep: int = 200) -> None:
        self.machines: dict[str, MachineCounts] = {}
        self.messages: deque[Message] = deque(maxlen=keep)

    def counts(self, machine: str) -> MachineCounts:
        return self.machines.setdefault(machine, MachineCounts())

    def reset(self) -> None:
        self.machines.clear()
        self.messages.clear()

    def total(self, action: str | None = None) -> int:
        """Requests of one action on all machines, or all requests. Authentication legs are none."""
        return sum(counts.requests[action] if action else counts.requests.total() for counts in self.machines.values())

    def authentication_leg(self, machine: str) -> None:
        self.counts(machine).authentication_legs += 1

    async def before(self, exchange: Exchange) -> Answer | None:
        return None

    async def after(self, exchange: Exchange, answer: Answer) -> Answer:
        counts = self.counts(exchange.machine)
        action = short_action(exchange, answer)
        counts.requests[action] += 1
        counts.bytes_in += len(exchange.body)
        counts.bytes_out += len(answer.body) if answer.body.isascii() else len(answer.body.encode())
        if answer.fault_code is not None:
            counts.faults[answer.fault_code] += 1
        if self.messages.maxlen:
            self.messages.append(
                Message(
                    at=datetime.now(UTC),
                    machine=exchange.machine,
                    account=exchange.account,
                    action=action,
                    resource_uri=exchange.received.resource_uri,
                    status=answer.status,
                    fault_code=answer.fault_code,
                    request=mask(exchange.body.decode("utf-8", "replace")),
                    unmasked_answer=answer.body,
                    injected=answer.injected,
                )
            )
        return answer
