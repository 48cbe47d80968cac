# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the Python libraries that the lab needs are there and new enough, told in a sentence before anything is imported.

What is needed stands in the lab's ``pyproject.toml``: in a checkout or a collection that file is read, otherwise what the installation
kept of it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_DISTRIBUTION = "hyperv-lab"
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)>=(?P<oldest>[0-9.]+)")
# Distributions whose module has another name.
_DISTRIBUTION_OF_MODULE = {"spnego": "pyspnego", "yaml": "PyYAML"}
# Most packages of Debian and Fedora (whose packages RHEL has by EPEL) are named after the distribution: these are not, or not in both.
_SYSTEM_PACKAGES = {
    "ansible-core": ("ansible-core", "ansible-core"),
    "pywinrm": ("python3-winrm", "python3-winrm"),
    "PyYAML": ("python3-yaml", "python3-pyyaml"),
}


class LibraryUnusable(Exception):
    """The lab cannot run. The text names the library, what is wrong with it and what to install."""


@dataclass(frozen=True)
class Library:
    """A distribution, and its oldest version that the lab runs on."""

    name: str
    oldest: str


def libraries(lines: Iterable[str]) -> list[Library]:
    """Those of lines such as ``aiohttp>=3.9``; what has another form is left out."""
    return [Library(found["name"], found["oldest"]) for line in lines if (found := _REQUIREMENT.fullmatch(line.strip()))]


def needed() -> list[Library]:
    return libraries(_declared())


def _declared() -> list[str]:
    settings = Path(__file__).parent.parent / "pyproject.toml"
    try:
        project = tomllib.loads(settings.read_text(encoding="utf-8")).get("project", {})
    except OSError:
        project = {}
    if project.get("name") == _DISTRIBUTION:
        return [str(line) for line in project["dependencies"]]
    try:
        return metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []


def check(those: Iterable[Library]) -> None:
    """Raises ``LibraryUnusable`` for the first library that is missing or too old."""
    for library in those:
        try:
            version = metadata.version(library.name)
        except metadata.PackageNotFoundError:
            raise LibraryUnusable(f"the Python library {library.name} is not installed for {sys.executable}. {_remedy(library)}") from None
        if _numbers(version) < _numbers(library.oldest):
            raise LibraryUnusable(
                f"the Python library {library.name} {version} of {sys.executable} is too old, {library.oldest} is needed. {_remedy(library)}"
            )


def unusable(error: ImportError) -> LibraryUnusable:
    """What an import says that failed although the library is installed: its files are gone, or do not fit this Python."""
    module = (error.name or "").partition(".")[0]
    if not module or module == "hyperv_lab":
        raise error
    name = _DISTRIBUTION_OF_MODULE.get(module, module)
    oldest = next((library.oldest for library in needed() if library.name == name), "")
    return LibraryUnusable(f"the Python library {name} cannot be loaded by {sys.executable}: {error}. {_remedy(Library(name, oldest))}")


def _remedy(library: Library) -> str:
    wanted = f"'{library.name}>={library.oldest}'" if library.oldest else library.name
    plain = f"python3-{library.name.lower()}"
    debian, fedora = _SYSTEM_PACKAGES.get(library.name, (plain, plain))
    return (
        f"Install it: {sys.executable} -m pip install {wanted}; on Debian and Ubuntu apt-get install {debian}, "
        f"on Fedora and RHEL with EPEL dnf install {fedora}"
    )


def _numbers(version: str) -> tuple[int, ...]:
    """``42.0.5`` in an order: what follows the numbers (``rc1``, ``.post1``, ``+local``) does not count."""
    found = re.match(r"[0-9]+(\.[0-9]+)*", version)
    numbers = [int(part) for part in found.group().split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
