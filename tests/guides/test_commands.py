# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the guides, run as they stand there against the lab.

A block is run if Ansible's commands and this collection are all that it needs. What needs a network, a domain, a package index or
somebody to type is read only, by tests/docs; the commands of the lab itself are run by tests/lab/tests/clients/test_rehearsal_page.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from docs.blocks import ROOT, Block, blocks
from e2e.labs import Lab, running_lab

from docs import shell_blocks

TIMEOUT = 240  # seconds
# The guides' fleet, which the lab has under short names, and a folder that a user has to make.
_LAB_NAMES = {".corp.example": "", "/var/lib/avma": "$PWD/avma"}
_COLLECTION = "hyperv.avma."
_ANSWER_FILE = """<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS"/>
  </settings>
</unattend>
"""


def can_run(block: Block) -> bool:
    return block.language in ("bash", "sh", "shell") and all(_is_ours(words) for words in shell_blocks.commands(block.text))


def _is_ours(words: list[str]) -> bool:
    if "--ask-vault-pass" in words:
        return False
    if words[0] == "ansible-playbook":
        return any(word.startswith(_COLLECTION) for word in words)
    return words[0] in ("ansible", "ansible-inventory", "ansible-doc")


def runnable() -> list[Block]:
    """Each once, however many guides have it."""
    found = {block.text: block for block in blocks() if can_run(block)}
    return list(found.values())


@pytest.fixture(scope="module")
def demo() -> Iterator[Lab]:
    with running_lab("demo") as lab:
        yield lab


@pytest.fixture
def folder(demo: Lab, tmp_path: Path) -> Path:
    """What the guides have made before: an inventory of hosts and guests, one of hosts for the inventory plugin, an answer file."""
    demo.reset()
    inventory = demo.get("/inventory")
    hosts = inventory["all"]["children"]["hyperv_hosts"]
    connection = {**inventory["all"].get("vars", {}), **hosts.get("vars", {})}
    source = {"plugin": f"{_COLLECTION}guests", "hosts": hosts["hosts"], "host_variables": connection, "guest_variables": connection}
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (tmp_path / "fleet.avma.yml").write_text(yaml.safe_dump(source), encoding="utf-8")
    (tmp_path / "autounattend.xml").write_text(_ANSWER_FILE, encoding="utf-8")
    (tmp_path / "avma").mkdir()
    return tmp_path


@pytest.mark.parametrize("block", runnable(), ids=str)
def test_a_block_does_what_the_guide_says(block: Block, folder: Path) -> None:
    text = block.text
    for name, here in _LAB_NAMES.items():
        text = text.replace(name, here)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment = {
        **inherited,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "ANSIBLE_INVENTORY": "inventory.yml",
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    # The demo fleet has guests that are refused: then a play fails, with 2.
    assert done.returncode in (0, 2), done.stdout
    assert not re.search(
        r"^(ERROR!|\[ERROR\]: (?!Task failed)|usage:)|Could not match supplied|provided hosts list is empty", done.stdout, re.MULTILINE
    ), done.stdout
    played = sum(words[0] == "ansible-playbook" for words in shell_blocks.commands(block.text))
    assert done.stdout.count("PLAY RECAP") == played, done.stdout


def test_the_guides_show_each_playbook_that_users_run() -> None:
    shown = {
        word.removeprefix(_COLLECTION)
        for block in runnable()
        for words in shell_blocks.commands(block.text)
        for word in words
        if word.startswith(_COLLECTION)
    }
    assert {"validate", "activate", "report", "retire", "unattend"} <= shown
