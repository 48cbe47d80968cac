# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release without a published AVMA key: refused as it is, activated by what the user adds, and the key is shown nowhere."""

from __future__ import annotations

import pytest

from .scenario_files import lab_of

pytestmark = pytest.mark.e2e

OWN_KEY = "2B4D6-F8H9J-K3M5N-P7Q9R-T2V4W"
SHOWN = "*****-*****-*****-*****-T2V4W"
TABLES = {"avma_keys": [{"release": "23h2", "edition": "Datacenter", "key": OWN_KEY.lower()}]}


def test_added_key_activates_a_guest_and_is_shown_nowhere() -> None:
    annual = {"release": "23h2", "edition": "datacenter_sac", "licence": {"channel": "none"}}
    with lab_of(
        keys=[{"key": OWN_KEY, "channel": "VT:IA", "release": "23h2", "edition": "datacenter"}],
        hosts=[{"name": "hv01", "release": "2025", "edition": "datacenter", "vms": [{"name": "annual01", "windows": annual}]}],
    ) as lab:
        player = lab.player()
        refused = player.playbook("activate")
        assert refused.outcomes() == {"annual01": "refused"}
        assert [found["code"] for found in refused.one("guest_key", "annual01")["findings"]] == ["KEY_NEEDED"]

        run = player.playbook("activate", avma_tables=TABLES, verbosity=4, diff=True)
        assert run.outcomes() == {"annual01": "activated"}, run.output
        assert run.one("guest_key", "annual01")["key"] == SHOWN
        (machine,) = run.one("kvp_info", "hv01")["vms"]
        assert (machine["avma"]["status"], machine["avma"]["key"]) == ("eligible", SHOWN)
        assert OWN_KEY not in run.output.upper()
        assert lab.machine("annual01")["licence"]["partial_key"] == OWN_KEY[-5:]
