# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter avma_error: one code in any of its notations."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.filter.avma_error import FilterModule
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.windows_codes import ERRORS, ErrorEntry

avma_error = FilterModule().filters()["avma_error"]


@pytest.mark.parametrize(
    "code",
    [
        0xC004FD02,
        0xC004FD02 - (1 << 32),
        0xFFFFFFFFC004FD02,
        "0xC004FD02",
        "0XC004FD02".lower(),
        " 0xC004FD02 ",
        "C004FD02",
        "c004fd02",
        "0xFFFFFFFFC004FD02",
        "3221552386",
        "-1073414910",
    ],
)
def test_each_notation_is_the_same_code(code: object) -> None:
    found = avma_error(code)

    assert (found["code"], found["symbol"]) == ("0xC004FD02", "SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED")
    assert "host" in found["cause"]
    assert "Activate the host" in found["remedy"]


@pytest.mark.parametrize("entry", ERRORS, ids=lambda entry: f"{entry.code:08X}")
def test_the_whole_catalogue_can_be_asked(entry: ErrorEntry) -> None:
    found = avma_error(entry.code)

    assert found["code"] == f"0x{entry.code:08X}"
    assert found["meaning"] == entry.meaning
    assert found["transient"] is entry.transient


def test_a_code_that_is_not_in_the_catalogue_is_said_to_be_unknown() -> None:
    found = avma_error("0x8ABCDEF0")

    assert (found["code"], found["symbol"], found["meaning"]) == ("0x8ABCDEF0", None, None)
    assert "slui.exe 0x2a 0x8ABCDEF0" in found["remedy"]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "FD02",
        "host",
        "0x",
        None,
        True,
        1.5,
        ["0xC004FD02"],
        1 << 32,
        -(1 << 31) - 1,
        1 << 64,
        "0x1C004FD02",
        "9" * 5000,
        "１２",
    ],
)
def test_what_is_no_code_fails(value: object) -> None:
    with pytest.raises(AnsibleFilterError, match="avma_error: ") as failed:
        avma_error(value)

    assert len(str(failed.value)) < 300


def test_a_number_too_long_to_be_written_fails_as_others_do() -> None:
    with pytest.raises(AnsibleFilterError, match="a number of 16610 bits has more than the 32 bits"):
        avma_error(10**5000)


@given(st.integers(min_value=0, max_value=(1 << 32) - 1))
def test_notations_agree_for_every_code(code: int) -> None:
    signed = code - (1 << 32) if code >= 1 << 31 else code

    assert avma_error(code) == avma_error(signed) == avma_error(hex(code)) == avma_error(str(signed))
