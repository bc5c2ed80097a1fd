"""The queue and table server: one ministack process, on loopback, on a port that was free."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

from infra.local.processes.leash import Leashed
from infra.local.processes.loopback import loopback
from infra.local.processes.readiness import HOST, Server, serving
from infra.local.processes.surroundings import handed_on

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

REGION = "ru-central1"
KEY_ID = KEY_SECRET = "local"  # noqa: S105 -- the server checks no signature


@dataclass(frozen=True)
class Waiting:
    """A message in a queue, as seen without receiving it: waiting, delayed or in flight. `sent_at`: epoch seconds."""

    message_id: str
    body: str
    attributes: Mapping[str, str]
    receive_count: int
    visible: bool
    sent_at: int = 0

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """From the server's inspection endpoint, which spells it as ReceiveMessage does."""
        attributes = {name: value.get("StringValue", "") for name, value in found["MessageAttributes"].items()}
        return cls(
            found["MessageId"],
            found["Body"],
            attributes,
            found["ReceiveCount"],
            found["IsVisible"],
            found["SentTimestamp"],
        )


@dataclass(frozen=True)
class Servers:
    """Where the queue and table server listens, and clients for it."""

    port: int
    server: Server | None = None

    @property
    def pid(self) -> int:
        """The server's process; 0 where another process runs it."""
        return self.server.pid if self.server else 0

    @property
    def endpoint(self) -> str:
        """The URL of every service."""
        return f"http://{HOST}:{self.port}"

    @property
    def sqs(self) -> "SQSClient":
        """A new queue client; one may be shared by threads."""
        return boto3.client("sqs", **self._options())

    @property
    def dynamodb(self) -> "DynamoDBClient":
        """A new table client; one may be shared by threads."""
        return boto3.client("dynamodb", **self._options())

    @property
    def s3(self) -> "S3Client":
        """A new object storage client; one may be shared by threads."""
        return boto3.client("s3", **self._options())

    def peek(self, queue_url: str) -> list[Waiting]:
        """All messages of a queue, without receiving them: no receive is counted and nothing is hidden."""
        found = loopback().get(f"{self.endpoint}/_ministack/sqs/messages", params={"QueueUrl": queue_url})
        accounts = found.raise_for_status().json()["messages"].values()
        queues = [queue for regions in accounts for queues in regions.values() for queue in queues.values()]
        return [Waiting.read(message) for queue in queues for message in queue]

    def _options(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.endpoint,
            "region_name": REGION,
            "aws_access_key_id": KEY_ID,
            "aws_secret_access_key": KEY_SECRET,
            "config": Config(connect_timeout=2, read_timeout=30, retries={"total_max_attempts": 2}, proxies={}),
        }


@contextmanager
def running_servers(port: int = 0) -> Iterator[Servers]:
    """Run the server until the block ends, its state in memory only, on this port where it is free.

    Raises DidNotStart.
    """
    with serving("the queue and table server", "/_ministack/health", port, _start) as server:
        yield Servers(server.port, server)


def _start(listener: socket.socket) -> Leashed:
    return Leashed(
        "hypercorn",
        [
            "--workers",
            "0",
            "--log-level",
            "WARNING",
            "--bind",
            f"fd://{listener.fileno()}",
            "infra.local.cloud.breakable:app",
        ],
        _environment(listener.getsockname()[1]),
        inherit=[listener.fileno()],
    )


def _environment(port: int) -> dict[str, str]:
    return {
        **handed_on(),
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "SERVICES": "sqs,dynamodb,s3",
        "LOG_LEVEL": "WARNING",
        # ministack opens these two on all interfaces whatever SERVICES says, unless told not to
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # it would stop containers of another ministack on this machine
        "DOCKER_HOST": "unix:///nonexistent",
    }
