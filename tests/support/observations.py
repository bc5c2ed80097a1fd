"""Small readings that many tests make."""

from infra.local.cloud.servers import Waiting
from tests.support.messages import Entry


def numbers(of: Waiting | Entry) -> tuple[int, int, int]:
    """A copy's attempt, seq and redrive."""
    if isinstance(of, Waiting):
        given = dict(of.attributes)
    else:
        attributes = of["details"]["message"]["message_attributes"]
        given = {name: value["string_value"] for name, value in attributes.items()}
    attempt, seq, redrive = (int(given.get(name, 0)) for name in ("attempt", "seq", "redrive"))
    return attempt, seq, redrive


def reasons(letters: list[Waiting]) -> list[str]:
    """Why each of these was parked."""
    return [letter.attributes["reason"] for letter in letters]
