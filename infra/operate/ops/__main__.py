"""`python -m infra.operate.ops`: what `.venv/bin/ops` runs."""

import logging
import sys

from infra.operate.ops.cli import main

if __name__ == "__main__":
    logging.basicConfig(level=logging.CRITICAL)  # what goes wrong is said in one line, by the command itself
    sys.exit(main())
