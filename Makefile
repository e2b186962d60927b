# mod_twvoice: build, tests, installation.
#
#   make                the module, build/mod_twvoice.so
#   make test           everything: packages, build, unit tests, fuzz corpora, module tests
#   make run            a demonstration on this machine, without a Twilio account
#   make bench          the speed figures
#   make install        into an Apache httpd as Debian lays it out (DESTDIR= for packaging)
#
# Narrowing the module tests: make pytest TESTS=t/test_basic.py MPM=event DATABASE=sqlite

PYTHON   = /usr/bin/python3
CC       = gcc
APXS     = apxs
BUILD    = build
TESTS    = t
MPM      = event,prefork
DATABASE = sqlite,postgresql

# Link-time optimisation of the distribution's flags costs minutes and hides warnings.
without_lto = $(filter-out -flto% -ffat-lto-objects,$(1))

HTTPD_INCLUDE := $(shell $(APXS) -q INCLUDEDIR 2>/dev/null)
HTTPD_CFLAGS  := $(call without_lto,$(shell $(APXS) -q CFLAGS 2>/dev/null) \
                 $(shell $(APXS) -q EXTRA_CPPFLAGS 2>/dev/null))
APR_INCLUDES  := $(shell apr-1-config --cppflags --includes 2>/dev/null) \
                 $(shell apu-1-config --includes 2>/dev/null)
APR_LIBS      := -lapr-1 -laprutil-1
MODULE_LIBS   := -ljansson -lcurl -lcrypto -lexpat
CHECK_CFLAGS   = $(shell pkg-config --cflags check)
CHECK_LIBS     = $(shell pkg-config --libs check)

WARNINGS  = -Wall -Wextra -Wshadow -Werror
LANGUAGE  = -std=gnu11 $(WARNINGS) -fvisibility=hidden -MMD -MP -Imod_twvoice
# httpd's own headers are not ours to warn about.
MODULE_FLAGS  = $(HTTPD_CFLAGS) $(LANGUAGE) -fPIC -isystem $(HTTPD_INCLUDE) $(APR_INCLUDES) \
                $(CFLAGS)
SANITIZE      = -fsanitize=address,undefined -fno-sanitize-recover=undefined
SANITIZED     = -g -O1 -fno-omit-frame-pointer $(SANITIZE) $(LANGUAGE) $(APR_INCLUDES)

LIBRARY_SOURCES := $(wildcard $(addsuffix /*.c,$(addprefix mod_twvoice/,calls store twilio)))
SERVER_SOURCES  := mod_twvoice/mod_twvoice.c \
                   $(wildcard $(addsuffix /*.c,$(addprefix mod_twvoice/,config http jobs)))
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:mod_twvoice/%.c=$(BUILD)/o/%.o)
SERVER_OBJECTS  := $(SERVER_SOURCES:mod_twvoice/%.c=$(BUILD)/o/%.o)
ASAN_OBJECTS    := $(LIBRARY_SOURCES:mod_twvoice/%.c=$(BUILD)/asan/%.o)
UNIT_FIXTURES   := $(patsubst t/unit/%.c,$(BUILD)/asan/unit/%.o,$(wildcard t/unit/*_fixture.c))
UNIT_TESTS      := $(patsubst t/unit/%.c,$(BUILD)/unit/%,$(wildcard t/unit/test_*.c))
FUZZ_TARGETS    := $(patsubst t/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard t/fuzz/fuzz_*.c))

MODULE  = $(BUILD)/mod_twvoice.so
LIBRARY = $(BUILD)/libtwvoice.a

all: $(MODULE)

# --no-undefined cannot be used, since the server resolves its own names: ours are looked at here.
$(MODULE): $(SERVER_OBJECTS) $(LIBRARY) $(BUILD)/sources
	@echo "link $@"
	@$(CC) -shared -Wl,-z,relro -Wl,-z,now -Wl,-soname,mod_twvoice.so -o $@.new \
	    $(SERVER_OBJECTS) $(LIBRARY) $(MODULE_LIBS) $(APR_LIBS) $(LDFLAGS)
	@if nm -D --undefined-only $@.new | grep ' twv_'; then \
	    echo 'mod_twvoice.so: the names above are defined nowhere' >&2; exit 1; fi
	@mv $@.new $@

$(LIBRARY): $(LIBRARY_OBJECTS)
	@rm -f $@
	@echo "archive $@"
	@$(AR) rcs $@ $(LIBRARY_OBJECTS)

# What was made of a file that is gone now must not stay.
$(LIBRARY) $(BUILD)/asan/libtwvoice.a: $(BUILD)/sources
$(BUILD)/sources: always
	@mkdir -p $(@D)
	@echo '$(LIBRARY_SOURCES) $(SERVER_SOURCES)' | cmp -s - $@ || \
	    echo '$(LIBRARY_SOURCES) $(SERVER_SOURCES)' > $@

$(BUILD)/o/%.o: mod_twvoice/%.c Makefile
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(CC) $(MODULE_FLAGS) -c -o $@ $<

$(BUILD)/asan/%.o: mod_twvoice/%.c Makefile
	@mkdir -p $(@D)
	@echo "compile $< with sanitizers"
	@$(CC) $(SANITIZED) -c -o $@ $<

$(BUILD)/asan/unit/%.o: t/unit/%.c Makefile
	@mkdir -p $(@D)
	@echo "compile $< with sanitizers"
	@$(CC) $(SANITIZED) $(CHECK_CFLAGS) -It/unit -c -o $@ $<

$(BUILD)/asan/fuzz/%.o: t/fuzz/%.c Makefile
	@mkdir -p $(@D)
	@echo "compile $< with sanitizers"
	@$(CC) $(SANITIZED) -It/fuzz -c -o $@ $<

$(BUILD)/asan/libtwvoice.a: $(ASAN_OBJECTS)
	@rm -f $@
	@echo "archive $@"
	@$(AR) rcs $@ $(ASAN_OBJECTS)

$(BUILD)/asan/unit/libfixtures.a: $(UNIT_FIXTURES)
	@rm -f $@
	@echo "archive $@"
	@$(AR) rcs $@ $^

$(BUILD)/unit/%: $(BUILD)/asan/unit/%.o $(BUILD)/asan/unit/libfixtures.a $(BUILD)/asan/libtwvoice.a
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CC) $(SANITIZE) -pthread -o $@ $^ $(CHECK_LIBS) $(MODULE_LIBS) -lssl $(APR_LIBS)

$(BUILD)/fuzz/%: $(BUILD)/asan/fuzz/%.o $(BUILD)/asan/fuzz/replay.o $(BUILD)/asan/libtwvoice.a
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CC) $(SANITIZE) -pthread -o $@ $^ $(MODULE_LIBS) $(APR_LIBS)

# Each test program runs in one process, so that the sanitizers see all of it.
unit: $(UNIT_TESTS)
	@failed=; for program in $(UNIT_TESTS); do \
	    echo "$$program"; CK_FORK=no CK_DEFAULT_TIMEOUT=60 $$program || failed="$$failed $$program"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

fuzz-replay: $(FUZZ_TARGETS)
	@for program in $(FUZZ_TARGETS); do \
	    name=$${program##*/fuzz_}; echo "$$program t/fuzz/corpus/$$name"; \
	    $$program t/fuzz/corpus/$$name/* || exit 1; \
	done

pytest: $(MODULE)
	TWVOICE_MODULE=$(abspath $(MODULE)) \
	    $(PYTHON) -m pytest -p no:cacheprovider --mpm=$(MPM) --database=$(DATABASE) $(TESTS)

check-deps:
	t/packages.sh test

# The compiler's paths are asked when make starts, so what may have been installed needs a new make.
test: check-deps
	$(MAKE) -j$$(nproc) all unit-programs
	$(MAKE) unit fuzz-replay
	$(MAKE) --no-print-directory pytest

unit-programs: $(UNIT_TESTS) $(FUZZ_TARGETS)

run:
	t/packages.sh run
	$(MAKE) -j$$(nproc) all
	$(PYTHON) t/demo/run.py

bench:
	t/packages.sh bench
	$(MAKE) -j$$(nproc) all
	$(PYTHON) t/bench/bench.py

MODULES_DIR = $(DESTDIR)/usr/lib/apache2/modules
CONF_DIR    = $(DESTDIR)/etc/apache2/mods-available
DOC_DIR     = $(DESTDIR)/usr/share/doc/libapache2-mod-twvoice
STATE_DIR   = $(DESTDIR)/var/lib/twvoice

# Only root can give the data directory to the server's user; a packager's fakeroot counts.
install: $(MODULE)
	install -d $(MODULES_DIR) $(CONF_DIR) $(DOC_DIR) $(STATE_DIR)
	install -m 644 $(MODULE) $(MODULES_DIR)/mod_twvoice.so
	install -m 644 conf/twvoice.load conf/twvoice.conf $(CONF_DIR)
	install -m 644 README.md LICENSE $(DOC_DIR)
	cp -R conf/examples $(DOC_DIR)
	chmod 750 $(STATE_DIR)
	if [ "$$(id -u)" = 0 ]; then chown www-data:www-data $(STATE_DIR); fi

clean:
	rm -rf $(BUILD)
	find t -name __pycache__ -prune -exec rm -rf {} +

.PHONY: all always unit fuzz-replay pytest check-deps test unit-programs run bench install clean
.SECONDARY:
.DELETE_ON_ERROR:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
