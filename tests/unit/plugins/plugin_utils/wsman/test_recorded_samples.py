# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded traffic that the project was designed by, where it is at hand (it is not part of the repository)."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.embedded import parse_embedded_instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.enumeration import Page, read_page
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import (
    AccessDenied,
    Fault,
    InvalidClassOrQuery,
    InvalidMessage,
    InvalidSelectors,
    NotFound,
    OperationTimedOut,
    ProviderFailure,
    QuotaExceeded,
)
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import decode_instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.invocation import read_output
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.message import Answer, read_answer
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.service import ServerLimits, read_limits
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Reference

_FOLDER = Path(os.environ.get("HYPERV_AVMA_SAMPLES") or Path(__file__).parents[6] / "shared" / "reference" / "wsman_samples")

pytestmark = pytest.mark.skipif(not _FOLDER.is_dir(), reason="the recorded samples are not here; name their folder in HYPERV_AVMA_SAMPLES")


def sample(number: int) -> bytes:
    (path,) = _FOLDER.glob(f"{number:02d}_*.xml")
    return path.read_bytes()


def answer(number: int) -> Answer:
    data = sample(number)
    relates_to = re.search(rb"RelatesTo>\s*(\S+?)\s*<", data)
    message_id = relates_to.group(1).decode() if relates_to else "uuid:NONE"
    return read_answer(data, message_id=message_id, subject=f"sample {number}", max_envelope_size=512000)


def page(number: int) -> Page:
    return read_page(answer(number), f"sample {number}")


def test_01_one_instance() -> None:
    (item,) = page(1).items
    assert page(1).context is None
    assert (item.class_name, item.namespace, len(item.names())) == ("Win32_OperatingSystem", "root/cimv2", 64)
    assert item.integer("BuildNumber") == 9200
    assert item.timestamp("LastBootUpTime") == datetime(2013, 4, 15, 16, 28, 43, 488171, UTC)
    assert item.text("CSDVersion") is None
    assert item.boolean("Debug") is False
    assert item.text("Description") == ""


def test_02_a_projection() -> None:
    (item,) = page(2).items
    assert item.class_name is None
    assert item.timestamp("LocalDateTime") == datetime(2013, 4, 15, 20, 28, 21, 85000, UTC)


def test_03_the_first_of_several() -> None:
    assert page(3).context == "uuid:D9BFC178-4F0A-4CDF-AE78-5B780FDB21B6"
    assert [item.integer("Metric2") for item in page(3).items] == [-1]


def test_05_arrays() -> None:
    (item,) = page(5).items
    assert item.texts("Roles") == ("LM_Workstation", "LM_Server", "NT", "Server_NT")
    assert item.texts("OEMStringArray") == ()


@pytest.mark.parametrize(
    ("number", "kind", "code", "machine"),
    [
        (7, QuotaExceeded, 2150859174, "103040106"),
        (10, InvalidClassOrQuery, 2150858778, "vagrant-2008R2"),
        (11, QuotaExceeded, 2150859173, ""),
        (16, InvalidSelectors, 2150858843, "127.0.0.1"),
        (17, OperationTimedOut, 2150858793, "127.0.0.1"),
        (18, InvalidMessage, 2150858767, "127.0.0.1"),
        (19, ProviderFailure, 2147942402, "server2008r2.domain.local"),
        (20, ProviderFailure, 87, "127.0.0.1"),
        (21, NotFound, 2150858752, "VMMUR-W12R2-02.SCX.com"),
        (28, AccessDenied, 5, "host"),
    ],
)
def test_faults(number: int, kind: type[Fault], code: int, machine: str) -> None:
    with pytest.raises(kind) as caught:
        answer(number)
    assert caught.value.__class__ is kind
    assert (caught.value.code, caught.value.machine) == (code, machine)


def test_10_says_what_was_asked() -> None:
    with pytest.raises(Fault) as caught:
        answer(10)
    assert caught.value.provider_text == "The specified class does not exist in the given namespace."
    assert caught.value.parameter_info == 'Select * from Win32_Processa where name="sshd.exe"'
    assert caught.value.operation == "ExecQuery"


def test_11_is_a_cim_error() -> None:
    with pytest.raises(Fault) as caught:
        answer(11)
    assert (caught.value.cim_status, caught.value.subcode) == (27, "w:QuotaLimit")


def test_12_a_static_method() -> None:
    output = read_output(answer(12).body, "StdRegProv", "EnumKey")
    assert output.return_value == 0
    assert len(output.outputs.texts("sNames")) == 26


def test_15_limits() -> None:
    assert read_limits(answer(15).body) == ServerLimits(512000, 60.0, 32000, learned=True)


def test_22_to_24_the_machines_of_a_japanese_host() -> None:
    assert page(22).items == ()
    assert page(22).context == "uuid:00000000-0000-4000-8000-000000000003"
    (host,) = page(23).items
    assert (host.integer("RequestedState"), host.timestamp("InstallDate")) == (12, None)
    (machine,) = page(24).items
    assert page(24).context is None
    assert machine.timestamp("LastReplicationTime") == datetime(1601, 1, 1, tzinfo=UTC)
    assert machine.texts("StatusDescriptions") == ("正常稼働中",)


def test_25_references() -> None:
    (item,) = page(25).items
    assert item.reference("AffectingElement") == Reference(
        "root/virtualization/v2", "Msvm_ConcreteJob", {"InstanceID": "00000000-0000-4000-8000-000000000066"}
    )


def test_27_a_null_array() -> None:
    body = answer(27).body
    assert body is not None
    assert decode_instance(body).integers("octet") == ()


def test_29_an_item_of_a_guest() -> None:
    item = parse_embedded_instance(sample(29).decode())
    assert (item.text("Name"), item.text("Data"), item.integer("Source")) == ("OSVersion", "6.2.8064", 2)
