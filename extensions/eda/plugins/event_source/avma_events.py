# Copyright (c) 2026, hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source hyperv.avma.avma_events of ansible-rulebook.

ansible-rulebook runs this file alone, by its path, so nothing can be imported from
beside it. The work is done by the code of the installed collection, which Ansible's own
import system finds: main() switches that on.
"""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

DOCUMENTATION = r"""
---
short_description: Watch what Hyper-V hosts report about Automatic Virtual Machine
  Activation
description:
  - Asks Hyper-V hosts over WinRM, several at once, for the events 12310 that they write
    when a guest asks to be activated (AVMA), and for the state of their own licence.
  - Gives events of the types guest_activation, host_licence, event_log and
    host_contact. The guide docs/event-driven.md of the collection describes them.
  - Nothing is reported twice, and with bookmarks nothing is lost over a restart.
  - A host that does not answer is asked again after a growing time with jitter.
  - Needs ansible-core, the collection hyperv.avma and its Python requirements where
    ansible-rulebook runs.
options:
  hosts:
    description:
      - The Hyper-V hosts, as a list of names, or as a mapping of names to variables of
        the connection that hold for that host only. Name them as the inventory does.
    type: raw
    required: true
  variables:
    description:
      - Variables of the connection for all hosts, as in an inventory, such as
        ansible_connection (winrm or psrp; default winrm), ansible_port or
        ansible_winrm_transport.
    type: dict
    default: {}
  username:
    description:
      - The user for hosts whose variables have no ansible_user. Without it the
        environment variable HYPERV_AVMA_USERNAME counts.
    type: str
  password:
    description:
      - The password for hosts whose variables have no ansible_password. Without it the
        environment variable HYPERV_AVMA_PASSWORD counts.
    type: str
  interval:
    description:
      - Seconds between two looks at the events of a host.
    type: float
    default: 60
  licence_interval:
    description:
      - Seconds between two looks at the licence of a host. 0 never looks.
    type: float
    default: 300
  since:
    description:
      - How far back a host without a bookmark is read, such as 36h or 7d.
    type: str
    default: 0m
  bookmarks:
    description:
      - The file that keeps what was reported of each host. Without it a restart begins
        again with since. It belongs to one source alone.
    type: str
  limit:
    description:
      - The most events of a host that are held at once. More are read at once after.
    type: int
    default: 500
  parallel:
    description:
      - How many hosts are asked at once.
    type: int
    default: 10
  timeout:
    description:
      - Seconds that a host may take for a request, unless its variables say otherwise.
    type: int
    default: 20
  tables:
    description:
      - Releases and AVMA keys that are added to the published ones, as the option
        tables of hyperv.avma.host_info. A host of such a release is judged by it.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- hyperv.avma.avma_events:
    hosts:
      - hv01.corp.example
      - hv02.corp.example
    variables:
      ansible_port: 5986
      ansible_winrm_transport: ntlm
    username: "{{ avma_username }}"
    password: "{{ avma_password }}"
    bookmarks: /var/lib/avma/bookmarks.json

- hyperv.avma.avma_events:
    hosts:
      hv01.corp.example:
      hv03.corp.example:
        ansible_connection: psrp
    interval: 30
    licence_interval: 0
"""

_WATCHING = "ansible_collections.hyperv.avma.plugins.plugin_utils._watching.watching"


class CollectionNotFoundError(Exception):
    """The code of the collection cannot be imported."""

    def __init__(self, cause: ImportError) -> None:
        """Say what is missing, and what to do.

        Parameters
        ----------
        cause : ImportError
            What Python said.

        """
        super().__init__(
            "the event source needs ansible-core, the collection hyperv.avma and its "
            f"requirements.txt in the Python that runs ansible-rulebook: {cause}",
        )


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Watch the hosts until cancelled.

    Parameters
    ----------
    queue : asyncio.Queue
        Takes the events, one after the other.
    args : dict
        The arguments that DOCUMENTATION describes.

    Raises
    ------
    CollectionNotFoundError
        If the code of the collection or what it needs is not installed.

    """
    try:
        # in a thread, as the imports take a second in which other sources may work
        watching = await asyncio.to_thread(_load)
    except ImportError as error:
        raise CollectionNotFoundError(error) from error
    await watching.watch(queue, args)


def _load() -> ModuleType:
    """Import the code of the collection as Ansible imports plugins.

    Returns
    -------
    ModuleType
        The module with the watch.

    """
    collections = importlib.import_module("ansible.utils.collection_loader")
    if collections.AnsibleCollectionConfig.collection_finder is None:
        loader = importlib.import_module("ansible.plugins.loader")
        loader.init_plugin_loader(_own_collections())
    return importlib.import_module(_WATCHING)


def _own_collections() -> list[str]:
    """Give the folder of collections that this file lies in, to be looked at first.

    Returns
    -------
    list
        That folder; nothing if the file was copied out of its collection.

    """
    # ansible_collections/hyperv/avma/extensions/eda/plugins/event_source
    folders = Path(__file__).absolute().parents
    place = [folder.name for folder in folders[4:7]]
    installed = place == ["avma", "hyperv", "ansible_collections"]
    return [str(folders[7])] if installed else []
