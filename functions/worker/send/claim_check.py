"""Object Storage for results that no queue message can hold: the claim check."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from documents.budget import Budget
from worker.send.bucket import Bucket, StorageUnavailable
from worker.send.document import Document

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_log = logging.getLogger(__name__)


class ClaimCheck:
    """One bucket. Its client is made when it is first needed: few results are that large."""

    def __init__(self, connect: "Callable[[], S3Client]", bucket: str, budget: Budget | None = None) -> None:
        self._bucket = Bucket(connect, bucket, budget)

    def put(self, key: str, document: Document) -> dict[str, Any] | None:
        """Store JSON and return what a message says of it: bucket, key, size in bytes, sha256; None where it failed."""
        try:
            self._bucket.put_document(key, document)
        except StorageUnavailable as error:
            _log.warning("a result is not stored: %s", error)
            return None
        return {"bucket": self._bucket.name, "key": key, "size": len(document), "sha256": document.sha256()}
