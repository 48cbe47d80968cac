# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Who is activated, by whom, since when, and how that is known
description:
  - Writes a report on all hosts and virtual machines as a web page in one file, as CSV, as JSON and as metrics.
  - Works on the results that earlier tasks registered, and on the ledger. It asks no machine.
  - Each statement carries its source and trust. C(guest) is the guest's own answer and proof, C(host_event) what its host logged, C(kvp) a hint.
  - A second report that says the same leaves the files as they are, whenever it is made.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  dest:
    description:
      - The folder for the files. It is made if it is not there. A relative path begins where Ansible was started.
    type: path
    required: true
  name:
    description:
      - How the files are called. The page is C(avma-report.html), and so on.
    type: str
    default: avma-report
  formats:
    description:
      - V(html) is one page with all in it, which works offline.
      - V(csv) has a line for each virtual machine, V(json) everything. Its schema is C(docs/report.schema.json) of the collection.
      - V(months) is C(NAME-months.csv), the distinct activated guests by month, tenant, host and day. It needs O(ledger).
      - V(openmetrics) is C(NAME.prom), for the text file collector of Prometheus' node exporter.
    type: list
    elements: str
    choices: [html, csv, json, months, openmetrics]
    default: [html, csv, json]
  mode:
    description:
      - Permissions of the files, as a quoted octal number.
    type: str
    default: "0640"
  write_failure:
    description:
      - What comes of files that cannot be written. With V(warning) the task goes on without them, and RV(files) is empty.
    type: str
    choices: [error, warning]
    default: error
  title:
    description:
      - The heading of the page.
    type: str
    default: AVMA report
  guests:
    description:
      - Inventory names of the guests. The group C(guests) by default.
      - A guest is matched with a virtual machine by the variable C(avma_vm_id), else by C(avma_vm_name), its computer name or its name in the inventory.
    type: list
    elements: str
  hosts:
    description:
      - Inventory names of the Hyper-V hosts. The group C(hyperv_hosts) by default.
    type: list
    elements: str
  guest_variables:
    description:
      - Names of the variables in which results of M(hyperv.avma.guest_info) or M(hyperv.avma.guest_key) were registered. Of each guest the first that
        states something counts.
    type: list
    elements: str
    default: [guest_result, activate_result]
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
  events_variable:
    description:
      - Name of the variable in which the result of M(hyperv.avma.event_info) was registered on the hosts.
    type: str
    default: report_events
  observed:
    description:
      - When the machines were asked, as ISO 8601 time. Now by default. Give it if the report is made later.
    type: str
  ledger:
    description:
      - The file that M(hyperv.avma.ledger) keeps. Its events count together with those of this run, each once.
    type: path
  since:
    description:
      - From when on events count, as ISO 8601 time or as length of time back from now.
    type: str
    default: 90d
  months:
    description:
      - How many months are counted, the current one included. Days are those of UTC.
    type: int
    default: 2
  compare:
    description:
      - The JSON file of an earlier report. What has changed since then is in the new one.
      - It must not be the file that is written, or there is nothing left to compare with the next time.
    type: path
  tenant_variable:
    description:
      - Name of an inventory variable of guests or hosts that says whose a machine is. It counts before the other ways.
    type: str
    default: avma_tenant
  tenant_item:
    description:
      - Name of a key-value pair that says whose a machine is. One that the host wrote counts before one that the guest wrote, which is a hint only.
      - M(hyperv.avma.kvp_info) must return the pairs.
    type: str
  tenant_pattern:
    description:
      - A regular expression that finds the tenant in O(tenant_item), or without that in the name of the virtual machine. Its group C(tenant) counts, else its
        first group, else all that it matches.
    type: str
  tenant_notes:
    description:
      - A regular expression that finds the tenant in a line of the virtual machine's notes, with groups as in O(tenant_pattern). It counts after the
        host's own O(tenant_item) and before all that a guest can write.
      - M(hyperv.avma.kvp_info) must return the notes.
    type: str
  lease_interval:
    description:
      - How often guests renew. Microsoft does not say, and one report from the field has seven days.
    type: str
    default: 7d
  lease_validity:
    description:
      - How long an activation holds if it is not renewed. As little documented. Where a guest states its minutes, those count.
    type: str
    default: 7d
  lease_warning:
    description:
      - How long before its end an activation counts as about to lapse.
    type: str
    default: 1d
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.query
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing and says which files would change.
  diff_mode:
    support: partial
    details:
      - Names the files that change.
  idempotent:
    support: full
    details:
      - The time of making the report, and the time at which machines were asked, make no change. A new day in the timeline does.
notes:
  - Runs on the controller and connects to nothing. Use it with C(run_once).
  - Names and texts may be a tenant's. In all files they are without control and bidirectional characters. The page shows them as text under a policy that
    lets no other script run, and cells of the CSV that a spreadsheet would take for formulas begin with an apostrophe.
  - The CSV files begin with a byte order mark, by which Excel knows UTF-8.
seealso:
  - module: hyperv.avma.ledger
  - module: hyperv.avma.event_info
  - module: hyperv.avma.summary
"""

EXAMPLES = r"""
- name: Report on what this run has found
  hyperv.avma.report:
    dest: /srv/www/avma
  run_once: true

- name: Count a month's activated guests by tenant, from the ledger
  hyperv.avma.report:
    dest: /var/lib/avma
    ledger: /var/lib/avma/ledger.sqlite
    formats: [html, json, months]
    months: 3
    tenant_pattern: "^(?P<tenant>[a-z]+)-"
  run_once: true

- name: Say what has changed since last month
  hyperv.avma.report:
    dest: /var/lib/avma/2026-11
    compare: /var/lib/avma/2026-10/avma-report.json
  run_once: true
"""

RETURN = r"""
files:
  description: What was written, or would be. The paths are absolute.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    format:
      description: As in O(formats).
      type: str
      returned: always
    path:
      description: The file.
      type: str
      returned: always
    changed:
      description: Whether it was written.
      type: bool
      returned: always
    size:
      description: Its size in bytes.
      type: int
      returned: always
totals:
  description:
    - How many virtual machines there are (C(vms)), how many with an error or warning (C(attention)), and how many of each standing. The standings add up
      to all.
    - Of the activated those whose guests say so (C(activated_proven)), and those that stand on the log of a host (C(activated_logged)), the oldest as of
      C(activated_logged_since).
  returned: success, without O(query)
  type: dict
  sample: {vms: 4, attention: 1, activated: 3, lapsed: 0, licensed_otherwise: 0, not_activated: 1, contradicted: 0, not_applicable: 0, unknown: 0,
    activated_proven: 2, activated_logged: 1, activated_logged_since: "2026-11-02T04:12:09Z"}
actions:
  description: What needs action, the most urgent first.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    code:
      description: The kind of finding.
      type: str
      returned: always
    severity:
      description: V(error) or V(warning).
      type: str
      returned: always
    title:
      description: The finding in a few words.
      type: str
      returned: always
    kind:
      description: Whether it is about a V(host) or a V(guest).
      type: str
      returned: always
    meaning:
      description: What was found. Where that differs from machine to machine, an example.
      type: str
      returned: always
    remedy:
      description: What to do.
      type: str
      returned: always
    affected:
      description: How many virtual machines it concerns.
      type: int
      returned: always
answered:
  description: How many C(hosts) and C(guests) have answered. Where hosts were asked and none has, the files of the last report are kept beside the new
    ones, with C(-last-good) in their names, until a host answers again.
  returned: success, without O(query)
  type: dict
  sample: {hosts: 4, guests: 12}
changes:
  description: How many changes there are since the report that O(compare) names.
  returned: with O(compare)
  type: int
notes:
  description: What the reader should know of the report itself, such as hosts that could not be asked.
  returned: success, without O(query)
  type: list
  elements: str
stats:
  description: A few numbers and the paths of the files, for C(set_stats). No name of a virtual machine or tenant is in it.
  returned: success, without O(query)
  type: dict
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
"""
