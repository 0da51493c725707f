# Every target does its own set-up; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := $(CURDIR)/node_modules/.bin
NODE := $(BIN)/node
INSTALLED := node_modules/.package-lock.json

export PATH := $(BIN):$(PATH)

.PHONY: help setup demo demo-down test lint format relay crds chart images bench scale soak churn hostile e2e clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): package.json package-lock.json crds/package.json relay/package.json migrate/package.json operator/package.json e2e/package.json
	npm ci --no-audit --no-fund
	@touch $@

setup: $(INSTALLED) ## Install the pinned Node and all npm packages

demo: setup ## The whole line on a real cluster: RelayProxies, relay pods in three zones, an SDK, a live change, the status
	$(NODE) e2e/demo/main.ts up

demo-down: setup ## Take the demo and its cluster away
	$(NODE) e2e/demo/main.ts down

test: setup ## All checks and tests: lint, unit, relay, cluster and end-to-end suites
	$(NODE) e2e/run/main.ts

e2e: setup ## Only the suites that need a cluster, with the scenarios that take too long for CI
	$(NODE) e2e/run/main.ts cluster e2e e2e-slow

lint: setup ## Format and lint rules, types, and generated files that must be up to date
	npm run --silent lint

format: setup ## Format all sources
	npm run --silent format

relay: setup ## Serve the sample flags on port 8030, without a cluster
	npm run --silent relay -- --file relay/samples/flags.yaml

crds: setup ## Generate the CRD and its field reference from crds/src
	npm run --silent crds

chart: setup ## Generate the chart's copies of the CRD, its schema and its README
	npm run --silent chart

images: setup ## Build the relay and operator images (Docker, or buildah where there is none)
	$(NODE) e2e/images/main.ts build

bench: setup ## Measure the relay next to a bare Node server, then the operator with 200 RelayProxies; RECORD=1 writes relay/bench/RESULTS.md
	$(NODE) relay/bench/main.ts $(if $(RECORD),--record)
	$(NODE) e2e/scale/main.ts --count 200 --idle 10 $(if $(RECORD),--out relay/bench/scaled.json)
	$(if $(RECORD),$(NODE) relay/bench/main.ts --render)

scale: setup ## Measure the operator with 1,000 RelayProxies on a control plane of its own, with kwok nodes and pods
	$(NODE) e2e/scale/main.ts

churn: setup ## An hour (MINUTES=60) of streams, changes and environments that come and go; prints what a leak would show in, RECORD=1 keeps it
	$(NODE) relay/bench/churn.ts --minutes $(or $(MINUTES),60) $(if $(RECORD),--record)

hostile: setup ## An hour (MINUTES=60) of hostile clients, upstreams, archives and Redis against a relay; SEED=N makes it again; prints the longest /livez, peak memory and failures
	$(NODE) relay/test/hostile/main.ts --minutes $(or $(MINUTES),60) $(if $(SEED),--seed $(SEED))

soak: setup ## An hour (MINUTES=60) of RelayProxies, pods, streams and flags that come, change and go; prints what a leak would show in
	$(NODE) e2e/soak/main.ts --minutes $(or $(MINUTES),60)

clean: ## Remove what builds and tests left in the checkout
	rm -rf node_modules */node_modules */dist .cache
