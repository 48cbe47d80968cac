# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A method call on the wire: ``<p:Method_INPUT>`` with its parameters, ``<p:Method_OUTPUT>`` with what came out.

Parameters are in the class's namespace, arrays are repeated elements, NULL is left out, a reference has its parts directly in the
parameter (an a:EndpointReference around them is refused with w:SchemaValidationError). Sources: traffic of winrm.vbs, libvirt's hyperv
driver.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import xml_namespaces as ns
from .embedded import build_embedded_instance
from .errors import MalformedAnswer, MethodFailed
from .instance import Instance, decode_instance
from .message import selector_set
from .resource_uri import class_uri, member_name
from .symbols import unsigned_code
from .values import Argument, EmbeddedInstance, Reference, ScalarArgument, Sensitive, iso_datetime, iso_interval
from .xml_writer import element, text_node


@dataclass(frozen=True)
class MethodOutput:
    """``return_value`` is unsigned 32 bits, None where a method has none; the other out parameters are in ``outputs``."""

    class_name: str
    method: str
    return_value: int | None
    outputs: Instance

    def expect(self, *accepted: int) -> MethodOutput:
        """Itself if the ReturnValue is one of those accepted (0 if none is named), else MethodFailed."""
        if self.return_value not in (accepted or (0,)):
            raise MethodFailed(self.class_name, self.method, self.return_value)
        return self


def write_input(namespace: str, class_name: str, method: str, arguments: Mapping[str, Argument]) -> str:
    uri = class_uri(namespace, class_name)
    parameters = "".join(_parameter(member_name(name), value) for name, value in arguments.items())
    return element(f"p:{member_name(method)}_INPUT", parameters, {"xmlns:p": uri, "xmlns:cim": ns.CIM})


def _parameter(name: str, value: Argument) -> str:
    many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    # an empty string is an element with nothing in it, which differs from no element
    return "".join(element(f"p:{name}", _content(one)) for one in many if one is not None)


def _content(value: ScalarArgument) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Reference):
        parameters = element("w:ResourceURI", text_node(class_uri(value.namespace, value.class_name))) + selector_set(value.keys)
        return element("a:Address", ns.ANONYMOUS) + element("a:ReferenceParameters", parameters)
    if isinstance(value, EmbeddedInstance):
        return text_node(build_embedded_instance(value.class_name, value.properties, value.types))
    if isinstance(value, Sensitive):
        return text_node(value.text)
    if isinstance(value, datetime):
        return element("cim:Datetime", iso_datetime(value))
    if isinstance(value, timedelta):
        return element("cim:Interval", iso_interval(value))
    return text_node(str(value))


def secrets_of(arguments: Mapping[str, Argument]) -> list[str]:
    """The texts that no error may show, the longest first so that no part of one stays behind."""
    found: list[str] = []
    for value in arguments.values():
        many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        found.extend(one.text for one in many if isinstance(one, Sensitive) and one.text)
    return sorted(found, key=len, reverse=True)


def read_output(body: ET.Element | None, class_name: str, method: str) -> MethodOutput:
    """An empty body is taken for a method without any output."""
    if body is None:
        return MethodOutput(class_name, method, None, Instance(None, None))
    if ns.local_name(body.tag).lower() != f"{method}_OUTPUT".lower():
        raise MalformedAnswer(f"{class_name}.{method}: the answer holds <{ns.local_name(body.tag)[:60]}>, not the output of the method")
    outputs = decode_instance(body)
    try:
        value = outputs.integer("ReturnValue")
    except MalformedAnswer:
        value = None  # a method of another return type; its value is still in outputs
    return MethodOutput(class_name, method, None if value is None else unsigned_code(value), outputs)
