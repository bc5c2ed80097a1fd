"""A terraform that only notes what it is asked for, and what platform would tell app."""

from collections.abc import Callable
from pathlib import Path

BUCKET = "packages"

PLATFORM = {
    "environment": "dev",
    "cloud_id": "b1gcloud",
    "folder_id": "b1gfolder",
    "aistudio_folder_id": "b1gaistudio",
    "table_prefix": "aistudio/",
    "document_api_endpoint": "https://docapi.test/ru-central1/b1gcloud/etn",
    "log_group_id": "e23group",
    "trigger_account_id": "ajetrigger",
    "package_bucket": BUCKET,
    "results_bucket": "results",
    "accounts": {
        name: {"id": f"aje{name}", "key_secret_id": f"e6q{name}", "key_version_id": "e6v"}
        for name in ("deleter", "generator")
    },
    "hash_key": {"secret_id": "e6qhash", "version_id": "e6v"},
}

PROGRAM = """#!/bin/sh
echo "$@" >> {calls}
for argument in "$@"; do
  case "$argument" in
    init|apply) exit {apply} ;;
    plan) case "$*" in *-detailed-exitcode*) exit {plan} ;; *) exit 0 ;; esac ;;
    show) cat {outputs}/changes.json; exit 0 ;;
    output) for name in "$@"; do :; done; cat {outputs}/"$name".json; exit 0 ;;
  esac
done
"""

Pretend = Callable[..., Path]
"""Takes the exit codes that ``apply`` and the last plan are to have and the changes that the first plan shows, and returns
the file with the commands it was given."""
