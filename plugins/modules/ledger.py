# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ledger
short_description: A history of activations, each event once
description:
  - Keeps AVMA events and activations in one SQLite file on the controller, for years. Each event is kept exactly once, however often it is delivered.
  - A batch is written whole or not at all, also if the job is killed, and several jobs may write at the same time.
  - Without anything to record, O(state=record) makes the file if it is not there, and returns RV(bookmarks).
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  path:
    description:
      - The file. Its folder must be there. In AWX and AAP, mount a volume into the execution environment and put the file there.
      - On a network file system its locks must work, as they do with NFS version 4 and SMB 3.
    type: path
    required: true
  state:
    description:
      - V(record) adds O(events) and O(activations).
      - V(export) writes all that the ledger holds to O(dest) as JSON Lines.
      - V(check) reads the whole file, says whether it is sound and what it holds, and fails if it is damaged. With millions of events that takes
        minutes, so it works on a copy and other jobs can write meanwhile. The copy needs as much room as the ledger, beside it or in the folder for
        temporary files.
    type: str
    choices: [record, export, check]
    default: record
  events:
    description:
      - Results of M(hyperv.avma.event_info), or single events of them. Where a result holds a bookmark, the ledger keeps it with the events.
      - Results of failed or skipped tasks are left out and counted in RV(skipped_results).
    type: list
    elements: raw
    default: []
  activations:
    description:
      - Results of M(hyperv.avma.guest_key). The same state of the same guest is kept once a day (UTC).
    type: list
    elements: raw
    default: []
  hosts:
    description:
      - Inventory names of the machines whose O(events_variable) is recorded.
    type: list
    elements: str
    default: []
  events_variable:
    description:
      - Name of the variable in which M(hyperv.avma.event_info) was registered on O(hosts). With many events that takes a fraction of what O(events) takes,
        for Ansible renders all that is given as an argument.
    type: str
  guests:
    description:
      - Inventory names of the machines whose O(activations_variable) is recorded.
    type: list
    elements: str
    default: []
  activations_variable:
    description:
      - Name of the variable in which M(hyperv.avma.guest_key) was registered on O(guests).
    type: str
  observed:
    description:
      - When O(activations) were seen, as ISO 8601 time. Now by default. Give it if they are recorded later.
    type: str
  retention:
    description:
      - Remove what is older than this, such as V(2w) or V(1825d). Units are V(d) and V(w). By default nothing is removed.
      - It is removed after the rest is written, in portions between which other jobs can write.
    type: str
  dest:
    description:
      - Where to export to. The file is replaced as a whole.
    type: path
  since:
    description:
      - Export from then on, as ISO 8601 time or as length of time back from now.
    type: str
  until:
    description:
      - Export what is before, in the same forms.
    type: str
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.query
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows how many events and activations are added and removed.
  idempotent:
    support: full
notes:
  - Runs on the controller and connects to nothing. Use it with C(run_once).
seealso:
  - module: hyperv.avma.event_info
  - module: hyperv.avma.guest_key
"""

EXAMPLES = r"""
- name: Keep what the hosts logged, and what became of the guests
  hyperv.avma.ledger:
    path: /var/lib/avma/ledger.sqlite
    hosts: "{{ groups['hyperv_hosts'] }}"
    events_variable: avma_events
    guests: "{{ groups['guests'] }}"
    activations_variable: activate_result
    retention: 1825d
  run_once: true

- name: Hand the last month to another program
  hyperv.avma.ledger:
    path: /var/lib/avma/ledger.sqlite
    state: export
    since: 31d
    dest: /var/lib/avma/last-month.jsonl
  run_once: true

- name: Check the file before it is backed up
  hyperv.avma.ledger:
    path: /var/lib/avma/ledger.sqlite
    state: check
  run_once: true
"""

RETURN = r"""
path:
  description: The file.
  returned: success, without O(query)
  type: str
events:
  description: How many events were V(added), and how many were V(known) before.
  returned: O(state=record), without O(query)
  type: dict
  sample: {added: 12, known: 3}
activations:
  description: The same for activations.
  returned: O(state=record), without O(query)
  type: dict
  sample: {added: 40, known: 0}
expired:
  description: How many were not added because they are older than O(retention).
  returned: O(state=record), without O(query)
  type: int
removed:
  description: How many events and activations were removed because they are older than O(retention).
  returned: O(state=record), without O(query)
  type: int
skipped_results:
  description: What could not be recorded, each with C(reason) and C(count).
  returned: O(state=record), without O(query)
  type: list
  elements: dict
bookmarks:
  description: Where each machine's event log was read up to, by its name in the inventory, for O(hyperv.avma.event_info#module:bookmark).
  returned: O(state=record) or O(state=check), without O(query)
  type: dict
dest:
  description: The export.
  returned: O(state=export), without O(query)
  type: str
lines:
  description: How many lines it has.
  returned: O(state=export), without O(query)
  type: int
version:
  description: Version of the file's tables.
  returned: O(state=check), without O(query)
  type: int
problems:
  description: What is damaged. Empty for a sound file.
  returned: O(state=check), without O(query)
  type: list
  elements: str
counts:
  description: How many C(events), C(activations) and C(logs) it holds.
  returned: O(state=check), without O(query)
  type: dict
first_event:
  description: Time of the oldest event.
  returned: O(state=check), without O(query)
  type: str
last_event:
  description: Time of the newest event.
  returned: O(state=check), without O(query)
  type: str
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
"""
