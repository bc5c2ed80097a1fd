"""The ledger's tables: one definition (`tables.json`), and a command that creates them.

`python -m documents.tables` creates what is missing at YDB_DOCAPI_ENDPOINT, named with LEDGER_TABLE_PREFIX; it signs
with the static key that boto3 finds, or sends IAM_TOKEN where that is set.
"""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, NoCredentialsError

from documents.client import connect_with_key, connect_with_token

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LEDGER = "ledger"


def definitions() -> list[dict[str, Any]]:
    """The tables as data: name (the settings add a prefix), key, optional range, ttl, indexes. Keys are strings."""
    tables: list[dict[str, Any]] = json.loads(Path(__file__).with_name("tables.json").read_text())["tables"]
    return tables


def create(client: "DynamoDBClient", prefix: str) -> list[str]:
    """Create the tables that are missing, with their expiry, and wait until they can be used; return their names.

    Safe to repeat, and to run twice at once. Raises botocore's ClientError where the service refuses.
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
        _expire(client, name, table["ttl"])
        names.append(name)
    return names


def _schema(name: str, table: dict[str, Any]) -> Any:
    def keys(of: dict[str, Any]) -> list[dict[str, str]]:
        hashed = [{"AttributeName": of["key"], "KeyType": "HASH"}]
        return hashed + ([{"AttributeName": of["range"], "KeyType": "RANGE"}] if "range" in of else [])

    attributes = {of[part] for of in [table, *table["indexes"]] for part in ("key", "range") if part in of}
    indexes = [
        {"IndexName": index["name"], "KeySchema": keys(index), "Projection": {"ProjectionType": "ALL"}}
        for index in table["indexes"]
    ]
    return {
        "TableName": name,
        "KeySchema": keys(table),
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in sorted(attributes)],
        "BillingMode": "PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    }


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
