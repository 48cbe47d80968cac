# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reviewed script's operations, carried out on a guest's simulated CIM: what it reads, does and says.

How PowerShell shows an error of WMI is known from Microsoft.Management.Infrastructure: NativeErrorCode is a CIM status, MessageId has the
HRESULT; whether ErrorData is there as well differs, so both are answered (setting ``fault_form``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..cim.hierarchy import find_instance
from ..cim.provider import Account, CimError, Machine
from ..cim.types import CimClass, Value
from ..wql.evaluator import WqlInvalidQuery
from ..wql.parser import WqlSyntaxError, parse
from ..wql.query import WqlSourceNotFound, WqlUnknownClass, run
from ..wsman.settings import ServiceSettings

_E_INVALID_NAMESPACE = 0x8004100E
_E_INVALID_CLASS = 0x80041010
_E_INVALID_QUERY = 0x80041017
_E_ACCESS_DENIED = 0x80041003
_E_NOT_FOUND = 0x80041002
_E_INVALID_METHOD = 0x8004102E
# Microsoft.Management.Infrastructure.NativeErrorCode, as DSP0200 has it; 1 is "failed".
_CIM_STATUS = {
    _E_ACCESS_DENIED: 2,
    _E_INVALID_NAMESPACE: 3,
    _E_INVALID_CLASS: 5,
    _E_NOT_FOUND: 6,
    _E_INVALID_QUERY: 15,
    _E_INVALID_METHOD: 17,
}
_UINT32 = range(2**32)

Result = dict[str, Any]
Row = dict[str, Value]


@dataclass(frozen=True)
class GuestScript:
    """The part of the script that runs in a guest, as this account."""

    machine: Machine
    account: Account
    settings: ServiceSettings

    def carry_out(self, operations: list[Mapping[str, Any]]) -> list[Result]:
        results: list[Result] = []
        for operation in operations:
            try:
                results.append({"rows": [{name: _texts(value) for name, value in row.items()} for row in self.rows(operation)]})
            except CimError as error:
                results.append(self.refusal(error, operation["kind"]))
                if operation.get("stops"):
                    break
        return results

    def rows(self, operation: Mapping[str, Any]) -> list[Row]:
        """What the CIM cmdlets give for an operation; CimError if it is refused."""
        return self._query(operation) if operation["kind"] == "query" else [self._call(operation)]

    def _query(self, operation: Mapping[str, Any]) -> list[Row]:
        namespace = self._namespace(operation)
        try:
            result = run(parse(operation["query"]), self.machine, namespace)
        except WqlUnknownClass as error:
            raise CimError(_E_INVALID_CLASS, "Invalid class") from error
        except (WqlSyntaxError, WqlInvalidQuery) as error:
            raise CimError(_E_INVALID_QUERY, "Invalid query") from error
        except WqlSourceNotFound as error:
            raise CimError(_E_NOT_FOUND, "Not found") from error
        rows = []
        for instance in result.instances:
            # Of a projection, PowerShell shows the other properties too, without a value.
            chosen = set(instance.cls.properties) if result.columns is None else set(result.columns)
            values = {name: instance.values.get(name) if name in chosen else None for name in instance.cls.properties}
            rows.append(values)
        return rows

    def _call(self, operation: Mapping[str, Any]) -> Row:
        namespace = self._namespace(operation)
        classes = self.machine.classes(namespace)
        cls = classes.get(str(operation["class"]).lower())
        if cls is None:
            raise CimError(_E_INVALID_CLASS, "Invalid class")
        method = next((known for known in cls.methods.values() if known.name.lower() == str(operation["method"]).lower()), None)
        if method is None:
            raise CimError(_E_INVALID_METHOD, "Invalid method")
        target = None
        if operation["keys"]:
            target = find_instance(self.machine, classes, cls, operation["keys"])
            if target is None:
                raise CimError(_E_NOT_FOUND, "Not found")
        self.machine.authorise(self.account, cls, method.name)
        try:
            result = self.machine.invoke(cls, method.name, target, _arguments(cls, method.name, operation["arguments"]))
        except CimError as error:
            if self.settings.method_failure == "return_value":
                return {"ReturnValue": error.hresult, "PSComputerName": None}
            raise
        return {**result.outputs, "ReturnValue": result.return_value, "PSComputerName": None}

    def _namespace(self, operation: Mapping[str, Any]) -> str:
        namespace = str(operation["namespace"]).lower()
        if namespace not in self.machine.namespaces():
            raise CimError(_E_INVALID_NAMESPACE, "Invalid namespace")
        if not self.machine.may_read(self.account, namespace):
            raise CimError(_E_ACCESS_DENIED, "Access denied")
        return namespace

    def refusal(self, error: CimError, kind: str) -> Result:
        cmdlet = "GetCimInstanceCommand" if kind == "query" else "InvokeCimMethodCommand"
        message_id = f"HRESULT 0x{error.hresult:08x}"
        result: Result = {
            "error_id": f"{message_id},Microsoft.Management.Infrastructure.CimCmdlets.{cmdlet}",
            "message": f"{error.message} ",
            "hresult": -2146233088,  # COR_E_EXCEPTION, whatever the reason
            "type": "Microsoft.Management.Infrastructure.CimException",
            "cim_status": _CIM_STATUS.get(error.hresult, 1),
            "message_id": message_id,
        }
        if self.settings.fault_form == "wmierror":
            result["error_code"] = error.hresult
        return result


def _arguments(cls: CimClass, method: str, given: Mapping[str, Any]) -> dict[str, Value]:
    """The arguments as the script hands them over: numbers become uint32."""
    declared = {parameter.name.lower(): parameter.name for parameter in cls.methods[method].inputs}
    arguments: dict[str, Value] = {}
    for name, value in given.items():
        if name.lower() not in declared or (isinstance(value, int) and value not in _UINT32):
            raise CimError(0x80041008, "Invalid parameter")
        arguments[declared[name.lower()]] = value
    return arguments


def _texts(value: Value) -> list[str]:
    many = value if isinstance(value, list) else [value]
    return [_text(one) for one in many if one is not None]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    if isinstance(value, timedelta):
        return _time_span(value)
    return str(value)


def _time_span(value: timedelta) -> str:
    """As .NET writes it in every culture: [-][d.]hh:mm:ss[.fffffff]."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds * 10:07d}" if value.microseconds else ""
    return f"{sign}{days}{value.seconds // 3600:02d}:{value.seconds // 60 % 60:02d}:{value.seconds % 60:02d}{fraction}"
