# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX demands of surveys, credential types and schedules, as its public source has it (release 24.6.1). Each function returns what is wrong.

Written from awx/main/fields.py (CredentialTypeInputField, CredentialTypeInjectorField), awx/api/views (JobTemplateSurveySpec),
awx/main/models/mixins.py (SurveyJobTemplateMixin) and awx/api/serializers.py (SchedulePreviewSerializer).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import jsonschema
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Object = dict[str, Any]

_INPUTS: Object = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "label"],
                "properties": {
                    "id": {"type": "string", "pattern": "^[a-zA-Z_]+[a-zA-Z0-9_]*$", "not": {"const": "tower"}},
                    "label": {"type": "string"},
                    "type": {"enum": ["string", "boolean"]},
                    "format": {"enum": ["ssh_private_key", "url"]},
                    "choices": {"type": "array", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True},
                    "help_text": {"type": "string"},
                    "multiline": {"type": "boolean"},
                    "secret": {"type": "boolean"},
                    "ask_at_runtime": {"type": "boolean"},
                    "default": {},
                },
            },
        },
    },
}
_INJECTORS: Object = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "env": {
            "type": "object",
            "additionalProperties": False,
            # AWX refuses variables that would configure Ansible.
            "patternProperties": {"^(?!ANSIBLE_)[a-zA-Z_]+[a-zA-Z0-9_]*$": {"type": "string", "pattern": "^[\x00-\x7f]*$"}},
        },
        "file": {"type": "object"},
        "extra_vars": {"type": "object"},
    },
}
_DEFAULTS: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}
_SURVEY: Object = {
    "type": "object",
    "required": ["name", "description", "spec"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "spec": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "question_name", "variable", "required"],
                # AWX lets other keys pass; of a misspelt one nobody would ever know.
                "additionalProperties": False,
                "properties": {
                    "type": {"enum": list(_DEFAULTS)},
                    "question_name": {"type": "string", "minLength": 1},
                    "question_description": {"type": "string"},
                    "variable": {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"},
                    "required": {"type": "boolean"},
                    "default": {},
                    "min": {"type": ["integer", "null"]},
                    "max": {"type": ["integer", "null"]},
                    "choices": {"type": ["array", "string"]},
                },
            },
        },
    },
}


def of_schema(value: Any, schema: Object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]


def credential_type(item: Object) -> list[str]:
    """Inputs and injectors by their schemas, and each template must render with the fields that there are."""
    found = of_schema(item.get("inputs", {}), _INPUTS) + of_schema(item.get("injectors", {}), _INJECTORS)
    if found:
        return found
    fields = [field["id"] for field in item["inputs"].get("fields", [])]
    found += ["inputs: a field is there twice"] * (len(fields) != len(set(fields)))
    found += [f"inputs: {name} is required and no field" for name in item["inputs"].get("required", []) if name not in fields]
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for kind, templates in item["injectors"].items():
        for name, template in templates.items():
            try:
                environment.from_string(template).render(dict.fromkeys(fields, "EXAMPLE"))
            except TemplateError as error:
                found.append(f"injectors: {kind}.{name}: {error}")
    return found


def survey(spec: Object) -> list[str]:
    found = of_schema(spec, _SURVEY)
    if found:
        return found
    variables = [question["variable"] for question in spec["spec"]]
    found += [f"{name} is asked for twice" for name in variables if variables.count(name) > 1]
    for question in spec["spec"]:
        found += [f"{question['variable']}: {problem}" for problem in _question(question)]
    return found


def choices_of(question: Object) -> list[str]:
    choices = question.get("choices", [])
    return choices.splitlines() if isinstance(choices, str) else list(choices)


def defaults_of(question: Object) -> list[str]:
    default = question.get("default") or []
    return default.splitlines() if isinstance(default, str) else list(default)


def _question(question: Object) -> Iterable[str]:
    kind, default = question["type"], question.get("default", "")
    if default != "" and (not isinstance(default, _DEFAULTS[kind]) or isinstance(default, bool)):
        yield f"the default {default!r} is not a {kind}"
    elif kind in ("multiplechoice", "multiselect"):
        if "choices" not in question:
            yield "there are no choices"
        if not all(isinstance(choice, str) for choice in choices_of(question)):
            yield "a choice is not a text"
        if kind == "multiplechoice" and len(defaults_of(question)) > 1:
            yield "more than one default"
        if any(choice not in choices_of(question) for choice in defaults_of(question)):
            yield f"the default {default!r} is not a choice"
    elif kind == "integer" and default != "" and not question.get("min", default) <= default <= question.get("max", default):
        yield "the default is out of the limits"


def rrule(text: str) -> list[str]:
    """AWX wants one start with a time zone, and an interval."""
    demands: list[tuple[Callable[[str], Any], str]] = [
        (re.compile(r"^DTSTART(;[^:]+:\d{8}T\d{6}|:\d{8}T\d{6}Z) ").search, "DTSTART is missing or has no time zone"),
        (re.compile(r" RRULE:FREQ=(MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)\b").search, "FREQ is missing or not supported"),
        (re.compile(r"\bINTERVAL=\d+").search, "INTERVAL is missing"),
    ]
    return [problem for matches, problem in demands if not matches(text)]
