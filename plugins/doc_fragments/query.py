# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option that narrows a result."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  query:
    description:
      - A JMESPath expression over the result. With it, RV(ignore:result) holds what the expression gives, and the rest of the result is left out,
        but for C(changed), C(outcome), C(msg) and C(diff). So a job that runs on thousands of machines keeps small results.
      - A warning names what the result has where the expression begins with a name that is not there. A task that fails returns its whole result, and
        RV(ignore:result) beside it.
      - An expression that is malformed is refused before anything is sent. See U(https://jmespath.org/specification.html).
      - Needs the Python library jmespath on the controller.
    type: str
"""
