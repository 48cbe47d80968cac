# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: HTTP with JSON on loopback, for tests and for whoever rehearses with the lab.

GET  /status /machines /machines/NAME /vms/NAME /state /digest /counters /trace?last=N /inventory?connection=&transport=&scheme=
     /chaos /chaos/injections?last=N&machine=NAME
POST /arrange (one arrangement or a list) /reset /clock {"advance_minutes": N} /counters/reset
     /chaos {"profile": NAME or a whole profile, "seed": N}
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..chaos import loading
from ..cim.provider import CimError
from ..world.fleet import UnknownMachine
from .arrangements import arrangements
from .inventory import inventory, inventory_yaml
from .lab import Lab
from .views import machine_view, vm_view

_LAB: web.AppKey[Lab] = web.AppKey("lab", Lab)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _ClockRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    advance_minutes: float = Field(default=0, ge=0)
    advance_days: float = Field(default=0, ge=0)
    freeze: bool | None = None


class _ChaosRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    profile: str | dict[str, Any]
    seed: int = 0


def application(lab: Lab) -> web.Application:
    app = web.Application(middlewares=[_errors])
    app[_LAB] = lab
    app.add_routes(
        [
            web.get("/status", _status),
            web.get("/machines", _machines),
            web.get("/machines/{name}", _machine),
            web.get("/vms/{name}", _vm),
            web.get("/state", _state),
            web.get("/digest", _digest),
            web.get("/counters", _counters),
            web.post("/counters/reset", _reset_counters),
            web.get("/trace", _trace),
            web.get("/chaos", _chaos),
            web.get("/chaos/injections", _injections),
            web.post("/chaos", _begin_chaos),
            web.get("/inventory", _inventory),
            web.post("/arrange", _arrange),
            web.post("/reset", _reset),
            web.post("/clock", _clock),
        ]
    )
    return app


@web.middleware
async def _errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except UnknownMachine as error:
        return web.json_response({"error": str(error)}, status=404)
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(str(part) for part in mistake['loc']) or 'body'}: {mistake['msg']}" for mistake in error.errors(include_input=False)
        ]
        return web.json_response({"error": "; ".join(mistakes)}, status=400)
    except CimError as error:
        return web.json_response({"error": str(error), "code": f"0x{error.hresult:08X}"}, status=409)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)


async def _status(request: web.Request) -> web.Response:
    lab = request.app[_LAB]
    return web.json_response(
        {
            "scenario": lab.scenario.name,
            "now": lab.fleet.clock.now().isoformat(),
            "hosts": len(lab.fleet.hosts),
            "vms": sum(1 for _unused in lab.fleet.vms()),
            "guests": len(lab.fleet.guests()),
            "listening": lab.listening,
            "krb5_config": str(lab.realm.config) if lab.realm is not None else None,
            "digest": lab.fleet.digest(),
            "requests": lab.recorder.total(),
        }
    )


async def _machines(request: web.Request) -> web.Response:
    lab = request.app[_LAB]
    return web.json_response([{"name": windows.name, "address": windows.address} for windows in lab.windows()])


async def _machine(request: web.Request) -> web.Response:
    fleet = request.app[_LAB].fleet
    return web.json_response(machine_view(fleet, fleet.windows(request.match_info["name"])))


async def _vm(request: web.Request) -> web.Response:
    fleet = request.app[_LAB].fleet
    return web.json_response(vm_view(fleet, *fleet.vm(request.match_info["name"])))


async def _state(request: web.Request) -> web.Response:
    return web.json_response(request.app[_LAB].fleet.state(), dumps=_dumps)


async def _digest(request: web.Request) -> web.Response:
    return web.json_response({"digest": request.app[_LAB].fleet.digest()})


async def _counters(request: web.Request) -> web.Response:
    recorder = request.app[_LAB].recorder
    return web.json_response(
        {
            name: {
                "requests": dict(counts.requests),
                "faults": {str(code): count for code, count in counts.faults.items()},
                "authentication_legs": counts.authentication_legs,
                "bytes_in": counts.bytes_in,
                "bytes_out": counts.bytes_out,
            }
            for name, counts in recorder.machines.items()
        }
    )


async def _reset_counters(request: web.Request) -> web.Response:
    request.app[_LAB].recorder.reset()
    return web.json_response({})


async def _chaos(request: web.Request) -> web.Response:
    return web.json_response(_chaos_view(request.app[_LAB]))


def _chaos_view(lab: Lab) -> dict[str, Any]:
    chaos = lab.chaos
    return {
        "profile": chaos.profile.name,
        "seed": chaos.seed,
        "seconds": round(chaos.seconds, 3),
        "exchanges": {windows.name: chaos.exchanges(windows.name) for windows in lab.windows()},
        "effects": dict(chaos.journal.effects),
    }


async def _injections(request: web.Request) -> web.Response:
    journal = request.app[_LAB].chaos.journal
    machine = request.query.get("machine")
    found = journal.of(machine) if machine else [*journal.injections]
    last = _last(request, len(found))
    return web.json_response([injection.as_dict() for injection in found[len(found) - min(last, len(found)) :]])


async def _begin_chaos(request: web.Request) -> web.Response:
    lab = request.app[_LAB]
    wanted = _ChaosRequest.model_validate(await _json(request))
    # No file is read here: who gives a path to the command line sends what is in it.
    profile = loading.named(wanted.profile) if isinstance(wanted.profile, str) else loading.parse(wanted.profile)
    lab.chaos.use(profile, wanted.seed)
    return web.json_response(_chaos_view(lab))


def _last(request: web.Request, default: int) -> int:
    text = request.query.get("last", str(default))
    if not text.isdecimal():
        raise ValueError("last: how many to show, a number")
    return int(text)


async def _trace(request: web.Request) -> web.Response:
    last = _last(request, 20)
    messages = list(request.app[_LAB].recorder.messages)[-last:] if last > 0 else []
    bodies = request.query.get("bodies") == "1"
    lines = [text for message in messages for text in (message.describe(), *((message.request, message.answer, "") if bodies else ()))]
    return web.Response(text="\n".join(lines) + "\n")


async def _inventory(request: web.Request) -> web.Response:
    lab = request.app[_LAB]
    wanted = {name: request.query[name] for name in ("connection", "transport", "scheme") if name in request.query}
    ca_file = str(lab.tls.ca_file) if lab.tls is not None else None
    described = inventory(
        lab.fleet,
        ca_file=ca_file,
        http_port=lab.http_port,
        https_port=lab.https_port or 5986,
        client_certificate=lab.client_certificate,
        **wanted,
    )
    return web.Response(text=inventory_yaml(described), content_type="application/yaml")


async def _arrange(request: web.Request) -> web.Response:
    lab = request.app[_LAB]
    document = await _json(request)
    for arrangement in arrangements.validate_python(document if isinstance(document, list) else [document]):
        arrangement.apply(lab.fleet)
    await lab.settled()
    return web.json_response({"digest": lab.fleet.digest()})


async def _reset(request: web.Request) -> web.Response:
    lab = request.app[_LAB]
    await lab.reset()
    return web.json_response({"digest": lab.fleet.digest()})


async def _clock(request: web.Request) -> web.Response:
    lab = request.app[_LAB]
    wanted = _ClockRequest.model_validate(await _json(request))
    if wanted.freeze is not None:
        lab.fleet.clock.freeze(wanted.freeze)
    now = lab.fleet.advance(timedelta(minutes=wanted.advance_minutes, days=wanted.advance_days))
    return web.json_response({"now": now.isoformat()})


async def _json(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        raise ValueError("the body is not JSON") from None


def _dumps(value: object) -> str:
    return json.dumps(value, default=str)
