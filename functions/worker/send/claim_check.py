"""Object Storage for results that no queue message can hold: the claim check."""

import logging
from collections.abc import Callable
from functools import cached_property, partial
from typing import IO, TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from documents.budget import Budget
from worker.send.document import Document

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_log = logging.getLogger(__name__)


class ClaimCheck:
    """One bucket. Its client is made when it is first needed: few results are that large."""

    def __init__(self, connect: "Callable[[], S3Client]", bucket: str, budget: Budget | None = None) -> None:
        self._connect = connect
        self._bucket = bucket
        self._budget = budget or Budget()

    @cached_property
    def _client(self) -> "S3Client":
        return self._connect()

    def put(self, key: str, document: Document) -> dict[str, Any] | None:
        """Store JSON and return what a message says of it: bucket, key, size in bytes, sha256; None where it failed."""
        if not self._budget.allows():
            _log.warning("a result is not stored: the storage is silent, or the time is over")
            return None
        try:
            answer = self._budget.ask(partial(self._put, key, document))
        except ClientError as error:
            _log.warning("a result could not be stored: %s", type(error).__name__)
            return None
        except BotoCoreError as error:
            self._budget.silent()
            _log.warning("a result could not be stored: %s", type(error).__name__)
            return None
        self._budget.answered()
        if not answer.get("ETag"):
            _log.warning("a result may not be stored: the storage does not say so")
            return None
        return {"bucket": self._bucket, "key": key, "size": len(document), "sha256": document.sha256()}

    def _put(self, key: str, document: Document) -> Any:
        return self._client.put_object(
            Bucket=self._bucket, Key=key, Body=cast("IO[bytes]", document), ContentType="application/json"
        )
