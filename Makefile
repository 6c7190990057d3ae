# make help lists the targets. demo and test need Go alone; race also needs a C compiler.

GO ?= go
FUZZTIME ?= 60s
BENCH ?= .
SOAK ?= 1000000
PROTOCOL ?= 30s
FLEET ?= 10000

# The tested Go releases besides the installed one, and the newest tested release, each as its newest
# patch release. Recipes alone run these commands.
OTHER_GO := .ci/toolchains others
NEWEST_GO := .ci/toolchains newest
GOLANGCI_LINT_VERSION := v2.15.0

# The direct requirements that the root module may have, and the length that a source file may have.
# Tests may be longer.
REQUIRES := github.com/petermattis/goid github.com/stretchr/testify
MAX_LINES := 400

# The linters that ask for a comment on each exported name, and for its form. They load syntax alone:
# about a second of CPU time for a module.
TEXT_LINTERS := revive,godoclint,godot,dupword,misspell

# Ports that cross vets, because no tool here runs them.
VETTED := darwin/arm64 windows/amd64 linux/s390x linux/riscv64 js/wasm

BUILD := $(CURDIR)/build
AMBIENT := $(BUILD)/ambient
GOLANGCI_LINT := $(BUILD)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
GO_FILES := find . -name '*.go' -not -path './build/*' -not -path '*/testdata/*'
# A package's tests count as stuck after this time, a multiple of what they need on a busy machine.
# Packages that build programs or load servers need more.
GO_TEST := $(GO) test -timeout 30m
GO_TEST_SLOW := $(GO) test -timeout 60m
# Each module is built by itself, as users build it; go.work is for editors.
export GOWORK := off
MODULES := benchmarks cmd/ambient cmd/ambient/internal/travel cmd/blog cmd/fleet gls/glssql/dbtest internal/release
# All other modules below gls/ and httpctx/.
ADAPTERS = $(filter-out $(MODULES),$(sort $(patsubst ./%/go.mod,%,$(shell find ./gls ./httpctx -name go.mod))))

HOST := $(shell $(GO) env GOHOSTOS GOHOSTARCH)

# The checks of CI, the tests first. The last one ends with go test's lines for each package.
CHECKS := test builds rules tidy licences api modules adapters release-check lint race model protocol compat cross inherited \
	mix flags noinline

.NOTPARALLEL:
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ': .*## ' '/^[a-z0-9-]+:.*## / { printf "make %-16s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# For everyday use.

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
race: ## all tests under the race detector, and the analyzers of vet (needs a C compiler)
	CGO_ENABLED=1 $(GO_TEST_SLOW) -race ./...
	cd cmd/ambient && CGO_ENABLED=1 $(GO_TEST_SLOW) -race ./lint

.PHONY: check
check: $(CHECKS) ## all checks of CI

.PHONY: checks
checks: # for .ci/run
	@echo $(CHECKS)

# The code.

.PHONY: lint
lint: $(GOLANGCI_LINT) ## golangci-lint with .golangci.yml, in other modules the comments alone; the first run builds the pinned version
	$(GOLANGCI_LINT) run ./...
	@set -e; for module in cmd/ambient $(ADAPTERS); do \
		echo "module $$module: $(TEXT_LINTERS)"; \
		(cd $$module && $(GOLANGCI_LINT) run --enable-only $(TEXT_LINTERS) ./...); \
	done

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

# All modules but those in testdata, which tests copy.
.PHONY: tidy
tidy: ## each go.mod and go.sum is as go mod tidy writes it
	@set -e; for mod in $$(find . -name go.mod -not -path './build/*' -not -path '*/testdata/*' | sort); do \
		(cd $${mod%/go.mod} && $(GO) mod tidy -diff) || { echo "$$mod is not tidy: go -C $${mod%/go.mod} mod tidy"; exit 1; }; \
	done; echo "tidy: each go.mod"

.PHONY: modules
modules: ## the other modules: each built, vetted and tested by itself
	@set -e; for module in $(MODULES); do \
		echo "module $$module: go build, go vet, go test (cmd/ambient builds many programs, cmd/fleet and cmd/blog load servers)"; \
		(cd $$module && $(GO) build -o /dev/null ./... && $(GO) vet ./... && $(GO_TEST_SLOW) ./...); \
	done

.PHONY: adapters
adapters: $(AMBIENT) ## the adapters below gls/ and httpctx/: each tested by itself in both builds (recipes: with AMBIENT_LONG=1)
	@set -e; for module in $(ADAPTERS); do \
		echo "module $$module: go vet, go test, ambient test (the first one compiles the standard library again)"; \
		(cd $$module && $(GO) vet ./... && AMBIENT_EXPECT=explicit $(GO_TEST) ./...); \
		case "$$AMBIENT_LONG $$module" in " "*/recipes*) continue ;; esac; \
		(cd $$module && AMBIENT_EXPECT=inherited $(AMBIENT) test -timeout 30m ./...); \
	done

# Releases.

RELEASE := $(BUILD)/release-tool

.PHONY: $(RELEASE)
$(RELEASE):
	@cd internal/release && $(GO) build -o $@ .

.PHONY: release-check
release-check: $(RELEASE) ## releases the last commit as VERSION in a clone, then installs and uses it with an empty module cache
	@GOLANGCI_LINT=$(wildcard $(GOLANGCI_LINT)) $(RELEASE) check $(VERSION)

.PHONY: release
release: $(RELEASE) ## commits and tags VERSION in this clone: changelog, go.mod files; pushes nothing
	@$(RELEASE) make $(VERSION)

.PHONY: api
api: $(RELEASE) ## changes of the API since the last tags; fails if CHANGELOG.md does not mention an incompatible one
	@$(RELEASE) api

.PHONY: licences
licences: $(RELEASE) ## the licences of the modules that published modules are built from
	@$(RELEASE) licences

.PHONY: cover
cover: ## coverage of all packages by all tests, as build/cover.html
	@mkdir -p $(BUILD)
	$(GO_TEST) -coverpkg=./... -coverprofile=$(BUILD)/cover.out ./...
	@$(GO) tool cover -html=$(BUILD)/cover.out -o $(BUILD)/cover.html
	@$(GO) tool cover -func=$(BUILD)/cover.out | tail -n 1

# Longer and wider tests.

# go test takes the results of packages that do not read AMBIENT_BUILDS from its cache.
.PHONY: builds
builds: ## the tests that build programs, which make test leaves out; those of gls also with the other Go releases
	AMBIENT_BUILDS=1 $(GO_TEST_SLOW) ./...
	@set -e; releases=$$($(OTHER_GO)); for release in $$releases; do \
		echo "GOTOOLCHAIN=$$release go test ./gls"; AMBIENT_BUILDS=1 GOTOOLCHAIN=$$release $(GO_TEST) ./gls; \
	done

.PHONY: stress
stress: ## the long forms of the tests that look for races, leaks and lost values
	AMBIENT_LONG=1 $(GO) test -count=1 -run 'Stress|Memory|Concurrent|Model|Conformance' -timeout 60m ./...

.PHONY: model
model: ## every order of the steps by which goroutines claim slots and reuse frames; finds the wrong orders
	$(GO) test -count=1 ./internal/registry/model

.PHONY: protocol
protocol: ## the same steps by goroutines that contend for one slot, for PROTOCOL (30s)
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
soak: ## 1,000,000 requests (or SOAK) of all kinds; each looks for data of another request
	AMBIENT_SOAK=$(SOAK) $(GO) test -count=1 -run '^TestSoak$$' -v -timeout 60m ./httpctx

.PHONY: blog-load
blog-load: ## 30 s of requests (or BLOG_LOAD: 60s, 100000) from both tenants; searches each page for the other's data
	cd cmd/blog && BLOG_LOAD=$(or $(BLOG_LOAD),30s) $(GO) test -count=1 -v -timeout 60m -run '^TestLoad$$' .

# The two builds run one after the other, so that each has all processors.
.PHONY: fleet
fleet: $(AMBIENT) ## 10,000 orders (or FLEET) of five tenants through six processes that are killed, in both builds; draws a trace
	@mkdir -p $(BUILD)
	cd cmd/fleet && FLEET=$(FLEET) FLEET_PICTURE=$(BUILD)/fleet.svg AMBIENT_EXPECT=explicit \
		$(GO) test -count=1 -v -timeout 60m . && \
		FLEET=$(FLEET) AMBIENT_EXPECT=inherited $(AMBIENT) test -count=1 -v -timeout 60m .
	@echo "a trace: $(BUILD)/fleet.svg"

.PHONY: bench
bench: ## measures ambient, context.Context and other libraries, or the scenarios that match BENCH
	@mkdir -p $(BUILD)
	cd benchmarks && $(GO) run . run -only '$(BENCH)' -out $(BUILD)/bench.txt
	@echo "results: $(BUILD)/bench.txt, for make bench-report or benchstat -col /impl"

.PHONY: bench-report
bench-report: ## benchmarks/REPORT.md, its plots and the README's table, from the last make bench
	cd benchmarks && $(GO) run . report $(BUILD)/bench.txt

.PHONY: bench-gate
bench-gate: ## fails if a ratio to context.Context is 25 % worse than the committed one
	cd benchmarks && $(GO) run . gate

.PHONY: bench-modes
bench-modes: $(AMBIENT) ## benchmarks/MODES.md: compares go build with ambient build
	cd benchmarks && $(GO) run . modes -ambient $(AMBIENT)

.PHONY: compat
compat: ## all tests with each Go release that cmd/ambient/internal/overlay/source/releases.txt lists
	$(GO_TEST) ./...
	@set -e; releases=$$($(OTHER_GO)); for release in $$releases; do \
		echo "GOTOOLCHAIN=$$release go test ./..."; GOTOOLCHAIN=$$release $(GO_TEST) ./...; \
	done

# The runtime of ambient build.
STD := runtime sync context time net/http testing/synctest iter os/signal

.PHONY: $(AMBIENT)
$(AMBIENT):
	cd cmd/ambient && $(GO) build -o $@ .

.PHONY: test-inherited
test-inherited: inherited test-std ## all tests and the standard library's own, in programs that ambient build makes

# The examples that are left out show lost values.
.PHONY: inherited
inherited: $(AMBIENT) ## all tests in programs that ambient build makes; with older Go releases those of gls and httpctx
	@set -e; newest=$$($(NEWEST_GO)); releases=$$($(OTHER_GO)); for release in local $$releases; do \
		case $$release in local|$$newest) packages=./... ;; *) packages="./gls ./httpctx ./internal/carrier" ;; esac; \
		echo "GOTOOLCHAIN=$$release ambient test $$packages"; AMBIENT_EXPECT=inherited GOTOOLCHAIN=$$release \
			$(AMBIENT) test -strict -timeout 30m -skip '^Example(Storage_Lookup|NoLosses)$$' $$packages; \
	done

# The two builds run one after the other, so that each has all processors. AMBIENT_LONG=1 is the long
# form.
.PHONY: mix
mix: $(AMBIENT) ## clients, servers and pools of all kinds, in both builds: no code sees another request's values
	cd internal/mix && $(GO) vet ./... && \
		AMBIENT_TOOL=$(AMBIENT) AMBIENT_EXPECT=explicit $(GO_TEST_SLOW) -count=1 ./... && \
		AMBIENT_EXPECT=inherited $(AMBIENT) test -count=1 -timeout 60m ./...

.PHONY: test-std
test-std: $(AMBIENT) ## the standard library's own tests, with ambient build's runtime and without
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
travel: ## writes the README's table of the constructs that carry values
	cd cmd/ambient/internal/travel && $(GO) test -count=1 . -update

.PHONY: noinline
noinline: ## all tests with no function inlined
	$(GO_TEST) -gcflags=all=-l ./...

.PHONY: flags
flags: $(AMBIENT) ## a program in both modes, built for debuggers and sanitizers (msan if clang is installed)
	@set -e; for flag in -gcflags=all=-N '-gcflags=all=-N -l' -asan $$(command -v clang >/dev/null && echo -msan); do \
		if [ "$$flag" = -msan ]; then export CC=clang; fi; \
		for tool in $(GO) $(AMBIENT); do \
			echo "$$tool run $$flag ./cmd/quickstart"; \
			CGO_ENABLED=1 $$tool run "$$flag" ./cmd/quickstart >$(BUILD)/flags.txt; \
			grep -q 'The user id is 1' $(BUILD)/flags.txt; \
		done; \
	done
	@set -e; for flag in -race -asan GOARCH=386 GOARCH=arm64; do \
		echo "go build -gcflags=all=-N, $$flag: the stack of carrier.Value"; \
		case $$flag in GOARCH=*) export $$flag CGO_ENABLED=0; flag=;; *) export CGO_ENABLED=1;; esac; \
		$(GO) build -gcflags=all=-N $$flag -o /dev/null ./cmd/quickstart; \
	done

.PHONY: cross
cross: cross-vet cross-wasm cross-386 cross-arm64 ## other ports: tested if this machine can run them, otherwise vetted

.PHONY: cross-vet
cross-vet:
	@set -e; for port in $(VETTED); do \
		echo "GOOS=$${port%/*} GOARCH=$${port#*/} go vet ./..."; \
		CGO_ENABLED=0 GOOS=$${port%/*} GOARCH=$${port#*/} $(GO) vet ./...; \
	done

# On this port goroutines share one thread, and ids are read the slow way.
.PHONY: cross-wasm
cross-wasm:
	@if ! command -v node >/dev/null; then echo "cross-wasm: SKIPPED: no node here"; exit; fi; set -x; \
	GOOS=js GOARCH=wasm $(GO_TEST) -run '^(Example|TestPlain)' \
		-exec "env -i 'PATH=$$PATH' '$$($(GO) env GOROOT)/lib/wasm/go_js_wasm_exec'" ./gls ./cmd/quickstart

# A kernel may lack support for 32-bit programs: the tests of the smallest package tell.
.PHONY: cross-386
cross-386:
	@set -e; export CGO_ENABLED=0 GOOS=linux GOARCH=386; \
	if [ "$(HOST)" = "linux amd64" ] && $(GO) test -run '^$$' ./internal/frame >/dev/null 2>&1; then \
		echo "GOARCH=386 go test ./..."; $(GO_TEST) ./...; \
	else \
		echo "cross-386: only vetted: this machine does not run it"; $(GO) vet ./...; \
	fi

# Under emulation the tests take about six times as long. The recipe installs qemu if that needs no
# confirmation.
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
