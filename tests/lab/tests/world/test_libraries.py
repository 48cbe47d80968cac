# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab needs of others stands in its pyproject.toml, and its lack is told in one sentence, whatever command was given."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from hyperv_lab import libraries

LAB = Path(__file__).parents[2]
COMMANDS = [["--help"], ["--version"], ["up"], ["down"], ["status"]]
MODULES = {
    "aiohttp": "aiohttp",
    "cryptography": "cryptography",
    "lark": "lark",
    "pydantic": "pydantic",
    "spnego": "pyspnego",
    "yaml": "PyYAML",
}
# compiled, and looked for before it is used
OPTIONAL = {"krb5"}


def run_without(module: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The lab's command in a Python in which a module's files are missing or broken."""
    (folder / "sitecustomize.py").write_text(
        f"""import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {module!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
""",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(LAB)]), "HYPERV_LAB_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, "-m", "hyperv_lab", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("module", MODULES)
def test_a_library_that_cannot_be_imported_is_one_sentence(module: str, tmp_path: Path) -> None:
    done = run_without(module, tmp_path, "--help")
    assert done.returncode == 1
    assert done.stderr.startswith(f"hyperv-lab: the Python library {MODULES[module]} cannot be loaded by {sys.executable}: ")
    assert f"pip install '{MODULES[module]}>=" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", COMMANDS, ids=str)
def test_each_command_tells_it(arguments: list[str], tmp_path: Path) -> None:
    done = run_without("aiohttp", tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


@pytest.mark.parametrize("library", libraries.needed(), ids=lambda library: library.name)
def test_a_library_that_is_missing_or_too_old_is_named(library: libraries.Library, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = metadata.version

    def version(name: str) -> str:
        if name != library.name:
            return installed(name)
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(libraries.metadata, "version", version)
    with pytest.raises(
        libraries.LibraryUnusable, match=rf"{library.name} is not installed for .*pip install '{library.name}>={library.oldest}'"
    ):
        libraries.check(libraries.needed())
    monkeypatch.setattr(libraries.metadata, "version", lambda name: "0.0.1" if name == library.name else installed(name))
    with pytest.raises(
        libraries.LibraryUnusable, match=rf"{library.name} 0\.0\.1 .* is too old, {library.oldest} is needed\. Install it: "
    ):
        libraries.check(libraries.needed())


@pytest.mark.parametrize(
    ("version", "oldest", "enough"),
    [
        ("3.9", "3.9", True),
        ("3.9.0", "3.9", True),
        ("3.10", "3.9", True),
        ("3.8.9", "3.9", False),
        ("6.0rc1", "6.0", True),
        ("2024.1.post1", "42", True),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, oldest: str, enough: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries.metadata, "version", lambda _name: version)
    if enough:
        libraries.check([libraries.Library("any", oldest)])
    else:
        with pytest.raises(libraries.LibraryUnusable):
            libraries.check([libraries.Library("any", oldest)])


def test_each_library_that_is_imported_is_declared() -> None:
    imported = set()
    for file in (LAB / "hyperv_lab").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                imported.add(node.module.partition(".")[0])
    others = imported - set(sys.stdlib_module_names) - OPTIONAL - {"hyperv_lab"}
    declared = {library.name for library in libraries.needed()}
    assert {MODULES.get(name, name) for name in others} == declared


def test_what_is_installed_declares_the_same() -> None:
    project = tomllib.loads((LAB / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    kept = [line for line in metadata.requires("hyperv-lab") or [] if "extra ==" not in line]
    assert sorted(kept) == sorted(project["dependencies"])


def test_its_licence_is_the_collections_own() -> None:
    assert (LAB / "LICENSE").read_bytes() == (LAB.parents[1] / "LICENSE").read_bytes()
