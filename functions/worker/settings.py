"""Every setting of a function, read from its environment and checked at once (functions/README.md, "Settings")."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import combinations
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from aistudio import RealtimeTransport
from aistudio.config import url_problem
from ledger.durations import seconds

_LEAST_SECRET = 16


def _url(value: str, schemes: tuple[str, ...]) -> str:
    problem = url_problem(value, *schemes) if value else None
    if problem:
        raise ValueError(problem)
    return value


def _names(value: object) -> object:
    return {name.strip() for name in value.split(",")} - {""} if isinstance(value, str) else value


def _printable(secret: SecretStr) -> SecretStr:
    if re.search(r"[^!-~]", secret.get_secret_value()):
        raise ValueError("has spaces or characters that no header can carry")
    return secret


def _long(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value() != secret.get_secret_value().strip():
        raise ValueError("begins or ends with a blank or a line's end, which not every tool keeps")
    if 0 < len(secret.get_secret_value()) < _LEAST_SECRET:
        raise ValueError(f"has fewer than {_LEAST_SECRET} characters")
    return secret


Duration = Annotated[float, BeforeValidator(seconds)]
Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, AfterValidator(partial(_url, schemes=("http", "https")))]
SocketUrl = Annotated[str, AfterValidator(partial(_url, schemes=("ws", "wss")))]
Names = Annotated[frozenset[str], BeforeValidator(_names)]
Printable = Annotated[str, Field(pattern=r"^[!-~]*$")]

STUDIO = ("AISTUDIO_FOLDER_ID",)
LEDGER = ("YDB_DOCAPI_ENDPOINT", "HASH_KEY")
KEYS_OF_QUEUES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_APART = ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "RESULTS_QUEUE_URL")
QUEUES = ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL", *KEYS_OF_QUEUES)
LEDGER_FUNCTION = (*LEDGER, *QUEUES)
"""What a function that takes messages from a queue needs, where all that it does is done in the ledger."""
QUEUE_FUNCTION = (*STUDIO, *LEDGER_FUNCTION)
"""What a function with a queue needs, where it calls AI Studio. A timer's function has no queue."""

Check = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Looks at a function's environment and says, by name, what is wrong with it."""


class SettingsError(Exception):
    """The environment is not usable; the message names all that is missing or malformed, and no value."""


class Settings(BaseModel):
    """The settings, named as in the environment but in lower case. Durations are in seconds."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper, hide_input_in_errors=True, validate_default=True)

    aistudio_base_url: Url = "https://ai.api.cloud.yandex.net/v1"
    aistudio_realtime_url: SocketUrl = "wss://ai.api.cloud.yandex.net/v1/realtime"
    aistudio_folder_id: Printable = ""
    aistudio_api_key: Annotated[SecretStr, AfterValidator(_printable)] = SecretStr("")
    aistudio_data_logging: bool = False
    aistudio_allow_fields: Names = frozenset()
    realtime_model: str = ""
    realtime_transport: RealtimeTransport = "auto"
    ydb_docapi_endpoint: Url = ""
    ledger_table_prefix: str = "aistudio/"
    hash_key: Annotated[SecretStr, AfterValidator(_long)] = SecretStr("")
    ymq_endpoint: Url = "https://message-queue.api.cloud.yandex.net"
    queue_url: Url = ""
    dead_letter_queue_url: Url = ""
    results_queue_url: Url = ""
    results_subject: Literal["hash", "key"] = "hash"
    results_bucket: str = ""
    evidence_bucket: str = ""
    storage_endpoint: Url = "https://storage.yandexcloud.net"
    aws_access_key_id: Annotated[SecretStr, AfterValidator(_printable)] = SecretStr("")
    aws_secret_access_key: Annotated[SecretStr, AfterValidator(_printable)] = SecretStr("")
    aws_region: Text = "ru-central1"
    ydb_auth: Literal["iam", "static"] = "iam"
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 8
    max_age: Duration = "24h"  # type: ignore[assignment]  # read like the environment's text
    lease_margin: Duration = "600s"  # type: ignore[assignment]  # read like text
    # Below a second the records are read again and again, and are never fresh enough for a call to begin.
    hold_window: Annotated[Duration, Field(ge=1)] = "10s"  # type: ignore[assignment]  # read like text
    sweep_lease: Annotated[Duration, Field(ge=60)] = "1h"  # type: ignore[assignment]  # read like text
    sweep_backlog: Annotated[int, Field(ge=1)] = 10_000
    erase_settle: Duration = "30m"  # type: ignore[assignment]  # read like text
    queue_max_bytes: Annotated[int, Field(ge=1_024, le=262_144)] = 262_144
    queue_retention: Duration = "4d"  # type: ignore[assignment]  # read like text
    retention_policies: str = ""
    call_needs: Duration = "2s"  # type: ignore[assignment]  # read like text
    concurrency: Annotated[int, Field(ge=1, le=100)] = 16
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @classmethod
    def read(
        cls, environment: Mapping[str, str], needs: Iterable[str] = QUEUE_FUNCTION, check: Check | None = None
    ) -> "Settings":
        """Read the settings: a function `needs` these to be set, and `check` says what else is wrong for it.

        Raises SettingsError: naming everything that is missing or malformed.
        """
        # An empty variable is an unset one: Terraform and shells can't tell them apart.
        given = {name: value for name, value in environment.items() if value != ""}
        wrong = {name: "is required" for name in needs if name not in given}
        wrong |= check(given) if check else {}
        wrong |= _shared(given)
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            for each in error.errors(include_input=False, include_url=False):
                wrong[str(each["loc"][0])] = each["msg"].removeprefix("Value error, ")
            settings = None
        if wrong or settings is None:
            told = "; ".join(f"{name} {problem}" for name, problem in sorted(wrong.items()))
            raise SettingsError(f"settings missing or malformed: {told}. functions/README.md lists them.")
        return settings


def _shared(given: Mapping[str, str]) -> Mapping[str, str]:
    """Say which queues are one: what is sent to it would come back as a message, without end."""
    urls = {name: given[name].rstrip("/") for name in _APART if name in given}
    return {name: f"is the queue of {other} too" for name, other in combinations(urls, 2) if urls[name] == urls[other]}


def queue_settings(functions: Iterable[str]) -> dict[str, str]:
    """Return the setting that names each of these functions' queues."""
    return {function: f"{function.upper()}_QUEUE_URL" for function in functions}
