# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: guest_key
short_description: Install the AVMA key in a Windows Server guest and activate it
description:
  - Finds out what the guest is, chooses the AVMA key of its version and edition, installs it, has the guest activated by its Hyper-V host and verifies
    that by the licence that the guest then states, all in one task. No network but the one to the guest is needed, and no internet.
  - A key that is installed is not an activation. Both are reported separately, and only V(activated) and V(already_activated) mean that Windows is
    licensed by AVMA.
  - A key of another channel that is licensed (MAK, retail, OEM, KMS) is kept unless O(replace_licensed=true). A generic KMS client key that is not
    licensed is replaced.
  - Nothing is changed where AVMA cannot succeed, such as in an evaluation edition, or with O(host) on a host that is not ready. The outcome is then V(refused).
  - A machine whose chassis says that it runs in Azure gets no key unless O(key) states one, since AVMA does not work there. The chassis is asked only
    where the guest's host is not known. Azure Stack Hub looks the same and does use AVMA.
  - Where Windows refuses to activate, the guest's chassis and integration services are asked for what may explain it.
  - Takes at most 12 requests where the key is installed and activates at once (13 where nothing names its host), and at most 4 where nothing is to be done.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  key:
    description:
      - The product key to install, to override the published ones and those of O(tables). Needed for a release that has no AVMA key there.
      - A key that is known to be of another kind, such as a generic KMS client key, or of another version or edition is refused.
      - Only its last five characters ever appear in output.
    type: str
  activate:
    description:
      - Whether to activate after the key is installed. With V(false) the outcome is V(keyed).
    type: bool
    default: true
  wait:
    description:
      - How many seconds activation may take in all. Refusals that pass (the host is busy, too many guests at once) are retried within this time.
    type: int
    default: 120
  replace_licensed:
    description:
      - Replace a licensed key of another channel. It cannot be restored by this collection, and a MAK or retail activation may be lost.
    type: bool
    default: false
  rollback:
    description:
      - Put the previous key back if this task installed the AVMA key and Windows then refused to activate it for a reason that does not pass. The outcome
        stays V(failed), and a finding says what was put back.
      - Only a published KMS client key can be put back, or an AVMA key that is published or in O(tables). Of a MAK, a retail or an OEM key Windows shows
        the last five characters only. A KMS client needs its KMS host again to be activated.
      - Nothing is put back where the activation may still come, as after a temporary or an unknown refusal, when it took too long, or
        when the guest could not be asked any more.
      - A further run tries AVMA again, and puts the key back again if the cause is still there.
    type: bool
    default: false
  host:
    description:
      - The result of M(hyperv.avma.host_info) for the host that runs this guest. What cannot succeed there is refused before anything is changed.
      - Mutually exclusive with O(hosts) and O(hosts_variable).
    type: dict
  hosts:
    description:
      - Results of M(hyperv.avma.host_info) for several hosts. The guest's own registry says which one runs it.
      - Of a host that could not be asked, an entry with C(unjudged), its name in the inventory, and C(reason) says so. Its guests are activated all the
        same, with a warning, unless a licensed key of another channel would be given up for it; such a guest is deferred.
      - Other entries are ignored.
      - Mutually exclusive with O(host) and O(hosts_variable).
    type: list
    elements: dict
    default: []
  hosts_variable:
    description:
      - Name of a variable that holds what O(hosts) takes, such as a fact that was set once for all guests.
      - With many hosts this is much quicker than O(hosts), which Ansible renders again for each guest.
    type: str
  host_name:
    description:
      - Name in the inventory of the host that runs this guest, in any case. It need not be read from the guest then.
      - Mutually exclusive with O(host).
    type: str
  hosts_group:
    description:
      - The inventory's group of Hyper-V hosts, in which O(unjudged_host) looks for the guest's host.
    type: str
    default: hyperv_hosts
  unjudged_host:
    description:
      - What becomes of a guest whose host is not in O(host), O(hosts) or O(hosts_variable), nor asked in this run under its O(host_name).
      - With V(ask) the host is looked for in O(hosts_group) and asked from here, over the connection that the inventory gives it. Where none is found or
        it does not answer, the guest is V(deferred), and a finding says what to add to the limit.
      - With V(defer) nobody is asked, and the guest is V(deferred). With V(activate) it is activated without a verdict on its host.
    type: str
    choices: [ask, defer, activate]
    default: activate
  require_ready:
    description:
      - Change nothing in a guest whose host is not known to be ready. The outcome is then V(deferred), and V(refused) where it is known not to be.
      - Without it a guest is activated although its host could not be asked, is not among O(hosts), or cannot be judged.
    type: bool
    default: false
  require_all_nodes:
    description:
      - Refuse a guest if a node of its host's failover cluster could not renew its activation, as one that is older than the guest. Without it such
        a guest is activated, with a warning.
      - What the nodes are is in O(host), O(hosts) or O(hosts_variable). Whether they are activated is there if M(hyperv.avma.host_info) asked them.
    type: bool
    default: false
  fail_on:
    description:
      - The outcomes with which the task fails.
    type: list
    elements: str
    choices: [activated, already_activated, keyed, kept, refused, failed, deferred]
    default: [failed, refused]
  defer_unreachable:
    description:
      - Whether a guest that does not answer, as one that is off, has the outcome V(deferred) instead of being unreachable for Ansible.
      - A guest that refuses the credentials, or whose certificate is not trusted, does answer.
    type: bool
    default: false
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.attributes.windows
  - hyperv.avma.guest_way
  - hyperv.avma.tables
  - hyperv.avma.query
attributes:
  check_mode:
    support: full
    details:
      - The outcome is the one that a run would reach if Windows refuses nothing. So O(rollback) is never predicted.
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: hyperv.avma.guest_info
  - module: hyperv.avma.host_info
"""

EXAMPLES = r"""
- name: Install the key of this version and edition, and activate
  hyperv.avma.guest_key:

- name: Install the key only, activation follows at the next start
  hyperv.avma.guest_key:
    activate: false

- name: Refuse what the host cannot activate
  hyperv.avma.guest_key:
    host: "{{ hostvars['hv01'].host_result }}"

- name: Move a guest from its MAK to AVMA
  hyperv.avma.guest_key:
    replace_licensed: true

- name: Activate a guest without network, through its Hyper-V host
  hyperv.avma.guest_key:
    via: direct
    vm: tenant-web01
    guest_user: .\Administrator
    guest_password: "{{ vault_guest_password }}"

- name: Go through the host only where the guest does not answer
  hyperv.avma.guest_key:
    via: auto

- name: Give the key of a release that has no published one
  hyperv.avma.guest_key:
    key: "{{ avma_key_annual_channel }}"
"""

RETURN = r"""
via:
  description: The way on which the guest was reached, V(winrm) or V(direct).
  returned: when the guest answered, without O(query)
  type: str
  sample: winrm
vm:
  description:
    - The virtual machine, C(id), C(name) and C(host), that the guest was reached through.
    - C(in_inventory) says whether the guest is the host of the task itself, as with O(via=auto), or behind it.
  returned: when the guest answered by PowerShell Direct, without O(query)
  type: dict
outcome:
  description:
    - V(activated). The guest is licensed by AVMA now.
    - V(already_activated). It was, and nothing was done.
    - V(keyed). The AVMA key is installed, and activation was not asked for.
    - V(kept). A licensed key of another channel was left alone.
    - V(refused). Nothing was changed, the findings say why.
    - V(failed). Windows refused the key or the activation, or it took too long.
    - V(deferred). The guest does not answer (see O(defer_unreachable)), Windows asked for patience, or its host could not be judged (see O(require_ready)).
  returned: always
  type: str
  sample: activated
reason:
  description: The outcome's reason in one sentence.
  returned: always, without O(query)
  type: str
guest:
  description: What the guest reports about itself, as far as it was read. C(name), C(os), C(computer) and C(placement) as in
    RV(hyperv.avma.guest_info#module:guest). Its licence is in RV(before) and RV(after).
  returned: always but when the guest does not answer, without O(query)
  type: dict
identity:
  description: What the guest is for AVMA, as RV(hyperv.avma.guest_info#module:identity).
  returned: always but when the guest does not answer, without O(query)
  type: dict
key:
  description: The key that was chosen. In full only if it is a published one. V(null) if none was chosen.
  returned: always but when the guest does not answer, without O(query)
  type: str
  sample: YDFWN-MJ9JR-3DYRK-FXXRW-78VHK
host_judged:
  description: Whether the host that runs the guest is known to be ready or not. V(null) where nothing was to be changed.
  returned: always but when the guest does not answer, without O(query)
  type: bool
key_installed:
  description: Whether the guest has an AVMA key now.
  returned: always but when the guest does not answer, without O(query)
  type: bool
activated:
  description: Whether the guest is licensed by AVMA now.
  returned: always but when the guest does not answer, without O(query)
  type: bool
before:
  description: The licence before, in the shape of RV(hyperv.avma.host_info#module:host.licence).
  returned: always but when the guest does not answer, without O(query)
  type: dict
after:
  description: The licence after, or in check mode the one that was read.
  returned: always but when the guest does not answer, without O(query)
  type: dict
steps:
  description: What was to be done, and what was put back. Each with C(kind) (V(install_key), V(activate) or V(restore_key)), C(before), C(after),
    C(reason), and whether it was C(done).
  returned: always but when the guest does not answer, without O(query)
  type: list
  elements: dict
findings:
  description: What was found, in the shape of RV(hyperv.avma.host_info#module:findings).
  returned: always, without O(query)
  type: list
  elements: dict
result:
  description: What O(query) gave.
  returned: with O(query)
  type: raw
error:
  description: What Windows answered when it refused or could not be asked. C(kind), C(code) and C(symbol).
  returned: failure
  type: dict
"""
