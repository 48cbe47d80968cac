# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What one does with the CIM classes of a Windows computer: query, enumerate, get, invoke.

A session belongs to one transport and one thread. Reads are repeated where that is safe; a method call never is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Mapping
from types import TracebackType

from . import xml_namespaces as ns
from .bounds import CLOSING_TIMEOUT, DEFAULT_READ_TIMEOUT, EnumerationBudget, bounds_for
from .cim import Asked
from .command import Command, CommandOutput, run_in
from .enumeration import Page, read_page, write_enumerate, write_pull, write_release
from .errors import (
    AnswerRefused,
    ConnectionDropped,
    ConnectionFailed,
    DeadlineExceeded,
    EffectUnknown,
    EncodingLimit,
    EndlessAnswer,
    Fault,
    InvalidClassOrQuery,
    InvalidEnumerationContext,
    InvalidNamespace,
    InvalidResourceUri,
    MalformedAnswer,
    NotFound,
    OperationTimedOut,
    UnexpectedHttpStatus,
    WsManError,
)
from .exchange import Exchange, Repeat, Statistics, is_stale_connection
from .instance import Instance, decode_instance
from .invocation import MethodOutput, read_output, secrets_of, write_input
from .job import JobOutcome, outcome_of
from .message import Request
from .resource_uri import any_class_uri, class_uri
from .retry import RetryPolicy
from .service import ServerLimits, read_limits
from .transport import Transport
from .values import Argument, Reference
from .wql import object_path

__all__ = ["JobOutcome", "MethodOutput", "RetryPolicy", "ServerLimits", "Session", "Statistics"]

# [MS-WSMV] 3.1.4.1.7: less is refused with w:EncodingLimit.
MIN_ENVELOPE_SIZE = 8192
# What a service may talk us into; larger pages only cost memory.
MAX_LEARNED_ENVELOPE_SIZE = 4 * 1024 * 1024
# A server that goes on giving contexts without items would keep us for ever.
MAX_EMPTY_PAGES = 100
_TRIES_OF_A_DAMAGED_PAGE = 2

_WHOLE_CLASS = re.compile(r"\s*SELECT\s+\*\s+FROM\s+([A-Za-z_][A-Za-z0-9_]*)\s*\Z", re.IGNORECASE)


class Session:
    expensive_round_trips = False

    def __init__(
        self,
        transport: Transport,
        *,
        operation_timeout: float = 60,
        max_envelope_size: int = 512000,
        locale: str = "en-US",
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008  (frozen)
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``operation_timeout`` in seconds is lowered to fit below the transport's read timeout; sizes in bytes.

        ``clock`` (seconds from any point on) and ``sleep`` are public: who waits for a state of Windows waits by them.
        """
        self._exchange = Exchange(transport, operation_timeout=operation_timeout, locale=locale, retry=retry, clock=clock, sleep=sleep)
        self.statistics = self._exchange.statistics
        self.clock = clock
        self.sleep = sleep
        self.max_envelope_size = max_envelope_size
        self._transport = transport
        self._retry = retry
        self._closed = False

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def operation_timeout(self) -> float:
        """Seconds that the server gets for each request."""
        return self._exchange.operation_timeout

    @property
    def max_envelope_size(self) -> int:
        """Bytes that an answer may have as the server counts them; a new value holds for enumerations that start after it."""
        return self._max_envelope_size

    @max_envelope_size.setter
    def max_envelope_size(self, size: int) -> None:
        if size < MIN_ENVELOPE_SIZE:
            raise ValueError(f"max_envelope_size must be at least {MIN_ENVELOPE_SIZE}, not {size}")
        self._max_envelope_size = size

    def close(self) -> None:
        self._closed = True
        self._transport.close()

    # reading

    def query(self, namespace: str, wql: str) -> Generator[Instance, None, None]:
        """The instances that a WQL query selects, page by page. A generator closed early releases the enumeration.

        The first page is handed out when the second one is there: until then a broken connection starts the query again, after
        that it is an error, for the caller may have acted on what it has.
        """
        uri = any_class_uri(namespace)
        size = self._max_envelope_size
        budget = self._budget(wql)
        try:
            page = self._open(uri, wql, wql, size, budget)
        except InvalidClassOrQuery as refusal:
            # One host was reported to refuse any WQL on root/virtualization/v2. A query for a whole class needs none.
            whole = _WHOLE_CLASS.match(wql)
            if whole is None:
                raise
            uri = class_uri(namespace, whole.group(1))
            try:
                page = self._open(uri, None, wql, size, budget)
            except Fault:
                raise refusal from None
        yield from self._rest(uri, wql, size, page, budget)

    def get(self, namespace: str, class_name: str, keys: Mapping[str, str] | None = None) -> Instance:
        """One instance by all its keys; none for a singleton. NotFound if there is no such instance."""
        subject = object_path(class_name, keys) if keys else class_name
        answer = self._exchange.send(
            self._request(ns.ACTION_GET, class_uri(namespace, class_name), selectors=keys), subject, repeat=Repeat.READ
        )
        if answer.body is None:
            raise MalformedAnswer(f"{subject}: the answer to Get is empty")
        return decode_instance(answer.body)

    def learn_limits(self) -> ServerLimits:
        """Read winrm/config and use the service's MaxEnvelopeSize for later requests.

        Without the right to read it the defaults of Windows Server 2012 and later stay, and the result says so.
        """
        try:
            answer = self._exchange.send(self._request(ns.ACTION_GET, ns.CONFIG), "winrm/config", repeat=Repeat.READ)
            limits = read_limits(answer.body)
        except (Fault, MalformedAnswer) as error:
            return ServerLimits(reason=str(error))
        self.max_envelope_size = max(MIN_ENVELOPE_SIZE, min(limits.max_envelope_size, MAX_LEARNED_ENVELOPE_SIZE))
        return limits

    # changing

    def invoke(
        self,
        namespace: str,
        class_name: str,
        method: str,
        arguments: Mapping[str, Argument] | None = None,
        keys: Mapping[str, str] | None = None,
        *,
        reads: bool = False,
    ) -> MethodOutput:
        """Call a method. ``keys`` name the instance; None for a static method.

        It is called again only if the server said that it has not carried it out. ``reads`` says that the method changes nothing: then it
        is repeated like any other read.

        Raises a Fault when the server refused, EffectUnknown when the answer is missing or the connection turned out to be stale; any
        other error means that it was not carried out.
        """
        subject = f"{class_name}.{method}"
        uri = class_uri(namespace, class_name)
        secrets = secrets_of(arguments or {})
        body = write_input(namespace, class_name, method, arguments or {})
        answered_before = self._exchange.answered
        try:
            answer = self._exchange.send(
                self._request(f"{uri}/{method}", uri, body, keys), subject, repeat=Repeat.READ if reads else Repeat.REFUSED
            )
            return read_output(answer.body, class_name, method)
        except WsManError as error:
            if isinstance(error, Fault):
                for secret in secrets:
                    error.mask(secret)
            # A stale connection is most likely harmless, but "read the state, then try again" is the right advice for it too.
            if reads:
                raise
            if _may_have_taken_effect(error) or (answered_before and is_stale_connection(error)):
                raise EffectUnknown(subject, error) from error
            raise

    def wait_for_job(self, job: Reference, *, deadline: float, poll: float = 0.25) -> JobOutcome:
        """Wait until a job has ended, asking every ``poll`` seconds, at the longest until ``clock()`` gives ``deadline``.

        Raises JobFailed, or DeadlineExceeded while it still runs. A job that has gone is VANISHED: how it ended is not known.
        """
        started = self.clock()
        while True:
            try:
                outcome = outcome_of(self.get(job.namespace, job.class_name, job.keys))
            except (InvalidNamespace, InvalidResourceUri):
                raise  # the question was wrong; that is not a vanished job
            except NotFound:
                return JobOutcome.VANISHED
            if outcome is not None:
                return outcome
            left = deadline - self.clock()
            if left <= 0:
                waited = self.clock() - started
                raise DeadlineExceeded(f"{object_path(job.class_name, job.keys)}: the job still runs after {waited:.0f} seconds")
            self.sleep(min(poll, left))

    def prefetch(self, *asked: Asked) -> None:
        """See ``cim.Cim``. A request costs little here, so each is sent when it is asked for."""

    def run(self, command: Command, *, limit: float) -> CommandOutput:
        """Run a command by WinRS, for ``limit`` seconds at most. Raises CommandLost where it may have run, other errors where it has not."""
        return run_in(self._transport.shell(), command, limit=limit, clock=self.clock)

    # enumerations

    # ``size`` stays the same for Enumerate and every Pull, even if learn_limits comes in between
    # (ERROR_WSMAN_PULL_PARAMS_NOT_SAME_AS_ENUM).

    def _budget(self, subject: str) -> EnumerationBudget:
        read_timeout = self._transport.read_timeout
        return EnumerationBudget(
            subject, bounds_for(subject), 2 * (DEFAULT_READ_TIMEOUT if read_timeout is None else read_timeout), self.clock
        )

    def _rest(self, resource_uri: str, subject: str, size: int, page: Page, budget: EnumerationBudget) -> Generator[Instance, None, None]:
        """Hand out what has come, then the further pages; released when the caller stops early."""
        empty = 0
        while True:
            try:
                yield from page.items
            except GeneratorExit:
                if page.context is not None:
                    self._release(resource_uri, page.context, size)
                raise
            if page.context is None:
                return
            page = self._pull(resource_uri, page.context, subject, size, budget)
            empty = 0 if page.items else empty + 1
            if empty > MAX_EMPTY_PAGES:
                if page.context is not None:
                    self._release(resource_uri, page.context, size)
                raise EndlessAnswer(subject, f"the answer has more than {MAX_EMPTY_PAGES} pages without items")

    def _open(self, resource_uri: str, wql: str | None, subject: str, size: int, budget: EnumerationBudget) -> Page:
        """The first two pages as one. Nothing has been handed out: this may start again."""
        attempts = 1
        while True:
            request = self._request(
                ns.ACTION_ENUMERATE, resource_uri, write_enumerate(wql, budget.most, optimised=not budget.late), size=size
            )
            started = self.clock()
            try:
                first = self._page(request, subject, Repeat.OPENING, budget)
            except OperationTimedOut:
                if not budget.waits_on(self.clock() - started):
                    raise
                self.statistics.retries += 1
                continue
            if first.context is None:
                return first
            try:
                second = self._pull(resource_uri, first.context, subject, size, budget)
                return Page(first.items + second.items, second.context)
            except (ConnectionDropped, InvalidEnumerationContext, MalformedAnswer) as error:
                if attempts >= (_TRIES_OF_A_DAMAGED_PAGE if isinstance(error, MalformedAnswer) else self._retry.attempts):
                    raise
                self.statistics.retries += 1
                self.sleep(self._retry.delay(attempts))
                attempts += 1

    def _pull(self, resource_uri: str, context: str, subject: str, size: int, budget: EnumerationBudget) -> Page:
        while True:
            request = self._request(ns.ACTION_PULL, resource_uri, write_pull(context, budget.most), size=size)
            started = self.clock()
            try:
                # after a dropped connection the page may be gone: only what the server did not carry out is asked again
                return self._page(request, subject, Repeat.PAGE, budget)
            except InvalidEnumerationContext:
                raise
            except (Fault, MalformedAnswer) as error:
                # A time-out does not end an enumeration (DSP0226): the provider goes on, and fewer items are there sooner.
                if isinstance(error, OperationTimedOut) and budget.waits_on(self.clock() - started):
                    self.statistics.retries += 1
                    continue
                self._release(resource_uri, context, size)
                raise

    def _page(self, request: Request, subject: str, repeat: Repeat, budget: EnumerationBudget) -> Page:
        received = self.statistics.bytes_received
        page = read_page(self._exchange.send(request, subject, repeat=repeat, seconds=budget.seconds_left), subject)
        budget.take(len(page.items), self.statistics.bytes_received - received)
        return page

    def _release(self, resource_uri: str, context: str, size: int) -> None:
        """Open enumerations count against the user's quota. The server forgets them by itself, so a failure does not matter."""
        if self._closed or self._exchange.busy:  # a generator collected in the middle of another exchange must not disturb it
            return
        try:
            self._exchange.send(
                self._request(ns.ACTION_RELEASE, resource_uri, write_release(context), size=size),
                "Release",
                repeat=Repeat.NEVER,
                seconds=CLOSING_TIMEOUT,
            )
        except WsManError:
            return

    def _request(
        self, action: str, resource_uri: str, body: str = "", selectors: Mapping[str, str] | None = None, size: int | None = None
    ) -> Request:
        return Request(action, resource_uri, size or self._max_envelope_size, body, selectors)


def _may_have_taken_effect(error: WsManError) -> bool:
    if isinstance(error, ConnectionFailed):
        return error.sent
    if isinstance(error, UnexpectedHttpStatus):
        return error.status >= 500 and error.status != 503
    return isinstance(error, (AnswerRefused, MalformedAnswer, OperationTimedOut, EncodingLimit))
