"""`make send`: one message, or every message of a sample's file, to a function's queue of a running `make dev`."""

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from infra.local.catalog import LocalFunction
from infra.local.samples.case import Attributes, load
from infra.local.settings import LOCAL_ENV, read_env


class CannotSend(Exception):
    """The message can't be read, nothing runs, or there is no queue of that function."""


def send(function: str, message: str, settings: Mapping[str, str]) -> list[str]:
    """Send a message, given as JSON or as the path of a sample's file, and return the ids that the queue gave.

    Raises CannotSend, saying why in one line.
    """
    messages = _messages(message, settings.get("HASH_KEY", ""))
    sqs = boto3.client(
        "sqs",
        endpoint_url=settings["YMQ_ENDPOINT"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )
    try:
        url = sqs.get_queue_url(QueueName=LocalFunction(function, "").queue)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        raise CannotSend(f"no function {function!r} runs here; `make dev` lists the queues") from None
    except EndpointConnectionError:
        raise CannotSend(f"nothing answers at {settings['YMQ_ENDPOINT']}: start `make dev` first") from None
    return [
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)["MessageId"]
        for body, attributes in messages
    ]


def _messages(given: str, hash_key: str) -> list[tuple[str, Attributes]]:
    if not given.endswith(".json"):
        return [(given, {})]
    try:
        case = load(Path(given)).redated(time.time(), hash_key)
    except OSError as error:
        raise CannotSend(f"{given}: {error.strerror}") from None
    except ValueError as error:
        raise CannotSend(" ".join(str(error).split())) from None
    return [(message["body"], each) for message, each in zip(case.messages, case.queue_attributes(), strict=True)]


def main() -> int:
    """Send to the environment that `.local.env` describes."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.send", description=__doc__)
    parser.add_argument("function")
    parser.add_argument("message", help="a message as JSON, or the path of a file under events/")
    parser.add_argument("--settings", type=Path, default=LOCAL_ENV, help="what `make dev` wrote (%(default)s)")
    given = parser.parse_args()
    if not given.function or not given.message:
        sys.exit('Say to whom and what: make send TO=delete_response MESSAGE=\'{"response_id": "resp_1"}\'')
    if not given.settings.exists():
        sys.exit("Nothing runs: start `make dev` first, in another terminal.")
    try:
        print(*send(given.function, given.message, read_env(given.settings)), sep="\n")
    except CannotSend as error:
        sys.exit(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
