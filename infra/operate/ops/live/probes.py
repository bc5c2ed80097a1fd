"""`ops doctor --live`: asks the real services what their documentation leaves open.

What it finds names statuses, fields and codes alone: no id, no content, no secret. It may be shown to anybody.
"""

from collections.abc import Iterator
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from aistudio import APIError
from infra.operate.cloud import Stopped
from infra.operate.ops.environments import Reach
from infra.operate.ops.live.studio import STUDIO
from infra.operate.ops.live.table import TABLE
from infra.operate.ops.live.trigger import TRIGGER

COST = "three short generations, one realtime response, some 60 requests to the table, and four messages"

QUESTIONS = {**TABLE, **STUDIO, **TRIGGER}


def probes(reach: Reach) -> Iterator[tuple[str, Any]]:
    """Ask each question; what raises is an answer, too."""
    for name, ask in QUESTIONS.items():
        try:
            yield name, ask(reach)
        except ClientError as error:
            yield name, f"refused: {error.response.get('Error', {}).get('Code')}"
        except Stopped as error:
            yield name, f"failed: {error}"
        except (APIError, BotoCoreError, httpx.HTTPError, OSError, LookupError, ValueError) as error:
            yield name, f"failed: {type(error).__name__}"
