# Targets that are not compiling: dependencies, checks, formatting.

SOURCES_C := $(shell git ls-files -co --exclude-standard '*.c' '*.h' 2>/dev/null)

.PHONY: format check
## format: apply .clang-format to every C file
format:
	clang-format -i $(SOURCES_C)

## check: formatting, layers, banned calls, function length, headers, docs against tables
check:
	@tests/check/all
