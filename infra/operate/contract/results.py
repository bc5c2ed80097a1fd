"""What the `data` of each function's results holds."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Count = dict[str, Any]
"""The API's count of tokens."""

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""A SHA-256 in hex."""


class Data(BaseModel):
    """Base of all: later releases may add fields, so a consumer passes over those that it does not know."""

    model_config = ConfigDict(extra="allow")


class Deletion(Data):
    """What became of a deletion. `delete_after` is the registered date, where it is `scheduled`.

    `successors` counts the responses that continue it and stay, `cascaded` those that were asked to go with it.
    """

    outcome: Literal["deleted", "already_absent", "held", "scheduled"]
    reason: str | None = None
    requested_at: str | None = None
    subject: str | None = None
    delete_after: AwareDatetime | None = None
    successors: int | None = None
    cascaded: int | None = None


class Registration(Data):
    """What became of a registration, and the date that it asked for. `policy` is null where a date was given."""

    outcome: Literal["registered", "superseded", "deleted"]
    delete_after: AwareDatetime
    policy: str | None


class Hold(Data):
    """How an order of a hold stands. `until` is when the next result of it comes, `due` what a release made due."""

    outcome: Literal["placed", "effective", "too_late", "released", "superseded"]
    case: str
    until: AwareDatetime | None = None
    due: int | None = None


class Erasure(Data):
    """The one summary of an erasure: how all that was found ended. `incomplete`: some of it is `pending` still."""

    outcome: Literal["complete", "incomplete"]
    until: AwareDatetime
    found: int
    deleted: int
    already_absent: int
    held: int
    dead_lettered: int
    pending: int
    cases: list[str] = Field(max_length=100)
    conversations: int
    ended_at: AwareDatetime


class Verification(Data):
    """Whether a deleted response stays away. `times`: how often it was found again."""

    outcome: Literal["verified_absent", "resurrected", "not_due"]
    times: int | None = None


class Response(Data):
    """A response: the API's object, and beside it what most readers want of it. `absent`: there is none."""

    status: str
    response: dict[str, Any] | None = None
    text: str | None = None
    usage: Count | None = None


class InputItems(Data):
    """The input items of a response; or `status`: `absent`, where there is no such response."""

    status: Literal["absent"] | None = None
    object: Literal["list"] | None = None
    data: list[dict[str, Any]] | None = None
    has_more: bool | None = None


class RealtimeResponse(Data):
    """The API's response, and beside it what it says. `accepted`: the service took it, and sent no finished response."""

    status: str | None = None
    text: str | None = None
    transcript: str | None = None
    audio: str | None = Field(None, description="Base64, in the session's format.")
    audio_damaged: bool | None = None
    usage: Count | None = None


class ClientEvent(Data):
    """What became of one client event. `answer` is the server event that acknowledged it."""

    type: str
    event_id: str | None
    status: Literal["acknowledged", "sent", "refused", "unknown", "not_sent"]
    answer: dict[str, Any] | None = None
    error: str | None = None


class ClientEvents(Data):
    """How client events ended, and all that was answered. `error` says why a script ended early."""

    status: str
    events: list[ClientEvent] | None = None
    responses: list[dict[str, Any]] | None = None
    transcriptions: list[dict[str, Any]] | None = None
    items: list[dict[str, Any]] | None = None
    text: str | None = None
    usage: Count | None = None
    error: str | None = None


class Seal(Data):
    """The seal of a day. Who keeps `head` can tell at any time whether anything that was sealed is changed.

    `previous` is the head of the day before, empty for the first day. `lines` counts receipts and pieces of history.
    """

    day: date
    head: Digest
    previous: Digest | Literal[""]
    lines: int


RESULTS: dict[str, type[Data]] = {
    "delete_response": Deletion,
    "register_response": Registration,
    "legal_hold": Hold,
    "erase_subject": Erasure,
    "verify_deletion": Verification,
    "create_response": Response,
    "get_response": Response,
    "cancel_response": Response,
    "list_input_items": InputItems,
    "realtime_response_create": RealtimeResponse,
    "realtime_client_event": ClientEvents,
    "seal_receipts": Seal,
}
"""The data of each function's results."""
