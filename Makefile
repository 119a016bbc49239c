# bob2okta: one Makefile, no recursion. `make help` lists the targets.
#
# Objects live in build/<variant>/, programs in build/<variant>/bin/, so that
# switching MODE or CC never mixes objects. MODE=release|debug|asan|tsan|msan|cov|fuzz|faults.

MODE ?= release
WERROR ?= 0
T ?=
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
IS_CLANG := $(findstring clang,$(CC))
VARIANT := $(MODE)$(if $(IS_CLANG),-clang)
B := build/$(VARIANT)

VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=10 HEAD 2>/dev/null || echo unknown)

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

.PHONY: all
## all: build the program (what `make` alone does)
all: $(B)/bin/bob2okta

# ---------------------------------------------------------------- sources

SERVER_SRC := $(wildcard server/*.c server/*/*.c)
LIB_SRC := $(filter-out server/main.c,$(SERVER_SRC)) $(wildcard okta/*.c mapping/*.c)
SANDBOX_SRC := $(wildcard tests/sandbox/*.c)
SANDBOX_LIB_SRC := $(filter-out tests/sandbox/main.c,$(SANDBOX_SRC))
SUPPORT_SRC := $(wildcard tests/support/*.c)
PROXY_SRC := $(wildcard tests/support/proxy/*.c)
PRELOAD_SRC := $(wildcard tests/support/preload/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
SANDBOX_UNIT_SRC := $(wildcard tests/sandbox/unit/test_*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
SIMULATION_SRC := $(wildcard tests/simulation/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
ALL_SRC := $(SERVER_SRC) $(LIB_SRC) $(SANDBOX_SRC) $(SUPPORT_SRC) $(PROXY_SRC) $(UNIT_SRC) $(SANDBOX_UNIT_SRC) $(BENCH_SRC) $(SIMULATION_SRC) $(FUZZ_SRC) tests/fuzz/replay.c
ALL_HDR := $(wildcard server/*.h server/*/*.h okta/*.h mapping/*.h tests/*/*.h)

obj = $(patsubst %.c,$(B)/%.o,$(1))

# ------------------------------------------------------------------ flags

PKGS := libmicrohttpd libcurl jansson openssl sqlite3 glib-2.0
# Nothing is probed for targets that only start other makes: the packages may not be there yet.
ifneq ($(filter-out clean help deps deps-test deps-image run test screenshots bench fuzz msan image-test check format simulate soak faults,$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)
ifeq ($(PKG_LIBS),)
$(error packages to build with are missing: run `make deps` first, as root or with sudo)
endif
ifneq ($(filter unit build-tests,$(MAKECMDGOALS)),)
ifeq ($(CHECK_LIBS),)
$(error packages to test with are missing: run `make deps-test` first, as root or with sudo)
endif
endif
endif

# B1: probed, because gcc 12 and clang 14 refuse different ones.
cc-option = $(shell printf 'int main(void){return 0;}' | $(CC) -Werror $(1) -x c -o /dev/null - >/dev/null 2>&1 && echo $(1))

WARN := -Wall -Wextra -Wformat=2 -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wcast-qual -Wwrite-strings -Wundef -Wvla -Wswitch-enum -Wnull-dereference -Wpointer-arith \
	-Wimplicit-fallthrough -Werror=implicit -Werror=incompatible-pointer-types \
	-Werror=int-conversion -Werror=format-security
WARN_PROBED := -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wtrampolines -Wbidi-chars=any
HARDEN_PROBED := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
	-fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing \
	-ftrivial-auto-var-init=zero

CSTD := -std=c17 -D_GNU_SOURCE
INCLUDES := -I. -I$(B)/gen
ifeq ($(MODE),release)
# B2; B3: FORTIFY and auto-init stay out of the sanitizer builds.
MODE_CFLAGS = -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 $(foreach f,$(HARDEN_PROBED),$(call cc-option,$(f))) -fPIE
MODE_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
else ifeq ($(MODE),debug)
MODE_CFLAGS := -O0 -g3
MODE_LDFLAGS :=
else ifeq ($(MODE),asan)
# B5: UBSan recovers by default, and a test that recovers cannot fail.
MODE_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
MODE_LDFLAGS := -fsanitize=address,undefined
else ifeq ($(MODE),tsan)
MODE_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
MODE_LDFLAGS := -fsanitize=thread
else ifeq ($(MODE),fuzz)
# B8: clang only. fuzzer-no-link instruments; fuzzer brings libFuzzer's main.
MODE_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
MODE_LDFLAGS := -fsanitize=fuzzer,address,undefined
else ifeq ($(MODE),faults)
# The release build with failpoints in it (server/base/failpoint.h) and leases that end within a test.
MODE_CFLAGS = -O1 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fPIE -DBOB2OKTA_FAILPOINTS -DENGINE_LEASE_MS=4000
MODE_LDFLAGS := -pie -Wl,--as-needed
else ifeq ($(MODE),msan)
# clang only, and only what calls no library that is built without it (MSAN_TARGETS).
MODE_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=memory -fsanitize-memory-track-origins
MODE_LDFLAGS := -fsanitize=memory
else ifeq ($(MODE),cov)
MODE_CFLAGS := -O0 -g --coverage
MODE_LDFLAGS := --coverage
else
$(error MODE is one of release debug asan tsan msan cov fuzz faults, not '$(MODE)')
endif
WERROR_FLAG := $(if $(filter 1,$(WERROR)),-Werror)

CFLAGS_ALL := $(CSTD) $(INCLUDES) $(WARN) $(foreach f,$(WARN_PROBED),$(call cc-option,$(f))) \
	$(WERROR_FLAG) $(MODE_CFLAGS) $(PKG_CFLAGS) $(CFLAGS)
LDFLAGS_ALL := $(MODE_LDFLAGS) $(LDFLAGS)
# libjq brings no pkg-config file along.
LIBS := $(PKG_LIBS) -ljq -lpthread -lm

# ------------------------------------------------------------------ rules

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(B)/libbob2okta.a: $(call obj,$(LIB_SRC)) $(B)/gen/assets.o
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/libsandbox.a: $(call obj,$(SANDBOX_LIB_SRC))
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/libsupport.a: $(call obj,$(SUPPORT_SRC))
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/bin/bob2okta: $(B)/server/main.o $(B)/libbob2okta.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/bin/sandbox: $(B)/tests/sandbox/main.o $(B)/libsandbox.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

# Spoils what it passes on, to the byte (tests/faults).
$(B)/bin/faulty-proxy: $(call obj,$(PROXY_SRC)) $(B)/tests/support/proxy_rule.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -lpthread -o $@

# Libraries that come between a program and libc (tests/faults).
$(B)/lib/%.so: tests/support/preload/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) $(WERROR_FLAG) -O1 -g -fPIC -shared -fno-builtin $< -o $@

$(B)/bin/unit/%: $(B)/tests/unit/%.o $(B)/libsupport.a $(B)/libbob2okta.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(B)/libbob2okta.a $(CHECK_LIBS) $(LIBS) -o $@

# Memory that runs out when the test says so.
MEMORY_WRAPS := malloc calloc realloc free
comma := ,
$(B)/bin/unit/test_parsers_memory: LDFLAGS_ALL += $(addprefix -Wl$(comma)--wrap=,$(MEMORY_WRAPS))

$(B)/bin/unit/sandbox_%: $(B)/tests/sandbox/unit/%.o $(B)/libsandbox.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(CHECK_LIBS) $(LIBS) -o $@

# A fuzz target with a main that goes through its corpus; `make fuzz` has the one that searches.
$(B)/bin/unit/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(B)/libbob2okta.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/bin/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libbob2okta.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/bin/bench/%: $(B)/tests/bench/%.o $(B)/libbob2okta.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

# The product against a Bob and an Okta of its own, which take the clients' place, as a clock of its
# own takes the machine's.
SIMULATION_WRAPS := clock_wall_ms clock_mono_ms clock_mono_us crypto_random engine_wait sqlite_state_set
$(B)/bin/simulate: $(call obj,$(SIMULATION_SRC)) $(B)/libbob2okta.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $(addprefix -Wl$(comma)--wrap=,$(SIMULATION_WRAPS)) $^ $(LIBS) -o $@

# The version lands in one generated header, so that a new commit rebuilds one file.
$(B)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define BOB2OKTA_VERSION "%s"\n#define BOB2OKTA_COMMIT "%s"\n' '$(VERSION)' '$(COMMIT)' > $@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@
FORCE:
$(call obj,$(SERVER_SRC)): | $(B)/gen/version.h
$(B)/server/base/version.o: $(B)/gen/version.h

# SQL files are embedded as they stand: `xxd -i` is not on every machine, awk is.
$(B)/gen/schema_sql.h: $(wildcard server/store/schema/*.sql)
	@mkdir -p $(@D)
	@for f in $(sort $^); do awk '{gsub(/\\/,"\\\\"); gsub(/"/,"\\\""); printf "\"%s\\n\"\n", $$0} END {print ","}' $$f; done > $@
$(B)/server/store/sqlite_schema.o: $(B)/gen/schema_sql.h

# What expressions may call, as one line, so that the lines behind it keep their numbers.
$(B)/gen/prelude_jq.h: server/evaluator/prelude.jq
	@mkdir -p $(@D)
	@awk '/^#/ {next} {gsub(/\\/,"\\\\"); gsub(/"/,"\\\""); gsub(/\t+/," "); printf "\"%s \"\n", $$0}' $< > $@
$(B)/server/evaluator/source.o: $(B)/gen/prelude_jq.h

# The console's page, and what it takes from Debian's packages, as one object.
WEB_SRC := $(shell find server/console/web -name '*.html' -o -name '*.css' -o -name '*.js' -o -name '*.svg' -o -name '*.py')
WEB_PACKAGES := $(wildcard /usr/share/javascript/bootstrap5/css/bootstrap.min.css /usr/share/javascript/chart.js/chart.min.js /usr/lib/nodejs/mithril/mithril.js)
$(B)/gen/assets.c: $(WEB_SRC) $(WEB_PACKAGES)
	@mkdir -p $(@D)
	@python3 server/console/web/embed.py $@
$(B)/gen/assets.o: $(B)/gen/assets.c server/console/assets.h
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@

UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/bin/unit/%,$(UNIT_SRC)) \
	$(patsubst tests/sandbox/unit/%.c,$(B)/bin/unit/sandbox_%,$(SANDBOX_UNIT_SRC)) \
	$(patsubst tests/fuzz/%.c,$(B)/bin/unit/%,$(FUZZ_SRC))
# The pure core has one thread: what walks millions of its states looks for no race.
ONE_THREAD := $(if $(filter tsan,$(MODE)),%/test_policy_states %/test_policy_matrix %/test_mapping_properties)
UNIT_RUN := $(if $(T),$(filter %test_$(T) %sandbox_test_$(T) %/fuzz_$(T),$(UNIT_BIN)),$(filter-out $(ONE_THREAD),$(UNIT_BIN)))

.PHONY: build-tests unit sandbox proxy
sandbox: $(B)/bin/sandbox
proxy: $(B)/bin/faulty-proxy $(patsubst tests/support/preload/%.c,$(B)/lib/%.so,$(PRELOAD_SRC))
build-tests: all sandbox proxy $(UNIT_BIN) build-simulation

## unit: unit tests of one variant (T=str runs tests/unit/test_str.c alone)
unit: $(UNIT_RUN)
	@tests/run-unit $(or $(UNIT_RUN),$(error there is no tests/unit/test_$(T).c))

.PHONY: build-simulation
build-simulation: $(B)/bin/simulate

# ---------------------------------------------------------------- targets

# Headers of the libraries are needed before anything compiles; a machine that has them skips apt.
.PHONY: deps deps-test deps-image
## deps: install the Debian packages that building needs
deps:
	@tests/support/deps build

## deps-test: install the Debian packages that building and testing need
deps-test:
	@tests/support/deps build test

deps-image:
	@tests/support/deps build image

.PHONY: run
## run: build and start; with bob2okta.json here the real thing, without it the sandbox and a demonstration
run: deps
	@[ -x $(B)/bin/bob2okta ] || echo "building: half a minute or so"
	@$(MAKE) -s --no-print-directory -j2 all sandbox
	@BOB2OKTA_BIN_DIR=$(abspath $(B)/bin) tests/demo/run

.PHONY: test
## test: set up, build and run every test
test: deps-test
	@tests/run

.PHONY: screenshots
## screenshots: take the pictures of docs/console.md anew, in the browser tests
screenshots: deps-test
	@SCREENSHOTS=1 tests/run browser

.PHONY: bench image-test
## bench: figures beside their aims; no pass or fail
bench: deps-test
	@$(MAKE) -s --no-print-directory -j2 all sandbox
	@tests/bench/run

## image-test: build the container image without a daemon and try it behind nginx
image-test:
	@docker/image-test

.PHONY: fuzz build-fuzz
FUZZ_RUN := $(if $(T),tests/fuzz/fuzz_$(T).c,$(FUZZ_SRC))
build-fuzz: $(patsubst tests/fuzz/%.c,$(B)/bin/fuzz/%,$(FUZZ_RUN))
## fuzz: search each parser of outside bytes for a minute (SECONDS_EACH=60, T=person for one)
fuzz: deps-test
	@$(MAKE) -s --no-print-directory -j2 CC=clang MODE=fuzz T=$(T) build-fuzz
	@tests/fuzz/run $(T)

# What calls no library but libc over its seeds: a library that is not built for it tells it nothing.
MSAN_TARGETS := framing url okta_link peer bob_answer
.PHONY: msan
## msan: the purest parsers over their seeds under clang's memory sanitizer
msan: deps-test
	@$(MAKE) -s --no-print-directory -j2 CC=clang MODE=msan $(MSAN_TARGETS:%=build/msan-clang/bin/unit/fuzz_%)
	@tests/run-unit $(MSAN_TARGETS:%=build/msan-clang/bin/unit/fuzz_%)

.PHONY: simulate soak
SEED ?= $(if $(ORDERS),,1-200)
PEOPLE ?= 50
DAYS ?= 60
## simulate: 200 small companies in virtual time (SEED=17 replays one, PEOPLE=50, DAYS=60, ORDERS=1 all orders of events, TRACE=1 shows each step)
simulate: deps-test
	@$(MAKE) -s --no-print-directory -j2 build-simulation
	@$(B)/bin/simulate $(if $(ORDERS),--orders,--people $(PEOPLE) --days $(DAYS)) \
		$(if $(SEED),--seeds $(SEED)) $(if $(TRACE),--verbose --jobs 1)

SEEDS ?= 3
FROM ?= 1
## soak: a year of 2,000 people (SEEDS=3, FROM=1), for a long evening
soak: deps-test
	@$(MAKE) -s --no-print-directory -j2 build-simulation
	@$(B)/bin/simulate --seeds $(FROM)-$$(($(FROM) + $(SEEDS) - 1)) --people 2000 --days 365

.PHONY: faults
## faults: kills, power cuts, failing disks and networks, planted bugs in full: an hour or two (T=power for one file, SEED=n repeats)
faults: deps-test
	@$(MAKE) -s --no-print-directory -j2 all sandbox proxy
	@$(MAKE) -s --no-print-directory -j2 MODE=faults all
	@tests/faults/run $(T)

.PHONY: format check
## format: apply .clang-format to every C file
format:
	clang-format -i $(shell git ls-files -co --exclude-standard '*.c' '*.h')

## check: formatting, layers, banned calls, function length, headers, docs against tables
check: deps-test
	@tests/check/all

.PHONY: help clean
## help: this list
help:
	@sed -n 's/^## //p' Makefile | sort

## clean: remove everything built
clean:
	rm -rf build

V ?= 0
Q := $(if $(filter 1,$(V)),,@)

-include $(patsubst %.o,%.d,$(call obj,$(ALL_SRC)))
