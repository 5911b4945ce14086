# `make demo` and `make test` are all that a newcomer needs: git, make, a C compiler, Rust, Go and Python 3 are enough,
# and no question is asked. `make help` lists the rest.
.DEFAULT_GOAL := help
TARGET := $(or $(CARGO_TARGET_DIR),target)
FUZZ_SECONDS ?= 600

# Heeded by the demo: with ONCE=1 it ends with the story instead of staying up.
export ONCE

.PHONY: help build debug demo lab test fuzz generate bench

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

build: ## Build the operator for shipping: target/release/secretwire
	cargo build --release --locked -p secretwire

debug:
	@cargo build --locked -p secretwire -p secretwire-lab

demo: debug ## The main job on real servers, on one screen; ONCE=1 exits by itself
	@$(TARGET)/debug/secretwire-lab demo

lab: debug ## A cluster with OpenBao, and where possible a node, that stays up
	@$(TARGET)/debug/secretwire-lab up --vault --node

test: ## Everything: format, lints, docs, unit tests, policy, real servers, real node
	@tests/run

fuzz: ## Compare random templates with Go and try to crash the engine, FUZZ_SECONDS=600 each
	cargo build --locked -p secretwire-gotemplate-fuzz
	$(TARGET)/debug/secretwire-gotemplate-fuzz --seconds $(FUZZ_SECONDS) differential
	$(TARGET)/debug/secretwire-gotemplate-fuzz --seconds $(FUZZ_SECONDS) differential --damaged
	$(TARGET)/debug/secretwire-gotemplate-fuzz --seconds $(FUZZ_SECONDS) crash

generate: ## Write the generated files: CRDs, RBAC, webhook configuration
	SECRETWIRE_GENERATE=1 cargo test --locked -p secretwire manifests::

bench: ## Measure against real servers; writes bench/results/
	cargo build --locked --release -p secretwire -p secretwire-bench -p secretwire-gotemplate-fuzz
	$(TARGET)/release/secretwire-gotemplate-fuzz speed --output bench/results/templates.md
	$(TARGET)/release/secretwire-bench --output bench/results/operator.md
