# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing machines by name and id."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.options import OptionError
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.vm_choice import VmChoice, choose


@dataclass(frozen=True)
class Machine:
    id: str
    name: str


WEB, SQL, TWIN = Machine("AAAA", "web01"), Machine("BBBB", "Straße"), Machine("CCCC", "WEB01")
MACHINES = (WEB, SQL, TWIN)


@pytest.mark.parametrize(
    ("names", "ids", "chosen"),
    [
        ([], [], MACHINES),
        (["Web01"], [], (WEB, TWIN)),
        (["STRASSE"], [], (SQL,)),
        ([], ["{cccc}", "aaaa"], (WEB, TWIN)),
        (["straße"], ["AAAA"], (WEB, SQL)),
        (["straße", "strasse"], ["BBBB"], (SQL,)),
    ],
)
def test_machines_in_the_host_s_order(names: list[str], ids: list[str], chosen: tuple[Machine, ...]) -> None:
    assert choose(MACHINES, VmChoice(tuple(names), tuple(ids))) == chosen


def test_missing_ones_are_all_named_and_harmless() -> None:
    with pytest.raises(OptionError, match="no virtual machine a, b\\[2J, DDDD on this host") as caught:
        choose(MACHINES, VmChoice(("a", "web01", "b\x1b[2J"), ("DDDD",)))
    assert "\x1b" not in str(caught.value)


def test_ambiguous_name_is_refused_where_something_is_changed() -> None:
    with pytest.raises(OptionError, match="2 virtual machines are named web01: AAAA, CCCC"):
        choose(MACHINES, VmChoice(("web01",), ()), unique=True)
    assert choose(MACHINES, VmChoice(("strasse",), ("CCCC",)), unique=True) == (SQL, TWIN)
