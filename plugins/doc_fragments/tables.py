# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option that adds releases and AVMA keys to the published ones."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tables:
    description:
      - Releases and AVMA keys that are added to the published ones, as for a release that is newer than this collection, or one for which you hold a
        key that is not published.
      - An entry may repeat what is published. One that contradicts it, or another entry, is an error that names the entry.
      - A key that is added is not shown in any output, except for its last five characters.
    type: dict
    suboptions:
      releases:
        description: Releases of Windows Server, each with its build.
        type: list
        elements: dict
        suboptions:
          name:
            description: Short name, such as V(2025).
            type: str
            required: true
          build:
            description: Build number, as C(winver) shows it between C(OS Build) and the dot.
            type: int
            required: true
          label:
            description: Name in messages. Windows Server and the short name by default.
            type: str
          ltsc:
            description:
              - The long-term release with which it counts. Left out, it is one itself.
              - A host of that release activates it where both have the same AVMA key. Otherwise the host's build must not be lower.
            type: str
      avma_keys:
        description: AVMA keys, each of a release and an edition.
        type: list
        elements: dict
        suboptions:
          release:
            description: Short name of a published release, or of one in O(tables.releases).
            type: str
            required: true
          edition:
            description: >-
              V(Datacenter), V(Standard), V(Essentials) or V(Datacenter: Azure Edition).
            type: str
            required: true
          key:
            description: The AVMA key. A published KMS client key is refused by name.
            type: str
            required: true
"""
