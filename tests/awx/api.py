# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for AWX's REST API: in memory, with the endpoints that the modules of awx.awx use for ``playbooks/controller.yml``."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import rules
from .objects import KINDS, UNIFIED, Object, normalised, refusal

TOKEN = "a-token-of-the-stand-in"
VERSION = "24.6.1"
_SECRET = "$encrypted$"


class Refused(Exception):
    def __init__(self, status: int, answer: Object) -> None:
        super().__init__(answer)
        self.status = status
        self.answer = answer


class Controller:
    """Objects by endpoint and id. ``writes`` are the requests that were no GET, as method and path."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, Object]] = {endpoint: {} for endpoint in KINDS}
        self.associated: dict[tuple[str, int, str], list[int]] = {}
        self.writes: list[tuple[str, str]] = []
        self.url = ""
        self._last = 0
        for name in ("Default", "Site A"):
            self.create("organizations", {"name": name})
        self.create("instance_groups", {"name": "site-a"})

    # for tests

    def one(self, endpoint: str, name: str) -> Object:
        (found,) = (item for item in self.objects[endpoint].values() if item[KINDS[endpoint].identity] == name)
        return found

    def names(self, endpoint: str) -> list[str]:
        return [str(item[KINDS[endpoint].identity]) for item in self.objects[endpoint].values()]

    def related(self, endpoint: str, name: str, association: str) -> list[str]:
        """The names of what is associated with an object, sorted."""
        other = KINDS[endpoint].associations[association]
        numbers = self.associated.get((endpoint, self.one(endpoint, name)["id"], association), [])
        return sorted(str(self.find(other, number)[KINDS[other].identity]) for number in numbers)

    # what the API does

    def find(self, endpoint: str, number: Any) -> Object:
        places = UNIFIED if endpoint == "unified_job_templates" else (endpoint,)
        for place in places:
            if int(number) in self.objects[place]:
                return self.objects[place][int(number)]
        raise KeyError(f"{endpoint} {number}")

    def create(self, endpoint: str, given: Object) -> Object:
        self._last += 1
        kind = KINDS[endpoint]
        given = normalised(endpoint, given)
        url = f"/api/v2/{endpoint}/{self._last}/"
        item = {**kind.fields, **given, "id": self._last, "type": kind.type, "url": url, "related": {}, "summary_fields": {}}
        self._check(endpoint, item, given)
        if endpoint == "job_templates":
            # It has the organization of its project, whatever was sent.
            item["organization"] = self.find("projects", item["project"])["organization"]
            item["survey_spec"] = {}
        if endpoint in ("job_templates", "workflow_job_templates"):
            item["related"]["survey_spec"] = f"{url}survey_spec/"
        if endpoint == "projects":
            item["scm_revision"] = ""
            item["summary_fields"]["current_update"] = {"id": self._last}
        self.objects[endpoint][self._last] = item
        return item

    def _check(self, endpoint: str, item: Object, given: Object) -> None:
        if problems := refusal(endpoint, item, given, self.find):
            raise Refused(400, {"__all__": problems})

    def answer(self, method: str, path: str, query: dict[str, str], body: Object) -> tuple[int, Object]:
        """Status and JSON of a request. Raises Refused, and KeyError for what is not there."""
        if method != "GET":
            self.writes.append((method, path))
        match path.removeprefix("/api/v2/").strip("/").split("/"), method:
            case [endpoint], "GET":
                return 200, self._listed(endpoint, query)
            case [endpoint], "POST":
                return 201, self._shown(endpoint, self.create(endpoint, body))
            case ["project_updates", number], "GET":
                return 200, {"id": int(number), "status": "successful"}
            case [endpoint, number], "GET":
                return 200, self._shown(endpoint, self.find(endpoint, number))
            case [endpoint, number], "PATCH":
                item, body = self.find(endpoint, number), normalised(endpoint, body)
                self._check(endpoint, {**item, **body}, body)
                item.update(body)
                return 200, self._shown(endpoint, item)
            case [("job_templates" | "workflow_job_templates") as endpoint, number, "survey_spec"], _:
                return self._survey(method, self.find(endpoint, number), body)
            case ["workflow_job_template_nodes", number, "create_approval_template"], "POST":
                node = self.find("workflow_job_template_nodes", number)
                approval = self.create("workflow_approval_templates", body)
                node["unified_job_template"] = approval["id"]
                node["related"]["unified_job_template"] = approval["url"]
                return 201, approval
            case [endpoint, number, association], _:
                return self._associations(method, endpoint, int(number), association, body)
        raise Refused(405, {"detail": f"{method} {path}"})

    def _listed(self, endpoint: str, query: dict[str, str]) -> Object:
        places = UNIFIED if endpoint == "unified_job_templates" else (endpoint,)
        found = [
            self._shown(place, item)
            for place in places
            for item in self.objects[place].values()
            if all(str(item.get(name)) == value for name, value in query.items())
        ]
        return {"count": len(found), "next": None, "results": found}

    def _shown(self, endpoint: str, item: Object) -> Object:
        """As AWX shows it: no secret."""
        if endpoint != "credentials":
            return {name: value for name, value in item.items() if name != "survey_spec"}
        fields = self.find("credential_types", item["credential_type"])["inputs"]["fields"]
        secret = {field["id"] for field in fields if field.get("secret")}
        return {**item, "inputs": {name: _SECRET if name in secret else value for name, value in item["inputs"].items()}}

    def _survey(self, method: str, item: Object, body: Object) -> tuple[int, Object]:
        if method == "GET":
            return 200, dict(item["survey_spec"])
        if problems := rules.survey(body):
            raise Refused(400, {"error": problems})
        item["survey_spec"] = body
        return 200, {}

    def _associations(self, method: str, endpoint: str, number: int, association: str, body: Object) -> tuple[int, Object]:
        other = KINDS[endpoint].associations[association]
        self.find(endpoint, number)
        held = self.associated.setdefault((endpoint, number, association), [])
        if method == "GET":
            return 200, {"count": len(held), "next": None, "results": [self._shown(other, self.find(other, one)) for one in held]}
        if body.get("disassociate"):
            held.remove(body["id"])
        else:
            if association == "credentials":
                self._refuse_two_of_a_type(held, body["id"])
            self.find(other, body["id"])
            held.append(body["id"])
        return 204, {}

    def _refuse_two_of_a_type(self, held: list[int], new: int) -> None:
        types = [self.find("credentials", number)["credential_type"] for number in (*held, new)]
        if len(types) != len(set(types)):
            raise Refused(400, {"error": "Cannot assign multiple credentials of one type"})


@contextmanager
def controller() -> Iterator[Controller]:
    """One that listens on the loopback network; ``url`` is its address."""
    kept = Controller()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            target = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            try:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    raise Refused(401, {"detail": "Authentication credentials were not provided."})
                with lock:
                    status, answer = kept.answer(self.command, target.path, dict(parse_qsl(target.query, keep_blank_values=True)), body)
            except Refused as refused:
                status, answer = refused.status, refused.answer
            except KeyError as missing:
                status, answer = 404, {"detail": f"Not found: {missing}"}
            content = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", VERSION)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
