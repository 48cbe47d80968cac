# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Methods: the action is the class URI, a slash and the method's name."""

from __future__ import annotations

from ..cim.hierarchy import find_instance
from ..cim.object_path import format_path
from ..cim.provider import CimError, MethodResult
from ..cim.types import CimClass, CimMethod, CimParameter, CimType, Instance, Reference, Value
from .answer import Answer, transfer_answer
from .element_values import EmbeddedTextRefused, Member, read_members
from .faults import (
    ACTION_MISMATCH,
    ACTION_NOT_SUPPORTED,
    INSUFFICIENT_SELECTORS,
    INVALID_METHOD_PARAMETER,
    SCHEMA_VALIDATION,
    UNEXPECTED_SELECTORS,
    not_found,
    provider_failure,
)
from .namespaces import CIM, XSI
from .operation import Operation
from .resource_uri import WmiResource, class_uri, parse_wmi_uri, same_class_uris
from .soap import local_name


def invoke(operation: Operation) -> Answer:
    resource = operation.resource()
    cls = operation.cls(resource)
    method = _method(operation, resource, cls)
    target = None if method.static else _target(operation, resource, cls)
    if method.static and operation.keys(cls):
        raise UNEXPECTED_SELECTORS.fault()
    result = _carry_out(operation, resource, cls, method, target)
    return _answer(operation, cls, method, result)


def _method(operation: Operation, resource: WmiResource, cls: CimClass) -> CimMethod:
    action_uri, _unused, name = operation.request.action.rpartition("/")
    if operation.settings.strict:
        named = parse_wmi_uri(action_uri, operation.request.selectors)
        if (named.namespace, named.class_name.lower()) != (resource.namespace, resource.class_name.lower()):
            raise ACTION_MISMATCH.fault()
    method = next((method for method in cls.methods.values() if method.name.lower() == name.lower()), None)
    if method is None:
        raise ACTION_NOT_SUPPORTED.fault()
    return method


def _target(operation: Operation, resource: WmiResource, cls: CimClass) -> Instance:
    """The instance to act on. Hyper-V's services are found by a part of their keys, which is the machine's to decide."""
    keys = operation.keys(cls)
    classes = operation.machine.classes(resource.namespace)
    try:
        if keys:
            instance = find_instance(operation.machine, classes, cls, keys)
        elif cls.singleton:
            instance = next(iter(operation.machine.instances(cls)), None)
        elif cls.name.endswith("ManagementService"):
            raise INVALID_METHOD_PARAMETER.fault()  # WBEM_E_INVALID_METHOD_PARAMETERS, seen on a Hyper-V host
        else:
            raise INSUFFICIENT_SELECTORS.fault()
    except CimError as error:
        raise provider_failure(error, resource.namespace, "ExecMethod") from error
    if instance is None:
        raise not_found(resource.namespace, format_path(Reference(resource.namespace, cls.name, keys), relative=True))
    return instance


def _carry_out(operation: Operation, resource: WmiResource, cls: CimClass, method: CimMethod, target: Instance | None) -> MethodResult:
    try:
        arguments = _arguments(operation, resource, cls, method)
    except EmbeddedTextRefused as refused:
        return MethodResult(refused.return_value)
    try:
        operation.machine.authorise(operation.account, cls, method.name)
        return operation.machine.invoke(target.cls if target is not None else cls, method.name, target, arguments)
    except CimError as error:
        if operation.settings.method_failure == "return_value":
            return MethodResult(error.hresult)
        raise provider_failure(error, resource.namespace, "ExecMethod") from error


def _arguments(operation: Operation, resource: WmiResource, cls: CimClass, method: CimMethod) -> dict[str, Value]:
    body = operation.request.body
    classes = operation.machine.classes(resource.namespace)
    members: dict[str, Member] = {parameter.name.lower(): parameter for parameter in method.inputs}
    arguments: dict[str, Value] = {}
    if body is not None:
        # The namespace of the element itself is not looked at, that of the parameters is.
        if local_name(body).lower() != f"{method.name}_INPUT".lower():
            raise SCHEMA_VALIDATION.fault()
        arguments = read_members(
            body, members, classes, same_class_uris(resource, operation.request.resource_uri), strict=operation.settings.strict
        )
    if any(parameter.required and arguments.get(parameter.name) is None for parameter in method.inputs):
        raise INVALID_METHOD_PARAMETER.fault()
    return arguments


def _answer(operation: Operation, cls: CimClass, method: CimMethod, result: MethodResult) -> Answer:
    """Output parameters as declared, ReturnValue last; a NULL output is nil, a NULL array is left out.

    The action is the request's own with "Response" behind it: Microsoft's client library takes no other (OMI, wsmanparser.c).
    """
    classes = operation.machine.classes(cls.namespace)
    uri = class_uri(cls.namespace, cls.name)
    outputs = "".join(operation.writer.value(parameter, result.outputs.get(parameter.name), classes) for parameter in method.outputs)
    if result.return_value is not None:
        outputs += operation.writer.value(CimParameter("ReturnValue", CimType.UINT32), result.return_value, classes)
    body = f'<p:{method.name}_OUTPUT xmlns:xsi="{XSI}" xmlns:p="{uri}" xmlns:cim="{CIM}">{outputs}</p:{method.name}_OUTPUT>'
    return transfer_answer(f"{operation.request.action}Response", body, to=operation.addressing, language=operation.language)
