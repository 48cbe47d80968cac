# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The use case of ``guest_key``: look, plan, apply, look again, and report the result."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import replace

from .._avma.activation_diagnosis import chassis_may_explain, diagnose, explained, integration_may_explain
from .._avma.facts import Channel, ComputerFacts, GuestFacts, GuestPlacement, LicenceFacts
from .._avma.findings import Finding, finding
from .._avma.guest_plan import GuestPlan, KeyWish, Step, plan_guest_key
from .._avma.guest_result import outcome_of
from .._avma.host_of_guest import host_of_guest
from .._avma.host_view import HostView
from .._avma.kms_left import kms_left_findings
from .._avma.outcome import Outcome
from .._avma.rollback import plan_rollback, rollback_findings, rollback_unknown
from .._avma.tables import Tables
from .._avma.vm_matching import OTHER_VM
from .._avma.windows_codes import error_of
from .._windows.activation import ApplyResult, PlanRunner, wanted_product
from .._windows.guest import foresee_diagnosis, foresee_key, read_licence_state
from .._windows.integration import read_integration
from .._windows.placement import read_host_name, read_vm_id
from .._windows.system import read_asset_tag, read_computer
from .._wsman.cim import Cim
from .._wsman.errors import WsManError
from .action import Task
from .failure import Failure, failure_of
from .meant_vm import MeantVm
from .results import findings_result, guest_result, identity_result, licence_result
from .unjudged_host import UnjudgedHost

Result = dict[str, t.Any]

_REASONS = {
    Outcome.ACTIVATED: "the AVMA key is installed and the guest says that it is licensed",
    Outcome.ALREADY_ACTIVATED: "the guest was licensed by AVMA before",
    Outcome.KEYED: "the AVMA key is installed, activation was not asked for",
}
# Outcomes that somebody may have to act upon.
_EXPLAINED = (Outcome.FAILED, Outcome.REFUSED, Outcome.KEPT, Outcome.DEFERRED)


class GuestActivation:
    """One guest, over one session."""

    def __init__(
        self,
        task: Task,
        session: Cim,
        wish: KeyWish,
        host: HostView | None,
        hosts: Iterable[Result],
        tables: Tables,
        concurrent_guests: int = 1,
        *,
        wait: int,
        meant: MeantVm | None = None,
        unjudged: UnjudgedHost | None = None,
    ) -> None:
        self._unjudged = unjudged
        self._meant = meant
        self._own_id: str | None = None
        self._task = task
        self._session = session
        self._wish = wish
        self._host = host
        self._hosts = hosts
        self._tables = tables
        self._concurrent_guests = concurrent_guests
        self._wait = wait

    def run(self) -> Result:
        foresee_key(self._session)
        facts = read_licence_state(self._session)
        self._own_id = read_vm_id(self._session)
        other = self._meant.why_not(self._own_id) if self._meant else None
        plan = plan_guest_key(facts, self._wish, self._host, tables=self._tables)
        if other is not None and other.code == OTHER_VM:
            return self._result_of_another(facts, replace(plan, key=None, outcome=Outcome.REFUSED, steps=(), findings=(other,)))
        result = self._planned(facts, plan)
        if other is not None:
            result["findings"] += findings_result([other])
        return result

    def _planned(self, facts: GuestFacts, plan: GuestPlan) -> Result:
        if plan.steps or (self._host is None and plan.hangs_on_host):
            # Only where something would be changed is it worth to ask where the guest runs.
            facts = replace(facts, computer=read_computer(self._session), placement=read_host_name(self._session))
            host = self._host or host_of_guest(facts.placement, self._hosts, self._tables)
            if host is None and self._unjudged is not None:
                host = self._unjudged.view(facts.placement)
            installs = plan.installs
            plan = plan_guest_key(facts, self._wish, host, tables=self._tables)
            if (host is None or host.problem is not None) and installs:
                # Of a host that is not known it is not known either that it is none of Azure's, where a key is better left alone.
                facts = replace(facts, computer=replace(facts.computer or ComputerFacts(), asset_tag=read_asset_tag(self._session)))
                plan = plan_guest_key(facts, self._wish, host, tables=self._tables)
            self._host = host
        if self._task.check_mode or not plan.steps:
            return self._result(facts, facts, plan, plan.outcome, plan.findings, ApplyResult(licences=facts.licences))
        return self._applied(facts, plan)

    def _applied(self, before: GuestFacts, plan: GuestPlan) -> Result:
        # Only a key that is to be installed is named; what is there already is found by its channel.
        key = plan.key.key if plan.key and plan.installs else None
        runner = PlanRunner(
            self._session,
            wait=self._wait,
            say=lambda line: self._task.say(f"{self._task.machine}: {line}"),
            concurrent_guests=self._concurrent_guests,
        )
        failure: Failure | None = None
        try:
            applied = runner.apply(plan, key, before.licences)
        except WsManError as error:
            # What was done until then must still be told.
            applied = runner.applied
            failure = failure_of(error, self._task.machine)
        after = replace(before, licences=applied.licences, kms=applied.kms)
        code = applied.error.code if applied.error else None
        if failure is None:
            last_five = plan.key.last_five if plan.key is not None else None
            now = wanted_product(after.licences, last_five) or after.primary
            outcome, findings = outcome_of(now, plan, code)
            if outcome in (Outcome.ACTIVATED, Outcome.KEYED):
                findings = (*findings, *kms_left_findings(after))
            if outcome is Outcome.FAILED:
                diagnosis = self._diagnosis(after, plan, code, timed_out=applied.timed_out)
                findings = explained(findings, diagnosis, plan.findings)
            if outcome is Outcome.FAILED and self._wish.rollback and plan.installs and plan.steps[0] in applied.done:
                # Before what was refused, which is the reason of the outcome.
                findings = (*self._rolled_back(runner, before, plan, now), *findings)
                after = replace(before, licences=applied.licences)
        else:
            # What was read last may be out of date, so nothing is concluded from it.
            outcome, findings = Outcome.FAILED, (failure.finding,) if failure.finding else ()
            if self._wish.rollback and applied.done:
                findings = (*findings, *rollback_unknown(plan, failure.msg.rstrip(".")))
        result = self._result(before, after, plan, outcome, (*plan.findings, *findings), applied)
        if failure is not None:
            result.update(reason=failure.msg, msg=failure.msg, error=failure.as_dict())
        elif code is not None:
            entry = error_of(code)
            result["error"] = {"kind": "licensing_refused", "code": f"0x{code:08X}", "symbol": entry.symbol if entry else None}
        return result

    def _rolled_back(self, runner: PlanRunner, before: GuestFacts, plan: GuestPlan, now: LicenceFacts | None) -> tuple[Finding, ...]:
        """Puts the previous key back where it is known and the failure will not pass, and reports the result."""
        error = runner.applied.error
        rollback = plan_rollback(before, plan, now, error.code if error else None, self._tables)
        refused = None
        if rollback.step is not None and rollback.key is not None:
            try:
                refused = runner.restore(rollback.step, rollback.key)
            except WsManError as lost:
                return rollback_unknown(plan, failure_of(lost, self._task.machine).msg.rstrip("."))
        return rollback_findings(rollback, plan, runner.applied.licences, refused.code if refused else None)

    def _diagnosis(self, guest: GuestFacts, plan: GuestPlan, code: int | None, *, timed_out: bool) -> tuple[Finding, ...]:
        """What explains that the guest was not activated. Asking for it is worth three requests, but not a failure."""
        computer = guest.computer
        try:
            if integration_may_explain(code, timed_out):
                foresee_diagnosis(self._session)
            if chassis_may_explain(code, timed_out) and computer is not None and computer.asset_tag is None:
                guest = replace(guest, computer=replace(computer, asset_tag=read_asset_tag(self._session)))
            if integration_may_explain(code, timed_out):
                guest = replace(guest, integration=read_integration(self._session))
        except WsManError:
            pass
        return diagnose(guest, plan.identity, self._host, code)

    def _judged(self, plan: GuestPlan) -> bool | None:
        """None: nothing was to be changed, so nobody asked."""
        if not plan.steps:
            return None
        return self._host is not None and self._host.problem is None

    def _result_of_another(self, facts: GuestFacts, plan: GuestPlan) -> Result:
        """A refusal that says which machine answered, and nothing of its licence: that is not the licence of the one that was meant."""
        result = self._result(facts, facts, plan, plan.outcome, plan.findings, ApplyResult(licences=facts.licences))
        told = result["guest"]
        nothing = {"key_installed": False, "activated": False, "before": None, "after": None}
        return {**result, **nothing, "guest": {**dict.fromkeys(told), "name": told["name"], "placement": told["placement"]}}

    def _result(
        self, before: GuestFacts, after: GuestFacts, plan: GuestPlan, outcome: Outcome, findings: Iterable[Finding], applied: ApplyResult
    ) -> Result:
        findings = tuple(findings)
        if self._own_id:
            after = replace(after, placement=replace(after.placement or GuestPlacement(), vm_id=self._own_id))
        check = self._task.check_mode
        done = plan.steps if check else tuple(applied.done)
        primary = after.primary
        reason = _reason(outcome, findings, planned=check and bool(plan.steps))
        result: Result = {
            # A licence that was lost or gained on the way is a change, whoever made it.
            "changed": bool(done) or _states(before) != _states(after),
            "outcome": outcome.value,
            "reason": reason,
            "guest": guest_result(after, self._tables),
            "identity": identity_result(plan.identity),
            "key": plan.key.display if plan.key else None,
            "host_judged": self._judged(plan),
            "key_installed": any(licence.channel is Channel.AVMA for licence in after.licences),
            "activated": any(licence.channel is Channel.AVMA and licence.licensed for licence in after.licences),
            "before": licence_result(before.primary),
            "after": licence_result(primary),
            "steps": [_step_result(step, step in done) for step in (*plan.steps, *(step for step in done if step not in plan.steps))],
            "findings": findings_result(findings),
        }
        if outcome in _EXPLAINED:
            decisive = _decisive(outcome, findings)
            result["msg"] = f"{self._task.machine}: {reason}. {decisive.remedy if decisive else ''}".strip()
        if self._task.diff_mode and result["changed"]:
            result["diff"] = _diff(self._task.machine, before, after, plan, predicted=check)
        return result


def deferred_result(machine: str, failure: Failure) -> Result:
    """The result for a guest that does not answer."""
    found = failure.finding or finding("GUEST_UNREACHABLE", machine, reason=failure.msg)
    return {
        "changed": False,
        "outcome": Outcome.DEFERRED.value,
        "reason": failure.msg,
        "msg": failure.msg,
        "findings": findings_result([found]),
        "error": failure.as_dict(),
    }


def _reason(outcome: Outcome, findings: Iterable[Finding], *, planned: bool) -> str:
    if planned:
        return f"would be {outcome.value.replace('_', ' ')} if Windows refuses nothing"
    if outcome in _REASONS:
        return _REASONS[outcome]
    decisive = _decisive(outcome, findings)
    return decisive.cause if decisive else "no reason was given"


def _decisive(outcome: Outcome, findings: Iterable[Finding]) -> Finding | None:
    """Of a refusal the first finding is the reason; what Windows refused comes after the plan's own notes."""
    ordered = tuple(findings)
    if not ordered:
        return None
    return ordered[0] if outcome is Outcome.REFUSED else ordered[-1]


def _states(facts: GuestFacts) -> list[tuple[str, str | None, str]]:
    """What makes a change of a licence; the minutes that are left pass by themselves."""
    return [(licence.channel.value, licence.partial_product_key, licence.status.value) for licence in facts.licences]


def _step_result(step: Step, done: bool) -> Result:
    return {"kind": step.kind.value, "before": dict(step.before), "after": dict(step.after), "reason": step.reason, "done": done}


def _diff(machine: str, before: GuestFacts, after: GuestFacts, plan: GuestPlan, *, predicted: bool) -> dict[str, str]:
    """Channel, last five characters and whether licensed, before and after; in check mode as the plan predicts them."""

    def described(facts: GuestFacts) -> dict[str, t.Any]:
        primary = facts.primary
        return {
            "channel": primary.channel.value if primary else None,
            "last_five": primary.partial_product_key if primary else None,
            "licensed": primary.licensed if primary else False,
        }

    values = described(before)
    changed = dict(values) if predicted else described(after)
    if predicted:
        for step in plan.steps:
            changed.update(step.after)
    header = f"{machine}: Windows licence"

    def lines(wanted: dict[str, t.Any]) -> str:
        return "".join(f"{name}: {wanted[name]}\n" for name in sorted(wanted))

    return {"before_header": header, "after_header": header, "before": lines(values), "after": lines(changed)}
