"""Packages in the bucket: each under its sha256, and beside it who made it, when, and of which commit."""

import ast
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.package import ROOT, Package
from infra.operate.cloud import Stopped

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FOLDER = "functions/"
SHOWN = 10
"""How many of the newest packages are listed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a package comes from: the commit (`+` behind it: with changes that it lacks), its author and time."""

    commit: str
    author: str
    time: str


def origin(root: Path = ROOT) -> Origin:
    """The origin of what would be built now; of no commit where the folder is no checkout."""
    done = _git(root, "log", "-1", "--format=%h%n%an%n%cI")
    if done is None:
        return Origin("no commit", "unknown", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    commit, author, time = done.splitlines()
    changed = _git(root, "status", "--porcelain", "--", "functions", "requirements.txt", "infra")
    return Origin(commit + ("+" if changed else ""), author, time)


def _git(root: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def upload(client: "S3Client", bucket: str, package: Package, made: Origin) -> None:
    """Write the package under its sha256 and its origin beside it, unless it is there already. Raises Stopped."""
    if _stored(client, bucket, package.sha256):
        return
    content, told = package.path.read_bytes(), json.dumps(asdict(made)).encode()
    try:
        client.put_object(Bucket=bucket, Key=_about(package.sha256), Body=told, ContentType="application/json")
        client.put_object(Bucket=bucket, Key=_key(package.sha256), Body=content, ContentType="application/zip")
    except (ClientError, BotoCoreError) as error:
        raise Stopped(f"the package can't be written to {bucket}: {error}") from None


def fetch(client: "S3Client", bucket: str, release: str) -> bytes:
    """The package of a release. Raises Stopped, naming the newest that are there, where it is not."""
    if not _stored(client, bucket, release):
        there = "\n".join(f"  {line}" for line in newest(client, bucket)) or "  (none)"
        raise Stopped(f"{bucket} has no package {release}; the newest are\n{there}")
    try:
        return client.get_object(Bucket=bucket, Key=_key(release))["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise Stopped(f"{bucket} can't be read: {error}") from None


def newest(client: "S3Client", bucket: str) -> Iterator[str]:
    """A line for each of the newest packages, the newest first. Raises Stopped."""
    try:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER)
        found = [each for page in pages for each in page.get("Contents", [])]
        about = {each["Key"] for each in found}
        packages = [each for each in found if each["Key"].endswith(".zip")]
        for each in sorted(packages, key=lambda each: each["LastModified"], reverse=True)[:SHOWN]:
            sha256 = Path(each["Key"]).stem
            made = Origin("no commit", "unknown", "")
            if _about(sha256) in about:
                made = Origin(**json.loads(client.get_object(Bucket=bucket, Key=_about(sha256))["Body"].read()))
            yield f"{each['LastModified']:%Y-%m-%d %H:%M}  {sha256}  {made.commit}  {made.author}  {made.time}".rstrip()
    except (ClientError, BotoCoreError) as error:
        raise Stopped(f"{bucket} can't be read: {error}") from None


def lacking(package: bytes, functions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What a package lacks of these functions of the table: files, handlers, or handlers of the right kind."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = set(archive.namelist())
        faults = []
        for name, entry in functions.items():
            file, handler = f"{entry['entrypoint'].partition('.')[0]}.py", entry["entrypoint"].partition(".")[2]
            kind = "queue_function" if "queue" in entry else "timer_function"
            if file not in names:
                faults.append(f"{name}: it has no {file}")
            elif kind not in _decorators(archive.read(file), handler):
                faults.append(f"{name}: {file} has no {handler} made by @{kind}")
        return faults


def _decorators(source: bytes, handler: str) -> set[str]:
    """Names of what decorates a module's function, called or not."""
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == handler:
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                found.add(called.attr if isinstance(called, ast.Attribute) else ast.unparse(called))
    return found


def _stored(client: "S3Client", bucket: str, release: str) -> bool:
    try:
        client.head_object(Bucket=bucket, Key=_key(release))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return False
        raise Stopped(f"{bucket} can't be read: {error}") from None
    except BotoCoreError as error:
        raise Stopped(f"{bucket} can't be reached: {error}") from None
    return True


def _key(release: str) -> str:
    return f"{FOLDER}{release}.zip"


def _about(release: str) -> str:
    return f"{FOLDER}{release}.json"
