"""The queue and table server, with services that can be switched off: `PUT /_local/down` takes a list of their names."""

import json
from typing import Any

from ministack.app import app as server

from infra.local.processes.clock_ahead import install

SERVICES = {"queue": b"AmazonSQS.", "table": b"DynamoDB_"}
"""The services by name, each with what begins the target of its requests."""

_down: set[str] = set()

install()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 503 for a service that is down, and leave all else to the server."""
    if scope["type"] == "http" and scope["path"] == "/_local/down":
        await _switch(receive, send)
    elif scope["type"] == "http" and _service(scope) in _down:
        await _answer(send, 503, {"message": "switched off"})
    else:
        await server(scope, receive, send)


def _service(scope: dict[str, Any]) -> str:
    target = dict(scope["headers"]).get(b"x-amz-target", b"")
    return next((name for name, beginning in SERVICES.items() if target.startswith(beginning)), "")


async def _switch(receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    wanted = set(json.loads(body))
    if not wanted <= SERVICES.keys():
        await _answer(send, 400, {"message": f"there are: {', '.join(SERVICES)}"})
        return
    _down.clear()
    _down.update(wanted)
    await _answer(send, 200, {"down": sorted(_down)})


async def _answer(send: Any, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
