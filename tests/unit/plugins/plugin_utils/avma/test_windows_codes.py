# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of codes is complete and takes a code in any notation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.windows_codes import (
    ERRORS,
    describe_code,
    error_of,
    format_code,
    unsigned_code,
)

# code and end of its symbol, as in slerror.h and winerror.h
CATALOGUE = """
C004FD00 IA_THROTTLE_LIMIT_EXCEEDED
C004FD01 IA_INVALID_VIRTUALIZATION_PLATFORM
C004FD02 IA_PARENT_PARTITION_NOT_ACTIVATED
C004FD03 IA_ID_MISMATCH
C004FD04 IA_MACHINE_NOT_BOUND
C004F050 INVALID_PRODUCT_KEY
C004F069 MISMATCHED_PRODUCT_SKU
C004E016 PKEY_INVALID_CONFIG
C004E017 PKEY_INVALID_UNIQUEID
C004E018 PKEY_INVALID_ALGORITHM
C004E019 PKEY_INTERNAL_ERROR
C004E01C PKEY_INVALID_KEYCHANGE1
C004E01D PKEY_INVALID_KEYCHANGE2
C004E01E PKEY_INVALID_KEYCHANGE3
C004F00B NO_PID_CONFIG_DATA
C004F010 INVALID_PKEY
C004F012 VALUE_NOT_FOUND
C004F014 PKEY_NOT_INSTALLED
C004F015 PRODUCT_SKU_NOT_INSTALLED
C004F016 NOT_SUPPORTED
C004F033 PRODUCT_KEY_INSTALLATION_NOT_ALLOWED
C004F051 BLOCKED_PRODUCT_KEY
C004F061 PKEY_INVALID_UPGRADE
C004F06A OPERATION_NOT_ALLOWED
C004F07D INVALID_PRODUCT_KEY_TYPE
C004F210 EDITION_MISMATCHED
C004F213 NO_PRODUCT_KEY_FOUND
8004E026 INVALID_USE_OF_ADD_ON_PKEY
80070490 ERROR_NOT_FOUND
C004F009 GRACE_TIME_EXPIRED
C004F00A MISMATCHED_APPID
4004F00C OOB_GRACE_PERIOD
4004F00D OOT_GRACE_PERIOD
C004F00F OUT_OF_TOLERANCE
C004F013 RIGHT_NOT_GRANTED
C004F034 EUL_NOT_AVAILABLE
4004F040 VL_INFO_PRODUCT_USER_RIGHT
C004F056 VL_MACHINE_NOT_BOUND
C004F064 NONGENUINE_GRACE_TIME_EXPIRED
4004F065 NONGENUINE_GRACE_PERIOD
C004F080 LICENSE_NOT_BOUND
C004F200 NOT_GENUINE
C004F211 HWID_CHANGED
4004F401 STORE_BASED_ACTIVATION
4004FC04 TIMEBASED_VALIDITY_PERIOD
4004FC05 PERPETUAL_OOB_GRACE_PERIOD
4004FC06 TIMEBASED_EXTENDED_GRACE_PERIOD
C004FC07 VALIDITY_PERIOD_EXPIRED
C004FE00 TAMPER_RECOVERY_REQUIRES_ACTIVATION
80070005 ACCESSDENIED
C004F025 LUA_ACCESSDENIED
C004E028 ACTIVATION_IN_PROGRESS
C004F075 SERVICE_STOPPING
C004E003 EVALUATION_FAILED
C004E015 EUL_CONSUMPTION_FAILED
C004D307 MAX_REARM_REACHED
C004F038 VL_NOT_ENOUGH_COUNT
C004F039 VL_BINDING_SERVICE_NOT_ENABLED
C004F041 VL_KEY_MANAGEMENT_SERVICE_NOT_ACTIVATED
C004F042 VL_KEY_MANAGEMENT_SERVICE_ID_MISMATCH
C004F06C VL_INVALID_TIMESTAMP
C004F074 VL_BINDING_SERVICE_UNAVAILABLE
C004F035 VL_NOT_WINDOWS_SLP
C004F057 SLP_MISSING_ACPI_SLIC
C004F058 SLP_MISSING_SLP_MARKER
C004F059 SLP_BAD_FORMAT
C004F063 SLP_OEM_CERT_MISSING
C004C001 CHPA_PRODUCT_KEY_OUT_OF_RANGE
C004C003 CHPA_PRODUCT_KEY_BLOCKED
C004C008 CHPA_MAXIMUM_UNLOCK_EXCEEDED
C004C020 CHPA_DMAK_LIMIT_EXCEEDED
"""
ROWS = [line.split() for line in CATALOGUE.strip().splitlines()]


@pytest.mark.parametrize(("code", "symbol"), ROWS)
def test_every_code_has_its_symbol_and_says_what_to_do(code: str, symbol: str) -> None:
    entry = error_of(f"0x{code}")
    assert entry is not None
    assert entry.symbol.endswith(symbol)
    assert all((entry.meaning, entry.cause, entry.remedy, entry.source))
    assert entry.remedy.endswith(".")


def test_codes_are_unique_and_only_passing_states_are_transient() -> None:
    assert len({entry.code for entry in ERRORS}) == len(ERRORS)
    assert {format_code(entry.code) for entry in ERRORS if entry.transient} == {"0xC004FD00", "0xC004E028", "0xC004F075"}


@pytest.mark.parametrize(
    "notation",
    [0xC004FD02, -1073414910, 0xFFFFFFFFC004FD02, "0xC004FD02", "0xc004fd02", " 0xFFFFFFFFC004FD02 ", "-1073414910", "3221552386"],
)
def test_a_code_is_the_same_in_every_notation(notation: int | str) -> None:
    assert unsigned_code(notation) == 0xC004FD02
    assert describe_code(notation) == "0xC004FD02 SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED: the host is not activated"


@given(st.integers(min_value=-(2**63), max_value=2**64))
def test_a_normal_code_fits_in_32_bits_and_stays_the_same(code: int) -> None:
    normal = unsigned_code(code)
    assert 0 <= normal < 2**32
    assert unsigned_code(format_code(code)) == normal


@pytest.mark.parametrize("text", ["", "C004FD02", "0x", "zero", "1.5", "٣"])
def test_what_is_no_code_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="neither a decimal number nor a hexadecimal one"):
        unsigned_code(text)


def test_a_code_outside_the_catalogue_is_shown_as_it_is() -> None:
    assert error_of(0x12345678) is None
    assert describe_code(0x12345678) == "0x12345678"
    assert error_of(None) is None
