# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every code block of the guides says its language and holds what its language and this collection allow.

Shell commands are read here; tests/guides runs those that the lab can answer.
"""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
from pathlib import Path

import hcl2
import pytest
import tree_sitter
import tree_sitter_powershell
import yaml
from defusedxml.ElementTree import fromstring

from . import documented, shell_blocks, yaml_blocks
from .blocks import Block, blocks, blocks_of

BLOCKS = blocks()
SHELL = ("bash", "sh", "shell")
_POWERSHELL = tree_sitter.Language(tree_sitter_powershell.language())
# Programs that run in a command prompt of Windows.
_BATCH = {"dism", "sysprep.exe", "winrm", "certutil", "gpupdate", "setspn", "wmimgmt.msc"}


def of(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_says_its_language(block: Block) -> None:
    known = {"yaml", *SHELL, "text", "json", "xml", "ini", "powershell", "bat", "hcl"}
    assert block.language in known, f"{block}: no language that is known here: '{block.language}'"
    assert block.text.strip(), f"{block}: nothing in it"


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_yaml_is_something_that_the_collection_takes(block: Block) -> None:
    assert yaml_blocks.complaints(yaml_blocks.load(block.text)) == []


def test_ansible_can_read_the_plays(tmp_path: Path) -> None:
    files = []
    for block in of("yaml"):
        plays = yaml_blocks.plays(yaml_blocks.load(block.text))
        if plays:
            files.append(tmp_path / f"{block.file_name}.yml")
            # Values of the vault are no concern of the syntax.
            files[-1].write_text(yaml.safe_dump(plays), encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "playbook", "--syntax-check", "-i", "localhost,", *map(str, files)]
    done = subprocess.run(
        command, env=documented.environment(), capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(files) > 5


@pytest.mark.parametrize("block", of(*SHELL), ids=str)
def test_shell_commands_name_what_is_there(block: Block) -> None:
    found = list(shell_blocks.commands(block.text))
    assert found, f"{block}: no command in it"
    assert [f"{' '.join(words)}: {complaint}" for words in found for complaint in shell_blocks.complaints(words)] == []


@pytest.mark.parametrize("block", of("powershell"), ids=str)
def test_powershell_parses(block: Block) -> None:
    assert not tree_sitter.Parser(_POWERSHELL).parse(block.text.encode()).root_node.has_error


@pytest.mark.parametrize("block", of("bat"), ids=str)
def test_command_prompts_call_programs_of_windows(block: Block) -> None:
    called = {line.split()[0].rpartition("\\")[2].lower() for line in block.text.splitlines() if line.strip()}
    assert called <= _BATCH


@pytest.mark.parametrize("block", of("json", "xml", "ini", "hcl"), ids=str)
def test_data_parses(block: Block) -> None:
    if block.language == "json":
        json.loads(block.text)
    elif block.language == "xml":
        fromstring(block.text)
    elif block.language == "hcl":
        assert hcl2.loads(block.text)
    else:
        # krb5.conf has sections in braces, which a reader of INI files takes for values
        parser = configparser.RawConfigParser(allow_no_value=True, strict=False, default_section="")
        parser.read_string(block.text)
        assert parser.sections()


# the checks themselves


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- {name: a, hyperv.avma.guest_key: {wiat: 5}}", "wiat"),
        ("- {name: a, hyperv.avma.guest_key: {wait: soon}}", "soon"),
        ("- {name: a, hyperv.avma.guest_keys: }", "guest_keys"),
        ("- {hyperv.avma.guest_info: }", "without a name"),
        ("- {name: a, ansible.builtin.import_role: {name: hyperv.avma.unattend}, vars: {avma_unattend_pat: x}}", "avma_unattend_pat"),
        ("- {import_playbook: hyperv.avma.activat}", "activat"),
        ("{avma_wiat: 3}", "avma_wiat"),
        ("{all: {vars: {ansible_winrm_transprt: ntlm}}}", "ansible_winrm_transprt"),
        ("{plugin: hyperv.avma.guests, adress: [fqdn]}", "adress"),
    ],
)
def test_wrong_yaml_is_noticed(text: str, complaint: str) -> None:
    assert any(complaint in found for found in yaml_blocks.complaints(yaml_blocks.load(text)))


@pytest.mark.parametrize("text", ["{anything: else}", "[1, 2]", "just words", "- {unknown: thing}"])
def test_yaml_of_no_kind_is_noticed(text: str) -> None:
    with pytest.raises(ValueError, match="none of"):
        yaml_blocks.complaints(yaml_blocks.load(text))


@pytest.mark.parametrize(
    "text",
    [
        "make rehearse",
        "ansible-playbook hyperv.avma.activat",
        "ansible-playbook hyperv.avma.activate --chekc",
        "ansible-playbook hyperv.avma.activate -e avma_wiat=5",
        "ansible guests -m hyperv.avma.guest_key -a wait=soon",
        "ansible-doc -t role hyperv.avma.gone",
        "cd x && lab upp",
        "pip install -r requirements-gone.txt",
        "ansible-rulebook --rulebook hyperv.avma.gone",
        "molecule test -s gone",
        "FOO=1 slmgr /ato",
    ],
)
def test_wrong_commands_are_noticed(text: str) -> None:
    assert [complaint for words in shell_blocks.commands(text) for complaint in shell_blocks.complaints(words)]


def test_what_bash_cannot_read_is_noticed() -> None:
    with pytest.raises(ValueError, match="unexpected"):
        list(shell_blocks.commands("if true; then\n"))


def test_blocks_are_found_as_forges_find_them() -> None:
    text = "1. a\n\n   ```bash\n   make demo\n   ```\n\n````text\n```yaml\nx\n```\n````\n"
    assert [(block.line, block.language, block.text) for block in blocks_of("p.md", text)] == [
        (3, "bash", "make demo\n"),
        (7, "text", "```yaml\nx\n```\n"),
    ]
    with pytest.raises(ValueError, match=r"p\.md:1: this block is not closed"):
        list(blocks_of("p.md", "```bash\nmake demo\n"))
