"""Probes of AI Studio: what its answers look like where its documentation is silent."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from infra.operate.ops.checks import api_of
from infra.operate.ops.environments import Reach


def _life_of_a_response(reach: Reach) -> list[dict[str, Any]]:
    """Create a response, get it, delete it twice, get it again."""
    model = f"gpt://{reach.settings.aistudio_folder_id}/yandexgpt-lite"
    made = _ask(reach, "POST", "/responses", {"model": model, "input": "Say ready.", "store": True})
    path = _path_of(made)
    after = ("GET", "DELETE", "GET", "DELETE") if path else ()
    return [_shape("create", made)] + [_shape(method, _ask(reach, method, path)) for method in after]


def _unstored(reach: Reach) -> list[dict[str, Any]]:
    """Create a response that is not to be stored, and ask for it."""
    model = f"gpt://{reach.settings.aistudio_folder_id}/yandexgpt-lite"
    made = _ask(reach, "POST", "/responses", {"model": model, "input": "Say ready.", "store": False})
    path = _path_of(made)
    return [_shape("create, store false", made)] + ([_shape("GET", _ask(reach, "GET", path))] if path else [])


def _deleted_while_it_runs(reach: Reach) -> list[dict[str, Any]]:
    """Create a response in the background; delete it at once, cancel it, and ask for it."""
    model = f"gpt://{reach.settings.aistudio_folder_id}/yandexgpt-lite"
    made = _ask(reach, "POST", "/responses", {"model": model, "input": "Say ready.", "store": True, "background": True})
    path = _path_of(made)
    after = {"DELETE": ("DELETE", path), "cancel": ("POST", f"{path}/cancel"), "GET": ("GET", path)} if path else {}
    return [_shape("create, background", made)] + [_shape(name, _ask(reach, *each)) for name, each in after.items()]


def _unknown(reach: Reach) -> list[dict[str, Any]]:
    """Ask for what is not there: a response, and a route."""
    paths = {
        "DELETE unknown id": ("DELETE", f"/responses/{uuid.uuid4()}"),
        "cancel unknown id": ("POST", f"/responses/{uuid.uuid4()}/cancel"),
        "GET input items of an unknown id": ("GET", f"/responses/{uuid.uuid4()}/input_items"),
        "GET unknown route": ("GET", "/no-such-route"),
    }
    return [_shape(name, _ask(reach, *each)) for name, each in paths.items()]


def _post_form(reach: Reach) -> dict[str, Any]:
    event = {"type": "response.create", "event_id": str(uuid.uuid4()), "response": {"output_modalities": ["text"]}}
    return _shape("POST response.create", _ask(reach, "POST", "/realtime/client-events/response.create", event))


def _path_of(made: httpx.Response) -> str:
    """Where a response is, by the answer to its create; empty where that names none."""
    body = _object(made)
    return f"/responses/{quote(body['id'], safe='')}" if made.is_success and isinstance(body.get("id"), str) else ""


def _object(answer: httpx.Response) -> dict[str, Any]:
    """The object that a body holds; empty where it holds no other thing."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _ask(reach: Reach, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
    api = api_of(reach)
    try:
        headers = dict(api.headers(api.new_id()))
    finally:
        api.close()
    url = f"{reach.settings.aistudio_base_url}{path}"
    return httpx.request(method, url, headers=headers, json=body, timeout=60, trust_env=False)


def _shape(name: str, answer: httpx.Response) -> dict[str, Any]:
    """What an answer looks like: its status, the names of its fields and headers; never a value that may name a thing."""
    told: dict[str, Any] = {"asked": name, "status": answer.status_code}
    told["content_type"] = answer.headers.get("content-type", "").partition(";")[0]
    told["headers"] = sorted(set(answer.headers) & {"retry-after", "x-request-id", "x-server-trace-id"})
    try:
        body = answer.json()
    except ValueError:
        return told | {"body": "no JSON" if answer.content else "none"}
    if not isinstance(body, dict):
        return told | {"body": type(body).__name__}
    told["fields"] = sorted(body)
    error = body.get("error")
    if isinstance(error, dict):
        told["error_fields"] = sorted(error)
    if "deleted" in body:
        told["deleted"] = body["deleted"] is True
    return told


STUDIO: Mapping[str, Callable[[Reach], Any]] = {
    "the life of a response": _life_of_a_response,
    "a response that is not to be stored": _unstored,
    "a deletion while the response runs": _deleted_while_it_runs,
    "what is not there": _unknown,
    "whether the POST form is served": _post_form,
}
