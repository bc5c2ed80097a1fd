"""The response object that create, get, cancel and a stream's events have in common."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aistudio.exceptions import Trace

OVER = ("completed", "failed", "incomplete", "cancelled")
"""The statuses in which a response no longer changes."""

_ID = re.compile(r"[^\\\x00-\x20\x7f\ud800-\udfff]{1,512}")

BEGUN = ("queued", "in_progress")
"""The statuses in which a response still changes."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response. `body` is the API's object, unchanged."""

    body: Mapping[str, Any]
    trace: Trace

    @property
    def id(self) -> str | None:
        """The id under which it is stored; None where the API named none that a request could have."""
        named = _text(self.body.get("id"))
        return named if named is not None and is_id(named) else None

    @property
    def status(self) -> str:
        """Its status. Where the API names none, it follows from `error` and `incomplete_details`."""
        named = _text(self.body.get("status"))
        if named is not None:
            return named
        if self.body.get("error"):
            return "failed"
        return "incomplete" if self.body.get("incomplete_details") else "completed"

    @property
    def over(self) -> bool:
        """Whether it no longer changes."""
        return self.status in OVER

    @property
    def model(self) -> str | None:
        """The model that answered."""
        return _text(self.body.get("model"))

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """The API's count of tokens; None where there is none."""
        usage = self.body.get("usage")
        return usage if isinstance(usage, Mapping) else None

    @property
    def told(self) -> Mapping[str, Any]:
        """What a result tells: the API's object as it is, and beside it what most readers want of it."""
        return {"response": self.body, "text": self.text, "usage": self.usage, "status": self.status}

    @property
    def text(self) -> str | None:
        """Its text: `output_text`, or where that is empty the text parts of its messages.

        Some models put the whole answer into the summary of their reasoning. It is used where there is nothing else.
        """
        told = _text(self.body.get("output_text")) or "".join(_parts(self.body, "message", "content", "output_text"))
        if told:
            return told
        kinds = {each.get("type") for each in dicts(self.body.get("output"))}
        summary = _parts(self.body, "reasoning", "summary", "summary_text") if kinds == {"reasoning"} else ()
        return "".join(summary) or None


@dataclass(frozen=True, slots=True)
class Absent:
    """The API says that there is no such stored response."""

    trace: Trace


def is_id(value: str) -> bool:
    """Return whether this can be the id of a stored response.

    Known ids are UUIDs, words such as `resp_…`, and base64 of proxies, up to 325 characters with slashes. So only ids
    are refused that could change the URL, or that are too long for a key.
    """
    return bool(_ID.fullmatch(value)) and not {".", ".."} & set(value.split("/"))


def is_well(status: str, *, made: bool) -> bool:
    """Return whether a status needs no attention. One that the call `made` itself was not asked to be cancelled."""
    return status in ("completed", "absent", *BEGUN) or (status == "cancelled" and not made)


def is_response(value: Mapping[str, Any] | None) -> bool:
    """Return whether a JSON object is a response object. Some services leave out fields that others send."""
    if value is None:
        return False
    named = value.get("object") == "response" or value.get("status") in (*OVER, *BEGUN)
    return isinstance(value.get("output"), list) or (named and _text(value.get("id")) is not None)


def _parts(body: Mapping[str, Any], item: str, holder: str, part: str) -> Iterator[str]:
    for each in dicts(body.get("output")):
        if each.get("type") == item:
            for inner in dicts(each.get(holder)):
                text = _text(inner.get("text"))
                if inner.get("type") == part and text is not None:
                    yield text


def dicts(values: object) -> list[dict[str, Any]]:
    """Return the objects of a JSON list; of anything else none."""
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
