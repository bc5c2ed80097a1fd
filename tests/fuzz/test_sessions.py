"""Whatever a Realtime session says, before our frame and after it: a result, or one of the client's errors."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from aistudio import APIError, OutcomeUnknown
from aistudio.realtime import Realtime, RealtimeResult
from realtime_response_create import Context
from tests.fuzz.inputs import bent, fuzzed, json_values, texts
from tests.fuzz.test_answers import ERROR, TURN
from tests.unit.aistudio.clients import an_api
from tests.unit.aistudio.wsserver import Session, ws_server

pytestmark = pytest.mark.row(31)

EVENT = {"type": "response.create", "event_id": "ev-1"}
OURS = {"type": "error", "error": {**ERROR["error"], "event_id": "ev-1"}}
ITEM = {"type": "conversation.item.added", "item": {"id": "item_1", "type": "message"}}

odd = st.one_of(
    st.sampled_from([*TURN, ITEM, OURS]),
    bent(OURS),
    bent(ITEM),
    st.sampled_from(TURN).flatmap(bent),
    json_values,
).map(json.dumps)
frames = st.lists(
    odd | texts.map(lambda text: text.encode(errors="replace").decode()) | st.binary(max_size=30), max_size=6
)
contexts = st.sampled_from([None, Context(items=[{"type": "message", "role": "user", "content": []}])])


@given(before=frames, after=frames, context=contexts, code=st.sampled_from([1000, 1006, 1008, 1011, 4000]))
@fuzzed(60)
def test_any_session_ends_in_a_result_or_an_api_error(
    before: list[str | bytes], after: list[str | bytes], context: Context | None, code: int
) -> None:
    def script(session: Session) -> None:
        session.emit("session.created", session={})
        session.take("session.update")
        session.emit("session.updated", session={})
        for frame in before:
            session.connection.send(frame)
        with contextlib.suppress(ConnectionClosed):
            if context is not None:
                session.take_item()
            session.asked()
            for frame in after:
                session.connection.send(frame)
        if code == 1006:
            session.drop()
        else:
            session.connection.close(code)

    outcome: RealtimeResult | APIError
    with (
        ws_server(script) as service,
        an_api(realtime_url=service.url, realtime_model="m", realtime_transport="websocket") as api,
    ):
        try:
            outcome = Realtime(api).create(EVENT, context, 5)
        except APIError as error:
            outcome = error

    told = [_event(frame) for frame in (*before, *after)]
    if isinstance(outcome, RealtimeResult):
        assert service.asked
        ends = [event.get("response") for event in told if event.get("type") == "response.done"]
        assert outcome.response is not None
        # Where it holds no output, what was heard takes its place.
        assert {**outcome.response, "output": 0} in [{**end, "output": 0} for end in ends if isinstance(end, dict)]
    elif service.asked and not isinstance(outcome, OutcomeUnknown):
        assert any(event.get("type") == "error" for event in told), "only the service itself says that nothing happened"


def _event(frame: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(frame)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
