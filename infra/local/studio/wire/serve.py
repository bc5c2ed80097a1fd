"""From an HTTP request to its answer on the wire, through the log, the credential check and the faults."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from infra.local.studio.faults.http import HttpFault
from infra.local.studio.model import text_of
from infra.local.studio.responses.inquiry import Inquiry
from infra.local.studio.state import LOGGED_HEADERS, Call, Studio, Transport, hash_of
from infra.local.studio.wire.access import refused
from infra.local.studio.wire.answers import Answer, spoilt
from infra.local.studio.wire.connection import cut
from infra.local.studio.wire.json_text import parsed
from infra.local.studio.wire.stream import write

STUDIO = web.AppKey("studio", Studio)
Endpoint = Callable[[Studio, Inquiry], Answer]
HttpHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def begin(request: web.Request) -> tuple[Studio, Call]:
    """Log the request as it arrives; of the credential only the scheme is kept."""
    studio = request.app[STUDIO]
    headers = {name: request.headers[name] for name in LOGGED_HEADERS if name in request.headers}
    headers["authorization"] = request.headers.get("Authorization", "").partition(" ")[0]
    transport: Transport = "websocket" if request.headers.get("Upgrade", "").lower() == "websocket" else "http"
    return studio, studio.record(transport, request.method, request.raw_path.partition("?")[0], headers)


def handler(endpoint: Endpoint) -> HttpHandler:
    """The aiohttp handler of an endpoint: the place where time passes and connections break."""

    async def handle(request: web.Request) -> web.StreamResponse:
        studio, call = begin(request)
        body = _parsed(await request.read())
        call.id = request.match_info.get("id")
        if call.id is None and isinstance(body, dict) and isinstance(event_id := body.get("event_id"), str):
            call.id = call.event_id = event_id
        if isinstance(body, dict) and "input" in body:
            call.input_hash = hash_of(text_of(body["input"]))
        if refusal := refused(request.headers, studio.settings, folder_required=True):
            return await send(request, studio, call, refusal)
        inquiry = Inquiry(call, call.id or "", dict(request.query), body)
        await asyncio.sleep(studio.settings.latency)
        fault = studio.faults.http(call.method, call.path, call.id, _text(studio, inquiry))
        if fault is None:
            return await send(request, studio, call, endpoint(studio, inquiry))
        return await _fail(request, studio, inquiry, endpoint, fault)

    return handle


async def _fail(
    request: web.Request, studio: Studio, inquiry: Inquiry, endpoint: Endpoint, fault: HttpFault
) -> web.StreamResponse:
    inquiry.call.fault = describe(fault)
    natural = endpoint(studio, inquiry) if fault.takes_effect == "before" else None
    await asyncio.sleep(fault.delay)
    if fault.drop in ("before", "after"):
        return cut(request, reset=fault.reset)
    response = await send(request, studio, inquiry.call, spoilt(fault, natural), fault)
    if fault.takes_effect == "after":
        with suppress(ConnectionError):  # a client that gave up changes nothing
            await response.prepare(request)
            await response.write_eof()
        endpoint(studio, inquiry)
    return response


def describe(fault: HttpFault) -> str:
    """A few words for the log."""
    what = fault.model_dump(mode="json", exclude_defaults=True, exclude={"match", "times", "probability", "body"})
    return " ".join([f"{name}={value}" for name, value in what.items()] + ["body"] * fault.has_body)


async def send(
    request: web.Request, studio: Studio, call: Call, answer: Answer, fault: HttpFault | None = None
) -> web.StreamResponse:
    """Write the answer with the API's id headers; slowly, or only half of it, where the fault says so."""
    call.status = answer.status
    headers = {**_id_headers(request, studio), **answer.headers}
    if answer.content_type is not None:
        headers["Content-Type"] = answer.content_type
    if fault is None or not (fault.slow_body or fault.drop):
        if answer.stream is not None:
            return await write(request, headers, answer.status, answer.stream)
        return web.Response(status=answer.status, body=answer.body or None, headers=headers)
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body)
    with suppress(ConnectionError):  # the client gave up, which is what a slow body is for
        await response.prepare(request)
        body = answer.body[: len(answer.body) // 2] if fault.drop else answer.body
        for byte in body if fault.slow_body else ():
            await asyncio.sleep(fault.slow_body)
            await response.write(bytes([byte]))
        if not fault.slow_body:
            await response.write(body)
        if fault.drop:
            return cut(request, reset=fault.reset)
        await response.write_eof()
    return response


def _text(studio: Studio, inquiry: Inquiry) -> str | None:
    """The text of the input that the request brings, or of the response that it is about."""
    if isinstance(inquiry.body, dict) and "input" in inquiry.body:
        return text_of(inquiry.body["input"])
    stored = studio.responses.get(inquiry.id)
    return None if stored is None else stored.text


def _id_headers(request: web.Request, studio: Studio) -> dict[str, str]:
    headers = {"x-request-id": studio.uuid(), "x-server-trace-id": studio.hex_id()}
    if (given := request.headers.get("x-client-request-id")) is not None:
        headers["x-client-request-id"] = given
    return headers


def _parsed(body: bytes) -> Any:
    try:
        return parsed(body)
    except ValueError:  # also bytes that are no UTF-8
        return None
