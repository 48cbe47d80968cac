# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""build.py TARGET: the documentation as a web site in TARGET/html. A warning is an error.

The guides are the Markdown files of the repository, as they stand: links in them are those that lead somewhere when they are read
there, and are turned here (``pages.py``). What modules, roles and plugins document about themselves becomes pages by
antsibull-docs. Their order is that of docs/index.md.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import plugin_pages
import schema_page
from pages import Site

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COLLECTION = "hyperv.avma"
REFERENCE = "collection"  # folder of the pages of modules, roles and plugins
# The commands of this Python's own environment, also where it is not activated: antsibull-docs calls `ansible` itself.
PATH = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])}


def main(target: Path) -> int:
    source = target / "source"
    shutil.rmtree(target, ignore_errors=True)
    # antsibull-docs refuses folders that others may write to
    (source / REFERENCE).mkdir(mode=0o755, parents=True)
    command = ["antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"]
    if _run(*command, "--dest-dir", str(source / REFERENCE), COLLECTION):
        return 1
    plugin_pages.fit(source / REFERENCE)
    site = Site(ROOT, REFERENCE)
    for name, text in site.pages().items():
        _write(source / name, text)
    for name, path in site.files().items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, source / name)
    _write(source / "reference/report-schema.md", schema_page.page(ROOT / "docs/report.schema.json"))
    options = ["-W", "--keep-going", "--quiet", "--color", "-c", str(HERE), "-d", str(target / "doctrees")]
    code = _run("sphinx-build", *options, "-b", "html", str(source), str(target / "html"))
    if code == 0:
        print(f"{target}/html/index.html: {len(list((target / 'html').rglob('*.html')))} pages")
    return code


def _run(command: str, *arguments: str) -> int:
    return subprocess.run([shutil.which(command, path=PATH["PATH"]) or command, *arguments], env=PATH, check=False).returncode


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: build.py TARGET")
    sys.exit(main(Path(sys.argv[1])))
