"""Clients of the Document API: with a static key, or with an IAM token.

https://yandex.cloud/en/docs/ydb/docapi/tools/aws-setup
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.handlers import generate_idempotent_uuid

from documents.budget import CONNECT_TIMEOUT, READ_TIMEOUT

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NO_SUCCESS = 300
_SAY_BY_SILENCE = ("GetItem", "UpdateItem", "TransactWriteItems", "Query")
"""Operations whose answer means something by what it leaves out."""

MISSHAPEN = (AttributeError, LookupError, TypeError, ValueError)
"""What botocore raises of an answer whose members are not of the type that it expects."""


class UnreadableAnswer(BotoCoreError):
    """A success whose body is not what the service says it is: a gateway's page, or half an answer."""

    fmt = "unreadable answer"


def client_config(read_timeout: float = READ_TIMEOUT, **more: Any) -> Config:
    """How boto3 waits. It never tries again by itself: whoever asks counts each try (documents/budget.py)."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=32,
        **more,
    )


def connect_with_key(endpoint: str, region: str, key_id: str | None, secret: str | None) -> "DynamoDBClient":
    """A client that signs with a static key; without one, with what boto3 finds in its usual places."""
    client = boto3.client(
        "dynamodb",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=client_config(),
    )
    return _plain(client)


def connect_with_token(endpoint: str, region: str, token: Callable[[], str]) -> "DynamoDBClient":
    """A client that sends the IAM token of the moment, asked for before each send."""
    client = boto3.client(
        "dynamodb", region_name=region, endpoint_url=endpoint, config=client_config(signature_version=UNSIGNED)
    )

    def authorize(request: Any, **_: Any) -> None:
        request.headers["Authorization"] = f"Bearer {token()}"

    client.meta.events.register("before-send.dynamodb", authorize)
    return _plain(client)


def _plain(client: "DynamoDBClient") -> "DynamoDBClient":
    # boto3 makes up a client request token for transactions, which YDB lists as not supported.
    client.meta.events.unregister("before-parameter-build", generate_idempotent_uuid)
    client.meta.events.register("before-parse.dynamodb", _must_be_readable)
    return client


def _must_be_readable(operation_model: Any, response_dict: Any, **_: Any) -> None:
    # botocore reads a body that is empty, or no JSON, or whose members it does not know, as an answer without members:
    # of GetItem that is "there is no such item", of a write it is "done". An error may come as a success, too.
    if response_dict["status_code"] >= _NO_SUCCESS:
        return
    try:
        told = json.loads(response_dict["body"])
        known = told.keys() <= operation_model.output_shape.members.keys()
    except (ValueError, AttributeError, RecursionError):
        raise UnreadableAnswer from None
    if not known and operation_model.name in _SAY_BY_SILENCE and "Item" not in told:
        raise UnreadableAnswer
