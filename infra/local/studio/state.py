"""What a local AI Studio holds: stored responses, the log of what it was asked, faults, and its source of ids."""

import hashlib
import random
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from uuid import UUID

from infra.local.studio.faults.book import FaultBook
from infra.local.studio.realtime.dialogue import Dialogue
from infra.local.studio.responses.life import Life
from infra.local.studio.settings import PostMode, Settings

LOGGED_HEADERS = (
    "x-client-request-id",
    "x-data-logging-enabled",
    "openai-project",
    "idempotency-key",
    "content-type",
    "accept",
    "user-agent",
)
Transport = Literal["http", "websocket"]
LOG_LIMIT = 100_000


@dataclass(slots=True)
class Call:
    """One request, or one response.create frame of a WebSocket session, as `/_local/requests` shows it.

    `id` is the response id or the event id. `effect`: something was deleted or created. `status` stays null where no
    answer was begun. `billed`: a model was run for it. `input_hash` is that of a create's text, never the text itself.
    """

    seq: int
    transport: Transport
    method: str
    path: str
    headers: dict[str, str]
    time: float = field(default_factory=time.time)
    id: str | None = None
    event_id: str | None = None
    effect: bool = False
    billed: bool = False
    status: int | None = None
    fault: str | None = None
    input_hash: str | None = None


@dataclass(slots=True)
class Frame:
    """One client event of the Realtime API, as `/_local/frames` shows it; `session` is null for the POST form."""

    seq: int
    session: str | None
    transport: Transport
    type: str
    event_id: str | None
    effect: bool = False


def hash_of(text: str) -> str:
    """What the log keeps of an input: enough to find a create again, too little to read it."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


class Studio:
    """The state of one local AI Studio."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reset()

    def reset(self) -> None:
        """Start over: nothing stored, nothing logged, no faults, ids from the seed again."""
        self.faults = FaultBook(self.settings.seed)
        self.responses: dict[str, Life] = {}
        self.calls: deque[Call] = deque(maxlen=LOG_LIMIT)
        self.frames: deque[Frame] = deque(maxlen=LOG_LIMIT)
        self.realtime_post: PostMode = self.settings.realtime_post
        self.post_modes: dict[str, PostMode] = {}  # of single event ids
        self._random = random.Random(self.settings.seed)  # noqa: S311 - reproducible, not secret
        self._seq = 0
        self.dialogue = Dialogue(self.hex_id, "")  # of all client events that are posted

    def hex_id(self) -> str:
        """32 hexadecimal digits, new each time, the same for the same seed."""
        return f"{self._random.getrandbits(128):032x}"

    def uuid(self) -> str:
        """A UUID, as the Responses API's ids look like."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def record(self, transport: Transport, method: str, path: str, headers: dict[str, str]) -> Call:
        """Log a call as it arrives; the caller fills in the rest as it becomes known."""
        self._seq += 1
        call = Call(self._seq, transport, method, path, headers)
        self.calls.append(call)
        return call

    def frame(self, session: str | None, transport: Transport, event: dict[str, Any]) -> Frame:
        """Log a client event as it arrives; the caller says whether it took effect."""
        self._seq += 1
        event_id = event.get("event_id")
        named = event_id if isinstance(event_id, str) else None
        frame = Frame(self._seq, session, transport, str(event.get("type")), named)
        self.frames.append(frame)
        return frame

    def log(self, subject: str | None = None) -> list[dict[str, Any]]:
        """The calls seen, oldest first, of one id or of all."""
        return [asdict(call) for call in self.calls if subject in (None, call.id)]
