# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options about the result of a task, whatever it does."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  query:
    description:
      - A JMESPath expression over the result. With it, RV(ignore:result) holds what the expression gives, and the rest of the result is left out,
        except for C(changed), C(outcome), C(msg) and C(diff). So a job that runs on thousands of machines keeps small results.
      - A warning names what the result has where the expression begins with a name that is not there. A task that fails returns its whole result, and
        RV(ignore:result) beside it.
      - An expression that is malformed is refused before anything is sent. See U(https://jmespath.org/specification.html).
      - Needs the Python library jmespath on the controller.
    type: str
  raw_text:
    description:
      - Whether text from machines is returned exactly as it is also with ansible-core before 2.19, where a blank breaks what begins a template in it,
        so that two opening braces have one between them. Those versions forget that a text is unsafe when a play puts it together again, and would
        run what is in it.
      - Set it only where your play renders no such text again. Newer versions render trusted text only, and always return it as it is.
      - The modules M(hyperv.avma.ledger), M(hyperv.avma.report) and M(hyperv.avma.summary) undo the blank by themselves.
    type: bool
    default: false
"""
