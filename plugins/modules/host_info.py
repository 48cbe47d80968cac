# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Whether a Hyper-V host can activate its guests
description:
  - Reads operating system, edition, licence, Hyper-V role and failover cluster of a Hyper-V host, and judges whether the host can activate Windows
    Server guests by Automatic Virtual Machine Activation (AVMA), and which versions.
  - A host is ready if it runs an activated Windows Server Datacenter 2012 R2 or later with Hyper-V. How the host itself was activated does not matter.
  - Takes at most 8 requests, and with O(cluster_nodes) 3 to each other node of the cluster.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  cluster_nodes:
    description:
      - Whether to ask each node of the host's failover cluster too, so that the verdict on the whole cluster is made in this one task, whatever the
        limit or slice of the job is. Asking one node of a cluster is enough.
      - A node is asked over the connection settings of this task, except for what the inventory says of it. It is found there by its name in the inventory,
        by C(ansible_host), or by the computer name in an earlier C(host_result). A node that is not there is asked only with O(unlisted_nodes).
      - A node that the cluster says is down is not asked.
    type: bool
    default: false
  unlisted_nodes:
    description:
      - Whether O(cluster_nodes) also asks nodes that are not in the inventory, by the names that the host reports and with the credentials of this task.
      - The host's administrator chooses these names, and so which machines get the credentials.
    type: bool
    default: false
  require_ready:
    description:
      - Whether the task fails if the host is not ready, or if its readiness is unknown. The message says why and what to do.
      - With O(cluster_nodes) it also fails if that cannot be said of the whole cluster.
    type: bool
    default: false
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.attributes.info
  - hyperv.avma.attributes.windows
  - hyperv.avma.tables
  - hyperv.avma.query
seealso:
  - module: hyperv.avma.kvp_info
  - module: hyperv.avma.guest_key
  - name: Automatic Virtual Machine Activation
    description: Microsoft's description of AVMA.
    link: https://learn.microsoft.com/windows-server/get-started/automatic-vm-activation
"""

EXAMPLES = r"""
- name: Learn whether the hosts can activate guests
  hyperv.avma.host_info:
  register: host_result

- name: Stop here if this host cannot
  hyperv.avma.host_info:
    require_ready: true

- name: Judge the whole cluster by one of its nodes
  hyperv.avma.host_info:
    cluster_nodes: true
  register: cluster_result

- name: Stop here if guests would lose their activation when they move
  ansible.builtin.assert:
    that: cluster_result.host.cluster.verdict.ready
    fail_msg: "{{ cluster_result.findings | map(attribute='cause') | join(' ') }}"

- name: Keep nothing but the channel and the minutes that are left
  hyperv.avma.host_info:
    query: "host.licence.{channel: channel, minutes: minutes_remaining}"
  register: licence
"""

RETURN = r"""
host:
  description: What the host reports about itself.
  returned: success, without O(query)
  type: dict
  contains:
    name:
      description: Computer name.
      type: str
      sample: HV01
    fqdn:
      description: DNS name, with the domain if the host is in one.
      type: str
      sample: hv01.corp.example
    os:
      description: Operating system.
      type: dict
      contains: &os
        caption:
          description: Name as Windows shows it. Localised, for display only.
          type: str
          sample: Microsoft Windows Server 2022 Datacenter
        version:
          description: Version number.
          type: str
          sample: 10.0.20348
        build:
          description: Build number.
          type: int
          sample: 20348
        release:
          description: Release that the build belongs to. V(null) if the build is not known.
          type: str
          sample: "2022"
        sku:
          description: OperatingSystemSKU of Win32_OperatingSystem.
          type: int
          sample: 8
        edition:
          description: Edition that the SKU means.
          type: str
          sample: Datacenter
        edition_id:
          description: EditionID as DISM names it.
          type: str
          sample: ServerDatacenter
        core:
          description: Whether it is a Server Core installation, as far as the SKU shows.
          type: bool
        evaluation:
          description: Whether it is an evaluation edition.
          type: bool
        product_type:
          description: V(workstation), V(domain_controller) or V(server).
          type: str
        language:
          description: Language of the installation as LCID.
          type: int
          sample: 1033
        last_boot:
          description: Time of the last start in UTC.
          type: str
          sample: "2026-11-02T04:12:09Z"
    computer:
      description: The computer, real or virtual.
      type: dict
      contains: &computer
        name:
          description: NetBIOS name.
          type: str
        dns_name:
          description: DNS host name.
          type: str
        domain:
          description: Domain, V(null) in a workgroup.
          type: str
        manufacturer:
          description: Manufacturer.
          type: str
        model:
          description: Model. V(Virtual Machine) of V(Microsoft Corporation) is a guest of Hyper-V.
          type: str
        hypervisor_present:
          description: Whether a hypervisor runs beneath Windows. On a Hyper-V host this is Hyper-V itself.
          type: bool
    hyperv:
      description:
        - Whether the host has Hyper-V. V(null) if its WMI namespace shows the account nothing, as to an account that is not in the group Hyper-V
          Administrators.
      type: bool
    licence:
      description: The Windows product that has a key. V(null) if none has.
      type: dict
      contains: &licence
        channel:
          description: One of V(avma), V(kms_client), V(kms_host), V(mak), V(oem), V(retail), V(evaluation), V(unknown).
          type: str
        product_key_channel:
          description: The channel as Windows names it.
          type: str
          sample: OEM:DM
        description:
          description: Description of the product.
          type: str
        name:
          description: Name of the product.
          type: str
        status:
          description: One of V(unlicensed), V(licensed), V(out_of_box_grace), V(out_of_tolerance_grace), V(non_genuine_grace),
            V(notification), V(extended_grace), V(unknown).
          type: str
        status_code:
          description: LicenseStatus as Windows gives it.
          type: int
        licensed:
          description: Whether the status is V(licensed).
          type: bool
        reason:
          description: Code, symbol and meaning of the reason for the status.
          type: str
        partial_product_key:
          description: Last five characters of the product key.
          type: str
          sample: 9BV2T
        minutes_remaining:
          description: Minutes until the licence or grace period ends, V(0) if it does not. Not V(0) for a guest that AVMA has activated.
          type: int
        evaluation_end:
          description: End of an evaluation.
          type: str
        kms_machine:
          description: KMS host that was set by hand or by policy, or else the one that was found by DNS.
          type: str
        volume_activation:
          description:
            - By what a product with the channel V(kms_client) was activated, as Windows says - V(kms), V(active_directory) or V(token). V(null) if
              it does not say, as it may before it is activated.
          type: str
        avma:
          description: The last activation by AVMA as the guest records it. Each value may be V(null) although the guest is activated.
          type: dict
          contains:
            iaid:
              description: The guest's activation ID.
              type: str
            host:
              description: Name of the host that activated it.
              type: str
            host_digital_pid:
              description: Digital product ID of that host.
              type: str
            last_activation:
              description: Time of the last activation in UTC.
              type: str
    cluster:
      description: The failover cluster. With RV(host.cluster.member) V(null) it could not be asked.
      type: dict
      contains:
        member:
          description: Whether the host is a node of a cluster.
          type: bool
        name:
          description: Name of the cluster.
          type: str
        nodes:
          description: All nodes, each with C(name), C(state) and C(release).
          type: list
          elements: dict
        verdict:
          description: Whether guests stay activated wherever in the cluster they run. V(null) if the host is not a member.
          type: dict
          contains:
            asked:
              description: Whether the nodes were asked, see O(cluster_nodes).
              type: bool
            ready:
              description:
                - Whether every node is an activated Datacenter with Hyper-V. V(false) as soon as one is known not to be.
                - V(null) if that is open, because nodes were not asked or could not be asked.
              type: bool
            effective_release:
              description: The lowest release among all nodes, which bounds what stays activated everywhere. V(null) unless that of each is known.
              type: str
              sample: "2019"
            nodes:
              description: One for each node, none if they were not asked.
              type: list
              elements: dict
              contains:
                name:
                  description: Name of the node.
                  type: str
                state:
                  description: V(up), V(down), V(paused), V(joining) or V(unknown), as the cluster says.
                  type: str
                reachable:
                  description: Whether the node answered. V(null) if it was not asked.
                  type: bool
                ready:
                  description: Whether the node can activate guests. V(null) if that is not known.
                  type: bool
                release:
                  description: Its release, as it says itself, or else as the cluster says.
                  type: str
                edition:
                  description: Its edition.
                  type: str
                problem:
                  description: Why the node could not be asked.
                  type: str
                findings:
                  description: What was found about the node, in the shape of RV(findings).
                  type: list
                  elements: dict
    avma:
      description: The verdict.
      type: dict
      contains:
        ready:
          description: Whether the host can activate guests. V(null) if that is unknown; a finding says why.
          type: bool
        can_activate:
          description: Releases of Windows Server that it can activate.
          type: list
          elements: str
          sample: ["2022", "2019", "2016", "2012 R2"]
findings:
  description: What was found, the reasons for the verdict among it. The codes are stable and are listed in C(docs/reference/findings.md).
  returned: success, without O(query)
  type: list
  elements: dict
  contains: &finding
    code:
      description: Stable code.
      type: str
      sample: HOST_NOT_DATACENTER
    severity:
      description: V(error), V(warning) or V(info).
      type: str
    object:
      description: What it is about.
      type: str
    cause:
      description: What is the case.
      type: str
    remedy:
      description: What to do.
      type: str
    data:
      description: The values that the texts were made of.
      type: dict
readiness:
  description: The part of the result that O(hyperv.avma.guest_key#module:host) and O(hyperv.avma.guest_key#module:hosts) need, in the same shape.
    C(host) and C(findings).
  returned: success, without O(query)
  type: dict
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
error:
  description: What the host answered when it could not be asked or refused.
  returned: failure
  type: dict
  contains: &error
    kind:
      description: Stable name of the kind of error, such as V(access_denied) or V(namespace_missing).
      type: str
    code:
      description: Code in hexadecimal.
      type: str
      sample: "0x803381A6"
    symbol:
      description: Symbol of the code.
      type: str
"""
