"""A bench for the function that issues response.create, over HTTP and over the WebSocket of the local AI Studio."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import realtime_response_create
from aistudio import API, Config
from aistudio.realtime import Realtime
from tests.support.bench import Bench
from tests.support.kit import Kit


@contextmanager
def realtime_bench(kit: Kit) -> Iterator[Bench]:
    """The real handler with its real client; messages with `context` go by WebSocket."""
    studio = kit.studio
    config = Config(
        studio.base_url,
        studio.folder_id,
        studio.api_key,
        realtime_url=studio.realtime_url,
        realtime_model=studio.realtime_model,
    )
    with closing(API(config, token=lambda: "")) as api:
        yield Bench(kit, replace(realtime_response_create.handler.function, needs=0.1), Realtime(api))
