# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small made-up computer for tests of the protocol: nothing of Hyper-V, every kind of CIM value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hyperv_lab.cim.provider import Account, CimError, Machine, MethodResult
from hyperv_lab.cim.types import CimClass, CimMethod, CimParameter, CimProperty, CimType, Instance, Reference, Value

NAMESPACE = "root/office"
SECRET = "root/secret"


def _properties(*properties: CimProperty) -> dict[str, CimProperty]:
    return {prop.name: prop for prop in properties}


def _string(name: str, *, key: bool = False, array: bool = False, embedded: str | None = None) -> CimProperty:
    return CimProperty(name, CimType.STRING, key=key, array=array, embedded=embedded)


ELEMENT = CimClass("Office_Element", NAMESPACE, abstract=True, properties=_properties(_string("Caption")))
NOTE = CimClass(
    "Office_Note",
    NAMESPACE,
    properties=_properties(_string("Text"), CimProperty("Weight", CimType.UINT16), CimProperty("Tags", CimType.STRING, array=True)),
)
DESK = CimClass(
    "Office_Desk",
    NAMESPACE,
    superclass="Office_Element",
    properties=_properties(
        _string("Caption"),
        _string("Name", key=True),
        CimProperty("Height", CimType.UINT32),
        CimProperty("Area", CimType.UINT64),
        CimProperty("Tilt", CimType.SINT16),
        CimProperty("Ratio", CimType.REAL64),
        CimProperty("Adjustable", CimType.BOOLEAN),
        CimProperty("Bought", CimType.DATETIME),
        CimProperty("Warranty", CimType.DATETIME),
        CimProperty("Drawers", CimType.STRING, array=True),
        CimProperty("Levels", CimType.UINT8, array=True),
        _string("Notes", array=True, embedded="Office_Note"),
        CimProperty("Sticker", CimType.OBJECT, embedded="Office_Note"),
    ),
    methods={
        "Move": CimMethod(
            "Move",
            inputs=(
                CimParameter("Room", CimType.REFERENCE),
                CimParameter("Steps", CimType.UINT32, required=True),
                CimParameter("Helpers", CimType.STRING, array=True),
                CimParameter("When", CimType.DATETIME),
                CimParameter("Note", CimType.STRING, embedded="Office_Note"),
                CimParameter("Label", CimType.OBJECT, embedded="Office_Note"),
                CimParameter("Careful", CimType.BOOLEAN),
            ),
            outputs=(
                CimParameter("Job", CimType.REFERENCE),
                CimParameter("Seen", CimType.STRING, array=True),
                CimParameter("Labels", CimType.OBJECT, array=True, embedded="Office_Note"),
            ),
        ),
        "Break": CimMethod("Break"),
    },
)
STANDING_DESK = CimClass(
    "Office_StandingDesk",
    NAMESPACE,
    superclass="Office_Desk",
    properties={**DESK.properties, **_properties(CimProperty("Motors", CimType.UINT8))},
    methods=DESK.methods,
)
ROOM = CimClass(
    "Office_Room",
    NAMESPACE,
    properties=_properties(_string("Building", key=True), _string("Number", key=True)),
)
STANDS_IN = CimClass(
    "Office_StandsIn",
    NAMESPACE,
    properties=_properties(
        CimProperty("Antecedent", CimType.REFERENCE, key=True),
        CimProperty("Dependent", CimType.REFERENCE, key=True),
    ),
)
BUILDING = CimClass(
    "Office_Building",
    NAMESPACE,
    singleton=True,
    properties=_properties(_string("Name", key=True), CimProperty("Floors", CimType.UINT8)),
    methods={
        "Lock": CimMethod(
            "Lock",
            static=True,
            inputs=(CimParameter("Code", CimType.STRING),),
            outputs=(CimParameter("Echo", CimType.STRING),),
        )
    },
)
CLASSES = {cls.name.lower(): cls for cls in (ELEMENT, NOTE, DESK, STANDING_DESK, ROOM, STANDS_IN, BUILDING)}
BOUGHT = datetime(2013, 4, 15, 16, 28, 43, 488170, tzinfo=UTC)


def desk(name: str, **values: Value) -> Instance:
    return Instance(DESK, {"Name": name, **values})


def room(number: str) -> Reference:
    return Reference(NAMESPACE, ROOM.name, {"Building": "A\\B", "Number": number})


def desk_reference(name: str, cls: CimClass = DESK) -> Reference:
    return Reference(NAMESPACE, cls.name, {"Name": name})


def _stands_in(room_number: str, desk_name: str, cls: CimClass = DESK) -> Instance:
    return Instance(STANDS_IN, {"Antecedent": room(room_number), "Dependent": desk_reference(desk_name, cls)})


@dataclass(frozen=True)
class OfficeAccount:
    name: str
    password: str
    domain: str | None = None
    administrator: bool = True
    remote_management: bool = True
    locked: bool = False


@dataclass
class OfficeMachine:
    name: str = "OFFICE01"
    language: str = "en-US"
    calls: list[tuple[str, str | None, Mapping[str, Value]]] = field(default_factory=list)
    rows: dict[str, list[Instance]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows:
            return
        note = Instance(NOTE, {"Text": 'a "quote" & <tag>', "Weight": 2})
        self.rows = {
            "office_desk": [
                desk(
                    "d1",
                    Caption="first & <best>",
                    Height=72,
                    Area=18446744073709551615,
                    Tilt=-3,
                    Ratio=1.5,
                    Adjustable=True,
                    Bought=BOUGHT,
                    Warranty=timedelta(minutes=45),
                    Drawers=["pens", "paper"],
                    Levels=[1, 255],
                    Notes=[note],
                    Sticker=note,
                ),
                desk("d2", Caption="", Height=80, Adjustable=False, Drawers=[]),
            ],
            "office_standingdesk": [Instance(STANDING_DESK, {"Name": "s1", "Height": 110, "Motors": 2})],
            "office_room": [Instance(ROOM, {"Building": "A\\B", "Number": number}) for number in ("1", "2")],
            "office_standsin": [_stands_in("1", "d1"), _stands_in("1", "s1", STANDING_DESK), _stands_in("2", "d2")],
            "office_building": [Instance(BUILDING, {"Name": "HQ", "Floors": 3})],
        }

    def namespaces(self) -> Iterable[str]:
        return (NAMESPACE, SECRET)

    def may_read(self, account: Account, namespace: str) -> bool:
        return account.administrator and namespace != SECRET

    def seen_by(self, account: Account) -> Machine:
        return self

    def classes(self, namespace: str) -> Mapping[str, CimClass]:
        return CLASSES if namespace == NAMESPACE else {}

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        return list(self.rows.get(cls.name.lower(), []))

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        for instance in self.instances(cls):
            if all(str(instance.values.get(name, "")).lower() == value.lower() for name, value in keys.items()):
                return instance
        return None

    def put(self, instance: Instance, changes: Mapping[str, Value]) -> Instance:
        if "Area" in changes:
            raise CimError(0x80041024, "Provider is not capable of the attempted operation")
        changed = Instance(instance.cls, {**instance.values, **changes})
        rows = self.rows[instance.cls.name.lower()]
        rows[rows.index(instance)] = changed
        return changed

    def authorise(self, account: Account, cls: CimClass, method: str) -> None:
        return

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        self.calls.append((method, str(target.values["Name"]) if target else None, arguments))
        if method == "Break":
            raise CimError(0xC004FD02, "The host is not activated.", operation="ExecMethod", provider="Breaker")
        if method == "Lock":
            return MethodResult(None, {"Echo": arguments.get("Code")})
        label = Instance(NOTE, {"Text": "moved", "Tags": ["x"]})
        job = Reference(NAMESPACE, ROOM.name, {"Building": "jobs", "Number": "7"})
        return MethodResult(4096, {"Job": job, "Seen": ["a", "b"], "Labels": [label]})
