# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest through many runs of guest_key, while its administrators and its host do what they like.

The model obeys plans as Windows does: a key that is put in replaces the one before and is not activated by that; what is licensed by
the other key is gone. It knows whole keys, as nobody else does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import kms_client_row
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    GuestFacts,
    GuestPlacement,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import GuestPlan, KeyWish, Step, StepKind, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_result import outcome_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_view import ClusterView, HostView, NodeView
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.outcome import Outcome
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.rollback import plan_rollback
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.user_tables import with_user_tables

OWN_AVMA = "22222-33333-44444-55555-66666"
MAK = "MMMMM-33333-44444-55555-77777"
RETAIL = "RRRRR-33333-44444-55555-88888"
OEM = "PPPPP-33333-44444-55555-99999"
GVLK_2022, GVLK_ELSEWHERE = "VDYBN-27WPP-V4HQT-9VMD4-VMK7H", "N69G4-B89J2-4G8F4-WWYCC-J464C"
AVMA_2022 = "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"
CHANNELS = {OWN_AVMA: Channel.AVMA, MAK: Channel.MAK, RETAIL: Channel.RETAIL, OEM: Channel.OEM}
TABLES = with_user_tables({"avma_keys": [{"release": "23H2", "edition": "Standard", "key": OWN_AVMA}]})

NOT_ACTIVATED, MISMATCH, THROTTLED, NEVER_SEEN = 0xC004FD02, 0xC004FD03, 0xC004FD00, 0xC004ABCD
LASTING = (NOT_ACTIVATED, MISMATCH)
YES_NO = st.booleans()
OFTEN, SELDOM = st.sampled_from([True, True, False]), st.sampled_from([False, False, True])


@dataclass
class Guest:
    """``key`` None: Windows has no key."""

    build: int
    key: str | None
    licensed: bool

    @property
    def facts(self) -> GuestFacts:
        os = OsFacts(name="WEB01", build=self.build, sku=7, product_type=3)
        status = LicenceStatus.LICENSED if self.licensed else LicenceStatus.NOTIFICATION
        licences = (LicenceFacts("id", channel_of(self.key), status, None, partial_product_key=self.key[-5:]),) if self.key else ()
        return GuestFacts(os, licences, GuestPlacement("HV01"))


def channel_of(key: str) -> Channel:
    if key in CHANNELS:
        return CHANNELS[key]
    return Channel.KMS_CLIENT if kms_client_row(key) else Channel.AVMA


class GuestOverTime(RuleBasedStateMachine):
    @initialize(build=st.sampled_from([20348, 25398]), key=st.sampled_from([GVLK_2022, GVLK_ELSEWHERE, None, MAK]), licensed=YES_NO)
    def arrives(self, build: int, key: str | None, licensed: bool) -> None:
        self.guest = Guest(build, key, licensed and key is not None)
        self.host: HostView | None = None
        self.refusal: int | None = None
        self.had_key = key is not None

    @rule(key=st.sampled_from([GVLK_2022, GVLK_ELSEWHERE, MAK, RETAIL, OEM, AVMA_2022]), licensed=YES_NO)
    def administrator_installs(self, key: str, licensed: bool) -> None:
        self.guest.key, self.guest.licensed, self.had_key = key, licensed, True

    @rule()
    def licence_runs_out(self) -> None:
        self.guest.licensed = False

    @rule(
        known=YES_NO,
        ready=st.sampled_from([True, True, True, False, None]),
        release=st.sampled_from(["2025", "2022", "2019"]),
        node=st.sampled_from([None, "2019", "2025"]),
        problem=st.sampled_from([None, None, "it does not answer"]),
    )
    def host_changes(self, known: bool, ready: bool | None, release: str, node: str | None, problem: str | None) -> None:
        cluster = ClusterView("CLU01", (NodeView("HV02", None, PUBLISHED.release_named(node)),)) if node else None
        self.host = HostView("HV01", ready, PUBLISHED.release_named(release), cluster=cluster, problem=problem) if known else None

    @rule(
        wish=st.builds(
            KeyWish,
            st.sampled_from([None, None, None, OWN_AVMA, MAK, GVLK_2022]),
            activate=OFTEN,
            replace_licensed=YES_NO,
            require_ready=SELDOM,
            require_all_nodes=SELDOM,
            rollback=OFTEN,
        ),
        refusal=st.sampled_from([None, NOT_ACTIVATED, MISMATCH, THROTTLED, NEVER_SEEN]),
    )
    def guest_key_is_run(self, wish: KeyWish, refusal: int | None) -> None:
        """``refusal``: what Windows answers to the call to activate."""
        self.refusal = refusal
        before = replace(self.guest)
        foreseen = self.plan(wish)  # what check mode returns
        plan = self.plan(wish)
        assert plan == foreseen
        done, refused = self.carry_out(plan)
        otherwise = plan.installs and channel_of(self.guest.key or "") is not Channel.AVMA  # Windows takes the key for another channel
        outcome, _findings = outcome_of(self.guest.facts.primary, plan, refused)
        restored = self.roll_back(before, plan, refused) if wish.rollback and outcome is Outcome.FAILED and plan.installs else False

        if before.licensed and channel_of(before.key or "") is not Channel.AVMA and not wish.replace_licensed:
            assert self.guest == before, "a licensed key of another channel was touched"
        if not plan.steps:
            assert self.guest == before
            assert done == []
        assert [step.kind for step in done] == [step.kind for step in plan.steps][: len(done)]
        if refused is None and not otherwise:
            assert done == list(plan.steps), "what was foreseen was not done"
        if restored:
            assert refused is None or refused in LASTING, "given up although it may pass"
            assert (self.guest.key, self.guest.licensed) == (before.key, False)
        if outcome in (Outcome.ACTIVATED, Outcome.KEYED, Outcome.ALREADY_ACTIVATED):
            again = self.plan(wish)
            assert again.steps == (), "a further run would change something"
            if outcome is not Outcome.KEYED:
                assert (self.guest.licensed, channel_of(self.guest.key or "")) == (True, Channel.AVMA)

    @invariant()
    def a_key_is_never_lost_without_another(self) -> None:
        assert (self.guest.key is not None) >= self.had_key

    def plan(self, wish: KeyWish) -> GuestPlan:
        return plan_guest_key(self.guest.facts, wish, self.host, tables=TABLES)

    def carry_out(self, plan: GuestPlan) -> tuple[list[Step], int | None]:
        done: list[Step] = []
        for step in plan.steps:
            if step.kind is StepKind.INSTALL_KEY:
                assert plan.key is not None
                assert plan.key.key is not None
                assert plan.key.key != self.guest.key, "the key is there already"
                self.guest.key, self.guest.licensed, self.had_key = plan.key.key, False, True
            else:
                assert not self.guest.licensed, "it is licensed already"
                if channel_of(self.guest.key or "") is not Channel.AVMA:
                    break  # it is not asked for: a MAK would be used up
                if self.refusal is not None:
                    return done, self.refusal
                self.guest.licensed = True
            done.append(step)
        return done, None

    def roll_back(self, before: Guest, plan: GuestPlan, refusal: int | None) -> bool:
        rollback = plan_rollback(before.facts, plan, self.guest.facts.primary, refusal, TABLES)
        assert (rollback.step is None) == (rollback.key is None)
        if rollback.key is None:
            assert rollback.findings, "nothing is put back, and nobody says why"
            return False
        assert kms_client_row(rollback.key) or TABLES.avma_rows(rollback.key) or PUBLISHED.avma_rows(rollback.key)
        self.guest.key, self.guest.licensed = rollback.key, False
        return True


TestGuestOverTime = GuestOverTime.TestCase
TestGuestOverTime.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
