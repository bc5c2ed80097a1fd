"""`python -m infra.operate.ops`: what `.venv/bin/ops` runs."""

import sys

from infra.operate.ops.cli import main

if __name__ == "__main__":
    sys.exit(main())
