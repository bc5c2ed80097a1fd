"""Small readings that many tests make."""

from typing import Any

from infra.local.cloud.servers import Waiting
from tests.support.messages import Entry
from worker.message_attributes import NAME, unverified


def said(of: Waiting | Entry) -> dict[str, Any]:
    """What a message's attribute says, nothing where it has none."""
    if isinstance(of, Waiting):
        text = of.attributes.get(NAME, "{}")
    else:
        text = of["details"]["message"]["message_attributes"].get(NAME, {}).get("string_value", "{}")
    return unverified(text)


def numbers(of: Waiting | Entry) -> tuple[int, int, int]:
    """A retry message's attempt, copy number and redrive."""
    told = said(of)
    attempt, copy, redrive = (int(told.get(name, 0)) for name in ("attempt", "copy", "redrive"))
    return attempt, copy, redrive


def reasons(dead_letters: list[Waiting]) -> list[str]:
    """Why each of these was dead-lettered."""
    return [dead_letter.attributes["reason"] for dead_letter in dead_letters]
