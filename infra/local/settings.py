"""The functions' settings for the local servers: every one that the functions know, with a value."""

import secrets
import shlex
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from infra.deploy import table
from infra.local.cloud.servers import KEY_ID, KEY_SECRET, REGION, Servers
from infra.local.processes.surroundings import ROOT
from infra.local.studio.process import StudioHandle
from worker.settings import Settings

LOCAL_ENV = ROOT / ".local.env"
RESULTS_BUCKET = "results"
EVIDENCE_BUCKET = "evidence"
QUEUES = frozenset({"QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "RESULTS_QUEUE_URL"})
"""Settings that differ by function, or that a test chooses."""


REACH_SERVERS = frozenset(
    {
        "AISTUDIO_API_KEY",
        "AISTUDIO_BASE_URL",
        "AISTUDIO_FOLDER_ID",
        "AISTUDIO_REALTIME_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "EVIDENCE_BUCKET",
        "HASH_KEY",
        "LEDGER_TABLE_PREFIX",
        "REALTIME_MODEL",
        "RESULTS_BUCKET",
        "STORAGE_ENDPOINT",
        "YDB_AUTH",
        "YDB_DOCAPI_ENDPOINT",
        "YMQ_ENDPOINT",
    }
)
"""Settings that have to lead to the local servers."""


def local_settings(servers: Servers, studio: StudioHandle) -> dict[str, str]:
    """All settings but the queues' URLs: defaults where those do, else what reaches the local servers.

    The secret of the keyed hashes is new each time, so no ledger record outlives a run by accident.
    """
    return _defaults() | {
        "AISTUDIO_BASE_URL": studio.base_url,
        "AISTUDIO_REALTIME_URL": studio.realtime_url,
        "AISTUDIO_FOLDER_ID": studio.folder_id,
        "AISTUDIO_API_KEY": studio.api_key,
        "REALTIME_MODEL": studio.realtime_model,
        "YDB_DOCAPI_ENDPOINT": servers.endpoint,
        "LEDGER_TABLE_PREFIX": "aistudio.",  # the table server takes no slash in a name
        "HASH_KEY": secrets.token_hex(16),
        "YMQ_ENDPOINT": servers.endpoint,
        "STORAGE_ENDPOINT": servers.endpoint,
        "RESULTS_BUCKET": RESULTS_BUCKET,
        "EVIDENCE_BUCKET": EVIDENCE_BUCKET,
        "RETENTION_POLICIES": table.policies(),
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": KEY_SECRET,
        "AWS_REGION": REGION,
        "YDB_AUTH": "static",
    }


def own_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the settings that somebody set for the functions, but for those that have to lead to the local servers.

    Raises ValueError, naming each that is malformed.
    """
    given = {name: environment[name] for name in _defaults() if environment.get(name) and name not in REACH_SERVERS}
    try:
        Settings.model_validate(given)
    except ValidationError as error:
        told = (f"{each['loc'][0]} {each['msg'].removeprefix('Value error, ')}" for each in error.errors())
        raise ValueError("; ".join(told)) from None
    return given


def write_env(settings: Mapping[str, str], path: Path = LOCAL_ENV) -> None:
    """Write `KEY=value` lines that a shell reads too, readable by the owner alone."""
    new = path.with_name(path.name + ".new")  # replaced in one step: a reader sees the old file or the whole new one
    new.touch(mode=0o600)
    new.write_text("".join(f"{name}={_quoted(value)}\n" for name, value in sorted(settings.items())))
    new.replace(path)


def read_env(path: Path = LOCAL_ENV) -> dict[str, str]:
    """What `write_env` wrote. Raises OSError, and ValueError where the file is not text."""
    text = path.read_text(encoding="utf-8")
    return {name: value or "" for name, value in dotenv_values(stream=StringIO(text), interpolate=False).items()}


def _quoted(value: str) -> str:
    """The value as a shell and dotenv read it; with both kinds of quotes in it a shell does not."""
    if not value or shlex.quote(value) == value:
        return value
    mark = '"' if "'" in value else "'"
    return f"{mark}{value}{mark}"


def _defaults() -> dict[str, str]:
    return {
        name.upper(): _text(field.default)
        for name, field in Settings.model_fields.items()
        if not field.is_required() and name.upper() not in QUEUES
    }


def _text(default: object) -> str:
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, frozenset):
        return ",".join(sorted(default))
    return str(default).lower() if isinstance(default, bool) else str(default)
