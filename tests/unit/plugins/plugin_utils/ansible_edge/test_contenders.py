# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many guests may ask one host at once, from what Ansible tells of the run."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.contenders import contenders_of

FIFTY = [f"web{number:02}" for number in range(50)]


@pytest.mark.parametrize(
    ("variables", "throttle", "hosts", "expected"),
    [
        ({}, 0, 0, 1),
        ({"ansible_forks": 20, "ansible_play_batch": FIFTY}, 0, 0, 20),
        ({"ansible_forks": 200, "ansible_play_batch": FIFTY}, 0, 1, 50),
        ({"ansible_forks": 200, "ansible_play_batch": FIFTY}, 4, 1, 4),
        ({"ansible_forks": 200, "ansible_play_batch": FIFTY}, 0, 8, 7),
        ({"ansible_forks": 5, "ansible_play_batch": FIFTY}, 0, 64, 1),
        ({"ansible_forks": 20}, None, 0, 20),
        ({"ansible_forks": "20", "ansible_play_batch": "web"}, "4", 2, 1),
    ],
)
def test_as_many_as_run_at_once_shared_out_among_the_hosts(variables: dict[str, Any], throttle: Any, hosts: int, expected: int) -> None:
    assert contenders_of(variables, throttle, hosts) == expected
