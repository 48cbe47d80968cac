# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enumerate, Pull and Release.

An optimised Enumerate answers with the first object and a context (with all of it when there is one object only), each Pull with as
many objects as MaxElements and the envelope's size allow. Every answer names a new context (recorded traffic of Windows 2012).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ..cim.hierarchy import Classes
from ..cim.provider import CimError
from ..cim.types import Instance
from ..wql.evaluator import is_system_property
from .answer import Answer, enumeration_answer, new_uuid
from .endpoint import render_instance_endpoint
from .enumeration_filter import Selection, select
from .faults import (
    ANSWER_TOO_LARGE,
    INVALID_BODY,
    INVALID_CONTEXT,
    PULL_DIFFERS,
    SCHEMA_VALIDATION,
    TIMED_OUT,
    UNKNOWN_MODE,
    provider_failure,
    too_many_operations,
)
from .namespaces import ENUMERATION, WSMAN
from .operation import Operation
from .soap import child, text_of
from .text import utf16_units

_OBJECT, _EPR, _BOTH = "EnumerateObject", "EnumerateEPR", "EnumerateObjectAndEPR"
# Root, headers and the elements around the items, in characters; RelatesTo and an OperationID come on top.
_ENVELOPE_UNITS = 1100


@dataclass
class _Enumeration:
    """An enumeration that is not at its end. ``waiting``: items that did not fit into the last page, or were not ready in time."""

    owner: str
    items: Iterator[str]
    max_envelope_bytes: int
    deadline: float
    waiting: list[str] = field(default_factory=list)
    first_row: float = 0.0
    each_row: float = 0.0
    worked: float = 0.0  # seconds that the provider has been at it
    given: int = 0

    def next_item(self) -> str | None:
        return self.waiting.pop(0) if self.waiting else next(self.items, None)

    def pace(self, items: list[str], allowed: float) -> None:
        """Lets the provider work on these items for as long as is allowed. TIMED_OUT if that is not enough; it goes on meanwhile."""
        needed = self.first_row + self.each_row * (self.given + len(items))
        if needed - self.worked > allowed:
            self.worked += allowed
            self.waiting[:0] = items
            raise TIMED_OUT.fault()
        self.worked = max(self.worked, needed)
        self.given += len(items)


@dataclass(frozen=True)
class _Page:
    items: list[str]
    complete: bool


class Enumerations:
    """The open enumerations of one machine."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, _Enumeration] = {}

    def count(self, owner: str) -> int:
        self._expire()
        return sum(enumeration.owner == owner for enumeration in self._open.values())

    def enumerate(self, operation: Operation) -> Answer:
        body = _body(operation, "Enumerate")
        optimised = child(body, WSMAN, "OptimizeEnumeration") is not None
        mode = _mode(body)
        max_elements = _max_elements(body, WSMAN, operation.settings.max_batch_items)
        selection = select(operation, body)
        if mode != _OBJECT and selection.result.columns is not None:
            raise UNKNOWN_MODE.fault()  # a projection has no keys to make an endpoint reference of
        owner = operation.account.name
        if self.count(owner) >= operation.settings.max_operations_per_user:
            raise too_many_operations(operation.settings.max_operations_per_user)
        enumeration = _Enumeration(
            owner, _rendered(operation, selection, mode), operation.request.max_envelope_bytes, self._deadline(operation)
        )
        if selection.namespace.startswith("root/virtualization"):
            enumeration.first_row, enumeration.each_row = operation.settings.provider_seconds, operation.settings.row_seconds
        if not optimised:
            return self._answer(operation, "Enumerate", f"<n:EnumerationContext>{self._keep(enumeration)}</n:EnumerationContext>")
        page = _page(operation, enumeration, 1 if operation.settings.first_page == "one" else max_elements)
        items = f"<w:Items>{''.join(page.items)}</w:Items>" if page.items else ""
        if page.complete:
            return self._answer(operation, "Enumerate", f"<n:EnumerationContext></n:EnumerationContext>{items}<w:EndOfSequence/>")
        return self._answer(operation, "Enumerate", f"<n:EnumerationContext>{self._keep(enumeration)}</n:EnumerationContext>{items}")

    def pull(self, operation: Operation) -> Answer:
        body = _body(operation, "Pull")
        max_elements = _max_elements(body, ENUMERATION, operation.settings.max_batch_items)
        name, enumeration = self._find(operation, body)
        if operation.settings.strict and operation.request.max_envelope_bytes != enumeration.max_envelope_bytes:
            raise PULL_DIFFERS.fault()
        page = _page(operation, enumeration, max_elements)
        del self._open[name]
        items = f"<n:Items>{''.join(page.items)}</n:Items>"
        if page.complete:
            return self._answer(operation, "Pull", f"{items}<n:EndOfSequence/>")
        enumeration.deadline = self._deadline(operation)
        return self._answer(operation, "Pull", f"<n:EnumerationContext>{self._keep(enumeration)}</n:EnumerationContext>{items}")

    def release(self, operation: Operation) -> Answer:
        name, _unused = self._find(operation, _body(operation, "Release"))
        del self._open[name]
        return enumeration_answer(f"{ENUMERATION}/ReleaseResponse", "", to=operation.addressing, language=operation.language)

    def _answer(self, operation: Operation, action: str, content: str) -> Answer:
        return enumeration_answer(
            f"{ENUMERATION}/{action}Response",
            f"<n:{action}Response>{content}</n:{action}Response>",
            to=operation.addressing,
            language=operation.language,
        )

    def _find(self, operation: Operation, body: Element) -> tuple[str, _Enumeration]:
        self._expire()
        context = child(body, ENUMERATION, "EnumerationContext")
        name = text_of(context).strip() if context is not None else ""
        enumeration = self._open.get(name)
        if enumeration is None or enumeration.owner != operation.account.name:
            raise INVALID_CONTEXT.fault()
        return name, enumeration

    def _keep(self, enumeration: _Enumeration) -> str:
        name = new_uuid()
        self._open[name] = enumeration
        return name

    def _deadline(self, operation: Operation) -> float:
        return self._clock() + operation.settings.enumeration_timeout_ms / 1000

    def _expire(self) -> None:
        now = self._clock()
        for name in [name for name, enumeration in self._open.items() if enumeration.deadline <= now]:
            del self._open[name]


def _body(operation: Operation, name: str) -> Element:
    body = operation.request.body
    if body is None or body.tag != f"{{{ENUMERATION}}}{name}":
        raise INVALID_BODY.fault()
    return body


def _mode(body: Element) -> str:
    element = child(body, WSMAN, "EnumerationMode")
    mode = text_of(element).strip() if element is not None else _OBJECT
    if mode not in (_OBJECT, _EPR, _BOTH):
        raise UNKNOWN_MODE.fault()
    return mode


def _max_elements(body: Element, namespace: str, limit: int) -> int:
    """One when it is not given, never more than MaxBatchItems."""
    element = child(body, namespace, "MaxElements")
    if element is None:
        return 1
    text = text_of(element).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 20 or int(text) == 0:
        raise SCHEMA_VALIDATION.fault()
    return min(int(text), limit)


def _rendered(operation: Operation, selection: Selection, mode: str) -> Iterator[str]:
    """The items, written one by one as pages ask for them."""
    classes, columns = selection.classes, selection.result.columns
    if columns is not None and operation.settings.system_properties == "omitted":
        columns = tuple(name for name in columns if not is_system_property(name))
    writer, precise = operation.writer, operation.precise
    try:
        for instance in selection.result.instances:
            if columns is not None:
                yield writer.fragment(instance, columns, classes, precise=precise)
            elif mode == _OBJECT:
                yield writer.instance(instance, classes, precise=precise)
            elif mode == _EPR:
                yield render_instance_endpoint(instance, classes)
            else:
                yield _object_and_endpoint(operation, instance, classes)
    except CimError as error:
        raise provider_failure(error, selection.namespace, "ExecQuery") from error


def _object_and_endpoint(operation: Operation, instance: Instance, classes: Classes) -> str:
    rendered = operation.writer.instance(instance, classes, precise=operation.precise)
    return f"<w:Item>{rendered}{render_instance_endpoint(instance, classes)}</w:Item>"


def _page(operation: Operation, enumeration: _Enumeration, max_elements: int) -> _Page:
    page = _filled(operation, enumeration, max_elements)
    enumeration.pace(page.items, operation.request.timeout.total_seconds())
    return page


def _filled(operation: Operation, enumeration: _Enumeration, max_elements: int) -> _Page:
    """Items up to MaxElements and up to the envelope's size, which counts two bytes a character."""
    request = operation.request
    room = enumeration.max_envelope_bytes // 2 - _ENVELOPE_UNITS - len(request.message_id) - 2 * len(request.operation_id or "")
    items: list[str] = []
    while True:
        item = enumeration.next_item()
        if item is None:
            return _Page(items, complete=True)
        size = utf16_units(item)
        if len(items) == max_elements or (items and size > room):
            enumeration.waiting.insert(0, item)
            return _Page(items, complete=False)
        if size > room:
            raise ANSWER_TOO_LARGE.fault()
        items.append(item)
        room -= size
