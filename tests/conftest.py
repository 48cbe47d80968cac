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

TESTS = Path(__file__).parent
E2E = TESTS / "e2e"
UNIT = TESTS / "unit"
# Layers that do not know Ansible (contract `no-ansible` of .importlinter): their tests say the same with each ansible-core.
WITHOUT_ANSIBLE = tuple(UNIT / "plugins" / "plugin_utils" / layer for layer in ("avma", "windows", "wsman"))
# Of tests/e2e: each playbook, each module and plugin, and what ansible-core does otherwise from one release to the next.
CORE_E2E = {
    "test_activate_playbook.py": "validate and activate: check mode, diff mode, limits, the table, failures that are rescued",
    "test_clear_errors.py": "errors and options, as ansible-core prints them",
    "test_data_exchange.py": "data_exchange, and host_info",
    "test_deferred.py": "summary, and a run that is resumed",
    "test_events.py": "event_info and ledger",
    "test_host_kvp.py": "host_kvp",
    "test_hostile_guests.py": "texts of guests are never rendered: before 2.19 that is not ansible-core's doing",
    "test_inventory.py": "the inventory plugin, its cache and vault",
    "test_report.py": "report and summary",
    "test_retire.py": "retire: kvp_info and guest_kvp",
    "test_secrets.py": "what is printed at each verbosity",
    "test_secrets_in_errors.py": "what ansible-core prints of options that it refuses",
    "test_unattend.py": "unattend_key, and filters",
}


def pytest_configure(config: pytest.Config) -> None:
    """``core`` is made known here and not in pyproject.toml: ansible-test brings settings of its own."""
    config.addinivalue_line("markers", "core: depends on ansible-core, so each supported release of it is tried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in tests/e2e is marked ``e2e``, so that ``-m 'not e2e'`` leaves it out; what depends on ansible-core is marked ``core``."""
    for item in items:
        if E2E in item.path.parents:
            item.add_marker(pytest.mark.e2e)
        if item.path.name in CORE_E2E if E2E in item.path.parents else depends_on_core(item.path):
            item.add_marker(pytest.mark.core)


def depends_on_core(path: Path) -> bool:
    """Whether a unit test runs code that may import Ansible."""
    return UNIT in path.parents and not any(folder in path.parents for folder in WITHOUT_ANSIBLE)


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
