# make help lists the targets. Go is all that demo and test need; race needs a C compiler too.

GO ?= go
FUZZTIME ?= 60s
BENCH ?= .
SOAK ?= 1000000
PROTOCOL ?= 30s
FLEET ?= 10000

# The Go releases besides the installed one, and the newest of all, by their newest patches. Only recipes ask for them.
OTHER_GO := .ci/toolchains others
NEWEST_GO := .ci/toolchains newest
GOLANGCI_LINT_VERSION := v2.15.0

# What the root module may require by itself, and how long a source file may be. Tests may be longer.
REQUIRES := github.com/petermattis/goid github.com/stretchr/testify
MAX_LINES := 400

# The ports that are only vetted, of those that nothing here can run.
VETTED := darwin/arm64 windows/amd64 linux/s390x linux/riscv64 js/wasm

BUILD := $(CURDIR)/build
AMBIENT := $(BUILD)/ambient
GOLANGCI_LINT := $(BUILD)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
GO_FILES := find . -name '*.go' -not -path './build/*' -not -path '*/testdata/*'
# How long the tests of one package may take before they count as stuck: a multiple of what they need on a busy machine.
# Packages that build programs and load servers need more.
GO_TEST := $(GO) test -timeout 30m
GO_TEST_SLOW := $(GO) test -timeout 60m
# Each module is built by itself, as its users do; go.work is for editors.
export GOWORK := off
MODULES := benchmarks cmd/ambient cmd/ambient/internal/travel cmd/blog cmd/fleet gls/glssql/dbtest internal/release
# Whatever else has a go.mod below gls/ and httpctx/.
ADAPTERS = $(filter-out $(MODULES),$(sort $(patsubst ./%/go.mod,%,$(shell find ./gls ./httpctx -name go.mod))))

HOST := $(shell $(GO) env GOHOSTOS GOHOSTARCH)

# What CI requires, the tests first. The last one ends with what go test says of each package.
CHECKS := test builds rules tidy licences api modules adapters release-check lint race model protocol compat cross inherited \
	mix flags noinline

.NOTPARALLEL:
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ': .*## ' '/^[a-z0-9-]+:.*## / { printf "make %-16s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# What everybody runs.

.PHONY: demo
demo: ## the quickstart: a value that follows three flows of control
	@$(GO) run ./cmd/quickstart

.PHONY: blog
blog: ## two blogs on a loopback port, with the inspector at /debug/ambient/
	@mkdir -p $(BUILD)
	@cd cmd/blog && $(GO) build -o $(BUILD)/blog-server . && exec $(BUILD)/blog-server -data $(BUILD)/blog.db

.PHONY: test
test: ## the tests, without those that build programs (make builds)
	$(GO_TEST) ./...

.PHONY: race
race: ## all tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO_TEST_SLOW) -race ./...

.PHONY: check
check: $(CHECKS) ## all that CI requires

.PHONY: checks
checks: # for .ci/run
	@echo $(CHECKS)

# The code.

.PHONY: lint
lint: $(GOLANGCI_LINT) ## golangci-lint with .golangci.yml, pinned, built into build/ at first
	$(GOLANGCI_LINT) run ./...

$(GOLANGCI_LINT):
	GOBIN=$(@D) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

.PHONY: rules
rules: ## gofmt, the library's direct requirements, the length of files
	@files=$$($(GO_FILES) -exec "$$($(GO) env GOROOT)/bin/gofmt" -l {} +) && if [ -n "$$files" ]; then \
		echo "not as gofmt writes it:"; echo "$$files"; exit 1; fi
	@files=$$($(GO_FILES) -not -name '*_test.go' -exec awk 'FNR == $(MAX_LINES) + 1 { print FILENAME }' {} +) && if [ -n "$$files" ]; then \
		echo "more than $(MAX_LINES) lines:"; echo "$$files"; exit 1; fi
	@direct=$$(GOWORK=off $(GO) list -m -f '{{if not (or .Main .Indirect)}}{{.Path}}{{end}}' all) && \
		if [ "$$(echo $$direct)" != "$(REQUIRES)" ]; then \
		echo "go.mod requires" $$direct "where it may require $(REQUIRES)"; exit 1; fi
	@echo "rules: kept"

# Everything that has a go.mod. Those in testdata are copied by tests.
.PHONY: tidy
tidy: ## each go.mod and go.sum is as go mod tidy writes it
	@set -e; for mod in $$(find . -name go.mod -not -path './build/*' -not -path '*/testdata/*' | sort); do \
		(cd $${mod%/go.mod} && $(GO) mod tidy -diff) || { echo "$$mod is not tidy: go -C $${mod%/go.mod} mod tidy"; exit 1; }; \
	done; echo "tidy: each go.mod"

.PHONY: modules
modules: ## the other modules: built, vetted, tested, each by itself
	@set -e; for module in $(MODULES); do \
		echo "module $$module: go build, go vet, go test (cmd/ambient builds many programs, cmd/fleet and cmd/blog load servers)"; \
		(cd $$module && $(GO) build -o /dev/null ./... && $(GO) vet ./... && $(GO_TEST_SLOW) ./...); \
	done

.PHONY: adapters
adapters: $(AMBIENT) ## the adapters below gls/ and httpctx/: tested by themselves in both builds, the recipes with AMBIENT_LONG=1
	@set -e; for module in $(ADAPTERS); do \
		echo "module $$module: go vet, go test, ambient test (the first one compiles the standard library again)"; \
		(cd $$module && $(GO) vet ./... && AMBIENT_EXPECT=explicit $(GO_TEST) ./...); \
		case "$$AMBIENT_LONG $$module" in " "*/recipes*) continue ;; esac; \
		(cd $$module && AMBIENT_EXPECT=inherited $(AMBIENT) test -timeout 30m ./...); \
	done

# What is published.

RELEASE := $(BUILD)/release-tool

.PHONY: $(RELEASE)
$(RELEASE):
	@cd internal/release && $(GO) build -o $@ .

.PHONY: release-check
release-check: $(RELEASE) ## the last commit, released as VERSION in a clone, then installed and used by somebody who has nothing of it
	@GOLANGCI_LINT=$(wildcard $(GOLANGCI_LINT)) $(RELEASE) check $(VERSION)

.PHONY: release
release: $(RELEASE) ## commits and tags of VERSION in this clone: changelog, go.mod files; pushes nothing
	@$(RELEASE) make $(VERSION)

.PHONY: api
api: $(RELEASE) ## what has changed since the last tags in what users see; fails where CHANGELOG.md does not say so
	@$(RELEASE) api

.PHONY: licences
licences: $(RELEASE) ## the licences of what published modules are built from
	@$(RELEASE) licences

.PHONY: cover
cover: ## coverage of all packages by all tests, as build/cover.html
	@mkdir -p $(BUILD)
	$(GO_TEST) -coverpkg=./... -coverprofile=$(BUILD)/cover.out ./...
	@$(GO) tool cover -html=$(BUILD)/cover.out -o $(BUILD)/cover.html
	@$(GO) tool cover -func=$(BUILD)/cover.out | tail -n 1

# Longer and wider tests.

# go test takes what does not ask for AMBIENT_BUILDS from its cache.
.PHONY: builds
builds: ## the tests that build programs, which make test leaves out: all of them, and those of gls with the other Go releases
	AMBIENT_BUILDS=1 $(GO_TEST_SLOW) ./...
	@set -e; releases=$$($(OTHER_GO)); for release in $$releases; do \
		echo "GOTOOLCHAIN=$$release go test ./gls"; AMBIENT_BUILDS=1 GOTOOLCHAIN=$$release $(GO_TEST) ./gls; \
	done

.PHONY: stress
stress: ## the long forms of the tests that look for races, leaks and lost values
	AMBIENT_LONG=1 $(GO) test -count=1 -run 'Stress|Memory|Concurrent|Model|Conformance' -timeout 60m ./...

.PHONY: model
model: ## every order of the steps by which goroutines claim slots and use frames again, and wrong ones that must be found
	$(GO) test -count=1 ./internal/registry/model

.PHONY: protocol
protocol: ## the same steps by real goroutines that contend for one slot, for PROTOCOL (30s)
	AMBIENT_PROTOCOL=$(PROTOCOL) $(GO) test -count=1 -v -run '^TestSlotHandover$$' ./internal/registry

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each (60s)
	@set -e; targets=$$($(GO_FILES) -name '*_test.go' -exec grep -H '^func Fuzz' {} + | \
		sed -E 's,/[^/]*:func (Fuzz[A-Za-z0-9_]*)\(.*,:\1,'); \
	for target in $$targets; do \
		echo "$$target for $(FUZZTIME)"; \
		$(GO) test -run '^$$' -fuzz "^$${target##*:}$$" -fuzztime $(FUZZTIME) "$${target%:*}"; \
	done

.PHONY: soak
soak: ## 1,000,000 requests (or SOAK) of all kinds, each looking for another's data
	AMBIENT_SOAK=$(SOAK) $(GO) test -count=1 -run '^TestSoak$$' -v -timeout 60m ./httpctx

.PHONY: blog-load
blog-load: ## 30 s of requests (or BLOG_LOAD: 60s, 100000) from both tenants, each page searched for the other's data
	cd cmd/blog && BLOG_LOAD=$(or $(BLOG_LOAD),30s) $(GO) test -count=1 -v -timeout 60m -run '^TestLoad$$' .

# The two builds run one after the other: each has both processors.
.PHONY: fleet
fleet: $(AMBIENT) ## 10,000 orders (or FLEET) of five tenants through six processes that are killed, in both builds; a trace drawn
	@mkdir -p $(BUILD)
	cd cmd/fleet && FLEET=$(FLEET) FLEET_PICTURE=$(BUILD)/fleet.svg AMBIENT_EXPECT=explicit \
		$(GO) test -count=1 -v -timeout 60m . && \
		FLEET=$(FLEET) AMBIENT_EXPECT=inherited $(AMBIENT) test -count=1 -v -timeout 60m .
	@echo "a trace: $(BUILD)/fleet.svg"

.PHONY: bench
bench: ## ambient beside context.Context and other libraries, or the scenarios that match BENCH
	@mkdir -p $(BUILD)
	cd benchmarks && $(GO) run . run -only '$(BENCH)' -out $(BUILD)/bench.txt
	@echo "results: $(BUILD)/bench.txt, for make bench-report or benchstat -col /impl"

.PHONY: bench-report
bench-report: ## benchmarks/REPORT.md, its plots and the README's table, from the last make bench
	cd benchmarks && $(GO) run . report $(BUILD)/bench.txt

.PHONY: bench-gate
bench-gate: ## fails where a ratio to context.Context is 25 % worse than the committed one
	cd benchmarks && $(GO) run . gate

.PHONY: bench-modes
bench-modes: $(AMBIENT) ## benchmarks/MODES.md: go build beside ambient build
	cd benchmarks && $(GO) run . modes -ambient $(AMBIENT)

.PHONY: compat
compat: ## all tests with each Go release that cmd/ambient/internal/overlay/source/releases.txt lists
	$(GO_TEST) ./...
	@set -e; releases=$$($(OTHER_GO)); for release in $$releases; do \
		echo "GOTOOLCHAIN=$$release go test ./..."; GOTOOLCHAIN=$$release $(GO_TEST) ./...; \
	done

# ambient build's runtime.
STD := runtime sync context time net/http testing/synctest iter os/signal

.PHONY: $(AMBIENT)
$(AMBIENT):
	cd cmd/ambient && $(GO) build -o $@ .

.PHONY: test-inherited
test-inherited: inherited test-std ## all tests where every go statement propagates, and the standard library's own

# The examples that are left out show values that are lost.
.PHONY: inherited
inherited: $(AMBIENT) ## all tests where every go statement propagates; with older Go releases those of gls and httpctx
	@set -e; newest=$$($(NEWEST_GO)); releases=$$($(OTHER_GO)); for release in local $$releases; do \
		case $$release in local|$$newest) packages=./... ;; *) packages="./gls ./httpctx ./internal/carrier" ;; esac; \
		echo "GOTOOLCHAIN=$$release ambient test $$packages"; AMBIENT_EXPECT=inherited GOTOOLCHAIN=$$release \
			$(AMBIENT) test -strict -timeout 30m -skip '^Example(Storage_Lookup|NoLosses)$$' $$packages; \
	done

# The two builds run one after the other: each has both processors. AMBIENT_LONG=1 is the long form.
.PHONY: mix
mix: $(AMBIENT) ## clients, servers and pools of all kinds, in both builds: nobody sees another's request
	cd internal/mix && $(GO) vet ./... && \
		AMBIENT_TOOL=$(AMBIENT) AMBIENT_EXPECT=explicit $(GO_TEST_SLOW) -count=1 ./... && \
		AMBIENT_EXPECT=inherited $(AMBIENT) test -count=1 -timeout 60m ./...

.PHONY: test-std
test-std: $(AMBIENT) ## the standard library's own tests with ambient build's runtime and without
	@set -e; newest=$$($(NEWEST_GO)); set +e; for version in local $$newest; do \
		export GOTOOLCHAIN=$$version; \
		for mode in go $(AMBIENT); do \
			echo "$$mode test -short $(STD) ($$version)"; \
			out=$(BUILD)/std-$$version-$${mode##*/}.txt; \
			$$mode test -short -count=1 -timeout 30m $(STD) >$$out 2>&1; \
			grep -E '^(--- FAIL|    --- FAIL|panic:|FAIL.*failed\])' $$out | sed 's/ (.*//' | sort >$$out.failures; \
		done; \
		diff $(BUILD)/std-$$version-go.txt.failures $(BUILD)/std-$$version-ambient.txt.failures || exit 1; \
		grep '^ok' $(BUILD)/std-$$version-ambient.txt; \
	done; echo "test-std: the same results"

.PHONY: travel
travel: ## the README's table of what travels by what
	cd cmd/ambient/internal/travel && $(GO) test -count=1 . -update

.PHONY: noinline
noinline: ## all tests with no function inlined
	$(GO_TEST) -gcflags=all=-l ./...

.PHONY: flags
flags: $(AMBIENT) ## a program in both modes, built as debuggers and sanitizers want it (msan where clang is)
	@set -e; for flag in -gcflags=all=-N '-gcflags=all=-N -l' -asan $$(command -v clang >/dev/null && echo -msan); do \
		if [ "$$flag" = -msan ]; then export CC=clang; fi; \
		for tool in $(GO) $(AMBIENT); do \
			echo "$$tool run $$flag ./cmd/quickstart"; \
			CGO_ENABLED=1 $$tool run "$$flag" ./cmd/quickstart >$(BUILD)/flags.txt; \
			grep -q 'The user id is 1' $(BUILD)/flags.txt; \
		done; \
	done

.PHONY: cross
cross: cross-vet cross-wasm cross-386 cross-arm64 ## other ports: vetted, or run where this machine can

.PHONY: cross-vet
cross-vet:
	@set -e; for port in $(VETTED); do \
		echo "GOOS=$${port%/*} GOARCH=$${port#*/} go vet ./..."; \
		CGO_ENABLED=0 GOOS=$${port%/*} GOARCH=$${port#*/} $(GO) vet ./...; \
	done

# Goroutines share one thread there and ids are read the slow way.
.PHONY: cross-wasm
cross-wasm:
	@if ! command -v node >/dev/null; then echo "cross-wasm: SKIPPED: no node here"; exit; fi; set -x; \
	GOOS=js GOARCH=wasm $(GO_TEST) -run '^(Example|TestPlain)' \
		-exec "env -i 'PATH=$$PATH' '$$($(GO) env GOROOT)/lib/wasm/go_js_wasm_exec'" ./gls ./cmd/quickstart

.PHONY: cross-386
cross-386:
ifeq ($(HOST),linux amd64)
	CGO_ENABLED=0 GOARCH=386 $(GO_TEST) ./...
else
	@echo "cross-386: only vetted: $(HOST) does not run it"
	CGO_ENABLED=0 GOOS=linux GOARCH=386 $(GO) vet ./...
endif

# Emulated, it takes about six times as long. qemu is installed where that takes no question.
.PHONY: cross-arm64
cross-arm64:
ifeq ($(HOST),linux arm64)
	CGO_ENABLED=0 $(GO_TEST) ./...
else
	@qemu() { command -v qemu-aarch64-static || command -v qemu-aarch64; }; \
	if ! qemu >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "cross-arm64: installing qemu-user-static"; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
			apt-get -qq install --yes --no-install-recommends qemu-user-static; } >/dev/null || true; \
	fi; \
	if qemu=$$(qemu); then set -x; \
		CGO_ENABLED=0 GOOS=linux GOARCH=arm64 AMBIENT_EXEC="$$qemu" $(GO_TEST_SLOW) -exec "$$qemu" ./...; \
	else \
		echo "cross-arm64: NOT RUN, only vetted: install qemu-user-static to run it"; \
		CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) vet ./...; \
	fi
endif

.PHONY: clean
clean: ## remove build/
	rm -rf $(BUILD)
