# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of PowerShell Direct on the wire: one command line, parameters on the input only, and an answer that nothing else can be taken for."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.powershell_direct import (
    SCRIPT,
    Credential,
    ScriptAnswer,
    command_for,
    command_line,
    read_answer,
    script_text,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import MalformedAnswer
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.fake_direct_host import VM_ID, framed

NONCE = "0123456789abcdef0123456789abcdef"
PASSWORD = "Geheim äß €"
OPERATIONS = [{"kind": "call", "arguments": {"ProductKey": "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P"}}]
# From this file upwards: the collection's root, with or without the lab beside it.
REVIEWED = Path(__file__).resolve().parents[5] / "tests/lab/hyperv_lab/powershell_direct/reviewed.py"


def command_stdin() -> list[bytes]:
    return command_for(VM_ID, Credential("Administrator", PASSWORD), OPERATIONS, NONCE).stdin.split(b"\r\n")


def bootstrap() -> str:
    return base64.b64decode(command_line()[1][-1]).decode("utf-16-le")


def test_the_lab_knows_this_script_and_this_command_line() -> None:
    if not REVIEWED.is_file():
        pytest.skip("the lab is not part of this copy of the collection")
    known = dict(re.findall(r'^(COMMAND_LINE|SCRIPT) = "(\w+)"$', REVIEWED.read_text(), re.MULTILINE))
    executable, arguments = command_line()
    now = {
        "COMMAND_LINE": hashlib.sha256(" ".join((executable, *arguments)).encode()).hexdigest(),
        "SCRIPT": hashlib.sha256(SCRIPT.read_bytes()).hexdigest(),
    }
    assert known == now, (
        "The script of PowerShell Direct has changed. Read it, bring tests/lab/hyperv_lab/powershell_direct/script.py to what it does now, "
        f"and then write these digests into {REVIEWED.name}: {now}"
    )


def test_the_command_line_is_always_the_same_and_holds_no_parameter() -> None:
    commands = [command_for(VM_ID, Credential(user, password), [], NONCE) for user, password in (("a", "b"), ("c", "d"))]
    assert len({(command.executable, command.arguments) for command in commands}) == 1
    assert len(" ".join((commands[0].executable, *commands[0].arguments))) < 8191, "longer than cmd.exe takes"


def test_the_bootstrap_names_the_digest_of_the_script_that_it_runs() -> None:
    assert hashlib.sha256(script_text()).hexdigest().upper() in bootstrap()
    assert base64.b64decode(command_stdin()[0]) == SCRIPT.read_bytes()


def test_parameters_are_one_line_of_ascii_json() -> None:
    request = json.loads(command_stdin()[1].decode("ascii"))
    assert request == {"nonce": NONCE, "vm": VM_ID, "user": "Administrator", "password": PASSWORD, "operations": json.dumps(OPERATIONS)}
    assert command_stdin()[2] == b""


def test_neither_password_nor_input_is_in_a_repr() -> None:
    credential = Credential("Administrator", PASSWORD)
    shown = repr(credential) + repr(command_for(VM_ID, credential, OPERATIONS, NONCE))
    assert PASSWORD not in shown
    assert "NK7M4" not in shown
    assert base64.b64encode(PASSWORD.encode()).decode() not in shown


GUEST: dict[str, Any] = {"stage": "guest", "results": json.dumps([{"rows": [{"Name": ["Größe 1 日本"]}]}])}


@pytest.mark.parametrize(
    "around",
    [
        (b"", b""),
        (b"Nur f\xfcr Administratoren!\r\n", b"#< CLIXML\r\n<Objs/>"),
        (framed({"stage": "guest", "results": "[]"}, "another" * 4), framed({"stage": "session"}, "yet another")),
        (b"HYPERV-AVMA-BEGIN ", b" HYPERV-AVMA-END"),
    ],
)
def test_an_answer_is_found_whatever_stands_around_it(around: tuple[bytes, bytes]) -> None:
    answer = read_answer(around[0] + framed(GUEST, NONCE) + around[1], NONCE)
    assert answer == ScriptAnswer("guest", ({"rows": [{"Name": ["Größe 1 日本"]}]},))


def test_lines_that_a_console_broke_are_put_together() -> None:
    whole = framed(GUEST, NONCE)
    head = len(f"HYPERV-AVMA-BEGIN {NONCE}")
    tail = whole.index(b"HYPERV-AVMA-END")
    broken = whole[:head] + b"\r\n".join(whole[at : at + 40] for at in range(head, tail, 40)) + whole[tail:]
    assert b"\r\n" in broken[head:tail]
    assert read_answer(broken, NONCE) == read_answer(whole, NONCE)


def test_an_answer_of_another_run_or_a_damaged_one_is_none() -> None:
    whole = framed(GUEST, NONCE)
    assert read_answer(whole, "f" * 32) is None
    assert read_answer(whole[:-20], NONCE) is None
    digest = whole.index(b" ", 30) + 1
    assert read_answer(whole[:digest] + b"0" * 64 + whole[digest + 64 :], NONCE) is None
    assert read_answer(b"", NONCE) is None


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"stage": "guest", "results": "no json"},
        {"stage": "guest", "results": '{"rows": []}'},
        {"stage": "guest", "results": "[1]"},
        {"stage": "guest", "results": '[{"rows": [{"Name": "no list"}]}]'},
        {"stage": "guest", "results": '[{"rows": [{"Name": [1]}]}]'},
        {"stage": "guest", "results": "[" * 100000},
    ],
)
def test_a_whole_answer_of_another_shape_is_an_error(answer: Any) -> None:
    with pytest.raises(MalformedAnswer):
        read_answer(framed(answer, NONCE), NONCE)


def test_a_failure_has_its_stage_and_the_words_of_no_language() -> None:
    said = {"stage": "session", "error_id": "InvalidVMState,X", "message": "läuft nicht", "types": ["System.ArgumentException"]}
    assert read_answer(framed(said, NONCE), NONCE) == ScriptAnswer(
        "session", None, "InvalidVMState,X", "läuft nicht", ("System.ArgumentException",)
    )


@given(st.binary(max_size=400))
def test_no_output_breaks_the_reader(noise: bytes) -> None:
    assert read_answer(noise, NONCE) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(JSON)
def test_whatever_a_guest_says_is_an_answer_or_an_error_of_ours(said: Any) -> None:
    try:
        answer = read_answer(framed({"stage": "guest", "results": json.dumps(said)}, NONCE), NONCE)
    except MalformedAnswer:
        return
    assert answer is not None
    assert all("rows" in result or "error_id" in result for result in answer.results or ())
