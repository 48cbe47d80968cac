# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A guest's CIM classes by PowerShell Direct: over its host, without any network of its own.

Each trip into a guest starts a PowerShell on the host and a session in the guest, which takes seconds. So what will be asked goes along with
what is asked, and is handed out when it is asked for.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._wsman.cim import Asked, Call, Query
from .._wsman.command import CommandLost
from .._wsman.errors import (
    AccessDenied,
    AnswerRefused,
    ConnectionDropped,
    EffectUnknown,
    EndlessAnswer,
    Fault,
    MalformedAnswer,
    QuotaExceeded,
    ServiceBusy,
    UnexpectedHttpStatus,
    UnsendableValue,
    WsManError,
)
from .._wsman.faults import fault_of_code
from .._wsman.instance import Instance
from .._wsman.invocation import MethodOutput, secrets_of
from .._wsman.retry import RetryPolicy
from .._wsman.session import Session
from .._wsman.symbols import unsigned_code
from .._wsman.values import Argument, Sensitive
from .direct_refusal import SESSION, DirectRefused, DirectVm, no_answer, refusal_of, refused_by_host, stopped_before
from .powershell_direct import Credential, ScriptAnswer, command_for, read_answer

# Seconds for one trip. Windows has been seen to take a minute for an activation that its host refuses.
TRIP_LIMIT = 300.0
_TRIES_OF_A_LOST_READ = 2
_TRIES_TO_CONNECT = 3
# A guest takes one session at a time, so that somebody else's breaks the first trip: then no session was opened.
_WORTH_A_SECOND_TRIP = ("DIRECT_SIDES_DIFFER", "DIRECT_INPUT_DAMAGED", "DIRECT_SESSION_FAILED")
_PAUSE = 5.0
# Windows opens 30 shells for one user (MaxShellsPerUser), and a run may serve more guests of one host at once: their turns come within minutes.
_WAITING = RetryPolicy(attempts=12, first_delay=1.0, longest_delay=20.0)
_HRESULT = re.compile(r"0x([0-9A-Fa-f]{8})\b")

Outcome = dict[str, Any]


class DirectGuest:
    """Implements ``cim.Cim``. ``host`` is the session with the Hyper-V host that owns the machine; it stays the caller's.

    Besides the errors of a session it raises DirectRefused where there is no way into the guest. ``trips`` counts those that were begun.
    """

    expensive_round_trips = True

    def __init__(
        self,
        host: Session,
        vm: DirectVm,
        credential: Credential,
        *,
        retry: RetryPolicy = _WAITING,
        nonce: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.vm = vm
        self.trips = 0
        self._host = host
        self._credential = credential
        self._retry = retry
        self._nonce = nonce
        self._foreseen: tuple[Asked, ...] = ()
        self._ahead: dict[str, Outcome] = {}

    @property
    def clock(self) -> Callable[[], float]:
        return self._host.clock

    @property
    def sleep(self) -> Callable[[float], None]:
        return self._host.sleep

    def prefetch(self, *asked: Asked) -> None:
        self._foreseen = asked

    def query(self, namespace: str, wql: str) -> Iterator[Instance]:
        outcome = self._ask(Query(namespace, wql), subject=wql, changes=False)
        yield from (Instance.of_texts("", row) for row in outcome["rows"])

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
        subject = f"{class_name}.{method}"
        try:
            outcome = self._ask(Call(namespace, class_name, method, arguments or {}, keys), subject=subject, changes=not reads)
        except Fault as fault:
            for secret in secrets_of(arguments or {}):
                fault.mask(secret)
            raise
        rows = outcome["rows"]
        if len(rows) != 1:
            raise MalformedAnswer(f"{subject}: {len(rows)} results where one was expected")
        outputs = Instance.of_texts(class_name, rows[0])
        value = outputs.integer("ReturnValue")
        return MethodOutput(class_name, method, None if value is None else unsigned_code(value), outputs)

    def _ask(self, asked: Asked, *, subject: str, changes: bool) -> Outcome:
        identity = _identity(asked)
        outcome = self._ahead.pop(identity, None)
        if outcome is None:
            others = [other for other in self._foreseen if _identity(other) != identity]
            self._foreseen = ()
            # What was read before is not what there is after another trip.
            self._ahead.clear()
            results = self._trip([asked, *others], subject=subject, changes=changes)
            outcome = results[0]
            self._ahead = dict(zip(map(_identity, others), results[1:], strict=False))
        if "error_id" in outcome:
            raise _fault(outcome, subject)
        return outcome

    def _trip(self, asked: list[Asked], *, subject: str, changes: bool) -> tuple[Outcome, ...]:
        operations = [_operation(one, stops=changes and number == 0) for number, one in enumerate(asked)]
        lost = 0
        again: tuple[str, ...] = _WORTH_A_SECOND_TRIP
        while True:
            try:
                return self._carry(operations)
            except DirectRefused as refused:
                # No account was judged and nothing was carried out, so a second trip locks nobody and changes nothing twice.
                if refused.finding.code not in again:
                    raise
                again = ()
                self.sleep(_PAUSE)
            except CommandLost as error:
                lost += 1
                if changes:
                    raise EffectUnknown(subject, error.reason) from error
                if lost >= _TRIES_OF_A_LOST_READ or _would_be_so_again(error.reason):
                    raise error.reason from error

    def _carry(self, operations: list[dict[str, Any]]) -> tuple[Outcome, ...]:
        """Raises CommandLost where the operations may have been carried out."""
        nonce = self._nonce()
        command = command_for(self.vm.id, self._credential, operations, nonce)
        failures = 0
        while True:
            self.trips += 1
            try:
                output = self._host.run(command, limit=TRIP_LIMIT)
                break
            except AccessDenied as error:
                raise refused_by_host(self.vm) from error
            except WsManError as error:
                failures += 1
                if failures >= self._tries(error):
                    raise
            self.sleep(self._retry.delay(failures))
        try:
            answer = read_answer(output.stdout, nonce)
        except MalformedAnswer as error:
            raise CommandLost(error) from error
        if answer is None:
            if refused := stopped_before(self.vm, output.exit_code, output.stderr):
                raise refused
            raise CommandLost(no_answer(self.vm, output.exit_code))
        if answer.results is None:
            self._refuse(answer)
        if not answer.results:
            raise CommandLost(MalformedAnswer("PowerShell Direct: the guest's answer holds no result"))
        return answer.results

    def _tries(self, error: WsManError) -> int:
        """How often to try where the command has not been given its input."""
        if isinstance(error, (QuotaExceeded, ServiceBusy)) or (isinstance(error, UnexpectedHttpStatus) and error.status == 503):
            return self._retry.attempts
        return _TRIES_TO_CONNECT if isinstance(error, ConnectionDropped) else 1

    def _refuse(self, answer: ScriptAnswer) -> None:
        refused = refusal_of(answer, self.vm, self._host, (self._credential.password,))
        # Without a session nothing was carried out; a guest whose answer is missing or too long may have carried out all of it.
        if answer.stage == SESSION:
            raise refused
        raise CommandLost(refused)


def _would_be_so_again(reason: WsManError) -> bool:
    too_long = isinstance(reason, DirectRefused) and reason.finding.code == "DIRECT_ANSWER_TOO_LONG"
    return too_long or isinstance(reason, (AnswerRefused, EndlessAnswer))


def _operation(asked: Asked, *, stops: bool) -> dict[str, Any]:
    """As the script takes it. ``stops``: if it fails, the rest is not carried out."""
    if isinstance(asked, Query):
        return {"kind": "query", "namespace": asked.namespace, "query": asked.wql, "stops": stops}
    return {
        "kind": "call",
        "namespace": asked.namespace,
        "class": asked.class_name,
        "method": asked.method,
        "arguments": {name: _plain(value) for name, value in asked.arguments.items()},
        "keys": dict(asked.keys or {}),
        "stops": stops,
    }


def _identity(asked: Asked) -> str:
    return json.dumps(_operation(asked, stops=False), sort_keys=True)


def _plain(value: Argument) -> str | int | bool:
    """What the script hands to a method: text, true or false, or a number, which becomes uint32."""
    if isinstance(value, Sensitive):
        return value.text
    if isinstance(value, (str, bool, int)):
        return value
    raise UnsendableValue(f"PowerShell Direct: a value of the type {type(value).__name__} cannot be an argument")


def _fault(outcome: Outcome, subject: str) -> Fault:
    """What the guest refused. The most specific number is WMI's own, which PowerShell has in several places; 0 says nothing."""
    code = outcome.get("error_code")
    if not isinstance(code, int) or not code:
        found = next((match for name in ("message_id", "error_id") if (match := _HRESULT.search(str(outcome.get(name) or "")))), None)
        code = int(found.group(1), 16) if found else None
    status = outcome.get("cim_status")
    return fault_of_code(
        code,
        text=str(outcome.get("message") or ""),
        subject=subject,
        cim_status=status if isinstance(status, int) else None,
        from_provider=True,
    )
