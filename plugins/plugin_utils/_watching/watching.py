# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The watch of many Hyper-V hosts for ansible-rulebook: one task a host, threads for what blocks, one queue for what is found.

What is reported moves the host's position, event by event, and the position is kept in the file of bookmarks. So an orderly stop at any moment
neither loses an event nor reports one twice; after a crash at most the batch that was under way is reported again, under the same ids.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
import typing as t
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta, timezone

from .._ansible.failure import Failure
from .._avma.events import Bookmark, Reading
from .._wsman.retry import RetryPolicy
from .arguments import Arguments, WatchedHost, read_arguments
from .host_session import HostSession, HostSnapshot
from .messages import Message, activation_message, contact_message, licence_message, licence_state, log_message
from .positions import Positions, UnusableFile

logger = logging.getLogger(__name__)

_IN_CONTACT = "ok"
_UNREADABLE = "EVENT_LOG_UNREADABLE"  # a finding; also a host's contact where it answers and shows no event log
# A host that is down is asked again after 5 s, 10 s, ... up to 5 minutes, never more often than it is asked while it answers.
_FIRST_DELAY = 5.0
_LONGEST_DELAY = 300.0
# Hosts that are asked at the same interval shall not all be asked at the same moment.
_JITTER = 0.1
_ENOUGH_FAILURES = 30  # for the longest delay; doubling on and on would overflow

# A change of position by what it changes, to be made when the message with it was handed over.
Changes = dict[str, t.Any]


class Queue(t.Protocol):
    """What ansible-rulebook gives a source. It holds one event: ``put`` waits until the rules have taken the one before."""

    async def put(self, event: Message) -> None:
        """Hand an event to the rules."""


async def watch(queue: Queue, given: dict[str, t.Any]) -> None:
    """Watch until cancelled. Raises InvalidArgument and UnusableFile before anything is sent."""
    arguments = read_arguments(given, os.environ)
    positions = Positions(arguments.bookmarks)
    try:
        async with _threads(arguments.parallel) as threads:
            watches = [HostWatch(host, arguments, positions, queue, threads) for host in arguments.hosts]
            logger.info("%d Hyper-V hosts are watched, every %g seconds", len(watches), arguments.interval)
            await _all(watch.run() for watch in watches)
    finally:
        with suppress(UnusableFile):  # was said when it began
            positions.save()
        positions.close()


async def _all(runs: Iterator[t.Coroutine[t.Any, t.Any, None]]) -> None:
    """Run all; when one fails or this is cancelled, the others are ended before it goes on."""
    tasks = [asyncio.ensure_future(run) for run in runs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Threads:
    """``parallel`` threads, and as many looks at hosts under way: a look counts until all that it found was handed over.

    That bounds the memory: there are never more than ``parallel`` batches of ``limit`` events.
    """

    def __init__(self, parallel: int, pool: ThreadPoolExecutor) -> None:
        self.slots = asyncio.Semaphore(parallel)
        self._pool = pool

    async def call(self, function: Callable[[], HostSnapshot]) -> HostSnapshot:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)


@asynccontextmanager
async def _threads(parallel: int) -> AsyncIterator[Threads]:
    pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="avma")
    try:
        yield Threads(parallel, pool)
    finally:
        # What still runs ends by itself within the timeout; what it finds is told to nobody, and so found again.
        pool.shutdown(wait=False, cancel_futures=True)


class HostWatch:
    """One host: asked, reported, asked again."""

    def __init__(
        self,
        host: WatchedHost,
        arguments: Arguments,
        positions: Positions,
        queue: Queue,
        threads: Threads,
        *,
        session: HostSession | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], t.Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._name = host.name
        self._arguments = arguments
        self._positions = positions
        self._queue = queue
        self._threads = threads
        self._session = session or HostSession(host, arguments.timeout, arguments.tables)
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._back_off = RetryPolicy(first_delay=_FIRST_DELAY, longest_delay=max(_LONGEST_DELAY, arguments.interval), random=chance)
        self._started = clock()
        self._licence_asked: float | None = None
        self._failures = 0

    async def run(self) -> None:
        # spread from the first moment on
        await self._sleep(self._chance() * min(1.0, self._arguments.interval * _JITTER))
        while True:
            more = await self.look()
            await self._sleep(0 if more else self._delay())

    async def look(self) -> bool:
        """Ask once and report what is new. Gives whether there is more to read at once."""
        async with self._threads.slots:
            licence = self._licence_is_due()
            start = self._positions.of(self._name).bookmark
            # Of a host that answers late nothing shall be missed that happened since the watch began.
            since = self._arguments.since + timedelta(seconds=self._clock() - self._started)
            snapshot = await self._threads.call(lambda: self._session.look(start, since, limit=self._arguments.limit, licence=licence))
            self._failures = self._failures + 1 if snapshot.failure else 0
            if snapshot.facts is not None:
                self._licence_asked = self._clock()
            try:
                for message, changes in self._found(snapshot):
                    if message is not None:
                        await self._queue.put(message)
                    self._positions.move(self._name, **changes)
            finally:
                self._keep()
            return snapshot.more

    def _found(self, snapshot: HostSnapshot) -> Iterator[tuple[Message | None, Changes]]:
        """What there is to report, in its order, each with what is true of the host once it was reported."""
        now = datetime.now(timezone.utc)
        if snapshot.reading is not None and snapshot.origin is not None:
            origin, reading = snapshot.origin, snapshot.reading
            if snapshot.failure is None:
                yield from self._readability(reading, now)
            for finding in reading.findings:
                if finding.code != _UNREADABLE:
                    yield log_message(self._name, finding, now), {}
            for event in reading.events:
                mark = Bookmark(origin.id, reading.bookmark.events, event.time, event.record, event.event_id)
                yield activation_message(self._name, event, origin, snapshot.vms), {"bookmark": mark}
            yield None, {"bookmark": reading.bookmark}
        if snapshot.facts is not None and snapshot.verdict is not None:
            state = licence_state(snapshot.facts, snapshot.verdict)
            before = self._positions.of(self._name).licence
            if state != before:
                licence = snapshot.facts.licence
                minutes = None if licence is None else licence.minutes_remaining
                yield licence_message(self._name, snapshot.facts.os.name, before, state, minutes, now), {"licence": state}
        if snapshot.failure is not None:
            yield from self._contact(snapshot.failure, now)

    def _readability(self, reading: Reading, now: datetime) -> Iterator[tuple[Message | None, Changes]]:
        """That the log may not be read is reported once, and that it may be read again as contact that is made again."""
        about = next((finding for finding in reading.findings if finding.code == _UNREADABLE), None)
        if about is None:
            yield from self._contact(None, now)
        elif self._positions.of(self._name).contact != _UNREADABLE:
            logger.warning("%s: %s. %s", self._name, about.cause, about.remedy)
            yield log_message(self._name, about, now), {"contact": _UNREADABLE}

    def _contact(self, failure: Failure | None, now: datetime) -> Iterator[tuple[Message | None, Changes]]:
        contact = _IN_CONTACT if failure is None else failure.kind
        before = self._positions.of(self._name).contact
        if contact == before:
            return
        if failure is not None:
            logger.warning("%s", failure.msg)
        # that a host answers at the very first time is not news
        news = failure is not None or before is not None
        yield contact_message(self._name, failure, now) if news else None, {"contact": contact}

    def _licence_is_due(self) -> bool:
        interval = self._arguments.licence_interval
        return bool(interval) and (self._licence_asked is None or self._clock() - self._licence_asked >= interval)

    def _delay(self) -> float:
        """Seconds until the host is asked again."""
        interval = self._arguments.interval
        if self._failures:
            return max(interval, self._back_off.delay(min(self._failures, _ENOUGH_FAILURES)))
        return interval * (1 - _JITTER * self._chance())

    def _keep(self) -> None:
        try:
            self._positions.save()
        except UnusableFile as error:
            # Rules matter more than bookmarks: they go on, and the next change is written with this one.
            logger.error("%s", error)
