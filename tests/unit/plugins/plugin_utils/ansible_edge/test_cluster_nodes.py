# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a host may have asked: nodes by names of computers, and nobody outside the inventory unless the user says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.cluster_nodes import NodeSurvey
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.inventory_connection import Inventory
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.cluster_verdict import NodeAnswer
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.facts import ClusterFacts, ClusterNode, ComputerFacts, HostFacts, OsFacts

VARIABLES = {"hostvars": {"hv01": {}, "hv02": {}}, "groups": {"all": ["hv01", "hv02"]}}


class Asked(NodeSurvey):
    """Notes who would be asked, instead of asking."""

    def _ask_others(self, nodes: Sequence[ClusterNode], *more: Any) -> list[NodeAnswer]:
        return [NodeAnswer(node, problem="asked") for node in nodes]


def asked(name: str, *, unlisted: bool) -> bool:
    node = ClusterNode(name=name, state="up", build=20348)
    own = HostFacts(
        licence=None,
        os=OsFacts(name="HV01"),
        computer=ComputerFacts(name="HV01"),
        cluster=ClusterFacts(name="clu", nodes=(node,)),
        hyperv=True,
    )
    (answer,) = Asked(None, None, VARIABLES, unlisted).ask(own)
    return answer.asked


@pytest.mark.parametrize("unlisted", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "127.0.0.1",
        "127.0.0.1:7001/evil?x=",
        "user@evil",
        "evil/x",
        "evil#",
        "evil:80",
        "localhost",
        "::1",
        "0x7f000001",
        "hv 02",
        "",
        "a" * 64,
        "x\n",
    ],
)
def test_what_is_not_the_name_of_a_computer_is_not_used(name: str, unlisted: bool) -> None:
    assert not asked(name, unlisted=unlisted)


def test_node_of_the_inventory_is_asked() -> None:
    assert Inventory(VARIABLES).find(["HV02"]) == {"HV02": "hv02"}
    assert asked("HV02", unlisted=False)


def test_other_node_is_asked_where_the_user_says_so() -> None:
    assert not asked("HV03", unlisted=False)
    assert asked("HV03", unlisted=True)
