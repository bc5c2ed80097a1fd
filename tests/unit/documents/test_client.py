"""How the Document API is spoken to: with an IAM token asked for before each send, and not for longer than there is."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from documents.client import connect_with_key, connect_with_token
from infra.local.cloud.servers import KEY_ID, KEY_SECRET, REGION, Servers
from worker.clock import MARGIN


@pytest.fixture
def tokens() -> Iterator[str]:
    return iter(["t1.first", "t1.second", "t1.third"])


def test_every_send_carries_the_token_of_that_moment_and_no_signature(servers: Servers, tokens: Iterator[str]) -> None:
    client = connect_with_token(servers.endpoint, REGION, lambda: next(tokens))
    sent: list[Any] = []
    client.meta.events.register_last("before-send", lambda request, **_: sent.append(dict(request.headers)))
    try:
        client.list_tables()
        client.list_tables()
    finally:
        client.close()

    assert [headers["Authorization"] for headers in sent] == ["Bearer t1.first", "Bearer t1.second"]


def test_two_silences_of_a_server_that_never_answers_fit_into_the_time_kept_for_settling() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = connect_with_key(f"http://127.0.0.1:{server.getsockname()[1]}", REGION, KEY_ID, KEY_SECRET)
        try:
            with pytest.raises(ReadTimeoutError):
                client.list_tables()
        finally:
            client.close()
        server.settimeout(0)
        server.accept()[0].close()
        with pytest.raises(BlockingIOError):  # it has tried once
            server.accept()

    waits: Any = client.meta.config
    assert 2 * max(waits.connect_timeout, waits.read_timeout) < MARGIN
