# `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.
.DEFAULT_GOAL := help
LAB := cargo run --locked --quiet -p secretwire-lab --

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: build
build: ## Build the operator for shipping: target/release/secretwire
	cargo build --locked --release -p secretwire

.PHONY: demo
demo: ## The main job on real servers, on one screen (ONCE=1 exits by itself)
	@cargo build --locked -p secretwire -p secretwire-lab
	@exec target/debug/secretwire-lab demo $(if $(ONCE),--once)

.PHONY: lab
lab: ## A cluster with OpenBao that stays up
	@$(LAB) up --vault

.PHONY: test
test: ## Everything: format, lints, docs, unit tests, policy, real servers, real node
	@tests/run

.PHONY: generate
generate: ## Write the generated files: CRDs, RBAC, webhook configuration
	SECRETWIRE_GENERATE=1 cargo test --locked -p secretwire manifests::

.PHONY: bench
bench: ## Measure against real servers; writes bench/results/
	cargo build --locked --release -p secretwire -p secretwire-bench
	target/release/secretwire-bench --output bench/results/operator.md
