"""What the commands that reach the cloud share: their credentials, how they stop, and the services' addresses."""

import functools
import os
import re
import sys
from collections.abc import Callable, Mapping
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


def command(main: Callable[[], int]) -> Callable[[], int]:
    """Make a command of a function that returns its exit code: where it raises Stopped, print that and return 1."""

    @functools.wraps(main)
    def run() -> int:
        try:
            return main()
        except Stopped as error:
            print(error, file=sys.stderr)
            return 1

    return run


_FOREIGN = re.compile(
    r"AWS_(?!ACCESS_KEY_ID$|SECRET_ACCESS_KEY$)"
    r"|YC_(?!TOKEN$|MESSAGE_QUEUE_ACCESS_KEY$|MESSAGE_QUEUE_SECRET_KEY$|TERRAFORM_INITIALIZATION_SILENCE$)"
    r"|TF_(VAR_|CLI_ARGS|WORKSPACE$|DATA_DIR$|INPUT$)"
)
"""Variables that people set for tools of their own: a profile, a session token, certificates, a service's address."""

_NO_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""In place of ~/.aws, whose default profile may set the same things."""


def ours(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what would change, unseen, which cloud or which account a command reaches."""
    return {name: value for name, value in environment.items() if not _FOREIGN.match(name)} | _NO_FILES


def begin(*names: str) -> None:
    """Forget variables that are meant for other tools, and make sure of those that are needed.

    Raises Stopped, naming all environment variables of `names` that are not set.
    """
    kept = ours(os.environ)
    for name in os.environ.keys() - kept.keys():
        del os.environ[name]
    os.environ.update(kept)
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise Stopped(f'not set: {", ".join(missing)} (infra/README.md, "Credentials")')


def endpoint(setting: str) -> str:
    """The URL of a service, by the name that the functions' settings have for it: the environment's, else theirs."""
    default: str = Settings.model_fields[setting].default
    return os.environ.get(setting.upper(), default)


def session() -> boto3.Session:
    """Clients of this region that sign with the key that the environment has now."""
    key_id, secret = (os.environ.get(name) for name in KEY)
    return boto3.Session(aws_access_key_id=key_id, aws_secret_access_key=secret, region_name=REGION)


def storage() -> "S3Client":
    """A client for Object Storage, with the key of the environment."""
    # Checksums in trailers are newer than the service's idea of the protocol.
    checksums = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    return session().client("s3", endpoint_url=endpoint("storage_endpoint"), config=checksums)
