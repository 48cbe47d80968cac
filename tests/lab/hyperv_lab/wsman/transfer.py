# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get and Put of WS-Transfer on WMI instances; Create and Delete, which no provider here offers."""

from __future__ import annotations

import re

from ..cim.provider import CimError
from ..wql.evaluator import find_property
from .answer import Answer, transfer_answer
from .element_values import EmbeddedTextRefused, Member, read_members
from .faults import INVALID_BODY, INVALID_FRAGMENT, NOT_CAPABLE, SCHEMA_VALIDATION, provider_failure
from .namespaces import CIM, TRANSFER, XSI
from .operation import Operation
from .resource_uri import WmiResource, class_uri, same_class_uris
from .soap import local_name
from .text import escape

# A property by its name, with any prefix; its text alone with /text().
_FRAGMENT = re.compile(r"(?:[A-Za-z_][\w.-]*:)?(?P<name>[A-Za-z_]\w*)(?P<text>/text\(\))?", re.ASCII)


def get(operation: Operation) -> Answer:
    resource = operation.resource()
    cls = operation.cls(resource)
    instance = operation.addressed_instance(resource, cls)
    classes = operation.machine.classes(resource.namespace)
    if operation.request.fragment is None:
        return _answer(operation, "Get", operation.writer.instance(instance, classes, precise=operation.precise))
    match = _FRAGMENT.fullmatch(operation.request.fragment)
    prop = find_property(instance.cls, match.group("name")) if match is not None else None
    if match is None or prop is None:
        raise INVALID_FRAGMENT.fault()
    value = operation.writer.value(prop, instance.values.get(prop.name), classes)
    if match.group("text"):
        value = re.sub(r"<[^>]*>", "", value)
    uri = class_uri(instance.cls.namespace, instance.cls.name)
    fragment = f'<w:XmlFragment xmlns:xsi="{XSI}" xmlns:p="{uri}" xmlns:cim="{CIM}">{value}</w:XmlFragment>'
    header = f'<w:FragmentTransfer s:mustUnderstand="true">{escape(operation.request.fragment)}</w:FragmentTransfer>'
    return _answer(operation, "Get", fragment, extra_header=header)


def put(operation: Operation) -> Answer:
    """The whole instance or only what changes; the answer is the whole instance."""
    resource = operation.resource()
    cls = operation.cls(resource)
    instance = operation.addressed_instance(resource, cls)
    body = operation.request.body
    if body is None:
        raise INVALID_BODY.fault()
    if local_name(body).lower() not in (cls.name.lower(), instance.cls.name.lower()):
        raise SCHEMA_VALIDATION.fault()
    classes = operation.machine.classes(resource.namespace)
    members: dict[str, Member] = {prop.name.lower(): prop for prop in instance.cls.properties.values()}
    sent_as = WmiResource(resource.namespace, instance.cls.name if local_name(body).lower() == instance.cls.name.lower() else cls.name)
    try:
        uris = same_class_uris(sent_as, operation.request.resource_uri)
        changes = read_members(body, members, classes, uris, strict=operation.settings.strict)
        changed = operation.machine.put(instance, changes)
    except EmbeddedTextRefused as error:
        raise SCHEMA_VALIDATION.fault() from error
    except CimError as error:
        raise provider_failure(error, resource.namespace, "PutInstance") from error
    return _answer(operation, "Put", operation.writer.instance(changed, classes, precise=operation.precise))


def refuse_change(operation: Operation) -> Answer:
    """Create and Delete: the provider is not capable, once resource and object are known to exist."""
    resource = operation.resource()
    cls = operation.cls(resource)
    if operation.request.action.endswith("Delete"):
        operation.addressed_instance(resource, cls)
    raise NOT_CAPABLE.fault()


def _answer(operation: Operation, action: str, body: str, *, extra_header: str = "") -> Answer:
    return transfer_answer(
        f"{TRANSFER}/{action}Response", body, to=operation.addressing, language=operation.language, extra_header=extra_header
    )
