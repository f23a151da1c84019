# One command for each thing one does here; `make help` lists them. Only Go, gcc, make and git need be there before.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The Go that is installed builds everything: another is never fetched.
export GOTOOLCHAIN := local
# No version stamp by the go command: it fails in a checkout that another user owns, and VERSION says it already.
export GOFLAGS += -buildvcs=false

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
BIN      ?= bin
FUZZTIME ?= 5m
COUNT    ?= 6
DEB      ?= build

# What tests run beside the project's own programs: a client of gRPC, the generator whose output must be fresh, and the
# verifier that must take what is signed here.
TESTTOOLS := $(addprefix build/tools/,gotestsum grpcurl buf protoc-gen-go protoc-gen-go-grpc cosign opa)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

# stellad-hsm alone is linked with C: it loads the vendor's module. Users' names it reads off /etc/passwd, as the others.
build: ## build bin/stellad, bin/stellad-hsm, bin/adminctl and bin/stella
	CGO_ENABLED=0 go build -trimpath -ldflags "-X stellad/internal/version.String=$(VERSION)" -o $(BIN)/ ./daemon/stellad ./adminctl
	CGO_ENABLED=1 go build -trimpath -tags osusergo,netgo -ldflags "-X stellad/internal/version.String=$(VERSION)" -o $(BIN)/ ./hsm/stellad-hsm
	ln -sf adminctl $(BIN)/stella

demo: deps build ## show the product at work, with no network
	packaging/demo/run

# -count=1, as the end-to-end tests run binaries of which the test cache knows nothing.
test: deps $(TESTTOOLS) ## vet, test with the race detector, fuzz each target for 2 s
	go vet ./...
	build/tools/gotestsum --format pkgname --jsonfile build/test.json -- -race -count=1 -timeout 20m ./...
	packaging/fuzz 2s

fuzz: deps ## fuzz each target for long (FUZZTIME=5m)
	packaging/fuzz $(FUZZTIME)

bench: deps build/tools/benchstat build/tools/cosign build/tools/opa ## measure, beside the references (COUNT=6)
	go test -run '^$$' -bench . -count=$(COUNT) -timeout 60m ./... >build/bench.txt || { cat build/bench.txt; exit 1; }
	build/tools/benchstat build/bench.txt

# Two builds of a commit are the same bytes: the version and the time are the commit's.
deb: build build/tools/nfpm ## build the Debian package into build/
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH-$$(git log -1 --format=%ct)} BIN=$(BIN) ARCH=$$(go env GOARCH) \
		PACKAGE_VERSION=$$(packaging/version $(VERSION)) \
		build/tools/nfpm package --config packaging/nfpm.yaml --packager deb --target $(DEB)/

# The short forms of these are in make test. It wants root: it mounts disks of its own.
faults: deps ## break disks, files and processes at length (an hour and more)
	STELLA_FAULTS=long STELLA_FLIPS=all JOURNAL_FLIPS=20000 go test -count=1 -timeout 180m -v ./audit/journal ./store/... ./e2e/faults
	go test -count=1 -timeout 60m -v -run Mutations ./audit -args -audit.long
	STELLA_SOAK=1h go test -race -count=1 -timeout 90m -v -run Load ./hsm/server

# It wants root: it boots a container of its own.
test-system: deps-system build/rootfs.tar build/tools/nfpm ## install the Debian package on a booted system and test it there
	go vet -tags system ./e2e/system
	go test -tags system -count=1 -timeout 20m -v ./e2e/system

deps-system:
	@packaging/deps system

build/rootfs.tar: packaging/rootfs | deps-system
	packaging/rootfs $@

lint: build/tools/golangci-lint ## run the linters of .golangci.yml
	build/tools/golangci-lint run ./...

fmt: build/tools/gofumpt ## format every Go file
	build/tools/gofumpt -w .

fixtures: ## make the golden evidence bundles anew
	go test -count=1 -run Golden ./evidence/bundle -args -update

generate: build/tools/buf build/tools/protoc-gen-go build/tools/protoc-gen-go-grpc ## write generated files anew
	go generate ./...

deps: ## install the system packages that test and demo need
	@packaging/deps

clean: ## remove what the other targets made
	rm -rf bin build

# A tool is built when a target first needs it: the linter takes minutes. Its package is read off tools/go.mod as text,
# since asking go for it would load the dependencies of every tool.
build/tools/%: tools/go.mod tools/go.sum
	CGO_ENABLED=0 go -C tools build -o ../$@ $$(sed -n 's|^\t\([^ ]*/$*\)$$|\1|p' tools/go.mod)

# cosign is only tested and measured against. It has some hundreds of dependencies of its own, so it is no part of
# tools/: three minutes of two cores when a target first needs it, and kept in build/.
build/tools/cosign:
	GOBIN=$(CURDIR)/build/tools CGO_ENABLED=0 go install -trimpath github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3

# Stock OPA, by which it is seen that a decision is the same without us: of the release that the daemon is linked with.
build/tools/opa:
	GOBIN=$(CURDIR)/build/tools CGO_ENABLED=0 go install -trimpath github.com/open-policy-agent/opa@v1.22.2

.PHONY: fixtures help build demo deb test faults test-system fuzz bench lint fmt generate deps deps-system clean
