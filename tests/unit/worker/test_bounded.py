"""Requests to the ledger, the queues and the storage end in their time, whatever makes them long."""

import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import pytest

from documents import TableUnavailable
from documents.client import client_config, connect_with_key
from documents.time_budget import Budget
from ledger import Ledger, RecordKey
from tests.support.clock import FakeClock
from worker.send.bucket import Bucket
from worker.send.document import Document
from worker.send.large_results import stored
from worker.send.queue import Queue
from worker.send.queue_message import QueueMessage
from worker.threads import within

Ask = Callable[[str], object]


def budget() -> Budget:
    return Budget(lambda: 60, longest=0.5, within=within)


def client(service: Any, url: str) -> Any:
    return boto3.client(
        service,
        region_name="ru-central1",
        endpoint_url=url,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=client_config(),
    )


def read(url: str) -> object:
    ledger = Ledger(connect_with_key(url, "ru-central1", "key", "secret"), "ledger", FakeClock().sleep, budget())
    with pytest.raises(TableUnavailable):
        ledger.get(RecordKey("response#1"))
    return None


def send(url: str) -> object:
    return Queue(client("sqs", url), FakeClock(), budget()).send(f"{url}/queue", [QueueMessage("{}")]) == [True]


def store(url: str) -> object:
    return stored(Bucket(partial(client, "s3", url), "bucket", budget()), "results/1.json", Document({}))


@pytest.mark.parametrize("ask", [read, send, store])
def test_an_answer_that_drips_is_given_up(dripping: str, ask: Ask) -> None:
    assert not ask(dripping)


@pytest.mark.parametrize("ask", [read, send, store])
def test_a_name_that_is_not_looked_up_in_time_is_given_up(
    monkeypatch: pytest.MonkeyPatch, over: threading.Event, ask: Ask
) -> None:
    def lookup(*_: object, **__: object) -> None:
        over.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", lookup)

    assert not ask("http://services.test")


def test_what_a_task_returns_or_raises_comes_back() -> None:
    def fails() -> None:
        raise KeyboardInterrupt

    assert within(60, lambda: 1) == 1
    with pytest.raises(KeyboardInterrupt):
        within(60, fails)


def test_without_a_thread_to_spare_a_task_is_carried_out_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)

    assert within(60, lambda: 1) == 1
