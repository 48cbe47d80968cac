# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Jinja2 conditions on a machine's variables, and trust in text, for each supported ansible-core."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleParserError
from ansible.module_utils.parsing.convert_bool import boolean

from .._avma.text import safe_text


def trusted(text: str) -> str:
    """``text`` as ansible-core 2.19 and later take what stands in an inventory file; to earlier ones all text is that which is not marked."""
    try:
        from ansible.template import trust_as_template
    except ImportError:
        return text
    marked: str = trust_as_template(text)
    return marked


class Condition:
    """A condition of an option of the inventory source. One that cannot be evaluated does not hold, or is an error if ``strict``."""

    def __init__(self, templar: t.Any, option: str, expression: str | bool, *, strict: bool, warn: Callable[[str], None]) -> None:
        self._templar = templar
        self._option = option
        self._expression = expression
        self._strict = strict
        self._warn: Callable[[str], None] | None = warn

    def holds(self, variables: Mapping[str, t.Any]) -> bool:
        self._templar.available_variables = variables
        try:
            return self._evaluated()
        except Exception as error:  # of Jinja2, of a filter, of ansible-core
            said = f"{self._option}: {self._expression} cannot be evaluated for {variables['avma_vm_id']}: {safe_text(error, limit=300).rstrip('. ')}"
            if self._strict:
                raise AnsibleParserError(said) from error
            if self._warn is not None:
                self._warn(f"{said}. Where it cannot be evaluated, it does not hold.")
                self._warn = None  # once is enough for a whole fleet
            return False

    def _evaluated(self) -> bool:
        if hasattr(self._templar, "evaluate_conditional"):  # ansible-core 2.19
            return bool(self._templar.evaluate_conditional(self._expression))
        return bool(boolean(self._templar.template(f"{{% if {self._expression} %}}True{{% else %}}False{{% endif %}}")))
