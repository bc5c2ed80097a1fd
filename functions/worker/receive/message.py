"""Messages: what a producer may send, bare or in a CloudEvents envelope."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from ledger import Key
from ledger.states import CASCADE
from worker.message_attributes import sendable
from worker.receive.envelope import MAX_KEY, Cause, Invalid, open_body
from worker.receive.trigger_event import Delivery, trace_of
from worker.settings import Settings


def _rfc3339(value: object) -> object:
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("a time is text as RFC 3339 has it, such as 2026-11-22T08:00:00Z")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
"""A moment in a message. A bare number is refused: its unit would be a guess."""

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""A word of at most 64 letters, digits, hyphens and underscores, which the ledger and results may show."""

Opaque = Annotated[str, StringConstraints(min_length=1, max_length=256)]
"""A producer's own id of anything."""


OnUnknown = Literal["dead_letter", "retry"]
"""What becomes of a call that may have happened: people look at it, or it is made again."""


class Message(BaseModel):
    """Base of every function's message. Unknown fields are refused.

    Class arguments name what a field means. `key`: the idempotency key. `due`: the date before which nothing is
    called. `about`: the person that the message concerns. `unknown`: `"retry"` there accepts that a call that may
    have happened is made again. `asks`: why it is asked for, more than by default where it says something else.
    `spreads`: whether what continues it is to go as well. `recorded`: the content-free fields that the ledger keeps.
    `record` names what a record is about, where it is more than this function's calls.
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
        asks: str = "",
        spreads: str = "",
        recorded: tuple[str, ...] = (),
        record: str = "",
        **kwargs: Any,
    ) -> None:
        """Take the class arguments."""
        super().__init_subclass__(**kwargs)
        given = {"key": key, "due": due, "about": about, "unknown": unknown, "asks": asks, "spreads": spreads}
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
        """The id of the person concerned. Only its keyed hash is stored."""
        subject: str | None = self._field("about")
        return subject

    @property
    def retries_unknown(self) -> bool:
        """Whether the producer accepts that a call that may have happened is made again."""
        return bool(self._field("unknown") == "retry")

    @property
    def asked(self) -> frozenset[str]:
        """Why it is asked for, where that is more than the field's default: then it must not be forgotten."""
        why = self._field("asks")
        default = type(self).model_fields[self.fields_of["asks"]].default if why is not None else None
        return frozenset() if why == default else frozenset({why})

    @property
    def cascades(self) -> frozenset[str]:
        """Why what continues it is to go as well, where the message asks for that."""
        return (self.asked or frozenset({CASCADE})) if self._field("spreads") else frozenset()

    def _field(self, meaning: str) -> Any:
        return getattr(self, self.fields_of[meaning]) if meaning in self.fields_of else None

    def audit(self) -> dict[str, Any]:
        """Return the content-free fields that the ledger keeps."""
        kept = self.model_dump(mode="json", include=set(self.recorded), exclude_none=True)
        return dict(sorted(kept.items()))

    def canonical(self) -> str:
        """Return the same text for the same content, however it was written: what `key_reused` compares.

        Without defaults: a field that a later release adds must not make other content of messages under way.
        """
        return json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[M]):
    """A valid message with its key.

    `identity` says which message it was, for who reads a result: its envelope's source and id (of a message that
    another function sent, those of the producer's message that it followed from), or the id under which it came first.
    `cause` is that producer's message, where the message has no business id of its own: results then name its keys.
    """

    message: M
    key: Key
    identity: str
    traceparent: str | None
    cause: Cause | None = None


def parse(model: type[M], delivery: Delivery, settings: Settings | None = None) -> Parsed[M]:
    """Read a delivery's body as a message of this model.

    `settings` are the function's, which a model may ask in its validation context.

    Raises Invalid: it is none; the message says what was wrong and where.
    """
    if delivery.flaw:
        raise Invalid(delivery.flaw)
    content = open_body(delivery.body)
    try:
        message = model.model_validate(content.message, context=settings)
    except ValidationError as error:
        raise Invalid(_explain(error, model, content.where)) from None
    key = message.key or content.identity or delivery.key or delivery.message_id
    if len(key) > MAX_KEY or not sendable(key):
        named = f"{content.where}.{model.fields_of['key']}" if message.key else "body.source, body.id"
        raise Invalid(f"{named}: over {MAX_KEY} characters, or control characters")
    identity = (content.cause.identity if content.cause else content.identity) or ""
    return Parsed(
        message,
        Key(key),
        identity=identity if 0 < len(identity) <= MAX_KEY else delivery.origin,  # results carry it
        traceparent=trace_of(content.traceparent),
        cause=None if message.key else content.cause,
    )


def _explain(error: ValidationError, model: type[Message], where: str) -> str:
    """Return what is wrong and where; names of unknown fields are content, so they are counted, not told."""
    unknown = [each for each in error.errors() if each["type"] == "extra_forbidden"]
    told = [
        f"{'.'.join([where, *map(str, each['loc'])])}: {_told(each['type'], each['msg'])}"
        for each in error.errors(include_url=False, include_input=False)
        if each["type"] != "extra_forbidden"
    ]
    if unknown:
        outside = all(len(each["loc"]) == 1 for each in unknown)
        told.append(f"{where}: {len(unknown)} unknown fields" + f" (known: {', '.join(model.model_fields)})" * outside)
    return "; ".join(told)[:256]


def _told(kind: str, message: str) -> str:
    """Return what pydantic says of an error, unless that quotes the message."""
    return "no type that is known" if kind == "union_tag_invalid" else message
