"""Messages: what a producer may send, bare or in a CloudEvents envelope."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import from_json

from worker.receive.event import Delivery, trace_of
from worker.settlement_attribute import sendable

MAX_KEY = 256
"""Characters of a key: it travels as a message attribute."""


def _rfc3339(value: object) -> object:
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("a time is text as RFC 3339 has it, such as 2026-11-22T08:00:00Z")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
"""A moment in a message. A bare number is refused: its unit would be a guess."""


class Message(BaseModel):
    """Base of every function's message. Unknown fields are refused.

    Class arguments name what a field means. ``key``: the idempotency key. ``due``: the date before which nothing is
    called. ``about``: the person whom the message concerns. ``unknown``: ``"retry"`` there accepts that a call that may
    have happened is made again. ``recorded``: the content-free fields that the ledger keeps. ``record`` names what a
    record is about, where it is more than this function's calls.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields_of: ClassVar[Mapping[str, str]] = {}
    recorded: ClassVar[tuple[str, ...]] = ()
    record: ClassVar[str] = ""

    def __init_subclass__(
        cls,
        *,
        key: str = "",
        due: str = "",
        about: str = "",
        unknown: str = "",
        recorded: tuple[str, ...] = (),
        record: str = "",
        **kwargs: Any,
    ) -> None:
        """Take the class arguments."""
        super().__init_subclass__(**kwargs)
        given = {"key": key, "due": due, "about": about, "unknown": unknown}
        cls.fields_of = {**cls.fields_of, **{meaning: field for meaning, field in given.items() if field}}
        cls.recorded, cls.record = recorded or cls.recorded, record or cls.record

    @property
    def key(self) -> str | None:
        """The business id, where the message names one."""
        named: str | None = self._field("key")
        return named

    @property
    def due(self) -> float:
        """When the producer wants it done, in epoch seconds; 0 where no date is given.

        To the millisecond, like all that the ledger keeps: a record's date is compared with its message's.
        """
        moment: datetime | None = self._field("due")
        return round(moment.timestamp(), 3) if moment else 0

    @property
    def about(self) -> str | None:
        """The person whom it concerns: opaque, stored only as a keyed hash."""
        subject: str | None = self._field("about")
        return subject

    @property
    def retries_unknown(self) -> bool:
        """Whether the producer accepts that a call that may have happened is made again."""
        return bool(self._field("unknown") == "retry")

    @property
    def rank(self) -> int:
        """Which message of a key counts, where a batch has several: the highest."""
        return 0

    def _field(self, meaning: str) -> Any:
        return getattr(self, self.fields_of[meaning]) if meaning in self.fields_of else None

    def notes(self) -> dict[str, Any]:
        """The content-free fields that the ledger keeps."""
        kept = self.model_dump(mode="json", include=set(self.recorded), exclude_none=True)
        return dict(sorted(kept.items()))

    def canonical(self) -> str:
        """The same text for the same content, however it was written: what ``key_reused`` compares.

        Without defaults: a field that a later release adds must not make other content of messages under way.
        """
        return json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


M = TypeVar("M", bound=Message)


class Invalid(Exception):
    """A message that can't be used; the text says what is wrong and where, without content."""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[M]):
    """A valid message with its key, and the envelope's id and trace where it came in one."""

    message: M
    key: str
    event_id: str | None
    traceparent: str | None


def parse(model: type[M], delivery: Delivery) -> Parsed[M]:
    """Read a delivery's body as a message of this model.

    Raises:
        Invalid: it is none; the message says what was wrong and where.
    """
    if delivery.flaw:
        raise Invalid(delivery.flaw)
    try:
        body = from_json(delivery.body.encode("utf-8", "surrogatepass"), allow_inf_nan=False)
    except ValueError as error:
        # The parser's text names a position and a kind, never the input.
        raise Invalid(f"body: not JSON ({error})"[:200]) from None
    if not isinstance(body, dict):
        raise Invalid("body: not a JSON object")
    envelope = body if "specversion" in body else None
    content = _data(envelope) if envelope is not None else body
    where = "body.data" if envelope is not None else "body"
    try:
        message = model.model_validate(content)
    except ValidationError as error:
        raise Invalid(_explain(error, model, where)) from None
    event_id = envelope["id"] if envelope is not None else None
    key = message.key or event_id or delivery.key or delivery.message_id
    if len(key) > MAX_KEY or not sendable(key):
        raise Invalid(
            f"{where}.{model.fields_of.get('key', 'id')} (or the envelope's id): over {MAX_KEY} characters, or control characters"
        )
    named = event_id if event_id is not None and len(event_id) <= MAX_KEY else None  # results carry it
    return Parsed(message, key, named, trace_of(envelope.get("traceparent")) if envelope is not None else None)


def _data(envelope: Mapping[str, Any]) -> Any:
    if envelope["specversion"] != "1.0":
        raise Invalid('body.specversion: only CloudEvents "1.0" is understood')
    if not isinstance(envelope.get("id"), str) or not envelope["id"]:
        raise Invalid("body.id: a CloudEvents envelope needs a non-empty string")
    if not isinstance(envelope.get("data"), dict):
        raise Invalid("body.data: the message, as a JSON object, is missing (data_base64 is not read)")
    return envelope["data"]


def _explain(error: ValidationError, model: type[Message], where: str) -> str:
    """What is wrong and where; names of unknown fields are content, so they are counted, not told."""
    unknown = [each for each in error.errors() if each["type"] == "extra_forbidden"]
    told = [
        f"{where}.{'.'.join(str(part) for part in each['loc'])}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False)
        if each["type"] != "extra_forbidden"
    ]
    if unknown:
        told.append(f"{where}: {len(unknown)} unknown fields (known: {', '.join(model.model_fields)})")
    return "; ".join(told)[:256]
