"""Our REST client against the server that others' tool (@stoplight/prism-cli) makes of the OpenAPI document.

It checks each request against the document, and answers as the document's examples do; `Prefer` chooses which answer.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from aistudio import (
    API,
    Absent,
    APIError,
    Config,
    Forbidden,
    InputItems,
    OutcomeUnknown,
    Rejected,
    Response,
    Responses,
    Throttled,
    Unauthorized,
)
from tests.contract.node_server import node_server
from tests.contract.openapi import DOCUMENT

pytestmark = pytest.mark.node

PROGRAM = Path(__file__).parent / "prism" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
STORED = "7a383ba1-3736-463e-bd60-0a1b2c3d4e5f"  # the id that the document's examples are about


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    """Its base URL."""
    with node_server(PROGRAM, "mock", "--host=127.0.0.1", "--port=0", str(DOCUMENT)) as address:
        yield f"http://{address}"


class Preferring(httpx.HTTPTransport):
    """The network, with a wish beside every request, and what the server found wrong with them."""

    def __init__(self, wish: str) -> None:
        super().__init__(trust_env=False)
        self.violations: list[str] = []
        self._wish = wish

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Prefer"] = self._wish
        answer = super().handle_request(request)
        self.violations += answer.headers.get_list("sl-violations")
        return answer


Client = Callable[[str], Responses]


@pytest.fixture
def client(prism: str) -> Iterator[Client]:
    """Make a client that wishes for one kind of answer; no request of any of them may break the document."""
    made: list[tuple[API, Preferring]] = []

    def wishing(wish: str) -> Responses:
        transport = Preferring(wish)
        api = API(Config(base_url=prism, folder_id="folder"), token=lambda: "iam-token", transport=transport)
        made.append((api, transport))
        return Responses(api)

    yield wishing
    for api, _ in made:
        api.close()
    assert [problem for _, transport in made for problem in transport.violations] == []


def test_a_deletion_is_a_deletion(client: Client) -> None:
    deletion = client("code=200").delete(STORED, timeout=10)

    assert (deletion.absent, deletion.trace.status) == (False, 200)


def test_the_documented_404_is_absence(client: Client) -> None:
    assert client("code=404").delete(STORED, timeout=10).absent
    assert not client("code=404").exists(STORED, timeout=10).exists
    assert isinstance(client("code=404").get(STORED, timeout=10), Absent)
    assert isinstance(client("code=404").cancel(STORED, timeout=10), Absent)
    assert isinstance(client("code=404").input_items(STORED, timeout=10), Absent)


@pytest.mark.parametrize("state", ["completed", "queued", "failed", "incomplete", "cancelled"])
def test_a_stored_response_is_there_in_every_state(client: Client, state: str) -> None:
    assert client(f"example={state}").exists(STORED, timeout=10).exists
    for method in ("get", "cancel"):
        found = getattr(client(f"example={state}"), method)(STORED, timeout=10)
        assert isinstance(found, Response)
        assert (found.id, found.status) == (STORED, state)


@pytest.mark.parametrize("state", ["completed", "queued", "failed", "incomplete"])
@pytest.mark.parametrize("more", [{}, {"background": True, "store": True}, {"temperature": 0.5}])
def test_a_create_is_its_response_in_every_state(client: Client, state: str, more: dict[str, object]) -> None:
    body = {"model": "gpt://folder/some-model", "input": [{"role": "user", "content": "Where is it?"}], **more}

    made = client(f"example={state}").create(body, timeout=10)

    assert (made.id, made.status) == (STORED, state)
    assert made.text == ("It has arrived." if state == "completed" else None)


def test_a_streamed_create_is_the_response_that_its_last_event_has(client: Client) -> None:
    body = {"model": "gpt://folder/some-model", "input": "Where is it?", "stream": True}

    made = client("example=stream").create(body, timeout=10)

    assert (made.id, made.status, made.text) == (STORED, "completed", "It has arrived.")


def test_a_list_is_its_items(client: Client) -> None:
    found = client("example=page").input_items(STORED, timeout=10, limit=3, order="asc", after="msg-0")

    assert isinstance(found, InputItems)
    assert all(isinstance(item, dict) for item in found.items)
    assert found.items


@pytest.mark.parametrize("method", ["delete", "exists", "get", "cancel", "input_items"])
@pytest.mark.parametrize(
    ("status", "known"),
    [
        (401, Unauthorized),
        (403, Forbidden),
        (429, Throttled),
        (500, OutcomeUnknown),
        (501, Rejected),
        (503, Throttled),
        (504, OutcomeUnknown),
    ],
)
def test_every_documented_error_says_what_is_known(
    client: Client, method: str, status: int, known: type[APIError]
) -> None:
    with pytest.raises(known) as caught:
        getattr(client(f"code={status}"), method)(STORED, timeout=10)

    assert caught.value.trace.status == status


@pytest.mark.parametrize(
    ("status", "known"),
    [
        (400, Rejected),
        (401, Unauthorized),
        (403, Forbidden),
        (404, Rejected),
        (429, Throttled),
        (500, OutcomeUnknown),
        (501, Rejected),
        (503, OutcomeUnknown),
        (504, OutcomeUnknown),
    ],
)
def test_every_documented_error_of_a_create_says_what_is_known(
    client: Client, status: int, known: type[APIError]
) -> None:
    with pytest.raises(known):
        client(f"code={status}").create({"model": "gpt://folder/some-model", "input": "Hello"}, timeout=10)


def test_a_deletion_of_what_runs_is_no_end(client: Client) -> None:
    assert client("code=409").delete(STORED, timeout=10).conflict


def test_a_request_that_the_document_does_not_have_is_found_out(prism: str) -> None:
    answer = httpx.post(
        f"{prism}/responses",
        json={"model": "no-uri", "temperature": 2},
        headers={"Authorization": "Bearer x"},
        trust_env=False,
    )

    assert answer.status_code == 400
    assert "temperature" in answer.headers["sl-violations"]


def test_another_response_than_the_asked_one_is_no_sign_of_it(client: Client) -> None:
    with pytest.raises(OutcomeUnknown):
        client("example=completed").exists("another", timeout=10)
    with pytest.raises(APIError):
        client("code=404").delete("another", timeout=10)
