"""Everything around the deployed functions: Terraform, deployment, operators' commands, the local environment."""

import sys
from pathlib import Path

# The functions' packages are imported by bare names, as in the archive: python -m infra.… finds them without PYTHONPATH.
FUNCTIONS = str(Path(__file__).resolve().parent.parent / "functions")
if FUNCTIONS not in sys.path:
    sys.path.append(FUNCTIONS)
