"""Put up, beside a deployment, the function by which `ops doctor --live` asks what the queue trigger honours; or take it down.

`python -m infra.deploy.probe ENVIRONMENT up|down`. It makes a function, a trigger and two queues.
"""

import argparse
import hashlib
import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.terraform import INFRA, Root
from infra.operate.cloud import KEY, Stopped, begin, command, storage

HANDLER = INFRA / "deploy" / "trigger_probe.py"


def package() -> bytes:
    """The function's package: the same bytes for the same source."""
    entry, written = zipfile.ZipInfo(HANDLER.name), io.BytesIO()
    entry.create_system, entry.external_attr = 3, 0o100644 << 16  # as in package.py: whoever runs it may read it
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(entry, HANDLER.read_bytes())
    return written.getvalue()


def put_up(root: Root, platform: Any) -> None:
    """Write the package to the packages' bucket, and apply the root of the probe. Raises Stopped."""
    content = package()
    key = f"probe/{hashlib.sha256(content).hexdigest()}.zip"
    try:
        storage().put_object(Bucket=platform["package_bucket"], Key=key, Body=content)
    except (ClientError, BotoCoreError) as error:
        raise Stopped(f"the package can't be written to {platform['package_bucket']}: {error}") from None
    _run(root, "apply", platform)


def take_down(root: Root, platform: Any) -> None:
    """Destroy what there is of the probe. Raises Stopped."""
    _run(root, "destroy", platform)


def _run(root: Root, verb: str, platform: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "platform.tfvars.json"
        known.write_text(json.dumps({"platform": platform}))
        sha256 = hashlib.sha256(package()).hexdigest()
        root.run(verb, "-input=false", "-auto-approve", f"-var-file={known}", f"-var=sha256={sha256}")


@command
def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.probe", description=__doc__)
    parser.add_argument("environment", help="a folder of infra/terraform/environments")
    parser.add_argument("verb", choices=["up", "down"])
    asked = parser.parse_args()
    begin("YC_TOKEN", *KEY)
    platform, root = Root("platform", asked.environment), Root("probe", asked.environment)
    platform.init()
    root.init()
    (put_up if asked.verb == "up" else take_down)(root, platform.output("platform"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
