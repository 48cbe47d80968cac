# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on a failover cluster from the answers of its nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.cluster_verdict import (
    ClusterVerdict,
    NodeAnswer,
    cluster_as_told,
    judge_cluster,
    renewal_elsewhere_findings,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import (
    Channel,
    ClusterFacts,
    ClusterNode,
    GuestFacts,
    HostFacts,
    LicenceFacts,
    LicenceStatus,
    OsFacts,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.guest_plan import KeyWish, plan_guest_key
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.host_view import ClusterView, HostView, NodeView, host_view
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.identity import identify_os
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.outcome import Outcome
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED

B2019, B2022, B2025 = 17763, 20348, 26100


def host(name: str, build: int = B2022, sku: int = 8, status: LicenceStatus = LicenceStatus.LICENSED) -> HostFacts:
    return HostFacts(OsFacts(name=name, build=build, sku=sku, product_type=3), LicenceFacts("id", Channel.MAK, status, None), True)


def node(name: str, state: str = "up", build: int | None = B2022) -> ClusterNode:
    return ClusterNode(name, state, build)


def verdict(*answers: NodeAnswer) -> ClusterVerdict:
    return judge_cluster(ClusterFacts("CLU01", tuple(answer.node for answer in answers)), answers, PUBLISHED)


def codes(found: ClusterVerdict) -> list[str]:
    return [one.code for one in found.findings]


GOOD = NodeAnswer(node("HV01"), host("HV01"))
UNREACHED = NodeAnswer(node("HV09"), problem="nobody answers")
DOWN = NodeAnswer(node("HV08", "down"), problem="it is down", asked=False)
STANDARD = NodeAnswer(node("HV07"), host("HV07", sku=7))
LAPSED = NodeAnswer(node("HV06"), host("HV06", status=LicenceStatus.NOTIFICATION))
IN_GRACE = NodeAnswer(node("HV05"), host("HV05", status=LicenceStatus.OUT_OF_TOLERANCE_GRACE))
OLDER = NodeAnswer(node("HV04", build=B2019), host("HV04", build=B2019))
OTHER = NodeAnswer(node("HV03"), host("WEB03"))


@pytest.mark.parametrize(
    ("others", "ready", "found"),
    [
        ((), True, []),
        ((UNREACHED,), None, ["CLUSTER_NODE_NOT_ASKED"]),
        ((DOWN,), None, []),  # judge_host says it already
        ((STANDARD,), False, ["CLUSTER_NODE_NOT_READY"]),
        ((LAPSED,), False, ["CLUSTER_NODE_NOT_READY"]),
        ((IN_GRACE,), None, ["CLUSTER_NODE_NOT_READY"]),
        ((OLDER,), True, ["CLUSTER_NODE_OLDER"]),
        ((OTHER,), None, ["CLUSTER_NODE_IS_ANOTHER"]),
        ((UNREACHED, STANDARD), False, ["CLUSTER_NODE_NOT_ASKED", "CLUSTER_NODE_NOT_READY"]),
    ],
)
def test_ready_only_if_every_node_is(others: tuple[NodeAnswer, ...], ready: bool | None, found: list[str]) -> None:
    cluster = verdict(GOOD, *others)
    assert (cluster.ready, cluster.asked, codes(cluster)) == (ready, True, found)
    assert [one.name for one in cluster.nodes] == ["HV01", *(answer.node.name for answer in others)]


def test_nodes_tell_whether_they_answered() -> None:
    assert [one.reachable for one in verdict(GOOD, UNREACHED, DOWN, STANDARD, OTHER).nodes] == [True, False, None, True, False]
    assert verdict(GOOD, UNREACHED).nodes[1].problem == "nobody answers"


def test_findings_of_a_node_are_those_of_the_node_alone() -> None:
    cluster = verdict(GOOD, STANDARD)
    assert [[one.code for one in found.findings] for found in cluster.nodes] == [[], ["HOST_NOT_DATACENTER"]]
    assert "HOST_NOT_DATACENTER" in cluster.findings[0].cause


@pytest.mark.parametrize(
    ("answers", "release"),
    [
        ((GOOD, OLDER), "2019"),
        ((GOOD, NodeAnswer(node("HV02", build=B2025), host("HV02", build=B2025))), "2022"),
        # what a node says of itself counts for more than what the cluster remembers
        ((GOOD, NodeAnswer(node("HV02", build=B2019), host("HV02"))), "2022"),
        # of a node that is not to be reached the cluster's word is all there is
        ((GOOD, replace(UNREACHED, node=node("HV09", build=B2019))), "2019"),
        ((GOOD, replace(UNREACHED, node=node("HV09", build=None))), None),
        ((GOOD, replace(UNREACHED, node=node("HV09", build=12345))), None),
    ],
)
def test_lowest_release_counts(answers: tuple[NodeAnswer, ...], release: str | None) -> None:
    found = verdict(*answers).release
    assert (found.name if found else None) == release


def test_names_are_compared_without_domain_and_case() -> None:
    assert verdict(GOOD, NodeAnswer(node("hv02.corp.example"), host("HV02"))).ready is True


def test_without_asking_the_releases_are_known_and_readiness_is_not() -> None:
    found = cluster_as_told(ClusterFacts("CLU01", (node("HV01"), node("HV02", build=B2019))), PUBLISHED)
    assert (found.asked, found.ready, found.release, codes(found)) == (False, None, PUBLISHED.release_named("2019"), ["CLUSTER_NODE_OLDER"])


def test_node_that_was_forgotten_leaves_the_verdict_open() -> None:
    cluster = judge_cluster(ClusterFacts("CLU01", (GOOD.node, UNREACHED.node)), [GOOD], PUBLISHED)
    assert (cluster.ready, codes(cluster)) == (None, ["CLUSTER_NODE_NOT_ASKED"])


def test_cluster_without_nodes_is_not_ready() -> None:
    assert judge_cluster(ClusterFacts("CLU01"), [], PUBLISHED).ready is None


# what a guest is told

GUEST_2022 = identify_os(OsFacts(build=B2022, sku=7, product_type=3), PUBLISHED)
GUEST_2019 = identify_os(OsFacts(build=B2019, sku=7, product_type=3), PUBLISHED)


def view(*nodes: NodeView) -> HostView:
    return HostView("HV01", True, PUBLISHED.release_named("2022"), cluster=ClusterView("CLU01", nodes))


def test_nodes_that_could_not_renew_are_named_with_the_reason() -> None:
    nodes = (
        NodeView("HV01", False, None),
        NodeView("HV02", True, PUBLISHED.release_named("2019")),
        NodeView("HV03", False, PUBLISHED.release_named("2022")),
    )
    (found,) = renewal_elsewhere_findings(GUEST_2022, "web01", view(*nodes), PUBLISHED)
    assert found.code == "CLUSTER_NODE_CANNOT_RENEW"
    assert "HV02 runs Windows Server 2019, HV03 cannot activate guests" in found.cause
    assert "HV01" not in found.cause, "the host itself is spoken of elsewhere"
    (older_guest,) = renewal_elsewhere_findings(GUEST_2019, "web01", view(*nodes), PUBLISHED)
    assert "HV02" not in older_guest.cause


@pytest.mark.parametrize("host", [None, HostView("HV01", True, None), view(NodeView("HV02", None, None), NodeView("HV03", True, None))])
def test_nothing_is_said_of_nodes_that_are_not_known_to_refuse(host: HostView | None) -> None:
    assert renewal_elsewhere_findings(GUEST_2022, "web01", host, PUBLISHED) == ()


@pytest.mark.parametrize(
    ("cluster", "nodes"),
    [
        (None, None),
        ("CLU01", None),
        ({"name": None, "nodes": [{"name": "HV02"}]}, None),
        ({"name": "CLU01", "effective_release": None, "nodes": None}, ()),
        (
            {"name": "CLU01", "nodes": [{"name": "HV02", "ready": True, "release": "2019"}]},
            (NodeView("HV02", True, PUBLISHED.release_named("2019")),),
        ),
        # the whole result of a host whose nodes were not asked
        (
            {"name": "CLU01", "nodes": [{"name": "HV02", "state": "up", "release": "2019"}], "verdict": {"nodes": []}},
            (NodeView("HV02", None, PUBLISHED.release_named("2019")),),
        ),
    ],
)
def test_cluster_of_a_registered_result(cluster: object, nodes: tuple[NodeView, ...] | None) -> None:
    found = host_view({"host": {"name": "HV01", "os": {"release": "2022"}, "avma": {"ready": True}, "cluster": cluster}}, PUBLISHED)
    assert found.cluster == (None if nodes is None else ClusterView("CLU01", nodes))


def test_nodes_of_a_registered_result_are_read() -> None:
    nodes = [{"name": "HV02", "ready": False, "release": "2019"}, "HV03", {"ready": True}, {"name": "HV04", "ready": "no", "release": 5}]
    found = host_view({"host": {"name": "HV01", "avma": {"ready": True}, "cluster": {"name": "CLU01", "nodes": nodes}}}, PUBLISHED)
    assert found.cluster == ClusterView("CLU01", (NodeView("HV02", False, PUBLISHED.release_named("2019")), NodeView("HV04", None, None)))


# the plan for a guest

UNLICENSED = GuestFacts(OsFacts(name="web01", build=B2022, sku=7, product_type=3), ())
ACTIVATED = GuestFacts(UNLICENSED.os, (LicenceFacts("id", Channel.AVMA, LicenceStatus.LICENSED, 1, partial_product_key="78VHK"),))
OLD_NODE = NodeView("HV02", True, PUBLISHED.release_named("2019"))
BAD_NODE = NodeView("HV03", False, PUBLISHED.release_named("2022"))


def test_guest_newer_than_a_node_but_not_than_its_host_is_activated_and_told() -> None:
    """In a rolling upgrade: activation works now, and only a move to the older node ends it."""
    plan = plan_guest_key(UNLICENSED, KeyWish(), view(OLD_NODE), tables=PUBLISHED)
    assert (plan.outcome, [found.code for found in plan.findings]) == (Outcome.ACTIVATED, ["CLUSTER_NODE_CANNOT_RENEW"])
    assert "HV02 runs Windows Server 2019" in plan.findings[0].cause


def test_guest_newer_than_its_own_host_is_refused_whatever_the_other_nodes_are() -> None:
    newer = NodeView("HV02", True, PUBLISHED.release_named("2025"))
    own = HostView("HV01", True, PUBLISHED.release_named("2019"), cluster=ClusterView("CLU01", (newer,)))
    plan = plan_guest_key(UNLICENSED, KeyWish(), own, tables=PUBLISHED)
    assert (plan.outcome, [found.code for found in plan.findings]) == (Outcome.REFUSED, ["GUEST_NEWER_THAN_HOST"])


@pytest.mark.parametrize("node", [OLD_NODE, BAD_NODE])
def test_guest_that_a_node_could_not_renew_is_refused_if_that_is_wished(node: NodeView) -> None:
    plan = plan_guest_key(UNLICENSED, KeyWish(require_all_nodes=True), view(node), tables=PUBLISHED)
    assert (plan.outcome, plan.steps, [found.code for found in plan.findings]) == (Outcome.REFUSED, (), ["GUEST_NOT_FOR_ALL_NODES"])
    assert node.name in plan.findings[0].cause
    for settled in (
        plan_guest_key(ACTIVATED, KeyWish(require_all_nodes=True), view(node), tables=PUBLISHED),
        plan_guest_key(UNLICENSED, KeyWish(require_all_nodes=True), view(), tables=PUBLISHED),
    ):
        assert settled.outcome in (Outcome.ALREADY_ACTIVATED, Outcome.ACTIVATED)


@pytest.mark.parametrize(("guest", "outcome"), [(UNLICENSED, Outcome.ACTIVATED), (ACTIVATED, Outcome.ALREADY_ACTIVATED)])
def test_guest_is_activated_and_told_of_nodes_that_could_not_renew_it(guest: GuestFacts, outcome: Outcome) -> None:
    plan = plan_guest_key(guest, KeyWish(), view(BAD_NODE), tables=PUBLISHED)
    assert (plan.outcome, [found.code for found in plan.findings]) == (outcome, ["CLUSTER_NODE_CANNOT_RENEW"])


def test_activated_guest_on_a_cluster_with_an_older_node_is_left_and_told() -> None:
    plan = plan_guest_key(ACTIVATED, KeyWish(), view(OLD_NODE), tables=PUBLISHED)
    assert (plan.outcome, [found.code for found in plan.findings]) == (Outcome.ALREADY_ACTIVATED, ["CLUSTER_NODE_CANNOT_RENEW"])
