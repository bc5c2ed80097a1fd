"""How the Document API is spoken to with an IAM token: asked for before each send."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.servers import REGION, Servers
from ledger.client import connect_with_token, patient


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


def test_a_client_gives_up_well_before_the_time_kept_for_settling_is_over() -> None:
    config: Any = patient()

    assert (config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"] <= 10
