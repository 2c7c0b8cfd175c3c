# The two commands of the README are `make demo` and `make test`; `make help` lists all.
BUILD ?= build
JOBS  ?= $(shell nproc)

.PHONY: help setup configure build demo test sanitize bench fuzz format docs clean

help:            ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:           ## install the packages that a build needs
	@scripts/setup.sh build

configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake -S . -B $(BUILD) -G Ninja >/dev/null

build: configure ## build/cairn
	@ninja -C $(BUILD) -j $(JOBS) cairn

demo: build      ## run examples/quickstart on host processes: no Docker, no root
	@$(BUILD)/cairn run test -f examples/quickstart/shop.stack

test:            ## build everything, start what the tests need, run every test
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory configure
	@(tests/engine/modern.sh --build; tests/engine/buildx.sh) >/dev/null 2>&1 & ninja -C $(BUILD) -j $(JOBS); built=$$?; wait; exit $$built
	@tests/run.sh $(BUILD)

sanitize:        ## run the tests that need no engine under ASan, UBSan and TSan
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory configure
	@tests/sanitize.sh $(BUILD) all

bench: build     ## measure the front end, and steps against the floor: raw calls, ninja
	@ninja -C $(BUILD) -j $(JOBS) parse_bench front_bench clone_bench >/dev/null
	@tests/bench/run.sh $(BUILD)

fuzz:            ## feed the parser, formatter, evaluator and loader anything, CAIRN_FUZZ_SECONDS each
	@tests/fuzz/run.sh

format:          ## clang-format over our sources
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

docs: build      ## write docs/kinds.md and docs/errors.md from the declarations
	@$(BUILD)/cairn doc > docs/kinds.md
	@$(BUILD)/cairn explain --all > docs/errors.md

clean:           ## remove the build folder
	@rm -rf $(BUILD)
