# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's answers beside those of real Windows, character by character where the recording is raw."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from xml.etree.ElementTree import fromstring

import pytest

from hyperv_lab.cim.provider import MethodResult
from hyperv_lab.cim.types import CimClass, CimMethod, CimParameter, CimProperty, CimType, Instance, Reference, Value
from hyperv_lab.wsman.namespaces import MS_WSMAN

from .messages import ENUMERATION, TRANSFER, WMI, Desk, context_in, enumerate_body, message, pull_body, wql
from .office_machine import OfficeAccount, OfficeMachine
from .recorded import RecordedMachine, body_of, instance_in, machine_of, recording, same_for_all, shape


def _desk(machine: RecordedMachine, **settings: object) -> Desk:
    return Desk(machine, **settings)  # type: ignore[arg-type]


def _query(machine: RecordedMachine, columns: str = "*", *, locale: str = "") -> tuple[Desk, str]:
    desk = _desk(machine)
    body = enumerate_body(wql(f"Select {columns} from {machine.cls.name}"))
    answer = desk.send(message(f"{ENUMERATION}Enumerate", f"{WMI}{machine.cls.namespace}/*", body, locale=locale))
    assert answer.status == 200, answer.body
    return desk, answer.body


@pytest.mark.fidelity(
    "Enumerate by WQL, optimised, one row: item, empty context, w:EndOfSequence; arrays, NULLs and times in it",
    source="txwinrm, recorded traffic of Windows Server 2012",
    confidence="H",
)
@pytest.mark.parametrize("number", [1, 5])
def test_a_single_row_of_windows_server_2012(number: int) -> None:
    recorded = recording(number)
    _unused, answer = _query(machine_of(recorded))
    assert same_for_all(answer) == same_for_all(recorded)


@pytest.mark.fidelity(
    "A projection: w:XmlFragment, no namespace, alphabetical",
    source="txwinrm, recorded traffic of Windows Server 2012",
    confidence="H",
)
def test_a_projection_of_windows_server_2012() -> None:
    recorded = recording(2)
    machine = machine_of(recorded, class_name="Win32_OperatingSystem")
    _unused, answer = _query(machine, ", ".join(machine.cls.properties))
    assert same_for_all(answer) == same_for_all(recorded)


@pytest.mark.fidelity(
    "Several rows, optimised: the first alone, with a context (switch `first_page`)",
    source="txwinrm, recorded traffic of Windows Server 2012",
    confidence="H",
)
def test_the_first_of_several_rows_of_windows_server_2012() -> None:
    recorded = recording(3)
    machine = machine_of(recorded)
    machine.rows = machine.rows * 3
    _unused, answer = _query(machine)
    assert same_for_all(answer) == same_for_all(recorded)


@pytest.mark.fidelity(
    "Enumerate without OptimizeEnumeration: a context and nothing else",
    source="go-wsman, recorded traffic of a ja-JP Hyper-V host",
    confidence="H",
)
def test_an_enumerate_that_is_not_optimised() -> None:
    recorded = recording(22)
    machine = machine_of(recording(24), language="ja-JP")
    answer = _desk(machine).send(
        message(f"{ENUMERATION}Enumerate", f"{WMI}{machine.cls.namespace}/{machine.cls.name}", enumerate_body(optimise=False), locale="")
    )
    assert same_for_all(answer.body) == same_for_all(recorded)


@pytest.mark.fidelity(
    "Pull on root/virtualization/v2: host, VM and references",
    source="go-wsman, recorded traffic of a ja-JP Hyper-V host",
    confidence="H",
)
@pytest.mark.parametrize(("number", "rows"), [(23, 2), (24, 1), (25, 1)])
def test_a_pull_from_a_hyper_v_host(number: int, rows: int) -> None:
    recorded = recording(number)
    machine = machine_of(recorded, language="ja-JP")
    machine.rows = machine.rows * rows
    uri = f"{WMI}{machine.cls.namespace}/{machine.cls.name}"
    desk = _desk(machine)
    opened = desk.send(message(f"{ENUMERATION}Enumerate", uri, enumerate_body(optimise=False), locale=""))
    answer = desk.send(message(f"{ENUMERATION}Pull", uri, pull_body(context_in(opened.body)), locale=""))
    assert same_for_all(answer.body) == same_for_all(recorded)


@pytest.mark.fidelity(
    "An unknown class in a query: n:CannotProcessFilter 2150858778 with ProviderFault and __ExtendedStatus",
    source="WinRb/WinRM, recorded traffic of Windows Server 2008 R2",
    confidence="H",
)
def test_a_class_that_does_not_exist_on_windows_server_2008_r2() -> None:
    recorded = recording(10)
    machine = RecordedMachine([Instance(CimClass("Win32_Process", "root/cimv2"), {})], name="vagrant-2008R2")
    query = 'Select * from Win32_Processa where name="sshd.exe"'
    desk = _desk(machine)
    received = desk.service.receive(message(f"{ENUMERATION}Enumerate", f"{WMI}root/cimv2/*", enumerate_body(wql(query))).encode())
    answer = desk.service.answer(received, desk.account, "localhost")
    assert answer.status == 500
    unique = {f"{{{_ADDRESSING}}}MessageID", f"{{{_ADDRESSING}}}RelatesTo"}
    assert [row for row in shape(answer.body) if row[0] not in unique] == [row for row in shape(recorded) if row[0] not in unique]


_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


@pytest.mark.fidelity(
    "A negative OperationTimeout: a:InvalidMessageInformationHeader 2150858767",
    source="pypsrp, recorded traffic of Windows",
    confidence="H",
)
def test_a_negative_timeout_on_windows_server_2012_r2() -> None:
    recorded = recording(18)
    desk = Desk(OfficeMachine())
    received = desk.service.receive(message(f"{TRANSFER}Get", f"{WMI}root/office/Office_Building", timeout="PT-1S").encode())
    answer = desk.service.answer(received, desk.account, "127.0.0.1")
    assert same_for_all(answer.body) == same_for_all(recorded)


@pytest.mark.fidelity(
    "An instance that is not there: a:DestinationUnreachable 2150858752, Operation GetObject",
    source="microsoft/omi, recorded of Windows Server 2012 R2",
    confidence="H",
)
def test_the_detail_of_an_instance_that_was_not_found() -> None:
    """The recording's __ExtendedStatus is in the DMTF's namespace; the lab writes the older form, of the class's own."""
    recorded = recording(21)
    machine = RecordedMachine([Instance(CimClass("Win32_Process", "root/cimv2"), {})], name="VMMUR-W12R2-02.SCX.com")
    machine.rows = [instance_in(fromstring("<r><Handle>7</Handle></r>"), "root/cimv2", "Win32_Process", ("Handle",))]
    desk = _desk(machine)
    received = desk.service.receive(message(f"{TRANSFER}Get", f"{WMI}root/cimv2/Win32_Process", selectors={"Handle": "29"}).encode())
    answer = desk.service.answer(received, desk.account, "10.68.240.26")

    def plain(text: str) -> list[tuple[str, str]]:
        rows = [(tag.rpartition("}")[2], text) for tag, text, _unused in shape(text)]
        return [row for row in rows if row[0] not in ("MessageID", "RelatesTo", "ProviderName")]

    assert plain(answer.body) == plain(recorded)
    assert "ParameterInfo>Win32_Process.Handle=&quot;29&quot;</" in answer.body


@pytest.mark.fidelity(
    "The second form of a fault's detail, MSFT_WmiError (switch `fault_form`)",
    source="WinRb/WinRM, recorded traffic of Windows",
    confidence="H",
)
def test_the_other_form_of_a_fault() -> None:
    recorded = recording(11)
    answer = Desk(OfficeMachine(), fault_form="wmierror", max_operations_per_user=0).query("SELECT * FROM Office_Desk")
    ours, theirs = shape(answer.body), shape(recorded)
    start = next(index for index, row in enumerate(theirs) if row[0].endswith("MSFT_WmiError"))
    ours_start = next(index for index, row in enumerate(ours) if row[0].endswith("MSFT_WmiError"))
    assert [(tag, attributes) for tag, _unused, attributes in ours[ours_start:]] == [
        (tag, attributes) for tag, _unused, attributes in theirs[start:]
    ]


@pytest.mark.fidelity(
    "The quota of operations: s:Receiver, w:InternalError 2150859174",
    source="txwinrm, recorded traffic of Windows Server 2008",
    confidence="H",
)
def test_a_quota_of_windows_server_2008() -> None:
    recorded = recording(7)
    answer = Desk(OfficeMachine(), max_operations_per_user=0).query("SELECT * FROM Office_Desk")
    ours, theirs = [[(tag, attributes) for tag, _unused, attributes in shape(text)] for text in (answer.body, recorded)]
    names = [tag for tag, _unused in theirs]
    assert [tag for tag, _unused in ours] == names
    for text in ("s:Receiver", "w:InternalError", 'Code="2150859174"', 'xml:lang=""'):
        assert text in answer.body
        assert text in " ".join(recorded.split())


@pytest.mark.fidelity(
    "A method's outputs first, ReturnValue last, arrays repeated",
    source="openwsman, recorded traffic of Windows Server 2003",
    confidence="H",
)
def test_a_method_of_the_registry() -> None:
    recorded = recording(12)
    body = fromstring(recorded).find("{http://www.w3.org/2003/05/soap-envelope}Body/*")
    assert body is not None
    names = [child.text for child in body if child.tag.endswith("sNames")]
    method = CimMethod("EnumKey", static=True, outputs=(CimParameter("sNames", CimType.STRING, array=True),))
    cls = CimClass("StdRegProv", "root/default", methods={"EnumKey": method})
    machine = RecordedMachine([Instance(cls, {})], result=MethodResult(0, {"sNames": names}))  # type: ignore[dict-item]
    uri = f"{WMI}root/default/StdRegProv"
    answer = _desk(machine).send(message(f"{uri}/EnumKey", uri, f'<p:EnumKey_INPUT xmlns:p="{uri}"/>'))
    unpretty = re.sub(r">\s+<", "><", recorded.partition("?>")[2].strip())
    assert body_of(answer.body) == body_of(unpretty)


@pytest.mark.fidelity(
    "winrm/config",
    source="pypsrp, recorded traffic of Windows Server 2012 R2",
    confidence="H",
)
def test_the_configuration_of_the_service() -> None:
    recorded = recording(15)
    offered = frozenset({"basic", "negotiate", "kerberos", "credssp"})
    answer = Desk(OfficeMachine(), authentication=offered).send(recording(14))
    assert same_for_all(answer.body) == same_for_all(recorded)


@pytest.mark.fidelity(
    "A NULL array with UsePreciseArrays",
    source="[MS-WSMV] 4, example",
    confidence="M",
)
def test_null_arrays_for_a_client_that_wants_them() -> None:
    recorded = recording(27)
    body = fromstring(recorded).find("{http://www.w3.org/2003/05/soap-envelope}Body/*")
    assert body is not None
    instance = instance_in(body, "root/cimv2/mytest4", "UTFPSSemantics_TestBase")
    properties = {name: prop for name, prop in instance.cls.properties.items() if name != "octet"}
    octet = {"octet": type(instance.cls.properties["octet"])("octet", CimType.UINT8, array=True)}
    cls = CimClass("UTFPSSemantics_TestBase", "root/cimv2/mytest4", singleton=True, properties={**properties, **octet})
    machine = RecordedMachine([Instance(cls, {"uint32Key": 100})])
    option = '<w:OptionSet><w:Option Name="msftwinrm:UsePreciseArrays" Type="xs:boolean">true</w:Option></w:OptionSet>'
    extra = f"{option}<p:OperationID>uuid:CEB310A6-FB0B-441D-83E6-8B0C416192CF</p:OperationID>"
    answer = _desk(machine).send(message(f"{TRANSFER}Get", f"{WMI}root/cimv2/mytest4/{cls.name}", extra=extra))
    assert body_of(answer.body) == body_of(recorded)
    header = "uuid:CEB310A6-FB0B-441D-83E6-8B0C416192CF</p:OperationID>"
    assert header in answer.body
    assert f'xmlns:p="{MS_WSMAN}"' in answer.body


@pytest.mark.fidelity(
    "A shell refused: w:AccessDenied, code 5",
    source="a Go test that quotes Windows Server 2022",
    confidence="M",
)
def test_a_shell_refused_by_windows_server_2022() -> None:
    recorded = recording(28)
    uri = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
    account = OfficeAccount("operator", "Lab-Pass2", administrator=False)  # only an administrator may have a shell
    answer = Desk(OfficeMachine(), account=account).send(message(f"{TRANSFER}Create", uri))
    expected = Counter(tag for tag, _unused, _unused in shape(recorded) if "wsmanfault" in tag)
    assert Counter(tag for tag, _unused, _unused in shape(answer.body) if "wsmanfault" in tag) == expected
    assert 'Code="5"' in answer.body
    assert "<f:Message>Access is denied. </f:Message>" in answer.body
    assert "<s:Value>w:AccessDenied</s:Value>" in answer.body


_SERVICE_KEYS = ("CreationClassName", "Name", "SystemCreationClassName", "SystemName")


class _Listening(RecordedMachine):
    """Remembers the references it is given."""

    def __init__(self, rows: list[Instance]) -> None:
        super().__init__(rows)
        self.heard: list[Reference] = []

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        return self.rows[0] if set(keys) == set(_SERVICE_KEYS) else None

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        self.heard += [value for value in arguments.values() if isinstance(value, Reference)]
        return self.result


@pytest.mark.fidelity(
    "A REF parameter as children of an endpoint reference",
    source="openwsman, a request of Windows' own winrm.vbs",
    confidence="H",
)
def test_the_reference_parameter_that_winrm_vbs_sends() -> None:
    recorded = recording(13)
    method = CimMethod("RealizePlannedSystem", inputs=(CimParameter("PlannedSystem", CimType.REFERENCE),))
    keys = {name: CimProperty(name, CimType.STRING, key=True) for name in _SERVICE_KEYS}
    service_class = "Msvm_VirtualSystemManagementService"
    cls = CimClass(service_class, "root/virtualization/v2", methods={method.name: method}, properties=keys)
    machine = _Listening([Instance(cls, {"Name": "vmms"})])
    answer = _desk(machine).send(recorded)
    assert answer.status == 200, answer.body
    (reference,) = machine.heard
    assert reference.class_name == "Msvm_PlannedComputerSystem"
    assert reference.keys == {"CreationClassName": "Msvm_PlannedComputerSystem", "Name": "8FF5E6F3-A141-465B-83ED-3BFC0F59F7EF"}
