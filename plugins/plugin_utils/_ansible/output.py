# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What leaves a module: plain types only, tenants' text marked untrusted, secrets cut out, and narrowed by JMESPath if asked."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable

import ansible.template
from ansible.module_utils.common.parameters import remove_values

from .._avma.text import safe_text
from .._wsman.libraries import require

# From ansible-core 2.19 on only what is tagged as trusted is ever rendered, and plain types bear no tags.
_PLAIN_IS_NEVER_RENDERED = hasattr(ansible.template, "trust_as_template")
# What begins a template. A text that is put together again in a user's play loses the mark of being unsafe in ansible-core before 2.19.
_TEMPLATE = re.compile(r"\{( *)(?=[{%#])")
_BROKEN = re.compile(r"\{ ( *)(?=[{%#])")
_EXACT = frozenset({str, int, float, bool, type(None)})


class InvalidQuery(ValueError):
    """The ``query`` option is not JMESPath, or JMESPath is not installed."""


def plain(value: t.Any) -> t.Any:
    """The same value in exact built-in types. Ansible's strings are tagged subclasses, which XML writers and hashing stumble over."""
    if type(value) in _EXACT:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


class Query:
    """A compiled ``query`` option. Compiled before anything is sent, so that a typing error costs nothing."""

    def __init__(self, expression: str) -> None:
        require("jmespath")
        import jmespath
        from jmespath.exceptions import JMESPathError

        self._errors = JMESPathError
        self._expression = expression
        try:
            self._compiled = jmespath.compile(expression)
        except JMESPathError as error:
            raise InvalidQuery(f"the option 'query' is not a JMESPath expression: {error}") from error

    def apply(self, result: dict[str, t.Any]) -> t.Any:
        try:
            return self._compiled.search(result)
        except self._errors as error:
            raise InvalidQuery(f"the option 'query' ({self._expression!r}) does not fit the result: {error}") from error

    def missing_from(self, result: dict[str, t.Any]) -> str | None:
        """Words for the first name of the expression that is not there, None where all of them are.

        Only the names before the first filter, list or function are followed: what comes behind may rightly find nothing.
        """
        here: t.Any = result
        path = ""
        for name in _leading_names(self._compiled.parsed):
            if not isinstance(here, dict):
                return None
            if name not in here:
                known = ", ".join(safe_text(known, 40) for known in here) or "nothing"
                return f"the option 'query' ({self._expression!r}) found nothing: {path or 'the result'} has no '{name}'. It has {known}."
            here, path = here[name], f"{path}.{name}".lstrip(".")
        return None


def _leading_names(node: t.Any) -> list[str]:
    """The names with which a parsed expression begins: of ``host.os.name`` all three, of ``vms[].name`` the first."""
    if node["type"] == "field":
        return [node["value"]]
    if node["type"] == "subexpression" and all(child["type"] in ("field", "subexpression") for child in node["children"]):
        return [name for child in node["children"] for name in _leading_names(child)]
    if node["type"] in ("projection", "filter_projection", "flatten", "index_expression", "value_projection", "subexpression", "pipe"):
        return _leading_names(node["children"][0])
    return []


def publish(result: dict[str, t.Any], secrets: Iterable[str], *, raw_text: bool = False) -> dict[str, t.Any]:
    """The result as Ansible may have it: no secret in it, and nothing of it ever rendered as a template.

    Action plugins get no help from Ansible with ``no_log``, so the values are cut out here. ``raw_text``: marked as unsafe only, where a play can
    lose the mark.
    """
    found = {secret for secret in secrets if secret}
    if found:
        result = remove_values(result, found)
    if _PLAIN_IS_NEVER_RENDERED:
        return t.cast("dict[str, t.Any]", plain(result))
    from ansible.utils.unsafe_proxy import wrap_var

    return t.cast("dict[str, t.Any]", wrap_var(result if raw_text else _replaced(result, _TEMPLATE, r"{\1 ")))


def as_it_was(value: t.Any) -> t.Any:
    """A result that ``publish`` let out, as the machine wrote it: for who keeps or shows it and renders nothing. In plain types."""
    return plain(value) if _PLAIN_IS_NEVER_RENDERED else _replaced(plain(value), _BROKEN, r"{\1")


def _replaced(value: t.Any, pattern: re.Pattern[str], by: str) -> t.Any:
    """The same value with ``pattern`` replaced in its texts, in keys as well. A blank more or a blank less: the one is the other's inverse."""
    if isinstance(value, str):
        return pattern.sub(by, value)
    if isinstance(value, dict):
        return {_replaced(key, pattern, by): _replaced(item, pattern, by) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, pattern, by) for item in value]
    return value
