"""Clients of the Document API: with a static key, or with an IAM token.

https://yandex.cloud/en/docs/ydb/docapi/tools/aws-setup
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.handlers import generate_idempotent_uuid

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def client_config(read_timeout: float = 2, **more: Any) -> Config:
    """How boto3 waits: two tries of two seconds, since ten are kept for settling a whole batch (clock.MARGIN)."""
    return Config(
        connect_timeout=1,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 2},
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
    """A client that sends the IAM token of the moment, asked for before each send, so that retries carry it too."""
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
    return client
