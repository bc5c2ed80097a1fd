# Packaging, deployment and operation (infra/README.md). ENV is a folder of infra/terraform/environments: make deploy ENV=dev
.PHONY: package bootstrap platform plan deploy rollback releases destroy smoke probe backup test-infra inventory

FOR_ENV = $(if $(ENV),$(ENV),$(error ENV is not set: make $@ ENV=dev))

package: setup ## Build dist/functions.zip; PYTHON312 names a CPython 3.12, where none is found
	$(BIN)/python -m infra.deploy.package

bootstrap: setup ## Once an environment: the buckets for states and packages, and the deployer
	$(BIN)/python -m infra.deploy.terraform $(FOR_ENV) bootstrap apply

platform: setup ## What changes seldom: database, tables, accounts, secrets, logs, copies
	$(BIN)/python -m infra.deploy.terraform $(FOR_ENV) platform apply

plan: setup ## Show what deploy would change
	$(BIN)/python -m infra.deploy.deploy $(FOR_ENV) --plan

deploy: setup ## Package, show the plan, ask, apply it, make sure of it, send messages to see it work; YES=1 does not ask
	$(BIN)/python -m infra.deploy.deploy $(FOR_ENV) $(if $(YES),--yes)

rollback: setup ## Run an earlier package again: make rollback ENV=dev RELEASE=<sha256>; FUNCTION=<name> for one function
	$(BIN)/python -m infra.deploy.deploy $(FOR_ENV) $(if $(YES),--yes) $(if $(FUNCTION),--only $(FUNCTION)) \
	  --release $(or $(RELEASE),$(error RELEASE is not set: the sha256 of an earlier package, make releases ENV=$(ENV)))

releases: setup ## List the newest packages with commit, author and time
	$(BIN)/python -m infra.deploy.deploy $(FOR_ENV) --releases

destroy: setup ## Take an environment down, messages and ledger included: make destroy ENV=dev CONFIRM=dev
	$(BIN)/python -m infra.deploy.destroy $(FOR_ENV) $(if $(CONFIRM),--confirm $(CONFIRM))

smoke: setup ## Send a message to each deployed function that has one for this, and wait for its outcome
	$(BIN)/python -m infra.deploy.smoke $(FOR_ENV)

probe: setup ## Put up the function by which `ops doctor --live` asks what the trigger honours; DOWN=1 takes it down
	$(BIN)/python -m infra.deploy.probe $(FOR_ENV) $(if $(DOWN),down,up)

backup: setup ## Copy the ledger to its bucket; its settings come from the environment (infra/README.md)
	$(BIN)/python -m infra.operate.backup save

test-infra: setup ## Only the tests of infra; ARGS goes to pytest
	$(BIN)/pytest -n 2 --dist loadgroup tests/infra $(ARGS)

inventory: setup ## Write down anew what a first apply creates, for a review
	$(BIN)/python -m tests.infra.write_inventory
