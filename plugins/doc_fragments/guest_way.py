# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  via:
    description:
      - The way to the guest.
      - V(winrm). The task runs against the guest, over the network.
      - V(direct). The task runs against the B(Hyper-V host) and reaches its virtual machine O(vm) by PowerShell Direct, for which the guest needs no
        network. Also needs O(guest_user) and O(guest_password). For several machines use a loop, or run the task against the guests and delegate it to
        their hosts.
      - V(auto). The task runs against the guest. Where that does not answer, PowerShell Direct is tried through the Hyper-V host that has the
        virtual machine now, by that host's own connection settings in the inventory. If there is no way, a finding says why.
      - PowerShell Direct needs Windows Server 2016 or later on both sides, a virtual machine that runs, and an administrator on the host.
    type: str
    choices: [winrm, direct, auto]
    default: winrm
  vm:
    description:
      - Name or ID of the virtual machine as its host knows it. Names need not be unique, IDs are.
      - With O(via=auto), and with O(via=direct) in a task of a guest that is delegated to its host, only needed where the inventory calls the guest
        otherwise. Of a guest from the inventory plugin P(hyperv.avma.guests#inventory) the ID is known.
    type: str
  guest_user:
    description:
      - Account in the guest for PowerShell Direct, such as V(.\\Administrator) or V(CORP\\deploy).
      - With O(via=auto) the user of the guest's own connection is the default, in a delegated task C(ansible_user) of the guest.
    type: str
  guest_password:
    description:
      - Password of O(guest_user). It goes to the host encrypted with the connection, by the input of a command, and is shown in no output.
      - With O(via=auto) the password of the guest's own connection is the default, in a delegated task C(ansible_password) of the guest.
    type: str
  direct_hosts:
    description:
      - With O(via=auto), the Hyper-V hosts that may have the guest, by their names in the inventory. The role P(hyperv.avma.host#role) must have read
        them and their virtual machines in the same run. Without it the group V(hyperv_hosts) is taken.
    type: list
    elements: str
    default: []
  check_identity:
    description:
      - Refuse a machine whose own registry names another virtual machine than the one that is meant. Which one is meant the variable C(avma_vm_id) says,
        PowerShell Direct, or a survey of the hosts in which one machine alone has the guest's name.
      - A registry without the ID is not refused. Set this to V(false) for a copy whose registry is out of date because Data Exchange is off.
    type: bool
    default: true
"""
