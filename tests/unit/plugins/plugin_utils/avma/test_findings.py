# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings: every kind can be made, and nothing of a tenant gets into their texts unharmed."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.module_utils._product_keys import KMS_CLIENT_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.finding_types import FINDINGS, FindingType
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.findings import Severity, errors_in, fields_of, finding
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.keys import AVMA_KEYS
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.text import safe_text

PUBLISHED = {row.key for row in AVMA_KEYS} | {row.key for row in KMS_CLIENT_KEYS}
REQUIRED = [
    "HOST_NOT_DATACENTER",
    "HOST_NOT_ACTIVATED",
    "HOST_LICENCE_AT_RISK",
    "HOST_IS_EVALUATION",
    "HOST_TOO_OLD",
    "HOST_WITHOUT_HYPERV",
    "HOST_IS_AZURE_LOCAL",
    "HOST_IS_AZURE_EDITION",
    "HOST_IN_CLUSTER",
    "CLUSTER_UNKNOWN",
    "CLUSTER_NODE_DOWN",
    "GUEST_NEWER_THAN_HOST",
    "DATA_EXCHANGE_DISABLED",
    "DATA_EXCHANGE_NO_CONTACT",
    "DATA_EXCHANGE_LOST",
    "GUEST_IS_EVALUATION",
    "GUEST_IS_AZURE_EDITION",
    "GUEST_IS_LINUX",
    "GUEST_IS_CLIENT",
    "GUEST_EDITION_NOT_SUPPORTED",
    "GUEST_TOO_OLD",
    "GUEST_BUILD_UNKNOWN",
    "GUEST_UNKNOWN",
    "GUEST_OFF",
    "GUEST_UNREACHABLE",
    "GUEST_KEPT_OTHER_CHANNEL",
    "KEY_IS_KMS_CLIENT_KEY",
    "KEY_FOR_OTHER_RELEASE",
    "KEY_FOR_OTHER_EDITION",
    "NOT_ON_HYPERV",
    "HOST_NOT_READY",
    "ACTIVATION_FAILED",
    "ACTIVATION_TIMED_OUT",
    "KEY_INSTALL_FAILED",
]
HOSTILE = "\x1b[31mred\x1b[0m \u202egnp.exe\u2066 line\r\nbreak \x00nul {object.__class__} {0}"


def test_the_codes_that_playbooks_rely_on_are_there() -> None:
    assert set(REQUIRED) <= set(FINDINGS)


@pytest.mark.parametrize("kind", FINDINGS.values(), ids=lambda kind: kind.code)
def test_every_kind_makes_a_sentence_and_bears_hostile_data(kind: FindingType) -> None:
    found = finding(kind.code, HOSTILE, **dict.fromkeys(fields_of(kind) - {"object"}, HOSTILE))
    for text in (found.object, found.cause, found.remedy, str(found)):
        assert text.isprintable()
        assert "\u202e" not in text
    assert found.severity is kind.severity
    assert kind.title
    assert kind.source
    assert not kind.cause.endswith(".")
    assert kind.remedy.endswith((".", "}"))
    json.dumps(found.as_dict())
    assert set(found.as_dict()) == {"code", "severity", "object", "cause", "remedy", "data"}


@pytest.mark.parametrize("kind", FINDINGS.values(), ids=lambda kind: kind.code)
def test_codes_are_their_own_keys_and_readable(kind: FindingType) -> None:
    assert FINDINGS[kind.code] is kind
    assert re.fullmatch(r"[A-Z0-9]+(_[A-Z0-9]+)+", kind.code)


def test_missing_data_is_told_by_name() -> None:
    with pytest.raises(ValueError, match="finding HOST_TOO_OLD needs build for its text"):
        finding("HOST_TOO_OLD", "hv01")


def test_unknown_values_are_called_unknown_and_lists_are_joined() -> None:
    assert finding("HOST_BUILD_UNKNOWN", None, build=None).cause.startswith("the host's build is unknown,")
    joined = finding("HOST_NOT_READY", "web01", host="hv01", reasons=("one", "two"))
    assert joined.cause == "the host hv01 cannot activate guests: one, two"
    assert joined.as_dict()["data"] == {"host": "hv01", "reasons": ["one", "two"]}


def test_errors_are_picked_out() -> None:
    found = (finding("GUEST_IS_LINUX", "a"), finding("HOST_WITHOUT_HYPERV", "b"))
    assert [one.severity for one in errors_in(found)] == [Severity.ERROR]


@given(
    st.from_regex(r"[A-Z0-9]{5}(-[A-Z0-9]{5}){4}", fullmatch=True).filter(lambda key: key not in PUBLISHED),
    st.text(max_size=300),
    st.sampled_from(["", "\u200b", "\u202e", "\x00"]),
    st.integers(0, 28),
)
def test_a_key_in_any_text_is_never_shown_whole(key: str, before: str, invisible: str, at: int) -> None:
    text = f"{before} {key[:at]}{invisible}{key[at:]} after"
    found = finding("GUEST_UNREACHABLE", text, reason=text)
    assert key not in json.dumps(found.as_dict(), ensure_ascii=False)
    assert key not in repr(found)


@given(st.text(max_size=400), st.integers(1, 60))
def test_safe_text_is_one_short_printable_line(text: str, limit: int) -> None:
    safe = safe_text(text, limit)
    assert safe.isprintable()
    assert len(safe) <= limit


def test_safe_text_keeps_what_is_harmless() -> None:
    assert safe_text("Größe: 日本語 ok") == "Größe: 日本語 ok"
    assert safe_text("a\r\n\tb\u2028c") == "a b c"
    assert safe_text(None) == ""
    assert safe_text("x" * 200) == "x" * 117 + "..."
    assert safe_text("x" * 100_000, 10) == "xxxxxxx..."
