# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed access to what Windows sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.enumeration import read_page
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import MalformedAnswer
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance, decode_instance
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.message import read_answer
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.values import Reference
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.xml_reader import read_xml
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.wsman.scripted_transport import fixture

GUID = "6D0F1A7C-4C5B-4F0B-9C39-2D1E8A70B7C1"


def only_item(name: str) -> Instance:
    answer = read_answer(fixture(name), message_id="@MESSAGE-ID@", subject=name, max_envelope_size=512000)
    page = read_page(answer, name)
    assert page.context is None
    (item,) = page.items
    return item


def body(name: str) -> Instance:
    answer = read_answer(fixture(name), message_id="@MESSAGE-ID@", subject=name, max_envelope_size=512000)
    assert answer.body is not None
    return decode_instance(answer.body)


def decoded(xml: str) -> Instance:
    return decode_instance(read_xml(xml.encode(), "test", max_size=10000))


@pytest.fixture
def system() -> Instance:
    return only_item("enumerate_one_instance")


def test_class_and_namespace_come_from_the_item(system: Instance) -> None:
    assert (system.class_name, system.namespace) == ("Win32_OperatingSystem", "root/cimv2")


def test_names_are_as_windows_spells_them_null_ones_included(system: Instance) -> None:
    assert system.names()[:4] == ("BootDevice", "BuildNumber", "Caption", "CSDVersion")


def test_names_are_found_without_regard_to_case(system: Instance) -> None:
    assert system.integer("BUILDNUMBER") == system.integer("buildnumber") == 20348


def test_text(system: Instance) -> None:
    assert system.text("BootDevice") == r"\Device\HarddiskVolume2"
    assert system.text("Description") == ""
    assert system.text("CSDVersion") is None
    assert system.text("NoSuchProperty") is None


def test_numbers_and_booleans(system: Instance) -> None:
    assert system.integer("MaxProcessMemorySize") == 137438953344
    assert system.integer("PAEEnabled") is None
    assert (system.boolean("Primary"), system.boolean("Distributed"), system.boolean("PAEEnabled")) == (True, False, None)


def test_times_are_aware_and_in_utc(system: Instance) -> None:
    assert system.timestamp("InstallDate") == datetime(2024, 5, 14, 9, 30, tzinfo=UTC)
    assert system.timestamp("LastBootUpTime") == datetime(2025, 11, 2, 4, 5, 6, 700000, tzinfo=UTC)
    local = system.timestamp("LocalDateTime")
    assert local == datetime(2025, 11, 20, 10, 0, 0, 250000, tzinfo=UTC)
    assert local is not None
    assert local.utcoffset() == timedelta()
    assert system.timestamp("NoSuchProperty") is None


def test_a_time_is_text_too(system: Instance) -> None:
    assert system.text("InstallDate") == "2024-05-14T09:30:00Z"


def test_arrays(system: Instance) -> None:
    assert system.texts("MUILanguages") == ("en-US", "de-DE")
    assert system.texts("Caption") == ("Microsoft Windows Server 2022 Datacenter",)  # one element looks like a scalar
    assert system.texts("CSDVersion") == ()
    assert system.texts("NoSuchProperty") == ()
    assert system.integers("BuildNumber") == (20348,)


def test_a_projection_has_neither_class_nor_namespace() -> None:
    item = only_item("enumerate_projection")
    assert (item.class_name, item.namespace) == (None, None)
    assert item.integer("BuildNumber") == 20348
    assert item.text("CSDVersion") is None
    assert item.timestamp("LastBootUpTime") == datetime(2025, 11, 2, 4, 5, 6, 700000, tzinfo=UTC)
    assert item.texts("MUILanguages") == ("en-US", "de-DE")


def test_a_virtual_machine_of_a_japanese_host() -> None:
    item = only_item("pull_vm_last_page")
    assert item.namespace == "root/virtualization/v2"
    assert item.text("ElementName") == "веб & <01>"
    assert item.texts("StatusDescriptions") == ("正常稼働中",)
    assert item.integer("OnTimeInMilliseconds") == 6138293824
    assert item.timestamp("LastReplicationTime") == datetime(1601, 1, 1, tzinfo=UTC)  # never, but a value
    assert item.timestamp("LastSuccessfulBackupTime") is None


def test_references() -> None:
    item = only_item("pull_references")
    assert item.reference("ManagedElement") == Reference("root/virtualization/v2", "Msvm_ComputerSystem", {"Name": GUID})
    setting = item.reference("SettingData")
    assert setting is not None
    assert setting.key("instanceid") == f"Microsoft:{GUID}"
    assert setting.key("Name") is None
    assert item.reference("NoSuchProperty") is None


def test_a_reference_with_a_wrapper_and_a_key_that_is_a_reference() -> None:
    epr = (
        "<a:EndpointReference><a:Address/><a:ReferenceParameters>"
        "<w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/Root/CIMV2/{}</w:ResourceURI>"
        "<w:SelectorSet>{}</w:SelectorSet></a:ReferenceParameters></a:EndpointReference>"
    )
    inner = epr.format("Win32_Service", '<w:Selector Name="Name">a"b\\c</w:Selector>')
    outer = epr.format("Win32_Dependent", f'<w:Selector Name="Antecedent">{inner}</w:Selector>')
    item = decoded(
        '<Item xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
        f"<Ref>{outer}</Ref></Item>"
    )
    assert item.reference("Ref") == Reference("root/cimv2", "Win32_Dependent", {"Antecedent": r'Win32_Service.Name="a\"b\\c"'})


def test_an_explicit_null_array() -> None:
    item = body("get_precise_arrays")
    assert item.integers("octets") == ()
    assert item.integer("octets") is None


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda item: item.integer("Text"), "Lab_Item.Text: 'twelve' where a whole number was expected"),
        (lambda item: item.integers("Text"), "Lab_Item.Text: 'twelve' where a whole number was expected"),
        (lambda item: item.integer("Other"), "Lab_Item.Other: '٣' where a whole number was expected"),
        (lambda item: item.boolean("Text"), "Lab_Item.Text: 'twelve' where true or false was expected"),
        (lambda item: item.timestamp("Text"), "Lab_Item.Text: 'twelve' where a date and time was expected"),
        (lambda item: item.timestamp("Day"), "Lab_Item.Day: '2024-02-30T00:00:00Z' where a date and time was expected"),
        (lambda item: item.reference("Text"), "Lab_Item.Text: 'twelve' where a reference was expected"),
        (lambda item: item.text("Inner"), "Lab_Item.Inner: an embedded object where text was expected"),
        (lambda item: item.text("Many"), "Lab_Item.Many: 2 values where one text was expected"),
        (lambda item: item.integer("Many"), "Lab_Item.Many: 2 values where one whole number was expected"),
        (lambda item: item.text("Ref"), "Lab_Item.Ref: a reference where text was expected"),
        (lambda item: item.integer("Long"), f"Lab_Item.Long: '{'x' * 40}…' where a whole number was expected"),
    ],
)
def test_a_value_of_another_type_is_named(ask: object, message: str) -> None:
    item = Instance(
        "Lab_Item",
        "root/cimv2",
        {
            "Text": "twelve",
            "Other": "٣",
            "Day": "2024-02-30T00:00:00Z",
            "Many": ["1", "2"],
            "Ref": Reference("root/cimv2", "Lab_Item", {}),
            "Inner": Instance("Lab_Inner", None),
            "Long": "x" * 100,
        },
    )
    assert callable(ask)
    with pytest.raises(MalformedAnswer) as caught:
        ask(item)
    assert str(caught.value) == message


def test_a_time_with_unknown_parts_is_no_time() -> None:
    item = Instance("Lab_Item", None, {"When": "2024**************.******+***", "Since": "20240101000000.******+000"})
    assert item.timestamp("Since") is None
    with pytest.raises(MalformedAnswer):
        item.timestamp("When")  # 29 characters: no DMTF time at all


def test_an_instance_made_from_values_reads_back() -> None:
    when = datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    item = Instance(
        "Lab_Item",
        "root/cimv2",
        {"T": "x", "N": 5, "B": True, "D": when, "I": timedelta(minutes=3), "L": [1, 2], "Nil": None},
    )
    assert (item.text("T"), item.integer("N"), item.boolean("B"), item.timestamp("D")) == ("x", 5, True, when)
    assert (item.text("I"), item.integers("L"), item.text("Nil")) == ("P0DT0H3M0S", (1, 2), None)


def test_the_repr_shows_no_values() -> None:
    assert repr(Instance("Lab_Item", None, {"Key": "secret"})) == "<Instance of Lab_Item, 1 properties>"
