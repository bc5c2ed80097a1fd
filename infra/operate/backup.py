"""Copy the ledger's tables to Object Storage, and back without overwriting anything.

`python -m infra.operate.backup save` from a scheduler, daily; `check` from another one, to see that it did; and
`restore NAME` after a mistake. None needs Terraform: platform's output "backup" says what to put into the environment, beside a static key.
"""

import argparse
import base64
import gzip
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from documents.client import connect_with_key
from documents.tables import definitions
from infra.operate.cloud import KEY, REGION, Stopped, begin, storage

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

OLDEST = timedelta(hours=36)
"""How old the newest backup may become: a day, and time to notice that one failed."""

SETTINGS = ("YDB_DOCAPI_ENDPOINT", "LEDGER_TABLE_PREFIX", "BACKUP_BUCKET")


def save(tables: "DynamoDBClient", prefix: str, objects: "S3Client", bucket: str, now: datetime) -> tuple[str, int]:
    """Write all records to a new object, as compressed lines of JSON; return its name and the number of records.

    Pages are read one after another, so the copy is no snapshot. Each record is whole, and needs no other.
    """
    name = f"ledger/{now:%Y-%m-%dT%H-%M-%SZ}.jsonl.gz"
    with tempfile.TemporaryFile() as file:
        with gzip.open(file, "wt", encoding="utf-8") as lines:
            count = 0
            for table, item in _records(tables, prefix):
                lines.write(json.dumps({"table": table, "item": item}, default=_encode) + "\n")
                count += 1
        # A bucket whose objects are locked takes none without this.
        file.seek(0)
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
        file.seek(0)
        objects.put_object(Bucket=bucket, Key=name, Body=file, ContentMD5=base64.b64encode(digest).decode())
    return name, count


def restore(tables: "DynamoDBClient", prefix: str, objects: "S3Client", bucket: str, name: str) -> tuple[int, int]:
    """Put back the records that are gone; return how many were put, and how many were there.

    A record that is there is newer than its copy, and a final outcome never changes: no record is overwritten.
    """
    keys = {table["name"]: table["key"] for table in definitions()}
    put = kept = 0
    with gzip.open(objects.get_object(Bucket=bucket, Key=name)["Body"], "rt", encoding="utf-8") as lines:
        for line in lines:
            kept_line = json.loads(line, object_hook=_decode)
            try:
                tables.put_item(
                    TableName=prefix + kept_line["table"],
                    Item=kept_line["item"],
                    ConditionExpression="attribute_not_exists(#key)",
                    ExpressionAttributeNames={"#key": keys[kept_line["table"]]},
                )
                put += 1
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
                kept += 1
    return put, kept


def check(objects: "S3Client", bucket: str, now: datetime) -> str:
    """Name the newest backup. Raises Stopped where there is none, or it is older than `OLDEST`."""
    pages = objects.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="ledger/")
    copies = [(each["LastModified"], each["Key"]) for page in pages for each in page.get("Contents", [])]
    if not copies:
        raise Stopped(f"{bucket} has no backup of the ledger")
    written, name = max(copies)
    if now - written > OLDEST:
        raise Stopped(
            f"the newest backup in {bucket}, {name}, is of {written:%Y-%m-%d %H:%M}: the daily job does not run"
        )
    return name


def _records(tables: "DynamoDBClient", prefix: str) -> Iterator[tuple[str, Any]]:
    for table in definitions():
        for page in tables.get_paginator("scan").paginate(TableName=prefix + table["name"], ConsistentRead=True):
            yield from ((table["name"], item) for item in page["Items"])


def _encode(value: object) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(f"a record holds {type(value).__name__}, which no document table has")


def _decode(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value


def main() -> int:
    """Save, check or restore as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m infra.operate.backup", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("save", help="write a copy")
    verbs.add_parser("check", help="fail if the newest backup is too old")
    verbs.add_parser("restore", help="put back what is missing").add_argument(
        "name", help="the copy, such as ledger/2026-11-22T03-00-00Z.jsonl.gz"
    )
    asked = parser.parse_args()
    try:
        begin(*SETTINGS, *KEY)
        endpoint, prefix, bucket = (os.environ[name] for name in SETTINGS)
        tables = connect_with_key(endpoint, REGION, *(os.environ[name] for name in KEY))
        objects = storage()
        if asked.verb == "save":
            name, count = save(tables, prefix, objects, bucket, datetime.now(UTC))
            print(f"{count} records in {bucket}/{name}")
        elif asked.verb == "check":
            print(f"the newest backup is {bucket}/{check(objects, bucket, datetime.now(UTC))}")
        else:
            put, kept = restore(tables, prefix, objects, bucket, asked.name)
            print(f"{put} records restored, {kept} were there")
    except (Stopped, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
