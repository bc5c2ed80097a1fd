"""The command line for everybody who works with the functions: `ops`, or `python -m infra.operate.ops`."""
