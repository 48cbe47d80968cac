# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shell commands of the guides: targets of make, playbooks, modules, options and files that they name are there."""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import tree_sitter
import tree_sitter_bash
from ansible.cli import CLI
from ansible.cli.adhoc import AdHocCLI
from ansible.cli.doc import DocCLI
from ansible.cli.galaxy import GalaxyCLI
from ansible.cli.inventory import InventoryCLI
from ansible.cli.playbook import PlaybookCLI
from ansible.cli.vault import VaultCLI
from ansible.parsing.splitter import parse_kv
from ansible_builder.cli import parse_args
from packaging.requirements import InvalidRequirement, Requirement

from hyperv_lab.control import command_line as lab

from . import documented
from .blocks import ROOT

_COLLECTION = "hyperv.avma."
_BASH = tree_sitter.Language(tree_sitter_bash.language())
_TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# Commands of the system that guides may use, with nothing of this project in their arguments.
_SYSTEM = {
    ".",
    "[",
    "alias",
    "apt-get",
    "cat",
    "cd",
    "chmod",
    "cp",
    "curl",
    "docker",
    "echo",
    "env",
    "export",
    "git",
    "grep",
    "install",
    "kinit",
    "klist",
    "kvno",
    "ls",
    "mkdir",
    "openssl",
    "podman",
    "read",
    "sleep",
    "ssh",
    "sudo",
}
# Options with a value of others' commands that are not installed where these tests run.
_NAVIGATOR = {"-i", "--mode", "--execution-environment-image", "--eei"}
_RULEBOOK = {"--rulebook", "-r", "--vars", "-e", "--inventory", "-i", "--env-vars", "-E", "--source-dir", "-S"}


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command, as they stand there without their quotes. Raises ValueError if bash cannot read it."""
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        raise ValueError(done.stderr.strip())
    source = text.encode()
    tree = tree_sitter.Parser(_BASH).parse(source)
    nodes = [tree.root_node]
    while nodes:
        node = nodes.pop(0)
        nodes = [*node.children, *nodes]
        if node.type == "command":
            words = [child for child in node.children if child.type not in ("variable_assignment", "file_redirect", "herestring_redirect")]
            yield [_plain(source[word.start_byte : word.end_byte].decode()) for word in words]
        elif node.type == "declaration_command":
            yield ["export"]


def complaints(words: list[str]) -> list[str]:
    name, arguments = words[0].rpartition("/")[2], words[1:]
    if name in _SYSTEM:
        return list(_CHECKS["sudo"](arguments)) if name == "sudo" else []
    if name not in _CHECKS:
        return [f"the command {name} is not known here: teach tests/docs/shell_blocks.py what to check of it"]
    return list(_CHECKS[name](arguments))


def _plain(word: str) -> str:
    return "".join(shlex.split(word.replace("\\\n", " ")))


def _make(arguments: list[str]) -> Iterator[str]:
    for word in arguments:
        if "=" not in word and not word.startswith("-") and word not in _TARGETS:
            yield f"make has no target {word}"


# Ansible


def _parsed(cli: type[CLI], arguments: list[str]) -> tuple[argparse.Namespace | None, str]:
    """The options as Ansible's own command reads them, or what it says."""
    command = cli([f"ansible-{cli.__name__.lower()}", *arguments])
    command.init_parser()
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            return command.parser.parse_args(arguments), ""
        except SystemExit:
            return None, said.getvalue().strip().splitlines()[-1]


def _ansible_playbook(arguments: list[str]) -> Iterator[str]:
    options, said = _parsed(PlaybookCLI, arguments)
    if options is None:
        yield said
        return
    for name in options.args:
        if name.startswith(_COLLECTION) and name.removeprefix(_COLLECTION) not in documented.PLAYBOOKS:
            yield f"there is no playbook {name}"
    yield from _extra_variables(options.extra_vars)


def _extra_variables(given: list[str]) -> Iterator[str]:
    for text in given:
        if text.startswith("@"):
            continue
        values = json.loads(text) if text.startswith("{") else parse_kv(text)
        yield from documented.variable_complaints({name: value for name, value in values.items() if name != "_raw_params"})


def _ansible(arguments: list[str]) -> Iterator[str]:
    options, said = _parsed(AdHocCLI, arguments)
    if options is None:
        yield said
    elif options.module_name.startswith(_COLLECTION):
        text = options.module_args or ""
        given = json.loads(text) if text.startswith("{") else parse_kv(text)
        yield from documented.module_complaints(options.module_name.removeprefix(_COLLECTION), given)


def _ansible_doc(arguments: list[str]) -> Iterator[str]:
    options, said = _parsed(DocCLI, arguments)
    if options is None:
        yield said
        return
    folders = {"role": "roles", "module": "plugins/modules"}
    folder = ROOT / folders.get(options.type, f"plugins/{options.type}")
    for name in options.args:
        if name.startswith(_COLLECTION) and not list(folder.glob(f"{name.removeprefix(_COLLECTION)}*")):
            yield f"there is no {options.type} {name}"


def _only_options(cli: type[CLI]) -> Callable[[list[str]], Iterator[str]]:
    def check(arguments: list[str]) -> Iterator[str]:
        _options, said = _parsed(cli, arguments)
        if said:
            yield said

    return check


# others


def _pip(arguments: list[str]) -> Iterator[str]:
    if not arguments or arguments[0] != "install":
        yield "only 'pip install' is expected"
    for before, word in itertools.pairwise(arguments):
        if before == "-r":
            if not (ROOT / Path(word).name).exists():
                yield f"there is no {Path(word).name}"
        elif "/" in word:
            folder = word.rpartition("hyperv/avma/")[2]
            if not (ROOT / folder / "pyproject.toml").exists():
                yield f"pip cannot install {folder}"
        elif not word.startswith("-"):
            try:
                Requirement(word)
            except InvalidRequirement as error:
                yield f"{word}: {error}"


def _python(arguments: list[str]) -> Iterator[str]:
    if arguments[:2] == ["-m", "hyperv_lab"]:
        yield from _lab(arguments[2:])
    elif arguments and arguments[0].endswith(".py") and not (ROOT / arguments[0]).exists():
        yield f"there is no {arguments[0]}"


def _lab(arguments: list[str]) -> Iterator[str]:
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            lab._parser().parse_args(arguments)
        except SystemExit as end:
            if end.code not in (None, 0):
                yield said.getvalue().strip().splitlines()[-1]


def _ansible_rulebook(arguments: list[str]) -> Iterator[str]:
    given = dict(zip(arguments[::2], arguments[1::2], strict=False))
    yield from (f"ansible-rulebook: {name} is not known here" for name in given if name not in _RULEBOOK)
    rulebook = given.get("--rulebook", given.get("-r", ""))
    if rulebook.startswith(_COLLECTION) and rulebook.removeprefix(_COLLECTION) not in documented.RULEBOOKS:
        yield f"there is no rulebook {rulebook}"


def _ansible_navigator(arguments: list[str]) -> Iterator[str]:
    if arguments[:1] != ["run"] or arguments[1].removeprefix(_COLLECTION) not in documented.PLAYBOOKS:
        yield "ansible-navigator: not the run of a playbook of the collection"
    yield from (f"ansible-navigator: {word} is not known here" for word in arguments if word.startswith("-") and word not in _NAVIGATOR)


def _molecule(arguments: list[str]) -> Iterator[str]:
    given = dict(itertools.pairwise(arguments))
    scenario = given.get("--scenario-name", given.get("-s", "default"))
    if not (ROOT / "extensions/molecule" / scenario / "molecule.yml").exists():
        yield f"Molecule has no scenario {scenario}"


def _ansible_builder(arguments: list[str]) -> Iterator[str]:
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            parse_args(arguments)
        except SystemExit:
            yield said.getvalue().strip().splitlines()[-1]


_CHECKS: dict[str, Callable[[list[str]], Iterator[str]]] = {
    "make": _make,
    "ansible": _ansible,
    "ansible-playbook": _ansible_playbook,
    "ansible-inventory": _only_options(InventoryCLI),
    "ansible-galaxy": _only_options(GalaxyCLI),
    "ansible-vault": _only_options(VaultCLI),
    "ansible-doc": _ansible_doc,
    "ansible-rulebook": _ansible_rulebook,
    "ansible-navigator": _ansible_navigator,
    "ansible-builder": _ansible_builder,
    "molecule": _molecule,
    "pip": _pip,
    "python": _python,
    "python3": _python,
    "hyperv-lab": _lab,
    "sudo": lambda arguments: iter(complaints(arguments)),
}
