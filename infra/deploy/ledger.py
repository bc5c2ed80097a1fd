"""A deployment's ledger, and the key by which its records are found: YC_TOKEN opens both."""

import os
from collections.abc import Mapping
from typing import Any

import httpx

from documents.client import connect_with_token
from documents.tables import LEDGER
from infra.operate.cloud import REGION, Stopped
from ledger import Keys, Ledger

LOCKBOX = "https://payload.lockbox.api.cloud.yandex.net/lockbox/v1/secrets"


def ledger_of(platform: Mapping[str, Any]) -> tuple[Keys, Ledger]:
    """A deployment's ledger by platform's output, with what makes its keys. Raises Stopped."""
    token = os.environ["YC_TOKEN"]
    keys = Keys(hash_key_of(platform))
    tables = connect_with_token(platform["document_api_endpoint"], REGION, lambda: token)
    return keys, Ledger(tables, platform["table_prefix"] + LEDGER)


def hash_key_of(platform: Mapping[str, Any]) -> str:
    """A deployment's HASH_KEY, from Lockbox. Raises Stopped."""
    secret, token = platform["hash_key"], os.environ["YC_TOKEN"]
    try:
        answer = httpx.get(
            f"{LOCKBOX}/{secret['secret_id']}/payload",
            params={"versionId": secret["version_id"]},
            headers={"Authorization": f"Bearer {token}"},
        ).raise_for_status()
        return next(str(entry["textValue"]) for entry in answer.json()["entries"] if entry["key"] == "HASH_KEY")
    except (httpx.HTTPError, LookupError, StopIteration, TypeError, ValueError) as error:
        raise Stopped(f"the hash key can't be read from Lockbox: {type(error).__name__}") from None
