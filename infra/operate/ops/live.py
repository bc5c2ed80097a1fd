"""`ops doctor --live`: asks the real services what their documentation leaves open.

What it finds names statuses, fields and codes alone: no id, no content, no secret. It may be shown to anybody.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from aistudio import APIError
from infra.operate.ops.checks import api_of
from infra.operate.ops.environments import Reach

COST = "three short generations, one realtime response, and some 60 requests to the table"
READS = 20
"""How often a write is read back at once."""


def probes(reach: Reach) -> Iterator[tuple[str, Any]]:
    """Ask each question; what raises is an answer, too."""
    for name, ask in {**_TABLE, **_STUDIO}.items():
        try:
            yield name, ask(reach)
        except ClientError as error:
            yield name, f"refused: {error.response.get('Error', {}).get('Code')}"
        except (APIError, BotoCoreError, httpx.HTTPError, OSError, LookupError, ValueError) as error:
            yield name, f"failed: {type(error).__name__}"


def _name_in_batch(reach: Reach) -> str:
    asked: Any = {reach.table: {"Keys": [{"key": {"S": _fresh()}}], "ConsistentRead": True}}
    names = list(reach.dynamodb.batch_get_item(RequestItems=asked)["Responses"])
    if not names:
        return "none, where nothing is found"
    return "as asked" if names == [reach.table] else f"another, of {names[0].count('/')} slashes"


def _own_writes(reach: Reach) -> str:
    seen = 0
    with _Item(reach) as item:
        for number in range(READS):
            item.update("SET #n = :n", {"#n": "n"}, {":n": {"N": str(number)}})
            seen += item.read().get("n") == {"N": str(number)}
    return f"{seen} of {READS} consistent reads show the write before"


def _unequal_missing(reach: Reach) -> str:
    with _Item(reach) as item:
        try:
            item.update("SET #n = :n", {"#n": "n", "#lost": "lost"}, {":n": {"N": "1"}}, "#lost <> :n")
        except ClientError as error:
            return f"a missing attribute is not unequal ({error.response['Error']['Code']})"
    return "a missing attribute is unequal"


def _cancelled(reach: Reach) -> Any:
    with _Item(reach) as one, _Item(reach) as other:
        try:
            reach.dynamodb.transact_write_items(
                TransactItems=[
                    {"Update": one.write("SET #n = :n", {"#n": "n"}, {":n": {"N": "1"}})},
                    {"Update": other.write("SET #n = :n", {"#n": "n"}, {":n": {"N": "1"}}, "attribute_exists(#n)")},
                ]
            )
        except ClientError as error:
            reasons: Any = error.response.get("CancellationReasons") or []
            return {"code": error.response["Error"]["Code"], "reasons": [each.get("Code") for each in reasons]}
    return "the transaction was not cancelled"


def _old_item(reach: Reach) -> str:
    with _Item(reach) as item:
        item.update("SET #n = :n", {"#n": "n"}, {":n": {"N": "1"}})
        wanted = item.write("SET #n = :n", {"#n": "n"}, {":n": {"N": "2"}}, "attribute_not_exists(#n)")
        try:
            reach.dynamodb.update_item(**wanted, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ClientError as error:
            there = "with" if error.response.get("Item") else "without"
            return f"{error.response['Error']['Code']}, {there} the old item"
    return "the condition was not honoured"


def _life_of_a_response(reach: Reach) -> list[dict[str, Any]]:
    """Create a response, get it, delete it twice, get it again."""
    model = f"gpt://{reach.settings.aistudio_folder_id}/yandexgpt-lite"
    made = _ask(reach, "POST", "/responses", {"model": model, "input": "Say ready.", "store": True})
    path = _path_of(made)
    after = ("GET", "DELETE", "GET", "DELETE") if path else ()
    return [_shape("create", made)] + [_shape(method, _ask(reach, method, path)) for method in after]


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
        "DELETE unknown id": ("DELETE", f"/responses/{_fresh()}"),
        "cancel unknown id": ("POST", f"/responses/{_fresh()}/cancel"),
        "GET input items of an unknown id": ("GET", f"/responses/{_fresh()}/input_items"),
        "GET unknown route": ("GET", "/no-such-route"),
    }
    return [_shape(name, _ask(reach, *each)) for name, each in paths.items()]


def _post_form(reach: Reach) -> dict[str, Any]:
    event = {"type": "response.create", "event_id": _fresh(), "response": {"output_modalities": ["text"]}}
    return _shape("POST response.create", _ask(reach, "POST", "/realtime/client-events/response.create", event))


_TABLE: Mapping[str, Callable[[Reach], Any]] = {
    "how BatchGetItem names the table": _name_in_batch,
    "whether ConsistentRead is honoured": _own_writes,
    "what <> says of a missing attribute": _unequal_missing,
    "which record a cancelled transaction names": _cancelled,
    "what a refused write returns": _old_item,
}
_STUDIO: Mapping[str, Callable[[Reach], Any]] = {
    "the life of a response": _life_of_a_response,
    "a response that is not to be stored": _unstored,
    "a deletion while the response runs": _deleted_while_it_runs,
    "what is not there": _unknown,
    "whether the POST form is served": _post_form,
}


class _Item:
    """An item of its own in the ledger's table, gone after the block."""

    def __init__(self, reach: Reach) -> None:
        self._client = reach.dynamodb
        self._where: Any = {"TableName": reach.table, "Key": {"key": {"S": f"probe#{_fresh()}"}}}

    def __enter__(self) -> "_Item":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.delete_item(**self._where)

    def write(self, update: str, names: Mapping[str, str], values: Mapping[str, Any], condition: str = "") -> Any:
        """The arguments of an update."""
        more = {"ConditionExpression": condition} if condition else {}
        expressions = {"ExpressionAttributeNames": dict(names), "ExpressionAttributeValues": dict(values)}
        return {**self._where, "UpdateExpression": update, **expressions, **more}

    def update(self, update: str, names: Mapping[str, str], values: Mapping[str, Any], condition: str = "") -> None:
        """Carry it out. Raises ClientError."""
        self._client.update_item(**self.write(update, names, values, condition))

    def read(self) -> dict[str, Any]:
        """The item as a consistent read shows it."""
        return dict(self._client.get_item(**self._where, ConsistentRead=True).get("Item", {}))


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


def _fresh() -> str:
    return str(uuid.uuid4())
