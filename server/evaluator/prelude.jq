# SPDX-License-Identifier: MIT
# What expressions may call beside jq's own functions. docs/mapping.md describes each one with an
# example that is also a test. In front of every program, on one line (the Makefile joins these and
# drops the comments, so a comment has a line of its own): the lines of an administrator's program
# keep their numbers. null gives null.

# An error of ours holds no data: the function's name and a word of the table in reason.c.
def __fail($name; $what): error(["bob2okta", $name, $what]);

# The way into functions.c: libjq hands what debug is given to one function of programs.c, and
# input takes what another one gives. Programs cannot say either word, see below.

# ------------------------------------------------------------- spelling
def ascii: ["ascii", .] | debug | input;
def ascii_german: ["ascii_german", .] | debug | input;
def ascii_nordic: ["ascii_nordic", .] | debug | input;
def lower: ["lower", .] | debug | input;
def upper: ["upper", .] | debug | input;
def lower_turkish: ["lower_turkish", .] | debug | input;
def upper_turkish: ["upper_turkish", .] | debug | input;
# jq writes these two in jq, letter by letter; what is no text it complains about itself.
def ascii_downcase: if type == "string" then ["ascii_downcase", .] | debug | input else explode end;
def ascii_upcase: if type == "string" then ["ascii_upcase", .] | debug | input else explode end;
def proper_case: ["proper_case", .] | debug | input;
def proper_case(words): ["proper_case", ., words] | debug | input;
def squeeze: ["squeeze", .] | debug | input;
def slug: ["slug", ., "-"] | debug | input;
def slug(separator): ["slug", ., separator] | debug | input;

# ---------------------------------------------------------------- parts
def first_letter: ["first_letter", .] | debug | input;
def initials: ["initials", .] | debug | input;
def truncate(n): ["truncate", ., n] | debug | input;
def digits: ["digits", .] | debug | input;
def local_part: ["local_part", .] | debug | input;
def domain: ["domain", .] | debug | input;
def phone_e164(country): ["phone_e164", ., country] | debug | input;
def pad($n; $character):
	if . == null then null
	elif ($n | type) != "number" then __fail("pad"; "number")
	else (if type == "string" then . elif type == "number" then tostring else __fail("pad"; "text") end)
		| (($character | tostring)[:1] * ($n - length)) as $front | if $front == null then . else $front + . end
	end;
def join_nonempty(separator): ["join_nonempty", ., separator] | debug | input;

# --------------------------------------------------------------- choices
def default($value): if . == null or . == "" then $value else . end;
def lookup($table; $default):
	if ($table | type) != "object" then __fail("lookup"; "table")
	elif . == null then $default
	elif type == "object" or type == "array" then __fail("lookup"; "text")
	else tostring as $key | if $table | has($key) then $table[$key] else $default end end;
def lookup($table): lookup($table; null);
def switch(cases; $default):
	[cases | if type == "array" then .[] else __fail("switch"; "cases") end
		| if type == "array" and length == 2 then select(.[0]) | .[1] else __fail("switch"; "cases") end]
	| if length == 0 then $default else .[0] end;
def switch(cases): switch(cases; null);

# ----------------------------------------------------------------- dates
def date_format(format): ["date_format", ., format] | debug | input;
def date_parse(format): ["date_parse", ., format] | debug | input;
def date_add(days): ["date_add", ., days] | debug | input;
def months_add(months): ["months_add", ., months] | debug | input;
def days_between(date): ["days_between", ., date] | debug | input;
def year: ["year", .] | debug | input;
def weekday: ["weekday", .] | debug | input;

# ------------------------------------------------- what an expression does not have
def input: __fail("input"; "none");
def inputs: __fail("inputs"; "none");
def debug: __fail("debug"; "none");
def stderr: __fail("stderr"; "none");
def input_filename: __fail("input_filename"; "none");
def input_line_number: __fail("input_line_number"; "none");
def env: __fail("env"; "none");
def halt: __fail("halt"; "none");
def halt_error: __fail("halt_error"; "none");
def halt_error(f): __fail("halt_error"; "none");
def now: __fail("now"; "none");
def localtime: __fail("localtime"; "none");
def strflocaltime(f): __fail("strflocaltime"; "none");
def modulemeta: __fail("modulemeta"; "none");
def get_search_list: __fail("get_search_list"; "none");
