# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases that the survey of AWX offers for an answer file: the long-term ones that have an AVMA key, newest first."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.editions import Edition
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import LONG_TERM, PUBLISHED

TEMPLATES = Path(__file__).resolve().parents[2] / "playbooks" / "vars" / "controller" / "job_templates.yml"
_QUESTION = re.compile(
    r"(        variable: avma_unattend_release\n        type: multiplechoice\n)        choices: .*\n        default: .*\n"
)


def page() -> str:
    """The job templates with the choices as they shall be."""
    names = [
        release.name
        for release in reversed(PUBLISHED.releases)
        if release.channel == LONG_TERM and PUBLISHED.avma_key(release, Edition.DATACENTER)
    ]
    choices = ", ".join(f'"{name}"' for name in names)
    text, found = _QUESTION.subn(rf'\1        choices: [{choices}]\n        default: "{names[0]}"\n', TEMPLATES.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{TEMPLATES.name}: the question avma_unattend_release is there {found} times")
    return text


def stale() -> list[str]:
    """The file's name if its choices are not those of the tables."""
    return [] if TEMPLATES.read_text(encoding="utf-8") == page() else [TEMPLATES.name]
