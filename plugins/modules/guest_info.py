# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: guest_info
short_description: The licence of a Windows Server guest as the guest itself states it
description:
  - Reads operating system, edition and licences of a Windows Server guest, by which Hyper-V host it is run, and by which it was activated.
  - What a guest says of its own licence through CIM is the one thing that proves an activation.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options: {}
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.attributes.info
  - hyperv.avma.attributes.windows
  - hyperv.avma.tables
  - hyperv.avma.guest_way
  - hyperv.avma.query
seealso:
  - module: hyperv.avma.guest_key
"""

EXAMPLES = r"""
- name: Read the licence of the guests
  hyperv.avma.guest_info:
  register: avma_guest

- name: Fail where AVMA has not activated it
  ansible.builtin.assert:
    that: avma_guest.activated_by_avma
    fail_msg: "{{ avma_guest.findings | map(attribute='cause') | join(' ') }}"
"""

RETURN = r"""
via:
  description: The way on which the guest was reached, V(winrm) or V(direct).
  returned: success, without O(query)
  type: str
  sample: winrm
vm:
  description:
    - The virtual machine, C(id), C(name) and C(host), that the guest was reached through.
    - C(in_inventory) says whether the guest is the host of the task itself, as with O(via=auto), or behind it.
  returned: success by PowerShell Direct, without O(query)
  type: dict
guest:
  description: What the guest reports about itself.
  returned: success, without O(query)
  type: dict
  contains:
    name:
      description: Computer name.
      type: str
    os:
      description: Operating system, in the shape of RV(hyperv.avma.host_info#module:host.os).
      type: dict
    computer:
      description: The (virtual) computer, in the shape of RV(hyperv.avma.host_info#module:host.computer).
      type: dict
    licence:
      description: The primary Windows product with a key, in the shape of RV(hyperv.avma.host_info#module:host.licence). V(null) if none has a key.
      type: dict
    licences:
      description: Each Windows product with a key.
      type: list
      elements: dict
    kms:
      description: KMS settings of the licensing service, whatever the guest's channel. C(machine), C(port) and C(lookup_domain). V(null) if they cannot
        be read.
      type: dict
    placement:
      description: Where it runs, as the host wrote it into the guest's registry. C(host), C(host_fqdn), C(vm_id) and C(vm_name), each V(null) if
        not there. C(vm_id) is written by hosts of 2016 and later.
      type: dict
    integration:
      description:
        - What the guest has of Hyper-V's integration services. V(null) where it is not a guest of Hyper-V, and parts of it where Windows did not say.
        - C(activation_device) is the device by which the guest asks its host for activation. C(present) is whether it is there, C(problem) Device
          Manager's code, V(0) if it works.
        - C(data_exchange_service) is the guest's side of Data Exchange. C(installed), C(running) and C(disabled) speak of the service
          C(vmickvpexchange).
      type: dict
identity:
  description: What the guest is for AVMA. C(kind), C(name), C(build), C(release), C(sku), C(edition), C(core), C(evaluation), and C(trust) V(guest).
  returned: success, without O(query)
  type: dict
activated:
  description: Whether Windows is licensed, by whatever channel.
  returned: success, without O(query)
  type: bool
activated_by_avma:
  description: Whether Windows is licensed by AVMA.
  returned: success, without O(query)
  type: bool
findings:
  description: What M(hyperv.avma.guest_key) would find, and what is wrong with the integration services, in the shape of
    RV(hyperv.avma.host_info#module:findings).
  returned: success, without O(query)
  type: list
  elements: dict
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
error:
  description: What the guest answered when it could not be asked or refused, in the shape of RV(hyperv.avma.host_info#module:error).
  returned: failure
  type: dict
"""
