# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module unattend_key as Ansible runs it: options in, result out, files on disk."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from ansible.module_utils import basic

from ansible_collections.hyperv.avma.plugins.modules import unattend_key

AVMA = "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"
GVLK = "WX4NM-KYWYW-QJJR4-XV3QB-6VM33"
SECRET = "SECRT-AAAAA-BBBBB-CCCCC-LAST5"
OTHER_SECRET = "OTHER-DDDDD-EEEEE-FFFFF-TAIL6"
PASSWORD = "UABhAHMAcwB3ADAAcgBkAA=="

ANSWERS = f"""<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64">
      <ProductKey>{OTHER_SECRET}</ProductKey>
      <UserAccounts><AdministratorPassword><Value>{PASSWORD}</Value></AdministratorPassword></UserAccounts>
    </component>
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="x86"/>
  </settings>
</unattend>
"""

Module = Callable[..., dict[str, Any]]


def with_arguments(options: dict[str, Any]) -> AbstractContextManager[object]:
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # before ansible-core 2.19
        return mock.patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode())
    patched: AbstractContextManager[object] = patch_module_args(options)
    return patched


@pytest.fixture
def module(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Module:
    """Runs the module and returns its whole result. ``check`` and ``diff`` are the modes of the run."""

    def run(*, check: bool = False, diff: bool = True, **options: Any) -> dict[str, Any]:
        modes = {
            "_ansible_check_mode": check,
            "_ansible_diff": diff,
            "_ansible_remote_tmp": str(tmp_path),
            "_ansible_keep_remote_files": False,
        }
        with with_arguments({**options, **modes}), pytest.raises(SystemExit) as ended:
            unattend_key.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert bool(ended.value.code) == bool(result.get("failed"))
        return result

    return run


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "unattend.xml"
    path.write_text(ANSWERS, encoding="utf-8")
    return path


def test_the_key_is_set_for_all_architectures_of_the_file(module: Module, answers: Path) -> None:
    answers.chmod(0o640)

    result = module(path=str(answers), key=AVMA.lower())

    assert result["changed"]
    assert (result["key"], result["key_kind"]) == (AVMA, "avma")
    assert result["key_releases"] == ["2022 Datacenter"]
    assert [(row["architecture"], row["before"], row["after"], row["changed"]) for row in result["settings"]] == [
        ("amd64", "*****-*****-*****-*****-TAIL6", AVMA, True),
        ("x86", None, AVMA, True),
    ]
    assert answers.read_text(encoding="utf-8").count(AVMA) == 2
    assert stat.S_IMODE(answers.stat().st_mode) == 0o640
    assert not module(path=str(answers), key=AVMA)["changed"]


def test_check_mode_tells_the_same_and_writes_nothing(module: Module, answers: Path) -> None:
    predicted = module(path=str(answers), key=AVMA, check=True, backup=True)

    assert answers.read_text(encoding="utf-8") == ANSWERS
    assert "backup_file" not in predicted
    real = module(path=str(answers), key=AVMA)
    assert (predicted["settings"], predicted["diff"], predicted["changed"]) == (real["settings"], real["diff"], True)


def test_secrets_are_in_no_output(module: Module, answers: Path) -> None:
    result = module(path=str(answers), key=SECRET, windows_pe=True, windows_pe_key=OTHER_SECRET)

    text = json.dumps(result)
    assert SECRET in answers.read_text(encoding="utf-8")
    for secret in (SECRET, OTHER_SECRET, PASSWORD):
        assert secret not in text
    assert result["key"] == "*****-*****-*****-*****-LAST5"
    assert result["diff"]["before"].startswith("specialize Microsoft-Windows-Shell-Setup amd64 ProductKey: *****-*****-*****-*****-TAIL6\n")
    assert "LAST5" in result["diff"]["after"]


LIKE_A_KEY = "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P"
OPTIONS = [*yaml.safe_load(unattend_key.DOCUMENTATION)["options"], "mode", "owner", "attributes", "kye", LIKE_A_KEY]


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("beside", [{}, {"key": SECRET, "windows_pe_key": OTHER_SECRET, "windows_pe": True}])
def test_no_mistake_repeats_a_key(module: Module, answers: Path, tmp_path: Path, name: str, beside: dict[str, Any]) -> None:
    """Not in the message and not in the invocation, whichever option holds it."""
    for typed in (LIKE_A_KEY, [LIKE_A_KEY], {"a": LIKE_A_KEY}, {LIKE_A_KEY: 1}, LIKE_A_KEY.lower(), f"x {LIKE_A_KEY}"):
        result = module(**{"path": str(answers), **beside, name: typed})
        (tmp_path / LIKE_A_KEY).unlink(missing_ok=True)
        shown = json.dumps(result).lower() if result.get("failed") else ""
        assert [text for text in (LIKE_A_KEY, SECRET, OTHER_SECRET) if text.lower() in shown] == [], (typed, result)
    assert module(path=str(answers), windows_pe="sometimes")["failed"] is True


def test_a_change_that_is_not_seen_in_the_key_is_told_in_the_diff(module: Module, answers: Path) -> None:
    answers.write_text(ANSWERS.replace(OTHER_SECRET, f" {AVMA} "), encoding="utf-8")

    diff = module(path=str(answers), key=AVMA, architecture=["amd64"])["diff"]

    assert diff["before"] != diff["after"]
    assert "with blanks" in diff["before"]


def test_a_kms_client_key_is_refused_by_name(module: Module, answers: Path) -> None:
    result = module(path=str(answers), key=GVLK)

    assert "KMS client key of Windows Server 2022 Datacenter" in result["msg"]
    assert "allow_other_channel" in result["msg"]
    assert answers.read_text(encoding="utf-8") == ANSWERS


@pytest.mark.parametrize(
    "options",
    [
        {"key": GVLK, "allow_other_channel": True},
        {"key": AVMA, "windows_pe": True, "windows_pe_key": GVLK},
    ],
    ids=["allowed", "to choose the image"],
)
def test_a_kms_client_key_is_set_where_it_is_meant(module: Module, answers: Path, options: dict[str, Any]) -> None:
    result = module(path=str(answers), **options)

    assert result["changed"]
    assert GVLK in {row["after"] for row in result["settings"]}
    assert GVLK in answers.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": "ABCDE-12345"}, "key: the product key does not have the form"),
        ({}, "state is present but all of the following are missing: key"),
        ({"key": AVMA, "will_show_ui": "Never"}, "will_show_ui: is for the pass windowsPE"),
        ({"key": AVMA, "windows_pe_key": AVMA}, "windows_pe_key: is for the pass windowsPE"),
        ({"key": AVMA, "windows_pe": True, "windows_pe_key": "x"}, "windows_pe_key: the product key does not have the form"),
    ],
)
def test_options_that_cannot_be_meant(module: Module, answers: Path, options: dict[str, Any], message: str) -> None:
    result = module(path=str(answers), **options)

    assert message in result["msg"]
    assert "ABCDE-12345" not in json.dumps(result)
    assert answers.read_text(encoding="utf-8") == ANSWERS


def test_a_malformed_file_is_named_with_its_line_and_left_alone(module: Module, answers: Path) -> None:
    broken = ANSWERS.replace("</component>", "", 1)
    answers.write_text(broken, encoding="utf-8")

    result = module(path=str(answers), key=AVMA)

    assert result["msg"].startswith(f"{answers}, line 9: the file is not well-formed XML: mismatched tag")
    assert answers.read_text(encoding="utf-8") == broken


def test_a_second_place_that_is_refused_keeps_the_first_from_being_written(module: Module, answers: Path) -> None:
    x86 = '<component name="Microsoft-Windows-Shell-Setup" processorArchitecture="x86"/>'
    answers.write_text(ANSWERS.replace(x86, x86 * 2), encoding="utf-8")
    before = answers.read_bytes()

    result = module(path=str(answers), key=AVMA)

    assert "for x86 in the pass specialize stands there 2 times" in result["msg"]
    assert answers.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ({"key": "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P"}, 0o600),
        ({"key": "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"}, 0o644),
        ({"key": "NK7M4-Q2W9R-H6T3V-B8Y4X-J2C6P", "mode": "0640"}, 0o640),
    ],
)
def test_a_new_file_with_a_key_of_one_s_own_is_its_owner_s(module: Module, tmp_path: Path, options: dict[str, Any], mode: int) -> None:
    path = tmp_path / "new.xml"
    before = os.umask(0o022)
    try:
        module(path=str(path), create=True, **options)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode


def test_a_new_file_is_created_only_if_wanted(module: Module, tmp_path: Path) -> None:
    path = tmp_path / "new.xml"

    message = module(path=str(path), key=AVMA)["msg"]
    assert "there is no such file. Correct the path, or set create (in playbooks avma_unattend_create) to true." in message
    predicted = module(path=str(path), key=AVMA, create=True, check=True, mode="0600")
    assert predicted["changed"]
    assert predicted["created"]
    assert not path.exists()

    result = module(path=str(path), key=AVMA, create=True, windows_pe=True, will_show_ui="OnError", mode="0600")

    assert result["created"]
    assert result["diff"]["before"] == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "<WillShowUI>OnError</WillShowUI>" in path.read_text(encoding="utf-8")
    assert not module(path=str(path), key=AVMA, create=True, windows_pe=True, will_show_ui="OnError", mode="0600")["changed"]


def test_a_missing_folder_is_said(module: Module, tmp_path: Path) -> None:
    assert f"its folder '{tmp_path / 'none'}' does not exist" in module(path=str(tmp_path / "none" / "a.xml"), key=AVMA, create=True)["msg"]


def test_a_folder_cannot_be_read(module: Module, tmp_path: Path) -> None:
    assert "the file cannot be read: Is a directory" in module(path=str(tmp_path), key=AVMA)["msg"]


def test_a_link_stays_one_and_the_copy_is_as_it_was(module: Module, answers: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.xml"
    link.symlink_to(answers)

    result = module(path=str(link), key=AVMA, backup=True)

    assert link.is_symlink()
    assert result["path"] == str(answers)
    assert AVMA in answers.read_text(encoding="utf-8")
    assert Path(result["backup_file"]).read_text(encoding="utf-8") == ANSWERS


def test_absent_removes_any_key(module: Module, answers: Path, tmp_path: Path) -> None:
    result = module(path=str(answers), state="absent")

    assert result["changed"]
    assert "key" not in result
    assert answers.read_text(encoding="utf-8") == ANSWERS.replace(f"      <ProductKey>{OTHER_SECRET}</ProductKey>\n", "")
    assert not module(path=str(answers), state="absent")["changed"]
    assert not module(path=str(tmp_path / "none.xml"), state="absent")["changed"]


def test_only_the_mode_of_the_file_can_change(module: Module, answers: Path) -> None:
    module(path=str(answers), key=AVMA)
    before = answers.read_bytes()

    assert module(path=str(answers), key=AVMA, mode="0600")["changed"]
    assert answers.read_bytes() == before
    assert stat.S_IMODE(answers.stat().st_mode) == 0o600


def test_a_pass_that_windows_is_done_with_is_warned_of(module: Module, answers: Path) -> None:
    answers.write_text(ANSWERS.replace('pass="specialize"', 'pass="specialize" wasPassProcessed="true"'), encoding="utf-8")

    # Where Ansible's controller is loaded in the same process, it takes the warnings out of the result.
    with mock.patch.object(basic.AnsibleModule, "warn") as warn:
        module(path=str(answers), key=AVMA)

    (warning,) = [call.args[0] for call in warn.call_args_list]
    assert "the pass specialize is marked as done" in warning
    assert str(answers) in warning
