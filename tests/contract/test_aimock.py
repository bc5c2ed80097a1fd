"""Our Realtime client against a server that others wrote (@copilotkit/aimock): no agreement with ourselves.

Only URL, model and credential are set. It speaks OpenAI's dialect, which differs from what AI Studio is known to do:
it reads `Authorization: Bearer` alone (so the client goes with an IAM token, not with an Api-Key), takes any model
name, answers session.update once, has no audio, and ends what it knows no answer to with 1008.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from aistudio import API, Config, OutcomeUnknown, Unauthorized
from aistudio.realtime import Realtime, RealtimeResult, Request
from tests.contract.node_server import node_server

pytestmark = pytest.mark.node

HERE = Path(__file__).parent / "aimock"
PROGRAM = HERE / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
TOKEN = "iam-token"


@pytest.fixture(scope="module")
def aimock() -> Iterator[str]:
    """Its address, without a scheme."""
    fixtures = f"--fixtures={HERE / 'fixtures.json'}"
    with node_server(PROGRAM, "--host=127.0.0.1", "--port=0", "--strict", fixtures, AIMOCK_API_KEYS=TOKEN) as address:
        yield address


def client(address: str, token: str = TOKEN, transport: Any = "websocket") -> API:
    config = Config(
        base_url=f"http://{address}/v1",
        folder_id="folder",
        realtime_url=f"ws://{address}/v1/realtime",
        realtime_model="gpt-realtime",
        realtime_transport=transport,
    )
    return API(config, token=lambda: token)


def said(question: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": question}]}


def ask(address: str, question: str, token: str = TOKEN, transport: Any = "websocket", **event: Any) -> RealtimeResult:
    context = SimpleNamespace(
        session={"output_modalities": ["text"], "instructions": "Be brief."}, items=[said(question)]
    )
    with closing(client(address, token, transport)) as api:
        return Realtime(api).create({"type": "response.create", "event_id": "evt_1", **event}, context, timeout=10)


def test_a_text_turn_gives_the_other_sides_answer_and_what_it_used(aimock: str) -> None:
    result = ask(aimock, "Where is my parcel?", response={"output_modalities": ["text"]})

    assert result.text == "It has arrived at the shop around the corner, and waits for you there until Friday."
    assert result.response is not None
    assert (result.response["status"], result.response["output"][0]["content"][0]["text"]) == ("completed", result.text)
    assert (result.transport, result.accepted, result.audio) == ("websocket", False, None)
    assert result.usage is not None
    assert set(result.usage) >= {"input_tokens", "output_tokens", "total_tokens"}


def test_a_script_of_two_turns_gives_the_other_sides_two_answers(aimock: str) -> None:
    script = [
        {"type": "session.update", "session": {"output_modalities": ["text"]}},
        {"type": "conversation.item.create", "item": said("Where is my parcel?")},
        {"type": "response.create"},
        {"type": "conversation.item.create", "item": said("Where is my money?")},
        {"type": "response.create"},
    ]
    with closing(client(aimock)) as api:
        result = Realtime(api).send(Request.model_validate({"script": script}), timeout=10)

    assert [response.status for response in result.responses] == ["completed", "failed"]
    assert [event.status for event in result.events] == ["acknowledged"] * 5
    assert str(result.responses[0].text).startswith("It has arrived at the shop")


def test_what_was_sent_is_what_the_other_side_understood(aimock: str) -> None:
    ask(aimock, "Where is my parcel?")
    journal = httpx.get(
        f"http://{aimock}/__aimock/journal", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=10
    ).json()

    asked = journal[-1]
    assert asked["body"]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Where is my parcel?"}]},
    ]
    assert asked["headers"]["x-data-logging-enabled"] == "false"


def test_a_response_that_failed_is_a_result(aimock: str) -> None:
    result = ask(aimock, "Where is my money?")

    assert result.response is not None
    assert (result.response["status"], result.text) == ("failed", None)


def test_a_session_that_closes_after_the_question_leaves_the_outcome_unknown(aimock: str) -> None:
    with pytest.raises(OutcomeUnknown, match="closed 1008"):
        ask(aimock, "Where was I?")


def test_a_wrong_token_is_found_out_at_the_handshake(aimock: str) -> None:
    with pytest.raises(Unauthorized):
        ask(aimock, "Where is my parcel?", token="wrong")
