"""What a response object says: its text, its status."""

from typing import Any

import pytest

from aistudio import Response
from aistudio.exceptions import Trace


def response(**body: Any) -> Response:
    return Response({"id": "r1", "object": "response", **body}, Trace())


def message(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "content": list(parts)}


SAYS = {"type": "output_text", "text": "Hello."}
THINKS = {
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Hello"}, {"type": "summary_text", "text": "."}],
}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"output_text": "Hello."}, "Hello."),
        ({"output_text": "", "output": [message(SAYS)]}, "Hello."),
        (
            {
                "output": [
                    message({"type": "output_text", "text": "Hel"}),
                    message({"type": "output_text", "text": "lo."}),
                ]
            },
            "Hello.",
        ),
        ({"output": [{"type": "crystal_ball_call"}, message(SAYS)]}, "Hello."),
        ({"output": [THINKS]}, "Hello."),
        ({"output": [THINKS, {"type": "function_call", "name": "f"}]}, None),
        ({"output": [message({"type": "refusal", "refusal": "No."})]}, None),
        ({"output": [None, 7, message(), {"type": "message", "content": "x"}, message({"type": "output_text"})]}, None),
        ({"output": "Hello."}, None),
        ({}, None),
    ],
)
def test_the_text_is_what_the_messages_say(body: dict[str, Any], text: str | None) -> None:
    assert response(**body).text == text


@pytest.mark.parametrize(
    ("body", "status", "over"),
    [
        ({"status": "cancelled"}, "cancelled", True),
        ({"status": "in_progress"}, "in_progress", False),
        ({"status": "thinking"}, "thinking", False),
        ({"output": []}, "completed", True),
        ({"status": None, "error": {"code": "server_error"}}, "failed", True),
        ({"incomplete_details": {"reason": "content_filter"}}, "incomplete", True),
    ],
)
def test_the_status_is_named_or_follows_from_the_rest(body: dict[str, Any], status: str, over: bool) -> None:
    assert (response(**body).status, response(**body).over) == (status, over)


def test_fields_of_other_kinds_are_not_there() -> None:
    odd = response(id=7, model=["m"], usage="much", output_text={"a": 1})
    assert (odd.id, odd.model, odd.usage, odd.text) == (None, None, None, None)
