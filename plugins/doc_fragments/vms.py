# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that choose virtual machines."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Names of virtual machines, compared without regard to case. A name that no machine of the host has is an error.
    type: list
    elements: str
    default: []
  id:
    description:
      - GUIDs of virtual machines, with or without braces. Unlike names they are unique.
    type: list
    elements: str
    default: []
"""
