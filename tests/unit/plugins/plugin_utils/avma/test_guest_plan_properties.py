# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every plan, whatever is in the guest."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import KMS_CLIENT_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import SKUS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    ComputerFacts,
    GuestFacts,
    GuestPlacement,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import GuestPlan, KeyWish, StepKind, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_result import outcome_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_view import ClusterView, HostView, NodeView
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.outcome import Outcome
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.releases import RELEASES
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

PUBLISHED_KEYS = {row.key for row in AVMA_KEYS} | {row.key for row in KMS_CLIENT_KEYS}
OTHER_CHANNELS = [channel for channel in Channel if channel not in (Channel.AVMA, Channel.EVALUATION)]

builds = st.sampled_from([None, 9200, 31000, *(release.build for release in RELEASES)])
skus = st.sampled_from([None, 4242, *(sku.number for sku in SKUS)])
five = st.none() | st.sampled_from([row.key[-5:] for row in AVMA_KEYS]) | st.from_regex(r"[A-Z0-9]{5}", fullmatch=True)
statuses = st.sampled_from(LicenceStatus)
oses = st.builds(OsFacts, name=st.none() | st.text(max_size=20), build=builds, sku=skus, product_type=st.sampled_from([None, 1, 2, 3]))


def licences(channels: st.SearchStrategy[Channel], status: st.SearchStrategy[LicenceStatus] = statuses) -> st.SearchStrategy[LicenceFacts]:
    return st.builds(LicenceFacts, st.just("id"), channels, status, st.none(), partial_product_key=five)


any_licences = st.lists(licences(st.sampled_from(Channel)), max_size=3).map(tuple)
computers = st.none() | st.builds(
    ComputerFacts, manufacturer=st.sampled_from(["Microsoft Corporation", "QEMU", None]), model=st.just("Virtual Machine")
)
guests = st.builds(GuestFacts, oses, any_licences, st.none() | st.just(GuestPlacement("HV01")), computers)
unpublished_keys = st.from_regex(r"[A-Z0-9]{5}(-[A-Z0-9]{5}){4}", fullmatch=True).filter(lambda key: key not in PUBLISHED_KEYS)
user_keys = st.none() | st.sampled_from(sorted(PUBLISHED_KEYS)) | unpublished_keys | st.text(max_size=12)
wishes = st.builds(KeyWish, user_keys, st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans())
clusters = st.none() | st.builds(
    ClusterView,
    st.just("CLU01"),
    st.lists(
        st.builds(NodeView, st.just("HV02"), st.sampled_from([True, False, None]), st.none() | st.sampled_from(RELEASES)), max_size=2
    ).map(tuple),
)
hosts = st.none() | st.builds(
    HostView,
    st.just("HV01"),
    st.sampled_from([True, False, None]),
    st.none() | st.sampled_from(RELEASES),
    st.sampled_from([True, False, None]),
    cluster=clusters,
    problem=st.sampled_from([None, None, "it does not answer"]),
)


def after(facts: GuestFacts, plan: GuestPlan) -> GuestFacts:
    """The guest as the plan foresees it: one product with a key, as Windows has after a key was installed."""
    state: dict[str, Any] = dict(plan.steps[-1].after)
    status = LicenceStatus.LICENSED if state["licensed"] else LicenceStatus.NOTIFICATION
    product = LicenceFacts("id", Channel(state["channel"]), status, None, partial_product_key=state["last_five"])
    return replace(facts, licences=(product,))


@given(
    oses,
    st.lists(licences(st.sampled_from(Channel)), max_size=2),
    licences(st.sampled_from(OTHER_CHANNELS), st.just(LicenceStatus.LICENSED)),
    hosts,
    user_keys,
)
def test_a_licensed_key_of_another_channel_is_never_replaced_unasked(
    os: OsFacts, others: list[LicenceFacts], licensed: LicenceFacts, host: HostView | None, key: str | None
) -> None:
    others = [other for other in others if not other.licensed]
    plan = plan_guest_key(GuestFacts(os, (*others, licensed)), KeyWish(key=key), host, tables=PUBLISHED)
    assert plan.steps == ()
    assert plan.outcome in (Outcome.KEPT, Outcome.REFUSED)


@given(guests, wishes, hosts)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(facts: GuestFacts, wish: KeyWish, host: HostView | None) -> None:
    plan = plan_guest_key(facts, wish, host, tables=PUBLISHED)
    if not plan.steps:
        assert plan.outcome in (Outcome.ALREADY_ACTIVATED, Outcome.KEYED, Outcome.KEPT, Outcome.REFUSED, Outcome.DEFERRED)
        return
    again = plan_guest_key(after(facts, plan), wish, host, tables=PUBLISHED)
    assert again.steps == ()
    assert again.outcome is (Outcome.ALREADY_ACTIVATED if wish.activate else Outcome.KEYED)


@given(guests, wishes, hosts)
def test_success_of_the_steps_is_what_the_plan_foresaw(facts: GuestFacts, wish: KeyWish, host: HostView | None) -> None:
    plan = plan_guest_key(facts, wish, host, tables=PUBLISHED)
    if plan.steps:
        assert outcome_of(after(facts, plan).primary, plan, None) == (plan.outcome, ())


@given(guests, wishes, hosts)
def test_steps_are_in_order_join_and_each_changes_something(facts: GuestFacts, wish: KeyWish, host: HostView | None) -> None:
    plan = plan_guest_key(facts, wish, host, tables=PUBLISHED)
    kinds = [step.kind for step in plan.steps]
    assert kinds in ([], [StepKind.INSTALL_KEY], [StepKind.ACTIVATE], [StepKind.INSTALL_KEY, StepKind.ACTIVATE])
    for earlier, later in zip(plan.steps, plan.steps[1:], strict=False):
        assert earlier.after == later.before
    assert all(step.before != step.after and step.reason for step in plan.steps)


@given(guests, wishes, hosts)
def test_who_is_refused_or_kept_is_told_why(facts: GuestFacts, wish: KeyWish, host: HostView | None) -> None:
    plan = plan_guest_key(facts, wish, host, tables=PUBLISHED)
    if plan.outcome in (Outcome.REFUSED, Outcome.KEPT, Outcome.DEFERRED):
        assert plan.findings
        assert plan.findings[-1 if plan.outcome is Outcome.DEFERRED else 0].remedy
    if plan.installs:
        assert plan.key is not None
        assert plan.key.key is not None


@given(guests, unpublished_keys, st.booleans(), hosts)
def test_no_key_of_the_user_is_in_any_text(facts: GuestFacts, key: str, activate: bool, host: HostView | None) -> None:
    hostile = replace(facts, os=replace(facts.os, name=f"web01 {key}"), computer=ComputerFacts(manufacturer=key, model=key))
    plan = plan_guest_key(hostile, KeyWish(key=key, activate=activate), host, tables=PUBLISHED)
    shown = json.dumps([found.as_dict() for found in plan.findings]) + repr(plan.findings) + repr(plan.steps) + repr(plan.key)
    assert key not in shown
