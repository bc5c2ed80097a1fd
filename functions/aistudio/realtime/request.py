"""What is sent at once: one client event, or a script of them."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from aistudio.realtime.client_events import KINDS, RESPONSE_CREATE, ClientEvent, Script


class Request(BaseModel):
    """One client event whose fields stand at the top, as the API has it, or a `script` for one session.

    A response.create alone has an entry of its own, whose result is the response.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: ClientEvent | None = None
    script: Script | None = None

    @model_validator(mode="before")
    @classmethod
    def _take_the_event(cls, body: Any) -> Any:
        if not isinstance(body, dict) or "script" in body:
            return body
        beside = cls.model_fields.keys() - {"event"}
        own = {name: value for name, value in body.items() if name not in beside or name == "event_id"}
        return {name: value for name, value in body.items() if name in beside} | {"event": own}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.event is None) == (self.script is None):
            raise ValueError("one client event, or a script")
        if self.event is not None and self.event.type == RESPONSE_CREATE:
            raise ValueError("response.create is realtime_response_create's, or part of a script")
        return self

    @property
    def leaves_nothing(self) -> bool:
        """Whether sending it again changes nothing: a session that ends takes with it all that is not billed."""
        events, lasting = (self.script, ("billed",)) if self.script else ([self.event], ("kept", "billed"))
        return not any(event is not None and KINDS[event.type].effect in lasting for event in events)
