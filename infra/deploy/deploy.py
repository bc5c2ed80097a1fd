"""Deploy the functions: build and upload the package, apply app, and believe it only when the next plan is empty.

``python -m infra.deploy.deploy ENVIRONMENT``; with ``--release SHA256`` an earlier package runs again; ``--plan`` only shows.
A queue is deleted, with the messages in it, only where ``--drop-queue NAME`` names it.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import smoke
from infra.deploy.package import CannotBuild, Package, build
from infra.deploy.terraform import INFRA, Root
from infra.operate.cloud import KEY, Stopped, require, storage

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def upload(client: "S3Client", bucket: str, package: Package) -> None:
    """Upload the package under its sha256, unless it is there already. Raises Stopped."""
    if _stored(client, bucket, package.sha256):
        return
    content = package.path.read_bytes()
    try:
        client.put_object(Bucket=bucket, Key=_key(package.sha256), Body=content, ContentType="application/zip")
    except (ClientError, BotoCoreError) as error:
        raise Stopped(f"the package can't be written to {bucket}: {error}") from None


def earlier(client: "S3Client", bucket: str, release: str) -> str:
    """The release, if its package is still there. Raises Stopped, naming the newest that are, where it is not."""
    if _stored(client, bucket, release):
        return release
    found = client.list_objects_v2(Bucket=bucket, Prefix="functions/").get("Contents", [])
    newest = sorted(found, key=lambda each: each["LastModified"], reverse=True)[:5]
    there = "\n".join(f"  {each['LastModified']:%Y-%m-%d %H:%M}  {Path(each['Key']).stem}" for each in newest)
    raise Stopped(f"{bucket} has no package {release}; the newest are\n{there or '  (none)'}")


def apply(environment: str, release: str, platform: Any, infra: Path = INFRA, *, drop: Collection[str] = ()) -> Root:
    """Apply app with this release and make sure of it; of its queues, only those named in ``drop`` may be deleted.

    A version that failed to build is only a warning to the provider, and the old one goes on; the plan that follows
    then differs, because the environment of the version that runs names another release. Raises Stopped.
    """
    app = Root("app", environment, infra)
    app.init()
    with variables(app, release, platform) as given, tempfile.TemporaryDirectory() as folder:
        planned = str(Path(folder) / "app.tfplan")
        app.run("plan", "-input=false", f"-out={planned}", *given)
        _keep_queues(app.shown(planned), drop)
        app.run("apply", "-input=false", planned)
        if app.differs("-input=false", *given):
            raise Stopped(
                "what runs is not what was applied (see the plan above). If RELEASE differs, a version failed to build:\n"
                "its warning stands in the output of apply. Nothing is broken: the version before goes on running."
            )
    return app


def _keep_queues(plan: Any, drop: Collection[str]) -> None:
    lost = sorted(
        change["change"]["before"]["name"]
        for change in plan.get("resource_changes", [])
        if change["type"] == "yandex_message_queue" and "delete" in change["change"]["actions"]
    )
    kept = [name for name in lost if name not in drop]
    if kept:
        allowed = " ".join(f"--drop-queue {name}" for name in kept)
        raise Stopped(
            f"nothing was applied: it would delete {', '.join(kept)} with every message in it. If that is not meant,\n"
            "undo what takes the queue away or renames it (functions in app.tfvars, environment, functions.yaml).\n"
            f'If it is, drain the queue first (infra/README.md, "Taking a function away"), then add {allowed}'
        )


@contextmanager
def variables(app: Root, release: str, platform: Any) -> Iterator[list[str]]:
    """The arguments that give app its variables."""
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "platform.tfvars.json"
        known.write_text(json.dumps({"platform": platform}))
        yield [f"-var-file={known}", *app.variables, f"-var=release={release}"]


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
    return f"functions/{release}.zip"


def main() -> int:
    """Deploy as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.deploy", description=__doc__)
    parser.add_argument("environment", help="a folder of infra/terraform/environments")
    parser.add_argument("--release", help="sha256 of an earlier package, to roll back to")
    parser.add_argument("--plan", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--no-smoke", action="store_true", help="send no message to each function afterwards")
    parser.add_argument(
        "--drop-queue", action="append", default=[], metavar="NAME", help="let this queue be deleted; may be repeated"
    )
    asked = parser.parse_args()
    try:
        require("YC_TOKEN", *KEY)
        platform_root = Root("platform", asked.environment)
        platform_root.init()
        platform = platform_root.output("platform")
        client, bucket = storage(), platform["package_bucket"]
        if asked.release:
            release = earlier(client, bucket, asked.release)
        else:
            package = build()
            release = package.sha256
            if not asked.plan:
                upload(client, bucket, package)
        print(f"release {release}")
        if asked.plan:
            app = Root("app", asked.environment)
            app.init()
            with variables(app, release, platform) as given:
                app.run("plan", "-input=false", *given)
            return 0
        app = apply(asked.environment, release, platform, drop=asked.drop_queue)
        return 0 if asked.no_smoke else smoke.run(platform, app.output("queues"))
    except (Stopped, CannotBuild) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
