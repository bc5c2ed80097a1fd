"""Write the contract: make contract. With --release what it says now is what later changes are compared with."""

import argparse
import shutil
import sys

from infra.deploy import table
from infra.operate.cloud import command
from infra.operate.contract.files import RELEASED, SCHEMAS, breaks, written


@command
def main() -> int:
    """Write all files; 1 where they break what was released."""
    parser = argparse.ArgumentParser(prog="make contract", description=__doc__)
    parser.add_argument("--release", action="store_true")
    release = parser.parse_args().release
    files = written(table.read())
    for folder in ("messages", "results"):
        shutil.rmtree(SCHEMAS / folder, ignore_errors=True)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if release:
        for folder in ("messages", "results"):
            shutil.rmtree(RELEASED / folder, ignore_errors=True)
            shutil.copytree(SCHEMAS / folder, RELEASED / folder)
    broken = breaks()
    for told in broken:
        print(told, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
