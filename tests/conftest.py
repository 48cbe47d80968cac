# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of all tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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
    """What lies in tests/e2e is marked ``e2e``, so that ``-m 'not e2e'`` leaves it out."""
    for item in items:
        if E2E in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Which process runs what, where there are several: a file of tests/e2e as a whole, for its tests share a lab of their own, and all
    other tests together, for those of the lab use the same addresses.
    """
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling  # is there, for it asks

    class FilesOfEndToEndTests(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if "e2e/" in file else "all others"

    return FilesOfEndToEndTests(config, log)
