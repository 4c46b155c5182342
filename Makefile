# The few verbs. `make test` is the one that matters.
GO ?= go

.PHONY: build demo test check e2e bench fuzz

build: ## the waybill binary, here
	$(GO) build -o waybill ./cmd/waybill

demo: ## the main job with no configuration
	$(GO) run ./cmd/waybill demo

test: check ## everything: checks, unit tests, and the suites against real peers
	scripts/install-peers
	$(GO) test $$($(GO) list ./... | grep -v '/e2e')
	$(GO) test -count=1 -timeout 30m ./e2e/... # builds the binary itself, which Go's test cache cannot see

check: ## formatting, vet, staticcheck, known vulnerabilities
	@test -z "$$(gofmt -l cmd internal e2e bench)" || { gofmt -l cmd internal e2e bench; echo "run gofmt"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	scripts/vulncheck

e2e: ## only the suites against real peers, failing where one is missing
	scripts/install-peers
	WAYBILL_E2E_REQUIRE=all $(GO) test -count=1 -timeout 30m ./e2e/... ./internal/console/...

bench: ## the benchmarks whose figures stand in docs/performance.md
	$(GO) test -run '^$$' -bench . ./internal/... ./bench/...
	WAYBILL_LOAD_SECONDS=60 $(GO) test -count=1 -v -run TestTwentyClients ./e2e/faults | grep clients

fuzz: ## each fuzz target for a little while (FUZZTIME=10s)
	scripts/fuzz
