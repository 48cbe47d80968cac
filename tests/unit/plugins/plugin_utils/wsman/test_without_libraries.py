# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package can be imported where its libraries are missing, and says which one it needs when it needs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ansible_collections.hyperv.avma.plugins.plugin_utils._wsman as package

_SCRIPT = """
import importlib, pkgutil, sys
for name in ("defusedxml", "winrm", "pypsrp", "requests", "xmltodict"):
    sys.modules[name] = None
package = importlib.import_module("ansible_collections.hyperv.avma.plugins.plugin_utils._wsman")
for module in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"{package.__name__}.{module.name}")
assert not any(name.partition(".")[0] in ("ansible", "requests", "winrm") and loaded for name, loaded in sys.modules.items())
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.embedded import parse_embedded_instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import MissingLibrary
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport_pypsrp import PypsrpTransport
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.transport_pywinrm import PywinrmTransport
class Client:
    transport = None
for needed in (
    lambda: parse_embedded_instance("<INSTANCE/>"),
    lambda: PywinrmTransport(Client()).send(""),
    lambda: PypsrpTransport(Client()).send(""),
):
    try:
        needed()
    except MissingLibrary as error:
        print(error)
"""


def test_missing_libraries_are_named() -> None:
    path = str(Path(next(iter(package.__path__))).parents[5])
    done = subprocess.run([sys.executable, "-c", _SCRIPT], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    told = done.stdout.splitlines()
    assert len(told) == 3
    for line, library in zip(told, ("defusedxml", "pywinrm", "pypsrp"), strict=True):
        assert line.startswith(f"the Python library {library} cannot be used by {sys.executable} (")
