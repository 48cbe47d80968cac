# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Carrying out a plan on a guest: install the key, ask for activation, wait for it. The one apply loop for licences.

What counts as success is not decided here but by ``_avma`` from what the guest says afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from .._avma.facts import KmsSettings, LicenceFacts
from .._avma.guest_plan import GuestPlan, Step, StepKind, has_avma_key, last_five_of
from .._avma.pacing import pause_after
from .._avma.windows_codes import describe_code, error_of
from .._wsman.cim import Cim
from .._wsman.errors import EffectUnknown, OperationTimedOut, WsManError
from .licensing import LicensingRefused, LicensingService, read_licences

# Seconds between two looks at a licence.
_POLL = (0.5, 8.0)
_TRIES_OF_A_LOST_CALL = 3
# Seconds without a change after which a call to activate whose answer was lost is taken for one that never arrived.
_PATIENCE = 15.0


@dataclass
class ApplyResult:
    """What was done and what the guest says now."""

    licences: tuple[LicenceFacts, ...] = ()
    error: LicensingRefused | None = None  # the refusal that ended it
    timed_out: bool = False
    done: list[Step] = field(default_factory=list)
    attempts: int = 0  # calls of Activate
    kms: KmsSettings | None = None  # of the licensing service, which was asked on the way


class PlanRunner:
    """Applies the steps of a plan to one guest over one session.

    ``wait`` is the time for the whole of activation in seconds, ``concurrent_guests`` the number of guests that may be asking at the same time.
    ``say`` gets one line for each change of state, never one for a poll.
    ``applied`` says what was done even if ``apply`` ended in an exception.
    """

    def __init__(
        self,
        session: Cim,
        *,
        wait: float,
        say: Callable[[str], None],
        concurrent_guests: int = 1,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._session = session
        self._service = LicensingService(session)
        self._concurrent_guests = concurrent_guests
        self._jitter = jitter
        self._deadline = session.clock() + wait
        self._say = say
        self._said = ""
        self.applied = ApplyResult()

    def apply(self, plan: GuestPlan, key: str | None, before: tuple[LicenceFacts, ...]) -> ApplyResult:
        self.applied = applied = ApplyResult(licences=before)
        last_five = plan.key.last_five if plan.key is not None else None
        for step in plan.steps:
            try:
                if step.kind is StepKind.INSTALL_KEY:
                    self._install(step, key or "", applied)
                else:
                    self._activate(step, last_five, applied)
            except LicensingRefused as refused:
                applied.error = refused
                applied.licences = read_licences(self._session)
            if step not in applied.done:
                break
        applied.kms = self._service.kms
        return applied

    def restore(self, step: Step, key: str) -> LicensingRefused | None:
        """Puts a key back after ``apply``. It is not activated. The refusal, if Windows refuses; other WsManErrors are left to the caller."""
        try:
            self._install(step, key, self.applied)
        except LicensingRefused as refused:
            self.applied.licences = read_licences(self._session)
            return refused
        return None

    def _install(self, step: Step, key: str, applied: ApplyResult) -> None:
        refusals = 0
        lost = 0
        while True:
            try:
                self._service.install_key(key)
            except LicensingRefused as refused:
                self._wait_out(refused, refusals, "installing the key")
                refusals += 1
                continue
            except (EffectUnknown, OperationTimedOut) as error:
                lost += 1
                # It may have been installed although the answer was lost: look before it is tried again.
                try:
                    applied.licences = read_licences(self._session)
                except WsManError:
                    raise error from None
                if wanted_product(applied.licences, key[-5:]) is None:
                    if lost == _TRIES_OF_A_LOST_CALL:
                        raise
                    continue
            break
        # Done from here on, whatever happens to the connection.
        applied.done.append(step)
        self._refresh()
        applied.licences = read_licences(self._session)
        self._tell(f"key ending in {key[-5:]} is {'put back' if step.kind is StepKind.RESTORE_KEY else 'installed'}")

    def _activate(self, step: Step, last_five: str | None, applied: ApplyResult) -> None:
        refusals = 0
        lost = 0
        while True:
            product = wanted_product(applied.licences, last_five)
            if product is None or not has_avma_key(product, last_five):
                # No product with that key, or Windows takes the key for one of another channel, and activating a MAK would use it up.
                return
            try:
                applied.attempts += 1
                self._service.activate(product.product_id)
            except LicensingRefused as refused:
                self._wait_out(refused, refusals, "activation")
                refusals += 1
                continue
            except (EffectUnknown, OperationTimedOut):
                self._tell("activation was asked for, the answer is outstanding")
                lost += 1
                again = lost < _TRIES_OF_A_LOST_CALL and self._session.clock() + _PATIENCE < self._deadline
            else:
                again = False
            self._refresh()
            deadline = self._session.clock() + _PATIENCE if again else self._deadline
            if self._licensed_before(deadline, last_five, applied):
                applied.done.append(step)
                self._tell("activated")
                return
            if not again:
                applied.timed_out = True
                return

    def _wait_out(self, refused: LicensingRefused, refusals: int, what: str) -> None:
        """Sleeps over a refusal that may pass. Raises it where it will not, or where there is no time left for another try."""
        entry = error_of(refused.code)
        remaining = self._deadline - self._session.clock()
        pause = pause_after(refusals, refused.code, self._concurrent_guests, remaining, self._jitter())
        if entry is None or not entry.transient or pause is None:
            raise refused
        self._tell(f"{what} is put off, {describe_code(refused.code)}")
        self._session.sleep(pause)

    def _licensed_before(self, deadline: float, last_five: str | None, applied: ApplyResult) -> bool:
        pause = _POLL[0]
        while True:
            applied.licences = read_licences(self._session)
            product = wanted_product(applied.licences, last_five)
            if product is not None and product.licensed:
                return True
            if self._session.clock() + pause > deadline:
                return False
            self._tell("waiting for the licence to change" + (f", now {product.status.value}" if product else ""))
            self._session.sleep(pause)
            pause = min(pause * 2, _POLL[1])

    def _refresh(self) -> None:
        for remaining in reversed(range(_TRIES_OF_A_LOST_CALL)):
            try:
                self._service.refresh()
            except LicensingRefused:
                # Nothing hangs on it: the licences are read anyway.
                return
            except (EffectUnknown, OperationTimedOut):
                # Refreshing twice does no harm; after the last try the state is read anyway.
                if remaining:
                    continue
            return

    def _tell(self, line: str) -> None:
        if line != self._said:
            self._said = line
            self._say(line)


def wanted_product(licences: tuple[LicenceFacts, ...], last_five: str | None) -> LicenceFacts | None:
    """The product that has the key with this last group, or any with an AVMA key where the group is not known."""
    if last_five is None:
        return next((licence for licence in licences if has_avma_key(licence, None)), None)
    return next((licence for licence in licences if last_five_of(licence) == last_five.upper()), None)
