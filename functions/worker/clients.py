"""Make the clients of the platform's services from the settings."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aistudio import Config
from documents.client import client_config, connect, connect_with_key, connect_with_token, read_as_given, send_as_given
from documents.time_budget import CONNECT_TIMEOUT
from worker.settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

LONGEST_UPLOAD = 6.0
"""The most seconds that a request to Object Storage takes: megabytes take longer than a record or a message."""


def documents(settings: Settings, token: Callable[[], str]) -> "DynamoDBClient":
    """Make the Document API's client, with the IAM token or the static key, as YDB_AUTH says."""
    if settings.ydb_auth == "iam":
        return connect_with_token(settings.ydb_docapi_endpoint, settings.aws_region, token)
    return connect_with_key(settings.ydb_docapi_endpoint, settings.aws_region, *_keys(settings))


def queues(settings: Settings) -> "SQSClient":
    """Make Message Queue's client, for all queues."""
    client: SQSClient = _signing("sqs", settings, settings.ymq_endpoint)
    send_as_given(client)
    read_as_given(client, "SendMessageBatch")
    return client


LONGEST_EVIDENCE = 20.0
"""The most seconds that an eighth of a day's evidence takes to be stored, or read."""


def storage(settings: Settings, longest: float = LONGEST_UPLOAD) -> "S3Client":
    """Make Object Storage's client, whose requests take `longest` seconds at the most."""
    # Over TLS botocore sends trailing checksums, which the service does not say that it understands.
    checksums = dict.fromkeys(("request_checksum_calculation", "response_checksum_validation"), "when_required")
    client: S3Client = _signing(
        "s3", settings, settings.storage_endpoint, read_timeout=longest - CONNECT_TIMEOUT, **checksums
    )
    return client


def _signing(service: str, settings: Settings, endpoint: str, **how: Any) -> Any:
    key_id, secret = _keys(settings)
    return connect(service, settings.aws_region, endpoint, client_config(**how), key_id, secret)


def _keys(settings: Settings) -> tuple[str, str]:
    return settings.aws_access_key_id.get_secret_value(), settings.aws_secret_access_key.get_secret_value()


def studio(settings: Settings) -> Config:
    """Make the settings of AI Studio's client."""
    return Config(
        base_url=settings.aistudio_base_url,
        folder_id=settings.aistudio_folder_id,
        api_key=settings.aistudio_api_key.get_secret_value(),
        data_logging=settings.aistudio_data_logging,
        realtime_url=settings.aistudio_realtime_url,
        realtime_model=settings.realtime_model,
        realtime_transport=settings.realtime_transport,
    )
