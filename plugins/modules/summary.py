# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: summary
short_description: Print what a validation or activation run has found and reached
description:
  - Prints a table of the Hyper-V hosts with their readiness, then one of all guests with host, operating system, outcome, channel, last five characters of
    the key and the reason, and below them what needs attention and what to do.
  - Works on the results that earlier tasks of the run registered, so it asks no machine. A guest that could not be reached has its row too.
  - Virtual machines that the hosts show and that no guest of the inventory stands for, such as Linux machines, are listed after the guests.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  guests:
    description:
      - Inventory names of the guests. The group C(guests) by default.
      - A guest is matched with a virtual machine by the variable C(avma_vm_id), else by C(avma_vm_name), its name in the inventory or its computer name.
    type: list
    elements: str
  hosts:
    description:
      - Inventory names of the Hyper-V hosts. The group C(hyperv_hosts) by default.
    type: list
    elements: str
  run:
    description:
      - Names of the machines that are part of this run, such as C(ansible_play_hosts_all). Guests that are not among them are counted, and have no row;
        their virtual machines are not taken for such as no guest of the inventory stands for.
      - Without it all of O(guests) are part of the run.
    type: list
    elements: str
  guest_variable:
    description:
      - Name of the variable in which the result of M(hyperv.avma.guest_key) was registered.
    type: str
    default: activate_result
  host_variable:
    description:
      - Name of the variable in which the result of M(hyperv.avma.host_info) was registered.
    type: str
    default: host_result
  kvp_variable:
    description:
      - Name of the variable in which the result of M(hyperv.avma.kvp_info) was registered.
    type: str
    default: host_vms
  max_rows:
    description:
      - With more rows than this, only those that need attention are printed. All of them are returned.
    type: int
    default: 200
  deferred_file:
    description:
      - A file on the controller that is kept as the list of the guests whose turn is still to come, because they were off, did not answer, were
        asked for patience or were not reached. The next run takes it as its limit, with C(--limit hyperv_hosts,@FILE).
      - It holds one name a line. The reasons are in a file beside it, whose name ends in C(.reasons), since Ansible does not allow comments in such files.
      - Guests that are listed there and were not part of this run stay. With no guest left both files are removed.
    type: path
extends_documentation_fragment:
  - hyperv.avma.attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is changed but O(deferred_file), and that not in check mode.
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: hyperv.avma.guest_key
"""

EXAMPLES = r"""
- name: Print what the run has reached
  hyperv.avma.summary:
  run_once: true

- name: Print it, and keep the guests that were off for the next run
  hyperv.avma.summary:
    deferred_file: deferred.limit
  run_once: true

- name: Print it for one tenant
  hyperv.avma.summary:
    guests: "{{ groups['tenant_a'] }}"
  run_once: true
"""

RETURN = r"""
hosts:
  description: One for each Hyper-V host.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: Name in the inventory.
      type: str
    os:
      description: Release and edition.
      type: str
    licence:
      description: Status and channel of the host's own licence.
      type: str
    cluster:
      description: Name of its failover cluster.
      type: str
    vms:
      description: Number of its virtual machines.
      type: int
    ready:
      description: Whether it can activate guests, V(null) if that is not known.
      type: bool
    reason:
      description: Why not, or which releases it can activate.
      type: str
    remedy:
      description: What to do.
      type: str
rows:
  description: One for each guest, and one for each virtual machine that is in no inventory (C(managed) V(false)).
  returned: success
  type: list
  elements: dict
  contains:
    guest:
      description: Name in the inventory, or of the virtual machine.
      type: str
    host:
      description: Hyper-V host.
      type: str
    os:
      description: Release and edition.
      type: str
    outcome:
      description: Outcome of M(hyperv.avma.guest_key), in check mode V(would_be_activated) or V(would_be_keyed), V(unreachable), V(not_run), or
        for a machine in no inventory the status of M(hyperv.avma.kvp_info).
      type: str
    channel:
      description: Channel of the licence.
      type: str
    partial_product_key:
      description: Last five characters of the key.
      type: str
    reason:
      description: Why.
      type: str
    remedy:
      description: What to do.
      type: str
    managed:
      description: Whether it is a guest of the inventory.
      type: bool
deferred:
  description: The guests whose turn is still to come.
  returned: success
  type: list
  elements: dict
  contains:
    guest:
      description: Name in the inventory.
      type: str
    outcome:
      description: V(deferred), V(unreachable) or V(not_run).
      type: str
    reason:
      description: Why.
      type: str
unreached:
  description: Whether guests were asked, not one of them has answered, and not all of them are off as their hosts show it.
  returned: success
  type: bool
counts:
  description: Number of guests by outcome.
  returned: success
  type: dict
  sample: {activated: 8, kept: 1, refused: 3}
stats:
  description: Numbers for C(set_stats), less than 1 KB for a fleet of any size.
  returned: success
  type: dict
  contains:
    check:
      description: Whether it was check mode, in which nothing is changed.
      type: bool
    hosts:
      description: Number of hosts, C(total) and by readiness (C(ready), C(not_ready), C(unknown)).
      type: dict
    guests:
      description: Number of guests, C(total) and by outcome.
      type: dict
    other_vms:
      description: Number of virtual machines that no guest of the inventory stands for, by status.
      type: dict
    deferred:
      description: Number of guests whose turn is still to come.
      type: int
    deferred_limit:
      description:
        - Their names with commas between them, for the limit of the next run. Empty if there is none.
        - V(null) where that would be more than 400 characters, or a name would be taken for a pattern. Use O(deferred_file) then.
      type: str
"""
