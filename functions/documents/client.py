"""Make clients of the Document API, with a static key or an IAM token.

https://yandex.cloud/en/docs/ydb/docapi/tools/aws-setup
"""

import json
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.handlers import generate_idempotent_uuid
from botocore.session import get_session

from documents.time_budget import CONNECT_TIMEOUT, READ_TIMEOUT

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NO_SUCCESS = 300
_SAY_BY_SILENCE = ("GetItem", "UpdateItem", "TransactWriteItems", "Query")
"""Operations whose answer means something by what it leaves out."""

MISSHAPEN = (AttributeError, LookupError, TypeError, ValueError)
"""What botocore raises where an answer has members of a wrong type."""


class Unwritable(Exception):
    """A request holds what JSON has no form for: a defect here, of which the service knows nothing."""


class UnreadableAnswer(BotoCoreError):
    """A success with a body that the service does not send: a gateway's page, or half an answer."""

    fmt = "unreadable answer"


def client_config(read_timeout: float = READ_TIMEOUT, **more: Any) -> Config:
    """Configure botocore's timeouts. It repeats no request by itself: the caller counts each try (time_budget.py)."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=32,
        parameter_validation=False,  # the service looks at a request itself
        user_agent="aistudio-functions",  # botocore would put its own together anew for each request
        **more,
    )


@cache
def _session() -> Any:
    return get_session()


def connect(
    service: str, region: str, endpoint: str, config: Config, key_id: str | None = None, secret: str | None = None
) -> Any:
    """Make a service's client, by botocore alone: boto3 would only make cold starts longer.

    It signs with the key that is given, or else with the key that botocore finds.
    """
    return _session().create_client(
        service, region, endpoint_url=endpoint, config=config, aws_access_key_id=key_id, aws_secret_access_key=secret
    )


def connect_with_key(endpoint: str, region: str, key_id: str | None, secret: str | None) -> "DynamoDBClient":
    """Make a client that signs with a static key, or where none is given with the key that botocore finds."""
    return _plain(connect("dynamodb", region, endpoint, client_config(), key_id, secret))


def connect_with_token(endpoint: str, region: str, token: Callable[[], str]) -> "DynamoDBClient":
    """Make a client that sends the IAM token which `token` returns before each request."""
    client = connect("dynamodb", region, endpoint, client_config(signature_version=UNSIGNED))

    def authorize(request: Any, **_: Any) -> None:
        request.headers["Authorization"] = f"Bearer {token()}"

    client.meta.events.register("before-send.dynamodb", authorize)
    return _plain(client)


def send_as_given(client: Any) -> None:
    """Let a client of a JSON service write what it is given as it is.

    botocore walks through each request value by value, for the sake of bytes and times. Times are never sent here, and
    bytes only where a copy of a table is restored.
    """

    def set_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["given"] = dict(params)
        params |= {name: type(value)() for name, value in params.items() if isinstance(value, (dict, list))}

    def write(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        try:
            text = json.dumps(context.pop("given"), separators=(",", ":"), default=_base64, allow_nan=False)
        except (TypeError, ValueError) as error:  # as what it is it would count as the service's silence
            raise Unwritable(type(error).__name__) from None
        params["body"] = text.encode()

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_last(f"before-parameter-build.{service}", set_aside)
    client.meta.events.register_first(f"before-call.{service}", write)


def read_as_given(client: Any, *operations: str) -> None:
    """Let a client of a JSON service give back its answers to these operations as they are, but for what is null.

    botocore walks through each answer value by value too, which takes longer than all else that it does with a page.
    """

    def read(
        operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
    ) -> None:
        if response_dict["status_code"] >= _NO_SUCCESS or operation_model.name not in operations:
            return
        try:
            told = _told(response_dict)
        except (ValueError, RecursionError):
            return  # botocore says what it makes of that
        if isinstance(told, dict):
            customized_response_dict |= {name: value for name, value in told.items() if value is not None}
            response_dict["body"] = b"{}"

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_last(f"before-parse.{service}", read)  # once others have looked at the answer


def _told(response_dict: dict[str, Any]) -> Any:
    """Return an answer's body, read as JSON once for all that look at it. Raises ValueError, RecursionError."""
    if "told" not in response_dict:
        response_dict["told"] = json.loads(response_dict["body"])
    return response_dict["told"]


def _base64(value: bytes) -> str:
    return b64encode(value).decode()


def _plain(client: "DynamoDBClient") -> "DynamoDBClient":
    # botocore adds a client request token to transactions, which YDB does not support.
    client.meta.events.unregister("before-parameter-build", generate_idempotent_uuid)
    client.meta.events.register("before-parse.dynamodb", _must_be_readable)
    send_as_given(client)
    read_as_given(client, "BatchGetItem", "Query")
    return client


def _must_be_readable(operation_model: Any, response_dict: Any, **_: Any) -> None:
    # botocore reads a body that is empty, not JSON, or of unknown members as an answer without members. For GetItem
    # that means "there is no such item", for a write "done". An error may come with a status of success, too.
    if response_dict["status_code"] >= _NO_SUCCESS:
        return
    try:
        told = _told(response_dict)
        known = told.keys() <= operation_model.output_shape.members.keys()
    except (ValueError, AttributeError, RecursionError):
        raise UnreadableAnswer from None
    if not known and operation_model.name in _SAY_BY_SILENCE and "Item" not in told:
        raise UnreadableAnswer
