# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""How much one machine may take of the controller's time and memory. Every number has its reason beside it.

An honest machine is far below each bound. A machine that reaches one gets no second try: what it would send then is more of the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .errors import EndlessAnswer

# Windows counts an envelope in UTF-16 (two bytes for a character) and sends it in UTF-8, where a character takes up to three; the rest is
# room for an item that the service sends in spite of the limit.
ANSWER_SIZE_FACTOR = 4
# Encryption adds a header and a signature to every 16 KiB (about 1 %), chunked coding a few bytes to every chunk.
FRAMING_FACTOR = 1.25
FRAMING_BYTES = 64 * 1024

# An NTLM or Kerberos token of the server takes at most some KiB in base64, CredSSP's carries a chain of certificates: 16 KiB and rarely more.
MAX_HEADER_BYTES = 128 * 1024
# HTTP.sys sends "100 Continue" once, and only to a client that has asked for it.
MAX_INTERIM_ANSWERS = 8
# A logon takes two answers with NTLM and Kerberos and about ten with CredSSP; the answer itself is one more.
MAX_ANSWERS = 32
# The answer to a command comes in pieces: 32 MiB in pieces of 4 KiB, or nothing for an hour and more of waiting.
MAX_RECEIVES = 10_000
# Seconds for a message that ends an enumeration, a command or a shell. The service forgets each of them by itself.
CLOSING_TIMEOUT = 5.0
# Where the connection has no read timeout of its own (it always has one with Ansible's plugins).
DEFAULT_READ_TIMEOUT = 30.0


@dataclass(frozen=True)
class Allowance:
    """What one exchange may take: the message, all answers to the logon, and the answer. ``size``: bytes of one body on the wire."""

    seconds: float
    size: int


def allowance_for(read_timeout: float | None, operation_timeout: float, envelope_size: int) -> Allowance:
    """The server gets its operation timeout, then the answer gets the read timeout to arrive, however it trickles."""
    seconds = operation_timeout + (DEFAULT_READ_TIMEOUT if read_timeout is None else read_timeout)
    return Allowance(seconds, int(envelope_size * ANSWER_SIZE_FACTOR * FRAMING_FACTOR) + FRAMING_BYTES)


def shell_allowance(read_timeout: float | None, envelope_size: int, *, closing: bool) -> Allowance:
    """For a message to a WinRS shell. The libraries keep its operation timeout below the read timeout. ``closing``: nothing depends on the answer."""
    waited = DEFAULT_READ_TIMEOUT if read_timeout is None else read_timeout
    whole = allowance_for(waited, waited, envelope_size)
    return Allowance(min(whole.seconds, CLOSING_TIMEOUT), whole.size) if closing else whole


@dataclass(frozen=True)
class EnumerationBounds:
    """Of one query. ``size``: bytes of all its SOAP answers together."""

    # A page ends when the envelope is full (76,000 characters and more) or at 32,000 items; a service may send one large item a page.
    pages: int = 5_000
    # The largest answers are events: a host of 1,024 guests, each renewed weekly, logs less than 5,000 a month.
    items: int = 100_000
    # 32,000 events of 2 KB. What holds all of it in memory stays under 200 MB.
    size: int = 64 * 1024 * 1024


# Items that a page is asked for. The first is the service's default MaxBatchItems; a provider that is too slow for a page of that many is
# asked for fewer, so that something comes within the operation timeout.
PAGE_ITEMS = (32_000, 50, 5)
# Answers of a provider that it needs longer than the operation timeout. Hosts with hundreds of machines were seen to need 90 s (several
# monitoring projects), and Ansible's default is 20 s for an operation: five of them, and one more.
MAX_LATE = 6
# What an honest page shows: as many items as were asked for, or at least these. One item a page for ever is neither.
HONEST_ITEMS = 10
HONEST_BYTES = 128 * 1024  # a quarter of the default envelope
# What such a page adds to the time of its enumeration. 1,024 machines in 90 s are 0.09 s each; this allows five times that, or 20 KB/s.
SECONDS_AN_ITEM = 0.5
BYTES_A_SECOND = 20_000
# However honest it looks, no enumeration takes longer than so many times twice the read timeout: ten minutes with Ansible's default.
LONGEST = 10
# The same for one that says that it works on, and has sent nothing yet: two minutes. The wait is the machine's word, so it is short.
LONGEST_WITHOUT_A_PAGE = 2

DEFAULT_BOUNDS = EnumerationBounds()
# Key-value pairs of a host: Hyper-V runs at most 1,024 virtual machines, and the pairs of one must fit into one answer, which is 512,000
# bytes in UTF-16, so 256,000 characters. 1,024 x 256,000 = 250 MiB; the rest is for the envelopes around them. Full pools of another
# script take more bytes than characters, but the machines of no host have all of them full in it.
PAIRS_BOUNDS = EnumerationBounds(size=320 * 1024 * 1024)
_PAIRS = re.compile(r"\bMsvm_KvpExchangeComponent", re.IGNORECASE)


def bounds_for(subject: str) -> EnumerationBounds:
    """``subject``: the query, or the class that is enumerated. It is ours, not the machine's."""
    return PAIRS_BOUNDS if _PAIRS.search(subject) else DEFAULT_BOUNDS


class EnumerationBudget:
    """What is left of the bounds of one enumeration, whose pages are asked for one after the other."""

    def __init__(self, subject: str, bounds: EnumerationBounds, seconds: float, clock: Callable[[], float]) -> None:
        """``seconds``: twice the read timeout, so that a machine that delays each page costs no more than one that does not answer twice.

        Progress adds to it, see SECONDS_AN_ITEM, and so does the word of a provider that it is not done, see MAX_LATE.
        """
        self._subject = subject
        self._bounds = bounds
        self._seconds = seconds
        self._clock = clock
        self._started = clock()
        self._ends = self._started + seconds
        self.late = 0  # times that the provider was not done, since the last page
        self.most = PAGE_ITEMS[0]
        self._pages = self._items = self._size = 0

    @property
    def seconds_left(self) -> float:
        """For the next exchange. Raises EndlessAnswer when the time is over."""
        left = self._ends - self._clock()
        if left <= 0:
            raise EndlessAnswer(self._subject, f"the answer still goes on after {self._ends - self._started:.0f} seconds")
        return left

    def waits_on(self, waited: float) -> bool:
        """The provider was not done within the operation timeout, which took ``waited`` seconds: whether to ask again, for fewer items."""
        self.late += 1
        self.most = next((fewer for fewer in PAGE_ITEMS if fewer < self.most), self.most)
        self._add(waited, LONGEST_WITHOUT_A_PAGE if not self._items else LONGEST)
        return self.late <= MAX_LATE and self._clock() < self._ends

    def _add(self, seconds: float, longest: int) -> None:
        self._ends = max(self._ends, min(self._ends + seconds, self._started + longest * self._seconds))

    def take(self, items: int, size: int) -> None:
        """Count a page. Raises EndlessAnswer when that was too much."""
        self._pages += 1
        self._items += items
        self._size += size
        if items and (items >= min(self.most, HONEST_ITEMS) or size >= HONEST_BYTES):
            self._add(max(items * SECONDS_AN_ITEM, size / BYTES_A_SECOND), LONGEST)
            self.late = 0
        for count, most, what in (
            (self._pages, self._bounds.pages, "pages"),
            (self._items, self._bounds.items, "items"),
            (self._size, self._bounds.size, "bytes"),
        ):
            if count > most:
                raise EndlessAnswer(self._subject, f"the answer has more than {most} {what}")
