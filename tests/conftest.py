# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Clients that negotiate would ask the KDCs of this machine's own realm for tickets, or look for one in DNS.
os.environ["KRB5_CONFIG"] = os.devnull

try:
    import hypothesis
except ImportError:  # ansible-test has none in its environments, nor the tests that use it
    pass
else:
    # A shared machine is no stopwatch: only pytest-timeout bounds the time of a test.
    hypothesis.settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow])
    hypothesis.settings.load_profile("default")

E2E = Path(__file__).parent / "e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in tests/e2e is marked ``e2e``, so that ``-m 'not e2e'`` leaves it out.

    For ``--dist loadgroup``: a file of tests/e2e is a group, for its tests share a lab of their own. All others are one group, since
    tests of the lab use the same addresses.
    """
    for item in items:
        group = "apart"
        if E2E in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            group = item.path.stem
        item.add_marker(pytest.mark.xdist_group(group))
