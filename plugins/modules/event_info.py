# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: event_info
short_description: The events that AVMA leaves in the event log of a host or guest
description:
  - Reads the events 12310 (on the Hyper-V host, for each guest that asks) and 12309 (in the guest) from the Application log and takes codes, GUIDs, names
    and times from them. So a host shows which guests it activates, without access to any of them.
  - Microsoft documents these events, but neither their text nor the order of their values. They are decoded by pattern, in any language. What is
    concluded is marked RV(events[].inferred), names and GUIDs are candidates, and the raw strings are always there.
  - Asks only for these events, by log, source, ID and time, and for a message only where an event has no strings, because Windows renders each
    message that is asked for. A span of time that takes longer than the operation timeout is read in halves.
  - Takes three requests, one for each further page, one where nothing was found, and one for each 20 events without strings.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
options:
  since:
    description:
      - From when on, as ISO 8601 time (UTC where it names no zone) or as length of time back from now by the machine's own clock, such as V(36h) or V(7d).
        Units are V(m), V(h), V(d) and V(w).
      - Not used with O(bookmark).
    type: str
    default: 30d
  until:
    description:
      - Until when, in the same forms.
      - An event after it is left out for good if the machine's clock was set back in between, so keep it away from readings that go on by O(bookmark).
    type: str
  bookmark:
    description:
      - The RV(bookmark) of an earlier result of the same machine. Only what is new since then is returned, and nothing twice.
      - If the log was cleared or no longer reaches back that far, a finding V(EVENT_LOG_CLEARED) or V(EVENTS_LOST) says so, and what is there is returned.
      - If the account may not read the log, the finding is V(EVENT_LOG_UNREADABLE), and RV(bookmark) leads on from where this reading would have begun.
    type: dict
  event:
    description:
      - Which events. V(host) is 12310, V(guest) is 12309, and V(auto) asks for both in one query.
    type: str
    choices: [auto, guest, host]
    default: auto
  limit:
    description:
      - Return at most that many, the oldest first. V(0) means no limit. If it cuts, RV(more) is V(true), and RV(bookmark) leads on.
    type: int
    default: 10000
extends_documentation_fragment:
  - hyperv.avma.attributes
  - hyperv.avma.attributes.info
  - hyperv.avma.attributes.windows
  - hyperv.avma.query
seealso:
  - module: hyperv.avma.ledger
  - module: hyperv.avma.guest_info
"""

EXAMPLES = r"""
- name: Which guests has this host activated in the last week
  hyperv.avma.event_info:
    since: 7d
    query: "events[?notification=='success'].{time: time, vm: vm_ids[0]}"
  register: activated

- name: Read what is new since the last job, and keep it
  block:
    - name: Learn where the last job stopped
      hyperv.avma.ledger:
        path: /var/lib/avma/ledger.sqlite
      register: avma_ledger
      run_once: true

    - name: Read on from there
      hyperv.avma.event_info:
        bookmark: "{{ avma_ledger.bookmarks[inventory_hostname] | default(omit) }}"
        since: 90d
      register: avma_events

    - name: Keep the events and where this job stopped
      hyperv.avma.ledger:
        path: /var/lib/avma/ledger.sqlite
        events: "{{ ansible_play_hosts | map('extract', hostvars, 'avma_events') }}"
      run_once: true
"""

RETURN = r"""
machine:
  description: Name of the machine in the inventory.
  returned: success, without O(query)
  type: str
log:
  description: The log that was read.
  returned: success, without O(query)
  type: dict
  contains:
    computer:
      description: Computer name of the machine.
      type: str
    id:
      description: UUID of the machine and name of the log. Distinguishes machines of the same name.
      type: str
      sample: 4C4C4544-0033-4410-8052-B4C04F4E3132/Application
    time:
      description: What the machine's own clock said when it was asked.
      type: str
    ahead:
      description: Seconds by which that clock is ahead of the controller's, V(0) for less than two minutes. Less than V(0) is behind.
      type: int
events:
  description: The events, by record number.
  returned: success, without O(query)
  type: list
  elements: dict
  contains:
    log:
      description: As RV(log.id).
      type: str
    record:
      description: Record number in the log.
      type: int
    time:
      description: Time in UTC.
      type: str
      sample: "2026-11-02T04:12:09Z"
    computer:
      description: Name of the machine when it wrote the event.
      type: str
    event_id:
      description: V(12310) or V(12309).
      type: int
    written_by:
      description: V(host) or V(guest).
      type: str
    source:
      description: Source of the event.
      type: str
    notification:
      description: One of V(success), V(invalid_host), V(invalid_data), V(activation_denied), V(throttled), V(unknown). The first four are Microsoft's.
      type: str
    inferred:
      description: Whether RV(events[].notification) is concluded from a code, which no document of Microsoft backs.
      type: bool
    code:
      description: The code that decided, V(null) if the event has none.
      type: str
      sample: "0x00000000"
    reason:
      description: Code, symbol and meaning of a code that is not success.
      type: str
    codes:
      description: All codes in the event.
      type: list
      elements: str
    guids:
      description: All GUIDs in the event, upper case.
      type: list
      elements: str
    vm_ids:
      description: On a host the GUIDs, one of which may be that of the virtual machine.
      type: list
      elements: str
    vm_ids_claimed:
      description:
        - Whether RV(events[].vm_ids) stand in the detail behind the result code. What Windows writes there is not published. It may repeat
          what the guest sent, so these IDs are the guest's word.
      type: bool
    vm_names:
      description: On a host the names, one of which may be that of the guest or its virtual machine.
      type: list
      elements: str
    host_names:
      description: In a guest the names, one of which may be that of the host.
      type: list
      elements: str
    times:
      description: Times in the event's text. Without C(Z) the text names no zone.
      type: list
      elements: str
    strings:
      description: The insertion strings as Windows gave them.
      type: list
      elements: str
    message:
      description: The message in the machine's language. Read only where the event has no strings, otherwise V(null).
      type: str
bookmark:
  description: Where this reading ended. Hand it to O(bookmark) unchanged.
  returned: success, without O(query)
  type: dict
more:
  description: Whether O(limit) has cut.
  returned: success, without O(query)
  type: bool
complete:
  description: Whether all that is new was returned and nothing is known to be missing.
  returned: success, without O(query)
  type: bool
findings:
  description: What was found, such as V(EVENT_LOG_CLEARED) or V(CLOCK_DIFFERS), in the shape of RV(hyperv.avma.host_info#module:findings).
  returned: success, without O(query)
  type: list
  elements: dict
result:
  description: What O(query) gave.
  returned: success, with O(query)
  type: raw
error:
  description: What the machine answered when it could not be asked or refused, as RV(hyperv.avma.host_info#module:error).
  returned: failure
  type: dict
"""
