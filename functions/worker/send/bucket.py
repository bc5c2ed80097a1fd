"""One bucket of Object Storage: what is put there counts as stored only when the service has confirmed it."""

import base64
import hashlib
from collections.abc import Callable
from functools import cached_property, partial
from typing import IO, TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from documents.time_budget import Budget
from worker.send.document import Document

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class StorageUnavailable(Exception):
    """The bucket could not be read or written; the message says why."""


class Bucket:
    """One bucket. Its client is made when it is first needed."""

    def __init__(self, connect: "Callable[[], S3Client]", name: str, budget: Budget | None = None) -> None:
        self._connect = connect
        self.name = name
        self._budget = budget or Budget()

    @cached_property
    def _client(self) -> "S3Client":
        return self._connect()

    def put(self, key: str, content: bytes) -> None:
        """Store an object, also in a bucket that locks its objects. Raises StorageUnavailable."""
        # Such a bucket takes none without this.
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        self._store(Key=key, Body=content, ContentMD5=digest)

    def put_document(self, key: str, document: Document) -> None:
        """Store JSON, read piece by piece. Raises StorageUnavailable."""
        self._store(Key=key, Body=cast("IO[bytes]", document), ContentType="application/json")

    def get(self, key: str) -> bytes:
        """Read an object whole. Raises StorageUnavailable."""

        def read() -> bytes:
            return self._client.get_object(Bucket=self.name, Key=key)["Body"].read()

        content: bytes = self._ask(read)
        return content

    def _store(self, **what: Any) -> None:
        answer = self._ask(partial(self._put, what))
        if not answer.get("ETag"):
            raise StorageUnavailable("the storage does not say that it has it")

    def _put(self, what: dict[str, Any]) -> Any:
        return self._client.put_object(Bucket=self.name, **what)

    def _ask(self, request: Callable[[], Any]) -> Any:
        if not self._budget.allows():
            raise StorageUnavailable("the storage is silent, or the time is over")
        try:
            answer = self._budget.ask(request)
        except ClientError as error:
            raise StorageUnavailable(str(error.response.get("Error", {}).get("Code"))) from None
        except BotoCoreError as error:
            self._budget.silent()
            raise StorageUnavailable(type(error).__name__) from None
        self._budget.answered()
        return answer
