# make build | test | test-kubelet | demo | bench | bench-datapath | bench-load | release | npm | image | check | docs | setup | clean | distclean
# Each target first installs what it misses (scripts/setup.sh says what it does).

NODE = node --import tsx
# The lab makes network namespaces: with sudo for those who are not root. Node need not be on the PATH of root.
AS_ROOT = $(shell [ "$$(id -u)" = 0 ] || echo sudo --preserve-env=PATH) $(shell command -v node) --import tsx
SETUP = .cache/setup.done
RELEASE_SETUP = .cache/setup-release.done
TEST_SETUP = .cache/setup-test.done
# Of scripts/build/target.ts; make build makes only the one of this machine.
TARGETS = linux-amd64 linux-arm64 windows-amd64

.PHONY: build test demo bench bench-datapath bench-load release npm image check docs setup clean distclean

build: $(SETUP)
	@$(NODE) scripts/build/main.ts

.PHONY: all-targets
all-targets: $(RELEASE_SETUP)
	@$(NODE) scripts/build/main.ts $(TARGETS)

# ONLY=e2e runs one stage, ONLY=test/unit/net one directory or file.
test: $(TEST_SETUP) all-targets
	@$(NODE) scripts/run-tests.ts $(ONLY)

# The kubelet of PATH, else one is built: scripts/kubelet/go.mod pins it.
.PHONY: kubelet test-kubelet
kubelet: $(SETUP)
	@$(NODE) scripts/kubelet/main.ts

test-kubelet: $(TEST_SETUP) build kubelet
	@$(NODE) scripts/run-tests.ts test/clients/kubelet

demo: build
	@$(AS_ROOT) lab/demo.ts

bench: build
	@$(AS_ROOT) bench/main.ts

bench-datapath: build
	@$(AS_ROOT) bench/datapath/main.ts

bench-load: build
	@$(AS_ROOT) bench/load/main.ts

release: all-targets
	@$(NODE) scripts/release/main.ts

# CNI_PLUGINS=DIR with the archives of containernetworking/plugins, IMAGE=registry/name
image: release
	@$(NODE) scripts/release/image.ts

npm: $(SETUP)
	@$(NODE) scripts/npm/main.ts

check: $(SETUP)
	@node_modules/.bin/tsc --noEmit
	@node_modules/.bin/biome check .

docs: $(SETUP)
	@$(NODE) scripts/docs/main.ts

setup:
	@sh scripts/setup.sh

$(SETUP): scripts/setup.sh package.json package-lock.json
	@sh scripts/setup.sh

$(RELEASE_SETUP): scripts/setup.sh package.json package-lock.json
	@sh scripts/setup.sh release

$(TEST_SETUP): scripts/setup.sh package.json package-lock.json
	@sh scripts/setup.sh test

clean:
	rm -rf dist .cache/work

distclean: clean
	rm -rf .cache node_modules
