# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What a task on a guest knows of the guest's host: the result of ``hyperv.avma.host_info``, read back.

It comes from a variable of the playbook, so it may be anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .editions import Edition, edition_named, sku_of
from .matrix import guests_of
from .releases import Release
from .tables import Tables


class InvalidHostView(ValueError):
    """The given value is not a result of host_info. The message names what is missing."""


@dataclass(frozen=True)
class NodeView:
    """A node that may not renew what the others activate. ``ready`` None: not known."""

    name: str
    ready: bool | None
    release: Release | None


@dataclass(frozen=True)
class ClusterView:
    name: str
    nodes: tuple[NodeView, ...] = ()


@dataclass(frozen=True)
class HostView:
    """``azure_entitled`` True: a host on which Datacenter: Azure Edition can be entitled at all; None: its edition is not known.

    ``problem``: why the host could not be judged at all; then nothing is known of it but its name in the inventory.
    ``to_do``: the host was not part of the run, its guests wait, and this would let it be judged.
    """

    name: str
    ready: bool | None
    release: Release | None
    azure_entitled: bool | None = None
    findings: tuple[str, ...] = ()
    cluster: ClusterView | None = None
    problem: str | None = None
    to_do: str | None = None


_AZURE_HOSTS = (Edition.AZURE_LOCAL, Edition.DATACENTER_AZURE)


def host_view(mapping: object, tables: Tables) -> HostView:
    """Reads the result of host_info, as it was returned or registered. Raises InvalidHostView.

    A host that could not be judged has an entry with ``unjudged``, its name in the inventory, and ``reason``.
    """
    result = _mapping(mapping, "the value")
    if isinstance(unjudged := result.get("unjudged"), str) and unjudged.strip():
        reason = str(result.get("reason") or "").strip().rstrip(".")
        return HostView(str(unjudged), None, None, problem=reason or "it could not be asked")
    if "host" not in result:
        why = " (the task that it was registered from failed or was skipped)" if result.get("failed") or result.get("skipped") else ""
        raise InvalidHostView(
            f"the value is not a result of hyperv.avma.host_info: 'host' is missing{why}. Give the whole registered result."
        )
    host = _mapping(result["host"], "'host'")
    avma = _mapping(host.get("avma"), "'host.avma'")
    if "ready" not in avma:
        raise InvalidHostView(
            "the value is not a result of hyperv.avma.host_info: 'host.avma.ready' is missing. Give the whole registered result."
        )
    ready = avma["ready"]
    if ready is not None and not isinstance(ready, bool):
        raise InvalidHostView("'host.avma.ready' is neither true, false nor null. Give the registered result as it is.")
    name = host.get("name")
    if not isinstance(name, str) or not name.strip():
        raise InvalidHostView(
            "the value is not a result of hyperv.avma.host_info: 'host.name' is missing. Give the whole registered result."
        )
    os = host.get("os")
    os = os if isinstance(os, Mapping) else {}
    return HostView(
        str(name), ready, _release(os, avma, tables), _azure_entitled(os), _codes(result.get("findings")), _cluster(host, tables)
    )


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidHostView(
            f"{what} is not a dictionary, as the result of hyperv.avma.host_info has it. Give the whole registered result."
        )
    return value


def _release(os: Mapping[str, object], avma: Mapping[str, object], tables: Tables) -> Release | None:
    if _edition(os) is Edition.AZURE_LOCAL:
        return None
    name, build = os.get("release"), os.get("build")
    if isinstance(name, str) and (named := tables.release_named(name)):
        return named
    if isinstance(build, int) and (built := tables.release_of(build)):
        return built
    # A shorter result, such as that of kvp_info, still lists what the host activates, its own long-term release first.
    can_activate = avma.get("can_activate")
    if isinstance(can_activate, Sequence) and not isinstance(can_activate, str) and can_activate:
        newest = tables.release_named(str(can_activate[0]))
        return newest if newest and newest.name in guests_of(newest, tables) else None
    return None


def _azure_entitled(os: Mapping[str, object]) -> bool | None:
    edition = _edition(os)
    return None if edition is None else edition in _AZURE_HOSTS


def _edition(os: Mapping[str, object]) -> Edition | None:
    number, name = os.get("sku"), os.get("edition")
    if isinstance(number, int) and (sku := sku_of(number)):
        return sku.edition
    return edition_named(name) if isinstance(name, str) else None


def _codes(findings: object) -> tuple[str, ...]:
    if not isinstance(findings, Sequence) or isinstance(findings, str):
        return ()
    return tuple(str(found["code"]) for found in findings if isinstance(found, Mapping) and found.get("code"))


def _cluster(host: Mapping[str, object], tables: Tables) -> ClusterView | None:
    """From the whole result of host_info or its ``readiness``; None where there is no cluster, or one of an unexpected shape."""
    cluster = host.get("cluster")
    if not isinstance(cluster, Mapping) or not cluster.get("name"):
        return None
    verdict = cluster.get("verdict")
    verdict = verdict if isinstance(verdict, Mapping) else cluster
    # Where the nodes were not asked, the cluster itself still tells their releases.
    nodes = verdict.get("nodes") or cluster.get("nodes")
    return ClusterView(
        name=str(cluster["name"]),
        nodes=tuple(_nodes(nodes, tables)) if isinstance(nodes, Sequence) and not isinstance(nodes, str) else (),
    )


def _nodes(nodes: Sequence[object], tables: Tables) -> Iterator[NodeView]:
    for node in nodes:
        if isinstance(node, Mapping) and node.get("name"):
            ready, release = node.get("ready"), node.get("release")
            yield NodeView(
                str(node["name"]),
                ready if isinstance(ready, bool) else None,
                tables.release_named(release) if isinstance(release, str) else None,
            )
