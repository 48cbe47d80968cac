# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: guests
short_description: Hyper-V hosts, their clusters and their virtual machines as an inventory
description:
  - Asks Hyper-V hosts over WS-Management, several at once, and makes an inventory of the hosts, their failover clusters and all of their virtual
    machines, with what is known of licences, Data Exchange (KVP) and Automatic Virtual Machine Activation (AVMA).
  - C(hyperv.avma.activate) runs from it alone, as it has the groups C(hyperv_hosts) and C(guests).
  - The file of the source must end in C(avma.yml), C(avma.yaml), C(guests.yml) or C(guests.yaml).
  - What guests say of themselves in Data Exchange is written by the guests' administrators. All of it is marked untrusted, so that none of it is ever
    rendered as a template. Names and addresses are made fit for an inventory, and what two machines claim is given to neither of them.
version_added: 0.1.0
author:
  - hyperv.avma contributors (@hyperv-avma)
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
requirements:
  - pywinrm on the controller, for hosts with the connection P(ansible.builtin.winrm#connection)
  - pypsrp on the controller, for hosts with the connection P(ansible.builtin.psrp#connection)
  - defusedxml on the controller
notes:
  - A host has the variable C(avma_host_info), the result of M(hyperv.avma.host_info) without its C(readiness), and C(avma_cluster).
    A host that did not answer has C(avma_host_error) instead, and is in the group C(hyperv_hosts_failed).
  - A virtual machine has the variable C(avma_vm), an entry of the result of M(hyperv.avma.kvp_info), and C(avma_vm_id), C(avma_vm_name),
    C(avma_vm_host) (the host by its name in the inventory) and C(avma_cluster). C(ansible_host) is its address, if it has one.
  - Each failover cluster is a group C(hyperv_cluster_NAME) of its hosts that were asked, below C(hyperv_clusters).
  - A group of O(keyed_groups) without a C(prefix) is never one that is there already, as guests choose what they say of themselves. Give a prefix.
  - Expressions see these variables, those of virtual machines and those of hosts alike. Write C(avma_vm is defined and ...) where that matters.
  - A virtual machine that several hosts show is there once, as of the host on which it runs. The others hold a replica, or it is just being moved.
  - Variables beside a playbook (its C(group_vars) and C(host_vars)) are not known yet while inventories are read. Those beside inventories are.
options:
  plugin:
    description: Says that the file is for this plugin.
    type: str
    required: true
    choices: [hyperv.avma.guests]
  hosts:
    description:
      - The Hyper-V hosts to ask, each with its variables, as in a YAML inventory. They are put in O(host_group). Ranges count, such as C(hv[01:16]).
      - Variables may be templates, and may be encrypted by Ansible Vault.
    type: dict
    default: {}
  hosts_from:
    description:
      - Groups of earlier inventory sources whose hosts are asked, with the variables that they have there.
      - Without it and without O(hosts), the hosts of O(host_group) are asked.
    type: list
    elements: str
    default: []
  host_variables:
    description: Variables of the group O(host_group), such as those of the connection.
    type: dict
    default: {}
  guest_variables:
    description:
      - Variables of the group O(guest_group), such as those of the connection. Guests get none from their hosts.
    type: dict
    default: {}
  username:
    description:
      - The user as whom hosts are asked if their variables name none. It is not written into the inventory.
    type: str
    env:
      - name: HYPERV_AVMA_USERNAME
  password:
    description:
      - The password with which hosts are asked if their variables name none. It is not written into the inventory.
    type: str
    env:
      - name: HYPERV_AVMA_PASSWORD
  hostnames:
    description:
      - What a virtual machine is called in the inventory; the first that it has counts.
      - V(name) is the name of the virtual machine, V(id) its GUID.
      - V(fqdn) is the full name that the guest reports, if its first part is the name of the virtual machine. V(claimed_fqdn) is the same without that
        condition. It lets the guest's administrator choose the name, and with it the C(host_vars) that are meant for another machine.
      - Anything else is a Jinja2 expression, such as V(avma_vm_host ~ '-' ~ avma_vm_name).
      - Characters other than letters, digits, C(-), C(.) and C(_) become C(_). Machines that want the same name, or one that a host or group has, all
        get the beginning of their GUID at its end, and a warning says so.
    type: list
    elements: str
    default: [fqdn, name, id]
  address:
    description:
      - By what C(ansible_host) is chosen, in order of preference. V(ipv4) and V(ipv6) are addresses that the guest reports, V(fqdn) and V(claimed_fqdn) names
        as in O(hostnames). Kerberos and certificates want names.
      - Without a usable one, or with an empty list, C(ansible_host) is not set, and the machine is reached by its name in the inventory.
      - An address that several machines or a host have is not used.
    type: list
    elements: str
    choices: [ipv4, ipv6, fqdn, claimed_fqdn]
    default: [ipv4, ipv6]
  networks:
    description:
      - Networks in CIDR notation; only addresses in them are used.
      - Without it every address is, other than those of loopback, link-local, multicast and reserved networks.
    type: list
    elements: str
    default: []
  exclude_networks:
    description: Networks in CIDR notation whose addresses are never used, such as those of backup or storage.
    type: list
    elements: str
    default: []
  filters:
    description: Which virtual machines are in the inventory at all.
    type: dict
    default: {}
    suboptions:
      include:
        description: Jinja2 conditions. A machine must meet one of them. Without any, all machines are in.
        type: list
        elements: str
        default: []
      exclude:
        description: Jinja2 conditions. A machine that meets one of them is out.
        type: list
        elements: str
        default: []
  guest_condition:
    description: The Jinja2 condition that puts a virtual machine into O(guest_group). By default running machines whose guest says that it is Windows Server.
    type: str
    default: avma_vm.state == 'running' and avma_vm.guest.kind == 'windows_server'
  host_group:
    description: The group of the hosts.
    type: str
    default: hyperv_hosts
  vm_group:
    description: The group of all virtual machines.
    type: str
    default: hyperv_vms
  guest_group:
    description: The group of the virtual machines that O(guest_condition) chooses.
    type: str
    default: guests
  kvp_items:
    description: Whether C(avma_vm.kvp) has all key-value pairs of the machine. Without them the inventory is smaller and asks for less.
    type: bool
    default: true
  notes:
    description: Whether C(avma_vm.notes) has the notes of the machine. People write anything there, passwords too, and C(cache) keeps them.
    type: bool
    default: false
  tables:
    description:
      - Releases and AVMA keys that are added to the published ones, as the option O(hyperv.avma.guest_key#module:tables).
      - Keys in it may be encrypted by Ansible Vault. Templates are not rendered.
    type: dict
  parallel:
    description: How many hosts are asked at once.
    type: int
    default: 10
  timeout:
    description:
      - Seconds that a host may take for one request. Timeouts in the variables of a host count before it.
      - Without it the connection's own default counts.
    type: int
  host_failure:
    description:
      - What becomes of a host that cannot be asked. V(warn) goes on without its virtual machines. With V(error) there is no inventory at all, which is
        safer where something that takes over the inventory deletes machines that are no longer in it.
    type: str
    choices: [warn, error]
    default: warn
"""

EXAMPLES = r"""
# fleet.avma.yml. Of all this, plugin, hosts and host_variables are enough; with guest_variables the guests can be activated:
# ansible-playbook hyperv.avma.activate -i fleet.avma.yml
plugin: hyperv.avma.guests

# Instead of hosts, 'hosts_from: [hyperv_hosts]' takes those that an earlier source of the same inventory has in that group.
hosts:
  hv01.corp.example:
  hv02.corp.example:
    ansible_winrm_transport: ntlm
host_variables: &connection
  ansible_connection: winrm
  ansible_port: 5986
  ansible_winrm_transport: kerberos
  ansible_user: svc-avma@CORP.EXAMPLE
  ansible_password: "{{ lookup('env', 'HYPERV_AVMA_PASSWORD') }}"
guest_variables: *connection

# Where guests are reached: by name first, and never over the backup network.
address: [fqdn, ipv4]
networks: [10.20.0.0/16, "fd00:20::/32"]
exclude_networks: [10.20.99.0/24]

# Which machines are there, and variables and groups of your own for them.
filters:
  exclude:
    - avma_vm.name.startswith('template-')
    - avma_vm.guest.kind == 'linux'
compose:
  site: avma_cluster | default('none', true)
groups:
  needs_attention: avma_vm is defined and avma_vm.avma.status == 'action_required'
keyed_groups:
  - prefix: os
    key: avma_vm.guest.release | default('', true)
  - prefix: host
    key: avma_vm_host

# No inventory at all if a host is missing; and hosts are asked once an hour at most.
host_failure: error
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/avma
cache_timeout: 3600
"""

import typing as t
from collections.abc import Iterable, Mapping
from functools import partial

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import get_group_vars
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources

from ..plugin_utils._ansible.inventory_connection import connection_of
from ..plugin_utils._ansible.output import plain
from ..plugin_utils._avma.tables import Tables
from ..plugin_utils._avma.text import safe_text
from ..plugin_utils._avma.user_tables import InvalidTables, with_user_tables
from ..plugin_utils._inventory.addresses import AddressRule, InvalidNetwork, networks_of, own_addresses, usable_addresses
from ..plugin_utils._inventory.conditions import Condition, trusted
from ..plugin_utils._inventory.groups import MachineGroups
from ..plugin_utils._inventory.machines import NAMES, Variables, machines_of
from ..plugin_utils._inventory.names import machine_name, unique_names
from ..plugin_utils._inventory.survey import HostAnswer, Target, ask_hosts, cached_answer, unseen

FAILED_GROUP = "hyperv_hosts_failed"
CLUSTERS_GROUP = "hyperv_clusters"
_ENDINGS = ("avma.yml", "avma.yaml", "guests.yml", "guests.yaml")
_SHOWN = 5  # machines that a warning names


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]  # ansible-core is untyped
    NAME = "hyperv.avma.guests"
    inventory: t.Any

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(_ENDINGS)

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self._check_options()
        rule = self._address_rule()
        tables = self._tables()
        known = set(self.inventory.hosts)
        try:
            hosts = self._hosts(path)
            answers = self._answers(hosts, path, cache, tables)
            self._judge_failures(answers)
            machines = self._machines(answers, rule)
            self._populate_hosts(answers)
            self._populate_clusters(answers)
            self._populate_machines(machines)
            self._construct([*hosts, *machines])
        except Exception:
            # Half an inventory must not pass for a whole one.
            for name in set(self.inventory.hosts) - known:
                self.inventory.remove_host(self.inventory.hosts[name])
            raise

    # hosts

    def _hosts(self, path: str) -> dict[str, Variables]:
        """The hosts to ask with all of their variables. Those of ``hosts`` are in the inventory from here on."""
        host_group = self.get_option("host_group")
        self._add_group(host_group, self.get_option("host_variables"))
        names = self._listed_hosts(host_group)
        for group in self.get_option("hosts_from") or ([] if names else [host_group]):
            if group not in self.inventory.groups:
                raise AnsibleParserError(
                    f"hosts_from: no earlier inventory source has a group {group}. Give the source that has it before this one "
                    "(files of a folder are read in alphabetical order)"
                )
            names += [host.name for host in self.inventory.groups[group].get_hosts()]
        if not names:
            raise AnsibleParserError(
                f"there is no Hyper-V host to ask. List them in 'hosts', or give a source with the group {host_group} before this one"
            )
        sources = [*getattr(self.inventory, "processed_sources", ()), path]
        for name in names:
            self.inventory.add_host(name, group=host_group)
        return {name: self._variables_of(name, sources) for name in dict.fromkeys(names)}

    def _listed_hosts(self, host_group: str) -> list[str]:
        names: list[str] = []
        for pattern, variables in self.get_option("hosts").items():
            if not isinstance(variables, Mapping) and variables is not None:
                raise AnsibleParserError(
                    f"hosts: what is given for {pattern} is not a mapping of variables. Write it as 'variable: value' below the host"
                )
            expanded, port = self._expand_hostpattern(plain(str(pattern)))
            self._populate_host_vars(expanded, variables or {}, host_group, port)
            names += expanded
        return names

    def _variables_of(self, name: str, sources: list[str]) -> Variables:
        """What a play would know of the host, except for what stands beside the playbook."""
        host = self.inventory.hosts[name]
        groups = [self.inventory.groups["all"], *(group for group in host.get_groups() if group.name != "all")]
        of_groups = combine_vars(get_group_vars(groups), get_vars_from_inventory_sources(self.loader, sources, groups, "all"))
        of_host = combine_vars(host.get_vars(), get_vars_from_inventory_sources(self.loader, sources, [host], "all"))
        variables = combine_vars(of_groups, of_host)
        for variable, option in (("ansible_user", "username"), ("ansible_password", "password")):
            if self.get_option(option) is not None:
                variables.setdefault(variable, self.get_option(option))
        found: Variables = combine_vars(variables, self._vars)
        return found

    def _answers(self, hosts: Mapping[str, Variables], path: str, cache: bool, tables: Tables) -> dict[str, HostAnswer]:
        """From the cache what is there, from the hosts what is not. Answers only are kept, never failures."""
        items, notes = self.get_option("kvp_items"), self.get_option("notes")
        use_cache = self.get_option("cache")
        # What is kept is judged already, so it depends on the tables as well.
        key = f"{self.get_cache_key(path)}_{'items' if items else 'bare'}{'_notes' if notes else ''}_{tables.digest}"
        answers: dict[str, HostAnswer] = {}
        if use_cache and cache:
            held = self._held(key)
            for name in hosts:
                answer = cached_answer(name, held.get(name)) if isinstance(held, Mapping) else None
                if answer is not None:
                    answers[name] = answer
        missing = [name for name in hosts if name not in answers]
        if missing:
            targets = [Target(name, partial(self._connection, name, hosts[name])) for name in missing]
            asked = ask_hosts(targets, items=items, notes=notes, parallel=self.get_option("parallel"), tables=tables)
            self.display.vvv(f"WS-MAN {sum(answer.requests for answer in asked.values())} requests to {len(asked)} hosts")
            answers.update(asked)
            if use_cache:
                self._remember(key, answers)
        return {name: answers[name] for name in hosts}

    def _held(self, key: str) -> t.Any:
        return self._cache.get(key) if key in self._cache else None

    def _remember(self, key: str, answers: dict[str, HostAnswer]) -> None:
        """Keeps the answers, and which machines each host has shown: one that shows none now may be hiding them."""
        shown = f"{key}_shown"
        held = self._held(shown)
        before = {
            name: ids
            for name, ids in (held.items() if isinstance(held, Mapping) else ())
            if isinstance(ids, list) and set(map(type, ids)) <= {str}
        }
        answers.update(unseen(answers, before))
        good = {name: answer for name, answer in answers.items() if answer.failure is None}
        self._cache[key] = {name: answer.as_cached() for name, answer in good.items()}
        self._cache[shown] = {**before, **{name: [vm["id"] for vm in answer.vms] for name, answer in good.items()}}

    def _connection(self, name: str, variables: Variables) -> t.Any:
        self.templar.available_variables = variables
        return connection_of(name, variables, self.templar.template, self.get_option("timeout"))

    def _judge_failures(self, answers: Mapping[str, HostAnswer]) -> None:
        failures = [answer.failure.msg for answer in answers.values() if answer.failure is not None]
        if failures and self.get_option("host_failure") == "error":
            raise AnsibleError(f"{len(failures)} of {len(answers)} Hyper-V hosts could not be asked: {' '.join(failures)}")
        for failure in failures:
            self.display.warning(f"The virtual machines of a host are not in the inventory. {failure}")
        bare = [answer for answer in answers.values() if answer.failure is None and not answer.vms]
        if without := [answer.host for answer in bare if not answer.has_hyperv]:
            self.display.warning(f"No Hyper-V, so the inventory has no virtual machines of: {_listed(without)}.")
        if empty := [answer.host for answer in bare if answer.has_hyperv]:
            self.display.warning(
                f"Hyper-V shows this account no virtual machine of: {_listed(empty)}. Either there is none, or the account is not in the group "
                "'Hyper-V Administrators' there."
            )

    # virtual machines

    def _machines(self, answers: Mapping[str, HostAnswer], rule: AddressRule) -> dict[str, Variables]:
        """The variables of each virtual machine by its name in the inventory."""
        found: dict[str, Variables] = wrap_var(machines_of(answers.values(), self.display.vv))
        kept = self._filtered(found)
        taken = {*self.inventory.hosts, *self.inventory.groups, *self._group_names()}
        names = unique_names({identifier: self._wanted_name(variables) for identifier, variables in kept.items()}, taken)
        for name, ids in names.clashes.items():
            self.display.warning(
                f"More than one machine, host or group would be called {safe_text(name)}. "
                f"Virtual machines have their GUID in their names instead: {_listed(names.by_id[identifier] for identifier in ids)}."
            )
        self._address(kept, names.by_id, answers, rule)
        return {names.by_id[identifier]: variables for identifier, variables in kept.items()}

    def _filtered(self, machines: Mapping[str, Variables]) -> dict[str, Variables]:
        filters = self.get_option("filters")
        unknown = set(filters) - {"include", "exclude"}
        if unknown:
            raise AnsibleParserError(f"filters: {_listed(sorted(map(str, unknown)))} is not known. There are 'include' and 'exclude'")
        include = self._conditions("filters.include", filters.get("include"))
        exclude = self._conditions("filters.exclude", filters.get("exclude"))
        return {
            identifier: variables
            for identifier, variables in machines.items()
            if (not include or any(one.holds(variables) for one in include)) and not any(one.holds(variables) for one in exclude)
        }

    def _conditions(self, option: str, expressions: t.Any) -> list[Condition]:
        if expressions is None:
            return []
        if not isinstance(expressions, list) or not all(isinstance(one, (str, bool)) for one in expressions):
            raise AnsibleParserError(f"{option} is not a list of conditions. Write each condition as an item of a list")
        return [self._condition(option, one) for one in expressions]

    def _condition(self, option: str, expression: str | bool) -> Condition:
        return Condition(self.templar, option, expression, strict=self.get_option("strict"), warn=self.display.warning)

    def _wanted_name(self, variables: Variables) -> str:
        for preference in self.get_option("hostnames"):
            name = NAMES[preference](variables) if preference in NAMES else self._evaluated_name(preference, variables)
            if found := machine_name(name or ""):
                return found
        return NAMES["id"](variables) or ""

    def _evaluated_name(self, expression: str, variables: Variables) -> str | None:
        try:
            value = plain(self._compose(expression, variables))
        except Exception as error:
            if self.get_option("strict"):
                raise AnsibleParserError(f"hostnames: {expression} cannot be evaluated for {variables['avma_vm_id']}: {error}") from error
            return None
        return None if value is None or isinstance(value, (dict, list)) else str(value)

    def _address(
        self, machines: Mapping[str, Variables], names: Mapping[str, str], answers: Mapping[str, HostAnswer], rule: AddressRule
    ) -> None:
        """Sets ``ansible_host`` where there is something to set."""
        usable = {
            identifier: usable_addresses(variables["avma_vm"]["guest"]["addresses"], rule) for identifier, variables in machines.items()
        }
        of_hosts = {str(self.inventory.hosts[name].vars.get("ansible_host") or name) for name in answers}
        chosen, passed_over = own_addresses(usable, of_hosts)
        for address, claimants in passed_over.items():
            shown = _listed([*(names[identifier] for identifier in claimants), *(["a host"] if address in of_hosts else [])])
            self.display.warning(f"The address {address} is not used, as more than one machine has it: {shown}.")
        for identifier, variables in machines.items():
            own = chosen[identifier] or ""
            by_family = {"ipv6" if ":" in own else "ipv4": own}
            for preference in self.get_option("address"):
                found = NAMES[preference](variables) if preference in NAMES else by_family.get(preference)
                if found:
                    # An address or a name in DNS and nothing else, so that it need not be marked, which not all programs understand.
                    variables["ansible_host"] = trusted(found)
                    break

    # inventory

    def _populate_hosts(self, answers: Mapping[str, HostAnswer]) -> None:
        for name, answer in answers.items():
            if answer.failure is not None:
                self._add_group(FAILED_GROUP)
                self.inventory.add_host(name, group=FAILED_GROUP)
                self.inventory.set_variable(name, "avma_host_error", wrap_var({"msg": answer.failure.msg, **answer.failure.as_dict()}))
                continue
            self.inventory.set_variable(name, "avma_host_info", wrap_var(answer.info))
            self.inventory.set_variable(name, "avma_cluster", wrap_var(answer.cluster))

    def _populate_clusters(self, answers: Mapping[str, HostAnswer]) -> None:
        groups: dict[str, str] = {}
        for name, answer in answers.items():
            if answer.cluster is None:
                continue
            if answer.cluster not in groups:
                group = self._sanitize_group_name(f"hyperv_cluster_{answer.cluster}")
                while group in groups.values() or group in self.inventory.hosts:
                    group += "_2"  # names that differ only in what a group's name cannot have
                groups[answer.cluster] = group
                self._add_group(CLUSTERS_GROUP)
                self._add_group(group)
                self.inventory.add_child(CLUSTERS_GROUP, group)
            self.inventory.add_host(name, group=groups[answer.cluster])

    def _populate_machines(self, machines: Mapping[str, Variables]) -> None:
        vm_group, guest_group = self.get_option("vm_group"), self.get_option("guest_group")
        self._add_group(vm_group)
        self._add_group(guest_group, self.get_option("guest_variables"))
        guest = self._condition("guest_condition", self.get_option("guest_condition"))
        for name, variables in machines.items():
            self._populate_host_vars([name], variables, vm_group)
            if guest.holds(variables):
                self.inventory.add_host(name, group=guest_group)

    def _construct(self, names: Iterable[str]) -> None:
        """All variables before any group, as a group could take a machine's name."""
        names = list(names)
        strict, compose = self.get_option("strict"), self.get_option("compose")
        groups, keyed_groups = self.get_option("groups"), self.get_option("keyed_groups")
        if compose:
            for name in names:
                self._set_composite_vars(compose, self.inventory.hosts[name].get_vars(), name, strict=strict)
        if not groups and not keyed_groups:
            return
        inventory = self.inventory
        self.inventory = constructed = MachineGroups(inventory, self.display.warning)
        there = frozenset({*inventory.groups, *self._group_names()})
        try:
            for name in names:
                variables = inventory.hosts[name].get_vars()
                constructed.closed = frozenset()
                self._add_host_to_composed_groups(groups, variables, name, strict=strict, fetch_hostvars=False)
                for keyed in keyed_groups:
                    constructed.closed = frozenset() if isinstance(keyed, Mapping) and keyed.get("prefix") else there
                    self._add_host_to_keyed_groups([keyed], variables, name, strict=strict, fetch_hostvars=False)
        finally:
            self.inventory = inventory

    def _add_group(self, name: str, variables: Mapping[str, t.Any] | None = None) -> None:
        self.inventory.add_group(name)
        for variable, value in (variables or {}).items():
            self.inventory.set_variable(name, variable, value)

    # options

    def _group_names(self) -> set[str]:
        """Groups that there will be whatever machines say."""
        own = {FAILED_GROUP, CLUSTERS_GROUP, *(self.get_option(option) for option in ("host_group", "vm_group", "guest_group"))}
        return own | {self._sanitize_group_name(name) for name in self.get_option("groups")}

    def _check_options(self) -> None:
        for option in ("host_group", "vm_group", "guest_group"):
            name = self.get_option(option)
            if not name.isidentifier() or not name.isascii():
                raise AnsibleParserError(f"{option}: {safe_text(name)!r} is not the name of a group. Use letters, digits and underscores")
            if name in self.inventory.hosts:
                raise AnsibleParserError(f"{option}: a host of an earlier inventory source is called {name}. Choose another name")
        for option in ("parallel", "timeout"):
            number = self.get_option(option)
            if number is not None and number < 1:
                raise AnsibleParserError(f"{option}: {number} is too small. The least is 1")

    def _tables(self) -> Tables:
        try:
            return with_user_tables(self.get_option("tables"))
        except InvalidTables as error:
            raise AnsibleParserError(f"tables: {error}") from None

    def _address_rule(self) -> AddressRule:
        found = {}
        for option in ("networks", "exclude_networks"):
            try:
                found[option] = networks_of(self.get_option(option))
            except InvalidNetwork as error:
                raise AnsibleParserError(f"{option}: {error}") from error
        families = [family for family in self.get_option("address") if family not in NAMES]
        return AddressRule(families, found["networks"], found["exclude_networks"])


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(safe_text(name) for name in names[:_SHOWN]) + more
