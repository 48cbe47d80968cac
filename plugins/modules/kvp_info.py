# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kvp_info
short_description: Virtual machines of a Hyper-V host as Data Exchange shows them
description:
  - Reads all virtual machines of a Hyper-V host at once, with their state, the Data Exchange integration service and the key-value pairs (KVP) that guest
    and host have given each other, and says for each machine what it is and whether AVMA can activate it. Nobody logs on to the virtual machines.
  - Key-value pairs are written by the guest's administrator. They are a hint and never proof, so everything that is concluded from them
    has C(trust) V(kvp). Treat them as hostile text.
  - Takes the pages that the data fills at the server's own message size and at most 6 requests more, 7 with O(notes), whatever the number of
    virtual machines.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  items:
    description:
      - Whether to return the key-value pairs themselves. Without them the result of a large host is much smaller.
    type: bool
    default: true
  notes:
    description:
      - Whether to return the notes of the virtual machines, as Hyper-V Manager shows them. People write anything there, passwords too, so they are
        read only if asked for. They cost one request and one for each further page.
    type: bool
    default: false
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.attributes.info
  - hyperv.avma.attributes.windows
  - hyperv.avma.vms
  - hyperv.avma.tables
  - hyperv.avma.query
seealso:
  - module: hyperv.avma.data_exchange
  - module: hyperv.avma.host_info
"""

EXAMPLES = r"""
- name: See all virtual machines of the host
  hyperv.avma.kvp_info:
  register: avma_vms

- name: See one by its name, without the raw pairs
  hyperv.avma.kvp_info:
    name: web01
    items: false

- name: List the names of running machines whose Data Exchange does not work
  hyperv.avma.kvp_info:
    items: false
    query: "vms[?state == 'running' && data_exchange.health != 'ok'].name"
"""

RETURN = r"""
host:
  description: The host, with its own readiness.
  returned: success, without O(query)
  type: dict
  contains:
    name:
      description: Computer name.
      type: str
    avma:
      description:
        - C(ready) and C(can_activate) as RV(hyperv.avma.host_info#module:host.avma).
        - The host's computer and cluster are not asked for it. Of a host that is itself a virtual machine, M(hyperv.avma.host_info) knows more.
      type: dict
vms:
  description: The virtual machines that were asked for, all of them by default.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    id:
      description: GUID, upper case and without braces.
      type: str
    name:
      description: Name. Need not be unique.
      type: str
    state:
      description: One of V(running), V(off), V(shutting_down), V(saved), V(paused), V(starting), V(other).
      type: str
    data_exchange:
      description:
        - The integration service. C(enabled) is the host's setting.
        - C(health) is one of V(ok), V(degraded) (works, by an older version of the protocol), V(protocol_mismatch) (guest and host have none in
          common), V(no_contact), V(lost), V(disabled), V(not_running), V(unknown).
      type: dict
    guest:
      description: What the guest says it is.
      type: dict
      contains:
        kind:
          description: One of V(windows_server), V(windows_client), V(linux), V(other), V(unknown).
          type: str
        build:
          description: Build number.
          type: int
        release:
          description: Release of Windows Server.
          type: str
        sku:
          description: Product type number (SKU).
          type: int
        edition:
          description: Edition.
          type: str
        core:
          description: Whether it is Server Core, as far as the SKU shows.
          type: bool
        evaluation:
          description: Whether it is an evaluation edition.
          type: bool
        name:
          description: Name of the operating system. Any text.
          type: str
        fqdn:
          description: DNS name.
          type: str
        addresses:
          description: Addresses, IPv4 first.
          type: list
          elements: str
        integration_services:
          description: Version of the integration services.
          type: str
        trust:
          description: Where this comes from, always V(kvp) here.
          type: str
    kvp:
      description: The pairs by name. C(intrinsic) is written by the guest's integration service, C(guest) by its administrators, C(host) by the host.
      returned: with O(items=true)
      type: dict
    notes:
      description: The first 4000 characters of its notes, V(null) if they cannot be read.
      returned: with O(notes=true)
      type: str
    avma:
      description:
        - The verdict. C(status) is V(eligible), V(not_eligible), V(action_required) or V(unknown).
        - C(key) is the AVMA key that fits, in full only if it is a published one.
      type: dict
    findings:
      description: What was found, in the shape of RV(hyperv.avma.host_info#module:findings).
      type: list
      elements: dict
summary:
  description: Counts. C(total), C(by_state) and C(by_status).
  returned: success, without O(query)
  type: dict
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
error:
  description: What the host answered when it could not be asked or refused, in the shape of RV(hyperv.avma.host_info#module:error).
  returned: failure
  type: dict
"""
