# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Exchanging messages: numbering, repeating, renewing the connection, counting.

A message is repeated where that is safe and helps; after anything that may have left the connection or its encryption in a wrong state
the next message begins with a new one.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from . import xml_namespaces as ns
from .bounds import allowance_for
from .errors import (
    AnswerRefused,
    AuthenticationFailed,
    ConnectionDropped,
    ConnectionFailed,
    Fault,
    MalformedAnswer,
    OperationTimedOut,
    QuotaExceeded,
    ServiceBusy,
    UnexpectedHttpStatus,
    WsManError,
)
from .message import Answer, Request, read_answer, write_identify, write_request
from .resource_uri import split_class_uri
from .retry import RetryPolicy
from .service import DEFAULT_MAX_ENVELOPE_SIZE
from .transport import Transport

# HTTP.sys drops a connection that was idle for 120 s. A method call must not be the message that finds out.
IDLE_LIMIT = 100.0
# The transport must not give up before the server does, else the server's own answer (a timeout fault) is lost.
TIMEOUT_MARGIN = 5.0


class Repeat(Enum):
    """When a request may be sent again."""

    NEVER = "never"
    REFUSED = "refused"  # a change: only when the server said that it has not carried it out (quota, busy)
    PAGE = "page"  # a Pull: not when the page may be gone with the connection
    OPENING = "opening"  # of an enumeration: as a read, but a provider that was too slow is asked otherwise
    READ = "read"  # whenever that may help


@dataclass
class Statistics:
    """Of one session; bytes are those of SOAP messages, before encryption and without HTTP headers."""

    requests: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    retries: int = 0


class Exchange:
    """One transport and what is to be known about its use."""

    def __init__(
        self,
        transport: Transport,
        *,
        operation_timeout: float,
        locale: str,
        retry: RetryPolicy,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.statistics = Statistics()
        self.transport = transport
        self.retry = retry
        self.clock = clock
        self.sleep = sleep
        self.busy = False  # a message is under way
        self._wanted_timeout = operation_timeout
        self._locale = locale
        self._last_answer: float | None = None

    @property
    def answered(self) -> bool:
        """Whether the server has answered anything yet."""
        return self._last_answer is not None

    @property
    def operation_timeout(self) -> float:
        """Seconds that the server gets: what was wanted, but less than the transport waits."""
        read_timeout = self.transport.read_timeout
        if read_timeout is None:
            return self._wanted_timeout
        room = read_timeout - TIMEOUT_MARGIN if read_timeout >= 2 * TIMEOUT_MARGIN else read_timeout / 2
        return min(self._wanted_timeout, room)

    def send(self, request: Request | None, subject: str, *, repeat: Repeat, seconds: float = math.inf) -> Answer:
        """Send a request (None: Identify) and open its answer; repeat it if that is allowed and helps.

        ``seconds``: the most that it may take, where that is less than what every exchange may.
        """
        started = self.clock()
        failures = 0
        renewed = once_more = False
        while True:
            answered_before = self.answered
            try:
                return self._send_once(request, subject, seconds - (self.clock() - started))
            except WsManError as error:
                if isinstance(error, Fault) and request is not None:
                    error.namespace = split_class_uri(request.resource_uri)[0]
                failures += 1
                if repeat is Repeat.NEVER or failures >= self.retry.attempts:
                    raise
                if isinstance(error, ConnectionDropped):
                    if repeat not in (Repeat.OPENING, Repeat.READ):
                        raise
                    delay = 0.0 if failures == 1 else self.retry.delay(failures)
                elif is_stale_connection(error):
                    # A 401 to the first message means that the credentials are wrong; to try them twice would only lock the account.
                    wrong = isinstance(error, AuthenticationFailed) and not answered_before
                    if repeat is Repeat.REFUSED or renewed or wrong:
                        raise
                    renewed = True
                    delay = 0.0
                elif isinstance(error, (MalformedAnswer, OperationTimedOut)):
                    # Once, for something between may have damaged it, or a provider had to wake up. What answers so again is not WinRM,
                    # or too slow.
                    once = repeat is Repeat.READ or (repeat is Repeat.OPENING and isinstance(error, MalformedAnswer))
                    if not once or once_more:
                        raise
                    once_more = True
                    delay = self.retry.delay(failures)
                elif _is_transient(error):
                    delay = self.retry.delay(failures)
                else:
                    raise
                if self.clock() - started + delay > min(self.retry.total_time, seconds):
                    raise
            self.statistics.retries += 1
            if delay:
                self.sleep(delay)

    def _send_once(self, request: Request | None, subject: str, seconds: float) -> Answer:
        if self._last_answer is not None and self.clock() - self._last_answer > IDLE_LIMIT:
            self.transport.reset()
        # upper case: pypsrp and Windows write it so, and RelatesTo is compared byte for byte
        message_id = None if request is None else f"uuid:{str(uuid.uuid4()).upper()}"
        if request is None or message_id is None:
            message = write_identify()
            size = DEFAULT_MAX_ENVELOPE_SIZE
        else:
            size = request.max_envelope_size
            message = write_request(
                request,
                message_id=message_id,
                to=self.transport.endpoint or ns.ANONYMOUS,  # Windows does not compare it with its own address
                operation_timeout=self.operation_timeout,
                locale=self._locale,
            )
        allowance = allowance_for(self.transport.read_timeout, self.operation_timeout, size)
        self.statistics.requests += 1
        self.statistics.bytes_sent += len(message.encode("utf-8"))
        self.busy = True
        try:
            data = self.transport.send(message, replace(allowance, seconds=min(seconds, allowance.seconds)))
            self._last_answer = self.clock()
            self.statistics.bytes_received += len(data)
            return read_answer(data, message_id=message_id, subject=subject, max_envelope_size=size)
        except (AnswerRefused, ConnectionFailed, AuthenticationFailed, UnexpectedHttpStatus, MalformedAnswer):
            # what comes next over this connection might be the answer to this message, or nothing that can be decrypted
            self.transport.reset()
            raise
        finally:
            self.busy = False


def _is_transient(error: WsManError) -> bool:
    """The server refused for now and has not carried out anything."""
    return isinstance(error, (QuotaExceeded, ServiceBusy)) or (isinstance(error, UnexpectedHttpStatus) and error.status == 503)


def is_stale_connection(error: WsManError) -> bool:
    """Refused because the connection or its security context had ended: HTTP 401 in mid-session, 400 for what cannot be decrypted."""
    return isinstance(error, AuthenticationFailed) or (isinstance(error, UnexpectedHttpStatus) and error.status == 400)
