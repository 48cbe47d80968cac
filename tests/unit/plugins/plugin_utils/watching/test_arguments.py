# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which arguments the event source takes, and what it says to others."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.avma.plugins.plugin_utils._watching.arguments import DEFAULTS, InvalidArgument, read_arguments


def test_names_alone_are_enough() -> None:
    arguments = read_arguments({"hosts": ["hv01", "hv02", "hv01"]}, {})

    assert [host.name for host in arguments.hosts] == ["hv01", "hv02"]
    assert arguments.hosts[0].variables == {"ansible_connection": "winrm"}
    assert (arguments.interval, arguments.licence_interval, arguments.since) == (60, 300, timedelta())
    assert arguments.bookmarks is None


def test_names_may_come_as_one_text() -> None:
    assert [host.name for host in read_arguments({"hosts": "hv01, hv02,"}, {}).hosts] == ["hv01", "hv02"]


def test_variables_of_a_host_count_before_those_of_all_and_those_before_the_user() -> None:
    given = {
        "hosts": {"hv01": None, "hv02": {"ansible_password": "own", "ansible_port": 5985}},
        "variables": {"ansible_port": 5986, "ansible_user": "shared"},
        "username": "other",
        "password": "common",
    }
    first, second = read_arguments(given, {}).hosts

    assert first.variables == {"ansible_connection": "winrm", "ansible_port": 5986, "ansible_user": "shared", "ansible_password": "common"}
    assert second.variables == {**first.variables, "ansible_port": 5985, "ansible_password": "own"}


def test_the_environment_counts_last() -> None:
    environment = {"HYPERV_AVMA_USERNAME": "of-environment", "HYPERV_AVMA_PASSWORD": "secret"}
    (host,) = read_arguments({"hosts": ["hv01"], "username": "said", "password": ""}, environment).hosts

    assert (host.variables["ansible_user"], host.variables["ansible_password"]) == ("said", "secret")


def test_numbers_may_come_as_text() -> None:
    arguments = read_arguments({"hosts": ["hv01"], "interval": "2.5", "limit": "7", "since": "2h", "eda_feedback_queue": object()}, {})

    assert (arguments.interval, arguments.limit, arguments.since) == (2.5, 7, timedelta(hours=2))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "hosts: name the Hyper-V hosts"),
        ({"hosts": []}, "hosts: name the Hyper-V hosts"),
        ({"hosts": 7}, "hosts: name the Hyper-V hosts"),
        ({"hosts": ["hv\x1b[31m01"]}, "hosts: 'hv[31m01' is not the name of a host"),
        ({"hosts": [{"hv01": {}}]}, "hosts: \"{'hv01': {}}\" is not the name of a host"),
        ({"hosts": [""]}, "hosts: '' is not the name of a host"),
        ({"hosts": {"hv01": "5986"}}, "hosts: hv01: give connection variables as a mapping"),
        ({"hosts": ["hv01"], "variables": {"port": 5986}}, "variables: port: connection variables begin with ansible_"),
        ({"hosts": ["hv01"], "intervall": 5}, "intervall: no such argument. There are hosts, variables,"),
        ({"hosts": ["hv01"], "interval": 0}, "interval: '0' is not a number from 1 to 604800"),
        ({"hosts": ["hv01"], "interval": "soon"}, "interval: 'soon' is not a number"),
        ({"hosts": ["hv01"], "interval": "nan"}, "interval: 'nan' is not a number"),
        ({"hosts": ["hv01"], "interval": True}, "interval: 'True' is not a number"),
        ({"hosts": ["hv01"], "limit": 1.5}, "limit: '1.5' is not a whole number from 1 to 5000"),
        ({"hosts": ["hv01"], "limit": "inf"}, "limit: 'inf' is not a whole number"),
        ({"hosts": ["hv01"], "since": "yesterday"}, "since: 'yesterday': it is not a length of time"),
        ({"hosts": ["hv01"], "tables": "Contoso"}, "tables: this is not a dictionary. Give 'releases', 'avma_keys'."),
        ({"hosts": ["hv01"], "tables": {"releases": [{"name": "Contoso"}]}}, "tables: releases[0] (Contoso): 'build' is missing"),
        ({"hosts": ["hv01"], "bookmarks": 3}, "bookmarks: give the path of a file"),
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        read_arguments(given, {})

    assert said in str(raised.value)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["hosts", *DEFAULTS]) | st.text(max_size=5), _VALUES, max_size=4), st.booleans())
def test_whatever_is_given_is_taken_or_named(given: dict[str, Any], hosts: bool) -> None:
    with contextlib.suppress(InvalidArgument):
        read_arguments({**given, "hosts": ["hv01"]} if hosts else given, {})


def test_no_secret_is_shown() -> None:
    added = {"avma_keys": [{"release": "2025", "edition": "Essentials", "key": "SECRE-TTTTT-QQQQQ-WWWWW-RRRRR"}]}
    given = {"hosts": ["hv01"], "password": "Secret-1", "variables": {"ansible_winrm_cert_key_pem": "Secret-2"}, "tables": added}
    shown = repr(read_arguments(given, {}))
    with pytest.raises(InvalidArgument) as raised:
        read_arguments({**given, "limit": 0}, {})

    assert "hv01" in shown
    assert "SECRE" not in (shown + str(raised.value)).upper()
