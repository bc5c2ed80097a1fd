"""What every fault has.

A fault strikes the requests that its `match` names, `times` times (once unless told otherwise, null: always), with its
`probability`.
"""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=3600)]


class Strict(BaseModel):
    """A model that refuses unknown fields: a misspelt fault would pass a test by never firing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(Strict):
    """Which requests: `method` exactly, `path` and `text` as regular expressions found in them, `id` exactly.

    `id` is a response id or event id. `text` is the text of a response's input, so that a create can be named before
    its id is known, and what concerns the same response afterwards.
    """

    method: str | None = None
    path: re.Pattern[str] | None = None
    id: str | None = None
    text: re.Pattern[str] | None = None

    def fits(self, method: str, path: str, subject: str | None, text: str | None = None) -> bool:
        """Whether the request is one of these."""
        return (
            self.method in (None, method)
            and (self.path is None or self.path.search(path) is not None)
            and self.id in (None, subject)
            and (self.text is None or (text is not None and self.text.search(text) is not None))
        )


class Fault(Strict):
    """What every fault has: the requests that it hits, how often, and how likely."""

    match: Match = Match()
    times: Annotated[int, Field(ge=1)] | None = 1
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
