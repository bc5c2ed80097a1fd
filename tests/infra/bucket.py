"""A bucket of packages, and packages that are as small as they can be."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.deploy.package import Package
from infra.local.cloud.servers import Servers
from tests.infra.pretend import BUCKET

DELETES = {"delete_response.py": "@queue_function(M, R)\ndef handler(message, responses, timeout): ...\n"}


def archive(files: dict[str, str]) -> bytes:
    """A package with these files in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        for name, text in files.items():
            written.writestr(name, text)
    return content.getvalue()


def stored(folder: Path, files: dict[str, str]) -> Package:
    """Such a package on disk."""
    content = archive(files)
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"{sha256}.zip"
    path.write_bytes(content)
    return Package(path, sha256, len(content))


@contextmanager
def bucket_of(servers: Servers) -> Iterator[Any]:
    """The client of an empty bucket for packages."""
    client = servers.s3
    client.create_bucket(Bucket=BUCKET)
    try:
        yield client
    finally:
        for name in objects(client):
            client.delete_object(Bucket=BUCKET, Key=name)
        client.delete_bucket(Bucket=BUCKET)


def objects(client: Any) -> set[str]:
    """Names of all that is in the bucket."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}
