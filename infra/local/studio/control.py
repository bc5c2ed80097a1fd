"""The control plane under `/_local/`: seed, look, break, reset. No credential, since it is on loopback only.

`GET responses` lists the ids stored, `POST responses` stores an array of ids, `PUT responses/{id}` one with the fields
of its body (with `polls` it runs until so many GETs have seen it). `GET requests` is the log (`?id=` for one id), `GET frames` that of the Realtime API's client events.
`POST faults` arms one fault or an array, `DELETE faults` disarms all, `PUT realtime` takes {"post": mode} and may name
one event `id`, `POST reset` starts over.
"""

import json
from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from infra.local.studio.faults.book import parse
from infra.local.studio.model import text_of
from infra.local.studio.responses.create import input_items
from infra.local.studio.responses.life import Life
from infra.local.studio.responses.objects import response_object
from infra.local.studio.settings import POST_MODES
from infra.local.studio.state import Studio
from infra.local.studio.wire.serve import STUDIO


def routes() -> list[web.RouteDef]:
    """The control plane's routes, in the order in which they are tried."""
    return [
        web.get("/_local/responses", _stored, allow_head=False),
        web.post("/_local/responses", _seed_many),
        web.put("/_local/responses/{id}", _seed_one),
        web.get("/_local/requests", _requests, allow_head=False),
        web.get("/_local/frames", _frames, allow_head=False),
        web.post("/_local/faults", _add_faults),
        web.delete("/_local/faults", _clear_faults),
        web.put("/_local/realtime", _realtime),
        web.post("/_local/reset", _reset),
    ]


def _seed(studio: Studio, response_id: str, fields: dict[str, Any]) -> None:
    asked = fields.get("input", "seeded")
    text = text_of(asked)
    made = response_object(response_id, 1_700_000_000, {}, text)
    final = {**made, **{name: fields[name] for name in fields if name not in ("input", "polls")}, "id": response_id}
    polls = int(fields.get("polls", 0))
    status = "in_progress" if polls else final["status"]
    studio.responses[response_id] = Life(final, input_items(studio, asked), text, status, polls)


async def _stored(request: web.Request) -> web.Response:
    return _told(sorted(key for key, life in request.app[STUDIO].responses.items() if not life.hidden))


async def _seed_many(request: web.Request) -> web.Response:
    ids = await _body(request)
    if not isinstance(ids, list) or not all(isinstance(one, str) and one for one in ids):
        raise _refusal("give an array of response ids")
    for response_id in ids:
        _seed(request.app[STUDIO], response_id, {})
    return _told({"seeded": len(ids)})


async def _seed_one(request: web.Request) -> web.Response:
    fields = await _body(request) if request.can_read_body else {}
    if not isinstance(fields, dict):
        raise _refusal("give an object with the fields of the response that matter, or nothing")
    _seed(request.app[STUDIO], request.match_info["id"], fields)
    return _told({"seeded": 1})


async def _requests(request: web.Request) -> web.Response:
    return _told(request.app[STUDIO].log(request.query.get("id")))


async def _frames(request: web.Request) -> web.Response:
    return _told([asdict(frame) for frame in request.app[STUDIO].frames])


async def _add_faults(request: web.Request) -> web.Response:
    given = await _body(request)
    try:
        faults = [parse(one) for one in (given if isinstance(given, list) else [given])]
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'fault'}: {one['msg']}" for one in error.errors()]
        raise _refusal("; ".join(problems)) from error
    for fault in faults:
        request.app[STUDIO].faults.add(fault)
    return _told({"armed": len(faults)})


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[STUDIO].faults.clear()
    return _told({})


async def _realtime(request: web.Request) -> web.Response:
    given = await _body(request)
    if not isinstance(given, dict) or not {"post"} <= set(given) <= {"post", "id"} or given["post"] not in POST_MODES:
        raise _refusal(f'give {{"post": one of {", ".join(POST_MODES)}}}, and "id" for one event alone')
    if "id" in given:
        request.app[STUDIO].post_modes[str(given["id"])] = given["post"]
    else:
        request.app[STUDIO].realtime_post = given["post"]
    return _told(given)


async def _reset(request: web.Request) -> web.Response:
    request.app[STUDIO].reset()
    return _told({})


def _told(value: Any) -> web.Response:
    """Answer with a line of JSON: in a terminal the next prompt then stands below it."""
    return web.json_response(text=f"{json.dumps(value)}\n")


async def _body(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError as error:
        raise _refusal("the body is not JSON") from error


def _refusal(why: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=why)
