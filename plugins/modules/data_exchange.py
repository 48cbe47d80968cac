# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: data_exchange
short_description: Switch the Data Exchange integration service of virtual machines
description:
  - Enables or disables Data Exchange (the Key-Value Pair Exchange integration service) of virtual machines on a Hyper-V host. AVMA requires it in each guest.
  - The service is found by its class and GUID, so any language of the host will do.
  - Works on running machines and on machines that are off. The guest notices within seconds.
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
  missing:
    description:
      - What becomes of an entry of O(name) or O(id) that is not on this host. With V(fail) the task fails before anything is changed. With V(ignore) the
        entry is left out, as one list for several hosts wants it, and returned in RV(missing).
    type: str
    choices: [fail, ignore]
    default: fail
  state:
    description:
      - Whether Data Exchange is enabled or disabled.
    type: str
    choices: [enabled, disabled]
    default: enabled
  wait:
    description:
      - How many seconds to wait for each machine's change to be completed by Hyper-V.
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
"""

EXAMPLES = r"""
- name: Enable Data Exchange for two virtual machines
  hyperv.avma.data_exchange:
    name:
      - web01
      - web02

- name: Enable it for all of them
  hyperv.avma.data_exchange:
    all: true

- name: Disable it for one, by its GUID
  hyperv.avma.data_exchange:
    id: 6F3C2B6A-0C68-4B5F-9B0E-3E0B6B0C8D11
    state: disabled
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
    before:
      description: Whether Data Exchange was enabled before.
      type: bool
    after:
      description: Whether it is enabled now, or in check mode would be.
      type: bool
    changed:
      description: Whether this machine was changed.
      type: bool
    error:
      description: Why this machine could not be changed.
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
