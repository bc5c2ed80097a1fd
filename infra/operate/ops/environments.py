"""The environments that `ops` works on: the local one, a deployment, or one that a file describes.

Each is read into the functions' settings, under their names, with `<FUNCTION>_QUEUE_URL` beside them.
"""

import getpass
import os
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from infra.deploy import table
from infra.deploy.entry_points import function_of
from infra.deploy.ledger import hash_key_of
from infra.deploy.terraform import INFRA, Root
from infra.local.settings import LOCAL_ENV, read_env
from infra.operate.cloud import KEY, begin
from infra.operate.ops import hash_key
from infra.operate.ops.ending import misused, services, unreachable, unusable
from ledger import Keys, Ledger
from worker import clients
from worker.settings import KEYS_OF_QUEUES, LEDGER, Settings, SettingsError, queue_settings
from worker.settle.function import Function

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient

ENVIRONMENTS = INFRA / "terraform" / "environments"
NEEDED = (*LEDGER, *KEYS_OF_QUEUES, "DEAD_LETTER_QUEUE_URL")


@dataclass(frozen=True)
class Reach:
    """One environment: its settings, and clients of its services.

    `local`: it is `make dev`'s, which alone writes its lines to a file. `deployed` are the settings of each function
    that runs in a cloud, where they are told. `options` are those that named the environment on the command line.
    """

    name: str
    values: Mapping[str, str]
    local: bool = False
    entries: Mapping[str, Any] = field(default_factory=lambda: table.read()["functions"])
    deployed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    @cached_property
    def settings(self) -> Settings:
        """The functions' settings. Raises Ended, naming all that is missing or malformed."""
        try:
            return Settings.read(self.values, NEEDED)
        except SettingsError as error:
            raise misused(f"{self.name}: {error}") from None

    @cached_property
    def queues(self) -> dict[str, str]:
        """The queue's URL of each function that is there."""
        names = queue_settings(name for name, entry in self.entries.items() if "queue" in entry)
        return {function: self.values[name] for function, name in names.items() if self.values.get(name)}

    def queue(self, function: str) -> str:
        """The queue of one function. Raises Ended where there is none."""
        if function not in self.queues:
            known = ", ".join(sorted(self.queues)) or "none"
            raise misused(f"no function {function!r} has a queue in {self.name}; these have: {known}")
        return self.queues[function]

    def function(self, name: str) -> Function[Any, Any]:
        """What the code says of a function. Raises Ended where there is none."""
        if name not in self.entries or "queue" not in self.entries[name]:
            known = ", ".join(name for name, entry in self.entries.items() if "queue" in entry)
            raise misused(f"there is no function {name!r} with a queue; there are: {known}")
        return function_of(self.entries[name])

    @cached_property
    def sqs(self) -> "SQSClient":
        """A client for the queues."""
        return clients.queues(self.settings)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """A client for the tables."""
        return clients.documents(self.settings, lambda: self.values.get("YC_TOKEN", ""))

    @cached_property
    def keys(self) -> Keys:
        """What makes record keys. Raises Ended where they would not be the ledger's, and TableUnavailable."""
        return hash_key.fitting(Keys(self.settings.hash_key.get_secret_value()), self.ledger, self.name)

    @property
    def table(self) -> str:
        """The name of the ledger's table."""
        return self.settings.ledger_table_prefix + "ledger"

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        return Ledger(self.dynamodb, self.table)

    @cached_property
    def skew(self) -> float | None:
        """Seconds by which this machine's clock is ahead of the table service's; None where that tells no time."""
        answer: Any = self.dynamodb.get_item(TableName=self.table, Key={"key": {"S": "clock"}})
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        try:
            return time.time() - parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError):
            return None

    @property
    def control(self) -> str:
        """The control plane of the local AI Studio. Raises Ended anywhere else."""
        if not self.local:
            raise misused(f"{self.name} is no local environment: this works on `make dev` only")
        return self.settings.aistudio_base_url.removesuffix("/v1") + "/_local"

    def hint(self, *words: str) -> str:
        """A command of ops on this environment, to be pasted into a shell in the project's folder."""
        return shlex.join((".venv/bin/ops", *self.options, *words))

    def make(self, verb: str) -> str:
        """A verb of make about this environment, likewise."""
        return f"make {verb}" + (f" ENV={self.name}" if (ENVIRONMENTS / self.name).is_dir() else "")

    @property
    def who(self) -> str:
        """Who gives orders where no name is given: the user here, else the static key's id."""
        return user() if self.local else self.settings.aws_access_key_id.get_secret_value()


def user() -> str:
    """The name of whoever runs the command; `local` where the machine knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"


def reach(name: str, file: Path | None, options: tuple[str, ...] = ()) -> Reach:
    """Read an environment: a file of settings, `local`, or a folder of infra/terraform/environments. Raises Ended."""
    begin()
    if file is not None:
        if not file.exists():
            raise misused(f"{file}: there is no such file")
        try:
            values = read_env(file)
        except OSError as error:
            raise unusable(error, file) from None
        except ValueError:
            raise misused(f"{file}: not UTF-8 text: it has to hold KEY=value lines") from None
        return Reach(str(file), {**values, **_token()}, local=bool(values.get("LOG_FILE")), options=options)
    if name == "local":
        if not LOCAL_ENV.is_file():
            raise unreachable("nothing runs here: start `make dev` in another terminal, or name one: ops --env dev …")
        return Reach(name, read_env(LOCAL_ENV), local=True, options=options)
    if not name or not (ENVIRONMENTS / name).is_dir() or Path(name).name != name:
        known = ", ".join(sorted(path.name for path in ENVIRONMENTS.iterdir()))
        raise misused(f"there is no environment {name!r}: local, or in infra/terraform/environments {known}")
    with services(), Console(stderr=True).status(f"Reading the settings of {name}"):
        try:
            return _deployed(name, options)
        except KeyError as error:
            raise unreachable(f"{name} tells no {error}: an older release made it (make platform ENV={name})") from None


def _deployed(name: str, options: tuple[str, ...]) -> Reach:
    """A deployment, by what Terraform and Lockbox tell. Raises Stopped, and KeyError where one does not tell all."""
    begin("YC_TOKEN", *KEY)
    platform, app = Root("platform", name), Root("app", name)
    for root in (platform, app):
        root.init()
    told, outputs = platform.output("platform"), app.outputs()
    queues = app.output("queues")
    deployed: dict[str, dict[str, str]] = outputs.get("settings", {})
    values = {
        **{setting: str(value) for setting, value in table.read()["settings"].items()},
        **{setting: value for own in deployed.values() for setting, value in own.items()},
        **{setting: os.environ[setting] for setting in (*KEY, "YMQ_ENDPOINT") if setting in os.environ},
        **_token(),
        "YDB_DOCAPI_ENDPOINT": told["document_api_endpoint"],
        "LEDGER_TABLE_PREFIX": told["table_prefix"],
        "HASH_KEY": hash_key_of(told),
        "EVIDENCE_BUCKET": told.get("evidence_bucket", ""),
        "DEAD_LETTER_QUEUE_URL": outputs.get("dead_letter_queue", ""),
        "RESULTS_QUEUE_URL": outputs.get("results_queue", ""),
        "AISTUDIO_FOLDER_ID": told.get("aistudio_folder_id", ""),
        "LOG_GROUP": told.get("log_group_id", ""),
        **{setting: queues[function] for function, setting in queue_settings(queues).items()},
    }
    return Reach(name, values, deployed=deployed, options=options)


def _token() -> dict[str, str]:
    return {"YC_TOKEN": os.environ["YC_TOKEN"]} if os.environ.get("YC_TOKEN") else {}
