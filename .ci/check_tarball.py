# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_tarball.py TARBALL: the collection's tarball holds exactly what is meant to be shipped.

That is every file that git knows, without those that galaxy.yml leaves out on purpose (``NOT_SHIPPED``), plus the manifests
that ``ansible-galaxy`` writes. A difference either way is an error: a missing file breaks users, a stray one may be anything.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from fnmatch import fnmatch
from pathlib import Path

MANIFESTS = {"MANIFEST.json", "FILES.json"}
# The reading of galaxy.yml's build_ignore that this check holds it to.
NOT_SHIPPED = (
    ".ansible-lint",
    ".ci/*",
    ".gitattributes",
    ".github/*",
    ".gitignore",
    ".importlinter",
    ".yamllint",
    "LICENSES/*",
    "Makefile",
    "REUSE.toml",
    "docs/site/*",
    "docs/tools/*",
    "galaxy.yml",
    "pyproject.toml",
)


def tracked(checkout: Path) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, check=True, capture_output=True, text=True).stdout
    return {name for name in listed.split("\0") if name and (checkout / name).exists()}


def shipped(tarball: Path) -> set[str]:
    with tarfile.open(tarball) as archive:
        return {member.name.removeprefix("./") for member in archive if not member.isdir()}


def main(tarball: str) -> int:
    checkout = Path(__file__).resolve().parent.parent
    expected = {name for name in tracked(checkout) if not any(fnmatch(name, pattern) for pattern in NOT_SHIPPED)} | MANIFESTS
    found = shipped(Path(tarball))
    for name in sorted(expected - found):
        print(f"{tarball}: {name} is missing: build_ignore in galaxy.yml leaves it out")
    for name in sorted(found - expected):
        print(f"{tarball}: {name} should not be there: commit it, remove it, or add it to build_ignore in galaxy.yml")
    if expected != found:
        return 1
    size = Path(tarball).stat().st_size
    print(f"{tarball}: {len(found)} files, {size // 1024} KiB, as meant")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
