"""What a local AI Studio is started with."""

from dataclasses import dataclass
from typing import Literal, get_args

PostMode = Literal["404", "405", "501", "empty", "json", "sse"]
POST_MODES: tuple[PostMode, ...] = get_args(PostMode)

HOST = "127.0.0.1"
DEFAULT_KEY = "local-key"
DEFAULT_FOLDER = "b1glocalfolder"
DEFAULT_REALTIME_MODEL = "speech-realtime-local"


@dataclass(frozen=True)
class Settings:
    """The credentials and the folder it knows, its pace, and how it answers the Realtime API's POST form.

    `keys` holds every accepted secret, as an API key or as an IAM token alike. `latency` and `keepalive` are seconds.
    `background_polls`: how many GETs it takes until a response created in the background is over. `retired_models` is
    what it knows no more.
    """

    keys: tuple[str, ...] = (DEFAULT_KEY,)
    folder_id: str = DEFAULT_FOLDER
    realtime_model: str = DEFAULT_REALTIME_MODEL
    realtime_post: PostMode = "404"
    latency: float = 0.0
    keepalive: float = 75.0
    seed: int = 0
    background_polls: int = 2
    retired_models: tuple[str, ...] = ("gpt-oss-120b", "gpt-oss-20b", "qwen3-235b-a22b-fp8")
