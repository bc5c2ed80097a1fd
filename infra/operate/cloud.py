"""What the commands that reach the cloud share: their credentials, how they stop, and the services' addresses."""

import os
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from worker.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KEY = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""The deployer's static key, for the state, the packages, the queues and the tables."""

REGION: str = Settings.model_fields["aws_region"].default


class Stopped(Exception):
    """What was asked for can't be done; the message says why, and what to do."""


def require(*names: str) -> None:
    """Raise Stopped, naming all environment variables of these that are not set."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise Stopped(f'not set: {", ".join(missing)} (infra/README.md, "Credentials")')


def endpoint(setting: str) -> str:
    """The URL of a service, by the name that the functions' settings have for it: the environment's, else theirs."""
    default: str = Settings.model_fields[setting].default
    return os.environ.get(setting.upper(), default)


def storage() -> "S3Client":
    """A client for Object Storage, with the key of the environment."""
    # Checksums in trailers are newer than the service's idea of the protocol.
    checksums = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    return boto3.client("s3", endpoint_url=endpoint("storage_endpoint"), region_name=REGION, config=checksums)
