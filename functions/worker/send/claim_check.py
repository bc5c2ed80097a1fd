"""Object Storage for results that no queue message can hold: the claim check."""

import hashlib
import logging
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_log = logging.getLogger(__name__)


class Shelf:
    """One bucket. Its client is made when it is first needed: few results are that large."""

    def __init__(self, connect: "Callable[[], S3Client]", bucket: str) -> None:
        self._connect = connect
        self._bucket = bucket

    @cached_property
    def _client(self) -> "S3Client":
        return self._connect()

    def put(self, key: str, body: bytes) -> dict[str, Any] | None:
        """Store JSON and return what a message says of it: bucket, key, size in bytes, sha256; None where it failed."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        except (ClientError, BotoCoreError) as error:
            _log.warning("a result could not be stored: %s", type(error).__name__)
            return None
        return {"bucket": self._bucket, "key": key, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
