# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: guest_kvp
short_description: List stale key-value pairs in a guest's registry, and remove them
description:
  - Microsoft advises to remove key-value pairs of Data Exchange from a guest whose AVMA key was replaced, and names no value. So this module lists
    the values that a guest gives to its host, marks as candidates those that patterns match, and removes them only with O(state=absent).
  - Only values of the key C(HKLM\SOFTWARE\Microsoft\Virtual Machine\Guest) are touched, never its subkey C(Parameters) and never the keys C(Auto) and
    C(External), which are not the guest's own.
  - Nothing is removed where the guest still has an AVMA key, or where that is unknown, unless O(force=true).
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  patterns:
    description:
      - Patterns of the names of values that count as stale. A shell-style pattern such as C(avma*) stands for the whole name. After C(~) it is a
        regular expression for any part of the name. Case does not matter.
      - The default is a guess from words that belong to activation. No name is documented, so look at the candidates of your guests before you remove
        them, and give patterns of your own where you know better.
    type: list
    elements: str
    default: ["~activat|avma|licen[sc]e|iaid"]
  state:
    description:
      - V(listed) changes nothing. V(absent) removes the candidates.
    type: str
    choices: [listed, absent]
    default: listed
  force:
    description:
      - Remove them also where the guest still has an AVMA key.
    type: bool
    default: false
  check_identity:
    description:
      - Refuse a machine whose own registry names another virtual machine than the one that is meant. Which one is meant the variable C(avma_vm_id) says,
        PowerShell Direct, or a survey of the hosts in which one machine alone has the guest's name.
      - A registry without the ID is not refused. Set this to V(false) for a copy whose registry is out of date because Data Exchange is off.
    type: bool
    default: true
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.attributes.windows
  - hyperv.avma.query
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: hyperv.avma.host_kvp
  - module: hyperv.avma.guest_key
"""

EXAMPLES = r"""
- name: See what might be stale
  hyperv.avma.guest_kvp:
  register: pairs

- name: Remove it
  hyperv.avma.guest_kvp:
    state: absent

- name: Remove what a former tool has written
  hyperv.avma.guest_kvp:
    patterns: ["FleetTool_*"]
    state: absent
"""

RETURN = r"""
pairs:
  description: All values of the key, those of the guest's administrator and of whatever runs in it.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
    candidate:
      description: Whether a pattern matches it.
      type: bool
    data:
      description: Text of a candidate. V(null) for other values, and for a candidate that is not a text.
      type: str
candidates:
  description: Names of the values that a pattern matches.
  returned: success, without O(query)
  type: list
  elements: str
removed:
  description: Names of the values that were removed, or in check mode would be.
  returned: success, without O(query)
  type: list
  elements: str
on_avma_key:
  description: Whether the guest has an AVMA key. V(null) if the channel of its key is not known.
  returned: success, without O(query)
  type: bool
findings:
  description: Why nothing was removed, in the shape of RV(hyperv.avma.host_info#module:findings).
  returned: success, without O(query)
  type: list
  elements: dict
outcome:
  description: V(refused) where another virtual machine answered, so that nothing was removed.
  returned: when O(check_identity) found another virtual machine
  type: str
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
error:
  description: What the guest answered when it could not be asked or refused, in the shape of RV(hyperv.avma.host_info#module:error).
  returned: failure
  type: dict
"""
