# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSV files in a real spreadsheet, LibreOffice Calc: of what tenants plant nothing is calculated, fetched or run."""

from __future__ import annotations

import csv
import io
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.document import Document, document_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import GuestMaterial, HostMaterial, LedgerMaterial, Material
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.spreadsheet import ENCODING, cell, months_csv, vms_csv
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.tenancy import TenantRule

from .fleet import event, guest_info, host_info, kvp_info, settings, vm
from .hostile import PAYLOADS

CALC = shutil.which("soffice") or shutil.which("localc")
# Formulas are calculated while the file is read, as Excel does it (the thirteenth token), and no update of links is asked for.
FILTER = "Text - txt - csv (StarCalc):{separator},34,76,1,,0,false,true,false,false,false,0,true"
# Excel takes the separator from the country that Windows is set to: a semicolon in many of them.
SEPARATORS = {"comma": 44, "semicolon": 59, "tab": 9}
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def payloads(address: str) -> tuple[str, ...]:
    fetching = f'=WEBSERVICE("http://{address}/")'
    return (*PAYLOADS, fetching, f"x;{fetching};", 'a";=1+1;"', "a;  =1+1;b", 'quiet;"=1+1";', "a;+1+1;b", "a\t=1+1\tb")


def planted(address: str) -> Document:
    hosts, guests, events = [], [], []
    for number, payload in enumerate(payloads(address)):
        machine = vm(number, payload, guest={"Owner": payload})
        hosts.append(HostMaterial(payload, host_info(f"hv{number}", cluster=payload), kvp_info(f"hv{number}", machine)))
        guests.append(GuestMaterial(payload, guest_info(number, payload, f"hv{number}"), vm_id=machine["id"]))
        events.append(event(1, f"hv{number}", number))
    ledger = LedgerMaterial(tuple({**one, "computer": payload} for one, payload in zip(events, payloads(address), strict=True)))
    return document_of(build(Material(tuple(hosts), tuple(guests), ledger), settings(tenants=TenantRule("Owner"))))


def cells_of(path: Path) -> list[tuple[str | None, str]]:
    """Formula and text of each cell of a flat OpenDocument file."""
    found = []
    for one in defusedxml.ElementTree.parse(path).iter(f"{TABLE}table-cell"):
        found.append((one.get(f"{TABLE}formula"), "".join(one.itertext()).strip()))  # the file is indented
    return found


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The files as the spreadsheet has them, by separator and name; and what came in at the address that formulas name."""
    if CALC is None:
        pytest.skip("LibreOffice Calc is not installed (Debian: apt-get install libreoffice-calc)")
    folder = tmp_path_factory.mktemp("calc")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        document = planted(f"127.0.0.1:{listener.getsockname()[1]}")
        texts = {"vms": vms_csv(document), "months": months_csv(document), "control": 'a,=1+1\r\nb;"=1+1";c\r\nd\t=1+1\te\r\n'}
        for name, text in texts.items():
            (folder / f"{name}.csv").write_bytes(text.encode(ENCODING))
        found: dict[str, Any] = {"texts": texts}
        for separator, code in SEPARATORS.items():
            command = [CALC, "--headless", "--norestore", f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
            command += [f"--infilter={FILTER.format(separator=code)}", "--convert-to", "fods", "--outdir", str(folder / separator)]
            done = subprocess.run(
                [*command, *(str(folder / f"{name}.csv") for name in texts)], capture_output=True, text=True, timeout=240, check=False
            )
            assert (folder / separator / "vms.fods").exists(), done.stdout + done.stderr
            found[separator] = {name: cells_of(folder / separator / f"{name}.fods") for name in texts}
        try:
            listener.accept()
            found["fetched"] = True
        except TimeoutError:
            found["fetched"] = False
    return found


@pytest.mark.parametrize("separator", SEPARATORS)
def test_no_cell_becomes_a_formula(opened: dict[str, Any], separator: str) -> None:
    for name in ("vms", "months"):
        cells = opened[separator][name]
        assert [text for formula, text in cells if formula is not None] == []
        assert any("1+1" in text for _formula, text in cells)
    assert sum(formula is not None for formula, _text in opened[separator]["control"]) >= 1, "it calculates nothing at all"


def test_nothing_is_fetched(opened: dict[str, Any]) -> None:
    assert opened["fetched"] is False
    assert any("WEBSERVICE" in text for _formula, text in opened["comma"]["vms"])


def test_the_cells_are_those_of_the_file(opened: dict[str, Any]) -> None:
    wanted = [row[0] for row in csv.reader(io.StringIO(opened["texts"]["vms"], newline=""))]
    texts = {text for _formula, text in opened["comma"]["vms"]}
    # blanks are the business of OpenDocument
    assert {name for name in wanted if name and " " not in name} - texts == set()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x;=1+1;", "x;'=1+1;"),
        ('x; "=1+1', "x; \"'=1+1"),
        ("x\t@a", "x\t'@a"),
        ("one; two", "one; two"),
        ("a-b;c=d", "a-b;c=d"),
        ("=a;=b", "'=a;'=b"),
    ],
)
def test_a_formula_behind_another_separator_is_none_either(text: str, written: str) -> None:
    assert cell(text) == written
