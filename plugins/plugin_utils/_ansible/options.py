# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The options of a task, checked as Ansible checks those of a module. What is wrong with them is said without what they hold.

Ansible's own check for actions attaches all arguments of the task to its error, and some versions of ansible-core print them: passwords and keys
beside a misspelled option. So the check is run here, on a copy, and the error is one of ours.
"""

from __future__ import annotations

import difflib
import re
import typing as t
from collections.abc import Iterator, Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.common.validation import check_type_bool, check_type_int
from ansible.module_utils.errors import UnsupportedError

from ...module_utils._product_keys import mask_likely_keys
from .output import plain

Spec = Mapping[str, Mapping[str, t.Any]]
# A list of these may be given as text.
_WORDS = ("str", "path", "int")
# As in "2m" and "1.5 h": no secret is that short.
_NEARLY_A_NUMBER = re.compile(r"-?[0-9]{1,6}(?:[.,][0-9]{1,3})? ?[A-Za-z]{0,3}", re.ASCII)
_FREE_TEXT = ("str", "path", "raw")


class OptionError(Exception):
    """An option's value cannot be used. Raised before anything is sent or changed."""


def checked(arguments: Mapping[str, t.Any], spec: Spec, constraints: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The task's ``arguments`` in the types of ``spec``, with its defaults, in plain types. ``arguments`` stay as they are. Raises OptionError."""
    given = plain({name: _as_meant(value, spec.get(name, {})) for name, value in arguments.items()})
    given = {name: value for name, value in given.items() if not _is_left_out(value, spec.get(name, {}))}
    for name, value in given.items():
        _refuse_structures(name, value, spec.get(name, {}))
        _refuse_values(name, value, spec.get(name, {}))
    result = ArgumentSpecValidator(dict(spec), **constraints).validate(given)
    if result.error_messages:
        cause = result.errors.msg
        if isinstance(result.errors[0], UnsupportedError):
            cause = f"there is no such option: {cause}"
        raise OptionError(harmless(cause, secrets_in(arguments, spec)))
    return t.cast("dict[str, t.Any]", plain(result.validated_parameters))


def secrets_in(arguments: Mapping[str, t.Any], spec: Spec) -> set[str]:
    """What stands in options that are secret, in whatever shape it was given."""
    return {text for name, value in arguments.items() if spec.get(name, {}).get("no_log") for text in _texts(value) if text}


def harmless(text: str, secrets: set[str]) -> str:
    """An error's ``text`` without the secrets, and without what may have been meant as a product key: it may stand in any option."""
    return mask_likely_keys(str(remove_values(text, secrets)) if secrets else text)


def not_negative(given: Mapping[str, t.Any], name: str, meaning: str) -> int:
    """A number of ``given``. Raises OptionError."""
    number: int = given[name]
    if number < 0:
        raise OptionError(f"{name}: {number} is negative; it is {meaning}")
    return number


def _as_meant(value: t.Any, option: Mapping[str, t.Any]) -> t.Any:
    """A list that was given as text: an item a line where there are several lines, as surveys of AWX give it, else separated by commas."""
    if not isinstance(value, str) or option.get("type") != "list" or option.get("elements") not in _WORDS:
        return value
    items = value.splitlines() if "\n" in value else value.split(",")
    return [item.strip() for item in items if item.strip()]


def _refuse_structures(name: str, value: t.Any, option: Mapping[str, t.Any]) -> None:
    """Ansible would make text of a list or a dictionary, and later errors would show what is in it."""
    kind = option.get("type")
    items = value if kind == "list" and isinstance(value, list) else [value]
    wanted = option.get("elements") if kind == "list" else kind
    if wanted in _WORDS and any(isinstance(item, (dict, list)) for item in items):
        found = "a dictionary" if any(isinstance(item, dict) for item in items) else "a list"
        raise OptionError(f"{name}: {found} stands where {'numbers are' if wanted == 'int' else 'text is'} wanted")


def _refuse_values(name: str, value: t.Any, option: Mapping[str, t.Any]) -> None:
    """As Ansible would, but without the value, which may be a password in the wrong place. What is nearly right is repeated."""
    kind = option.get("type")
    items = value if kind == "list" and isinstance(value, list) else [value]
    for item in items:
        if choices := option.get("choices"):
            if item not in choices:
                near = difflib.get_close_matches(item, choices, 1, 0.7) if isinstance(item, str) else []
                found = f"'{item}' is none of these (is '{near[0]}' meant?)" if near else "what stands there is none of these"
                raise OptionError(f"{name}: one of {', '.join(choices)} is wanted; {found}")
            continue
        wanted = option.get("elements") if kind == "list" else kind
        try:
            if wanted == "bool":
                check_type_bool(item)
            elif wanted == "int":
                check_type_int(item)
        except (TypeError, ValueError):
            found = (
                f"'{item}' stands there" if isinstance(item, str) and _NEARLY_A_NUMBER.fullmatch(item) else "something else stands there"
            )
            raise OptionError(f"{name}: {'true or false' if wanted == 'bool' else 'a whole number'} is wanted; {found}") from None


def _is_left_out(value: t.Any, option: Mapping[str, t.Any]) -> bool:
    """Null, and no text where something else than free text is wanted: what AWX gives for a question that nobody has answered."""
    if value is None:
        return True
    free = option.get("type", "str") in _FREE_TEXT and not option.get("choices")
    return bool(option) and not free and isinstance(value, str) and not value.strip()


def _texts(value: t.Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(name)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)
