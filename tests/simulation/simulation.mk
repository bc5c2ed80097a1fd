# Simulated runs of the real code (tests/README.md).
.PHONY: simulate simulate-deep

simulate: setup ## Seeded runs on stand-ins: make simulate SEEDS=10000 FROM=0 SCENARIO=create
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),10000) --first $(or $(FROM),0) $(if $(SCENARIO),--scenario $(SCENARIO))

simulate-deep: setup ## All orders of all events in the small scopes
	$(BIN)/python -m tests.simulation --deep
