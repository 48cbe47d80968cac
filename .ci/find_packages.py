# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""find_packages.py REQUIREMENT: whether anything answers where pip looks for packages, asked of pip itself with the user's own settings.

Run it with the Python that makes the environment: its pip is the one that the environment gets. Exit status 1, and one line that says where
pip looked and what helps, where nothing answers.
An index that is merely slow is left to pip's own patience.
"""

from __future__ import annotations

import ensurepip
import os
import re
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

PYPI = "https://pypi.org/simple"
CONNECT_TIMEOUT = 2  # seconds for each address of an index
PATIENCE = 7  # seconds for all of them, from when pip has started
DEBIAN = (
    "ansible-core python3-winrm python3-pyspnego python3-aiohttp python3-lark python3-cryptography python3-pydantic python3-jmespath "
    "python3-defusedxml"
)

_PLACES = re.compile(r"^Looking in (indexes|links): (.*)$", re.MULTILINE)
_ASKED_DEFAULT = re.compile(rf"^Getting page {PYPI}/", re.MULTILINE)
_UNREACHED = re.compile(r"^Could not fetch URL (\S+): (.*?)(?: - skipping)?$", re.MULTILINE)
_INNERMOST = re.compile(r"([^:'\"]+)['\",)]*$")  # of nested errors, the last words are those of the system
_UNANSWERED = ("No matching distribution found", "Max retries exceeded")
_SLOW = "Read timed out"


def bundled_pip() -> str | None:
    """The wheel that environments get their pip from. Distributions keep it in a folder of their own."""
    folders = [
        Path(ensurepip.__file__).with_name("_bundled"),
        Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/usr/share/python-wheels"),
    ]
    return next((str(wheel) for folder in folders for wheel in folder.glob("pip-*.whl")), None)


def ask(pip: str, requirement: str) -> tuple[bool, str]:
    """Whether pip got an answer to build on, and what pip printed."""
    command = [sys.executable, f"{pip}/pip", "install", "-vv", "--dry-run", "--no-deps", "--ignore-installed", "--no-input"]
    command += ["--disable-pip-version-check", "--retries", "0", "--timeout", str(CONNECT_TIMEOUT), requirement]
    # How much pip prints is what is read here.
    environment = {name: value for name, value in os.environ.items() if name not in ("PIP_QUIET", "PIP_VERBOSE", "PIP_LOG")}
    environment["PIP_REQUIRE_VIRTUALENV"] = "0"  # nothing is installed
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment)
    assert process.stdout is not None
    lines = [process.stdout.readline()]  # "Using pip ...": from here on the network takes the time, not this machine
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    lines += process.stdout
    timer.cancel()
    output = "".join(lines)
    killed = process.wait() < 0
    if killed or (process.returncode and any(words in output for words in _UNANSWERED)):
        return _SLOW in output, output
    return True, output  # found, or something else is wrong, which pip itself will tell


def places(output: str) -> str:
    """Where pip looked. Nothing is printed of the default index as long as it is the only one."""
    found = dict(_PLACES.findall(output))
    if "indexes" not in found and _ASKED_DEFAULT.search(output):
        found = {"indexes": PYPI, **found}
    return " and ".join(found.values()) or "any place: PIP_NO_INDEX is set, and no folder of wheels is"


def reasons(output: str) -> str:
    """What kept pip from the indexes."""
    found = {
        url.split("/")[2].rpartition("@")[2]: text.partition(" for url: ")[0] for url, text in _UNREACHED.findall(output) if "://" in url
    }
    told = {host: match[1].strip() if (match := _INNERMOST.search(text)) else text for host, text in found.items()}
    return "; ".join(f"{host}: {text}" for host, text in told.items())


def main(requirement: str) -> int:
    pip = bundled_pip()
    answered, output = ask(pip, requirement) if pip else (True, "")
    if answered:
        return 0
    why = reasons(output)
    print(
        f"pip does not find {requirement} in {places(output)}{f' ({why})' if why else ''}. Without an index: either, on Debian 13, "
        f"`apt-get install {DEBIAN}` and `python3 tests/lab/demo.py`; or wheels in a folder: `PIP_NO_INDEX=1 PIP_FIND_LINKS=/folder make ...`.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
