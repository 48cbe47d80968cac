# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: host_kvp
short_description: Write or remove key-value pairs from a Hyper-V host to its guests
description:
  - Writes or removes the items that a Hyper-V host gives to virtual machines by Data Exchange. In a Windows guest they appear under
    C(HKLM\SOFTWARE\Microsoft\Virtual Machine\External), in a Linux guest in its pool 0.
  - Reads the items first and calls Hyper-V for what differs only, since its own calls fail on items that are there, or are not there, already.
  - The limits of Hyper-V are checked before anything is sent. A name may have 255 characters, a value 1023, both counted in UTF-16, and in UTF-8 512
    and 2048 bytes. A machine may have 128 items.
  - Works on machines that are off too. They get the items when they run.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  all:
    description:
      - All virtual machines that the host owns now.
      - Excludes O(name) and O(id).
    type: bool
    default: false
  items:
    description:
      - Names and values to write, with O(state=present). Items that are not named stay as they are.
      - Numbers become text. Case does not distinguish names, as in the registry of the guest.
      - Everybody who can log on to the guest can read them, and they are not protected on their way. Never put a secret into one.
    type: dict
  names:
    description:
      - Names of the items to remove, with O(state=absent). Case does not matter.
    type: list
    elements: str
    default: []
  patterns:
    description:
      - Patterns of the names of items to remove, with O(state=absent). A shell-style pattern such as C(avma*) stands for the whole name. After C(~)
        it is a regular expression for any part of the name. Case does not matter.
      - Run it in check mode first to see what they match.
    type: list
    elements: str
    default: []
  missing:
    description:
      - What becomes of an entry of O(name) or O(id) that is not on this host. With V(fail) the task fails before anything is changed. With V(ignore) the
        entry is left out, as one list for several hosts wants it, and returned in RV(missing).
    type: str
    choices: [fail, ignore]
    default: fail
  state:
    description:
      - Whether the items are present with their values, or absent.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description:
      - How many seconds to wait for each change to be completed by Hyper-V.
    type: int
    default: 60
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.attributes.windows
  - hyperv.avma.vms
  - hyperv.avma.query
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: hyperv.avma.kvp_info
  - module: hyperv.avma.guest_kvp
"""

EXAMPLES = r"""
- name: Give a guest the name of its owner
  hyperv.avma.host_kvp:
    name: web01
    items:
      Owner: Web team
      Order: 4711

- name: Remove an item from it
  hyperv.avma.host_kvp:
    name: web01
    names: [Order]
    state: absent

- name: Remove what a former tool has written for activation, from all machines of the host
  hyperv.avma.host_kvp:
    all: true
    patterns: ["avma*", "~licen[sc]e"]
    state: absent
"""

RETURN = r"""
missing:
  description: Entries of O(name) and O(id) that are not on this host, with O(missing=ignore).
  returned: always, without O(query)
  type: list
  elements: str
vms:
  description: The machines that were chosen.
  returned: always, without O(query)
  type: list
  elements: dict
  contains:
    id:
      description: GUID.
      type: str
    name:
      description: Name.
      type: str
    state:
      description: State of the machine, as in RV(hyperv.avma.kvp_info#module:vms[].state).
      type: str
    host_items:
      description: The items from the host by name as they are now, or in check mode would be. V(null) if they could not be read.
      type: dict
      sample: {Owner: Web team}
    changes:
      description: What was changed, or in check mode would be.
      type: list
      elements: dict
      contains:
        kind:
          description: V(add), V(modify) or V(remove).
          type: str
        name:
          description: Name of the item.
          type: str
        before:
          description: Its value before. V(null) if it was not there.
          type: str
        after:
          description: Its value after. V(null) if it is not there any more.
          type: str
    changed:
      description: Whether this machine was changed.
      type: bool
    error:
      description: Why this machine was not changed, or not completely.
      type: str
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
error:
  description: What the host answered when it could not be asked or refused, in the shape of RV(hyperv.avma.host_info#module:error).
  returned: failure
  type: dict
"""
