# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator

import pytest

from hyperv_lab.control.realm import missing_programs

from .live_lab import LiveLab, demo_scenario, live_lab


def missing_for_kerberos() -> list[str]:
    """What a client or the lab needs for Kerberos and this machine lacks."""
    packages = [name for name in ("gssapi", "krb5", "kerberos") if importlib.util.find_spec(name) is None]
    programs = [name for name in ("kinit",) if shutil.which(name) is None]
    return [*(f"Python package {name}" for name in packages), *missing_programs(), *programs]


@pytest.fixture(scope="session")
def relaxed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLab]:
    """The demo fleet as Windows comes: a handshake may be bound to its TLS channel or not."""
    with live_lab(tmp_path_factory.mktemp("relaxed"), demo_scenario(), 0) as lab:
        yield lab


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLab]:
    """With CbtHardeningLevel Strict: a handshake over HTTPS must be bound to its channel."""
    with live_lab(tmp_path_factory.mktemp("strict"), demo_scenario(cbt_hardening="strict"), 1) as lab:
        yield lab


@pytest.fixture(scope="session")
def realm_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLab]:
    missing = missing_for_kerberos()
    if missing:
        pytest.skip(f"Kerberos: not installed: {', '.join(missing)}")
    with live_lab(tmp_path_factory.mktemp("realm"), demo_scenario(cbt_hardening="strict"), 2, kerberos=True) as lab:
        yield lab


@pytest.fixture
def realm(realm_process: LiveLab, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> LiveLab:
    """A lab with a KDC; this process is a client of its realm, without a ticket yet."""
    monkeypatch.setenv("KRB5_CONFIG", str(realm_process.krb5_config))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path_factory.mktemp('tickets') / 'cache'}")
    return realm_process
