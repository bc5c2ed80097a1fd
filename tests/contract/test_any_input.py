"""Whatever it is asked, the stand-in gives an answer of its own: what breaks it would be taken for the client's fault."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.studio.realtime.client_events import KINDS, Refused, check
from infra.local.studio.realtime.dialogue import Dialogue
from infra.local.studio.responses.create import create
from infra.local.studio.responses.inquiry import Inquiry
from infra.local.studio.responses.request import COUNTS, FLAGS, NOT_SUPPORTED, OTHERS, TEXTS
from infra.local.studio.settings import Settings
from infra.local.studio.state import Studio

WORDS = st.sampled_from(
    [
        "",
        "function",
        "message",
        "user",
        "json_schema",
        "text",
        "required",
        "a",
        "root",
        "gpt://b1glocalfolder/m",
        "AAAA",
    ]
)
FIELDS = st.sampled_from(
    ["type", "name", "id", "content", "text", "format", "schema", "output", "role", "call_id", "output_modalities"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 30) | st.floats(allow_nan=False) | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=8,
)
USUAL = {"model": "gpt://b1glocalfolder/m", "input": "hello"}
OBJECT = st.builds(
    lambda fields, kind: {**fields, **kind},
    st.dictionaries(FIELDS, JSON, max_size=3),
    st.fixed_dictionaries({}, optional={"type": WORDS | JSON}),
)
ITEMS = st.lists(OBJECT, max_size=3)
VALUES = {
    **dict.fromkeys(sorted(FLAGS | COUNTS | TEXTS | OTHERS | NOT_SUPPORTED), JSON),
    "tools": ITEMS,
    "input": ITEMS,
    "text": st.fixed_dictionaries({"format": OBJECT}),
    "tool_choice": OBJECT | WORDS,
}
BODIES = st.lists(st.sampled_from(["tools", "input", "text", *sorted(VALUES)]), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: VALUES[name] for name in names})
)


@settings(max_examples=500)
@given(body=st.one_of(JSON, BODIES, BODIES.map(lambda body: {**USUAL, **body})))
def test_any_body_of_a_create_is_answered_or_refused(body: Any) -> None:
    studio = Studio(Settings())
    call = studio.record("http", "POST", "/v1/responses", {})

    answer = create(studio, Inquiry(call, "", {}, body))

    assert answer.status in (200, 400, 404)
    assert call.billed is (answer.status == 200)
    assert "error" not in json.loads(answer.body) or answer.status == 200


@settings(max_examples=300)
@given(
    events=st.lists(
        st.builds(
            lambda kind, fields: {**fields, "type": kind},
            st.sampled_from(sorted(KINDS)),
            st.dictionaries(
                st.sampled_from(
                    ["session", "audio", "item", "item_id", "previous_item_id", "content_index", "response"]
                ),
                JSON,
                max_size=3,
            ),
        ),
        max_size=5,
    )
)
def test_any_client_events_are_taken_or_refused(events: list[dict[str, Any]]) -> None:
    studio = Studio(Settings())
    dialogue = Dialogue(studio.hex_id, "gpt://b1glocalfolder/m")

    for event in events:
        try:
            check(event)
            if event["type"] != "response.create":
                dialogue.take(event)
        except Refused:
            continue
    assert isinstance(dialogue.heard, str)
