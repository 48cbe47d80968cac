# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an exchange is about, in the words that rules use."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass

from ..wsman.answer import Answer
from ..wsman.interceptor import Exchange
from ..wsman.namespaces import ENUMERATION, TRANSFER, WSMAN
from ..wsman.resource_uri import is_wmi_uri
from ..wsman.soap import child, text_of

INVOKE, SHELL, OTHER = "Invoke", "Shell", "Other"
ACTIONS = ("Enumerate", "Pull", "Release", "Get", "Put", "Create", "Delete", "Identify", INVOKE, SHELL, OTHER)

_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_OF = re.compile(r"\bOF\s*\{\s*(\w+)", re.IGNORECASE)
_CONTEXT = re.compile(r"<n:EnumerationContext>(uuid:[^<]+)</n:EnumerationContext>")
# Contexts of one machine whose class is remembered; the oldest are forgotten first.
_MOST_CONTEXTS = 2000


@dataclass(frozen=True)
class Subject:
    """``class_name`` is empty where none is named, ``method`` for anything but Invoke and Shell (Create, Command, Send, ...)."""

    action: str
    class_name: str = ""
    method: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.action, ".".join(filter(None, (self.class_name, self.method))))))


class Subjects:
    """Reads the subjects of one machine's exchanges. A Pull is about the class that its Enumerate asked for."""

    def __init__(self) -> None:
        self._classes: OrderedDict[str, str] = OrderedDict()

    def read(self, exchange: Exchange) -> Subject:
        received = exchange.received
        if received.is_shell:
            return Subject(SHELL, method=received.action.rpartition("/")[2])
        action = received.action
        head, _unused, name = action.rpartition("/")
        if is_wmi_uri(action):
            return Subject(INVOKE, head.rpartition("/")[2], name)
        if action == "Identify" or head == TRANSFER:
            return Subject(name if name in ACTIONS else OTHER, _class_of_uri(received.resource_uri))
        if head == ENUMERATION and name == "Enumerate":
            return Subject(name, self._queried(exchange))
        if head == ENUMERATION and name in ("Pull", "Release"):
            return Subject(name, self._classes.get(_context(exchange), ""))
        return Subject(OTHER)

    def answered(self, subject: Subject, answer: Answer) -> None:
        """To be told of every answer, for the contexts in it."""
        if subject.action in ("Enumerate", "Pull"):
            found = _CONTEXT.search(answer.body)
            if found is not None:
                self._classes[found[1]] = subject.class_name
                if len(self._classes) > _MOST_CONTEXTS:
                    self._classes.popitem(last=False)

    def _queried(self, exchange: Exchange) -> str:
        request = exchange.received.request
        body = request.body if request is not None else None
        if body is not None:
            for namespace in (WSMAN, ENUMERATION):
                query = child(body, namespace, "Filter")
                if query is not None:
                    text = text_of(query)
                    found = _FROM.search(text) or _OF.search(text)
                    return found[1] if found else _class_of_uri(exchange.received.resource_uri)
        return _class_of_uri(exchange.received.resource_uri)


def _class_of_uri(uri: str) -> str:
    name = uri.rpartition("/")[2] if is_wmi_uri(uri) else ""
    return "" if name == "*" else name


def _context(exchange: Exchange) -> str:
    request = exchange.received.request
    body = request.body if request is not None else None
    element = child(body, ENUMERATION, "EnumerationContext") if body is not None else None
    return text_of(element).strip() if element is not None else ""
