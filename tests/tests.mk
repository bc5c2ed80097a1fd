# Proof beyond the tests (tests/README.md): a soak on real local servers, and audits of what is deployed.
.PHONY: bench bench-retention scale soak fuzz audit transcript matrix

soak: setup ## Ten thousand messages while everything goes wrong, fifteen minutes at the most; ARGS="--seed 2"
	$(BIN)/python -m tests.e2e.soak $(ARGS)

bench: setup ## Measure beside what people would use instead; writes tests/benchmarks/measured.md and .svg (needs CPython 3.12)
	PYTHONPATH=functions:. $(BIN)/python -m tests.benchmarks $(ARGS)

scale: setup ## Print how long ten million deletions take, and what is full first; writes tests/benchmarks/scale.svg
	@PYTHONPATH=functions:. $(BIN)/python -m tests.benchmarks.scale
	@PYTHONPATH=functions:. $(BIN)/python -m tests.benchmarks.scale_plot

bench-retention: setup ## Sweep a million responses that are due at once: how fast, and what is full first; ARGS="--every 60"
	PYTHONPATH=functions:. $(BIN)/python -m tests.benchmarks.retention $(ARGS)

fuzz: setup ## Odd inputs, ten times as many as in the tests; FUZZ=100 for more
	FUZZ=$(or $(FUZZ),10) $(BIN)/pytest tests/fuzz --timeout 3600 $(ARGS)

# 3: nothing was found, but not all could be audited. The last line says so; a build without a network goes on.
audit: setup ## Known slips in our code, licences of what is deployed, advisories about it
	@$(BIN)/python -m infra.operate.audit || [ $$? -eq 3 ]

transcript: setup ## Write infra/local/transcript.md anew: what README.md has a newcomer type, and what is then to be seen
	WRITE=1 $(BIN)/pytest -q tests/operate/test_transcript.py tests/e2e/test_demo.py

matrix: setup ## Write the fault matrix of tests/README.md anew, from tests/matrix.yaml and the marks of the tests
	@PYTHONPATH=functions:. $(BIN)/python -m tests.support.matrix
