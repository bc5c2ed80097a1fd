"""Create and upgrade the ledger's tables by their one definition, `tables.json`.

`python -m documents.tables` creates the tables and indexes that are missing at YDB_DOCAPI_ENDPOINT, named with
LEDGER_TABLE_PREFIX; it signs with the static key that botocore finds, or sends IAM_TOKEN where that is set.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, NoCredentialsError

from documents.client import connect_with_key, connect_with_token

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LEDGER = "ledger"

_LONGEST_FILLING = 3600
"""Seconds: the service fills a new index of a table with records in the background."""


def definitions() -> list[dict[str, Any]]:
    """Read the tables as data: name (without prefix), key, optional range, ttl, indexes. Keys are strings."""
    tables: list[dict[str, Any]] = json.loads(Path(__file__).with_name("tables.json").read_text())["tables"]
    return tables


def create(client: "DynamoDBClient", prefix: str) -> list[str]:
    """Create the tables and indexes that are missing, and wait until they can be used; return the tables' names.

    A table of an earlier definition keeps its records, and gets the indexes that it lacks; an index that the definition
    does not name is left alone. Safe to repeat, and to run twice at once. Raises botocore's ClientError where the
    service refuses.
    """
    names = []
    for table in definitions():
        name = prefix + table["name"]
        try:
            client.create_table(**_schema(name, table))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":
                raise
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        _add_indexes(client, name, table)
        _expire(client, name, table["ttl"])
        names.append(name)
    return names


def _keys(of: dict[str, Any]) -> Any:
    hashed = [{"AttributeName": of["key"], "KeyType": "HASH"}]
    return hashed + ([{"AttributeName": of["range"], "KeyType": "RANGE"}] if "range" in of else [])


def _attributes(*keyed: dict[str, Any]) -> Any:
    names = {of[part] for of in keyed for part in ("key", "range") if part in of}
    return [{"AttributeName": each, "AttributeType": "S"} for each in sorted(names)]


def _index(index: dict[str, Any]) -> Any:
    return {"IndexName": index["name"], "KeySchema": _keys(index), "Projection": {"ProjectionType": "ALL"}}


def _schema(name: str, table: dict[str, Any]) -> Any:
    indexes = [_index(index) for index in table["indexes"]]
    return {
        "TableName": name,
        "KeySchema": _keys(table),
        "AttributeDefinitions": _attributes(table, *table["indexes"]),
        "BillingMode": "PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    }


def _add_indexes(client: "DynamoDBClient", name: str, table: dict[str, Any]) -> None:
    """Add the indexes that the table lacks, one a request: the service takes the next once that one is filled."""
    for index in table["indexes"]:
        if index["name"] not in _indexes(client, name):
            try:
                client.update_table(
                    TableName=name,
                    AttributeDefinitions=_attributes(table, index),
                    GlobalSecondaryIndexUpdates=[{"Create": _index(index)}],
                )
            except ClientError:
                if index["name"] not in _indexes(client, name):  # else another run of this command was quicker
                    raise
        _wait_for_index(client, name, index["name"])


def _indexes(client: "DynamoDBClient", name: str) -> dict[str, str]:
    """Return the status of each of the table's indexes."""
    described = client.describe_table(TableName=name)["Table"].get("GlobalSecondaryIndexes", [])
    return {index["IndexName"]: index.get("IndexStatus", "ACTIVE") for index in described}


def _wait_for_index(client: "DynamoDBClient", name: str, index: str) -> None:
    for _ in range(_LONGEST_FILLING):
        if _indexes(client, name).get(index) == "ACTIVE":
            return
        time.sleep(1)
    raise TimeoutError(f"{name}: index {index} is still being filled; run the command again")


def _expire(client: "DynamoDBClient", name: str, attribute: str) -> None:
    described = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if described.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
        )


def main() -> int:
    """Create the tables that the environment names."""
    endpoint, token = os.environ.get("YDB_DOCAPI_ENDPOINT", ""), os.environ.get("IAM_TOKEN", "")
    if not endpoint:
        sys.stderr.write("YDB_DOCAPI_ENDPOINT is not set: give the Document API's URL, path included\n")
        return 2
    region = os.environ.get("AWS_REGION", "ru-central1")
    client = (
        connect_with_token(endpoint, region, lambda: token) if token else connect_with_key(endpoint, region, None, None)
    )
    try:
        names = create(client, os.environ.get("LEDGER_TABLE_PREFIX", "aistudio/"))
    except NoCredentialsError:
        sys.stderr.write("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or IAM_TOKEN\n")
        return 2
    sys.stdout.writelines(f"{name}\n" for name in names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
