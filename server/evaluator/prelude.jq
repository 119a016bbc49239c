# SPDX-License-Identifier: MIT
# What expressions may call beside jq's own functions. docs/mapping.md describes each one with an
# example that is also a test. In front of every program, on one line (the Makefile joins these and
# drops the comments, so a comment has a line of its own): the lines of an administrator's program
# keep their numbers. For each of them: null gives null, numbers and truth values count as text.
#
# $__ascii, $__german, $__nordic: code point -> code points; $__lower, $__upper: code point -> code
# point; only letters that change, but all of ASCII (letters.c). What a table lacks is null.

# An error of ours holds no data: the function's name and a word of the table in reason.c.
def __fail($name; $what): error(["bob2okta", $name, $what]);
def __text($name):
	if type == "string" then .
	elif type == "number" or type == "boolean" then tostring
	else __fail($name; "text") end;
def __whole($name; $n):
	if ($n | type) == "number" then $n | floor else __fail($name; "number") end;

# ------------------------------------------------------------- spelling
def __greek:
	if contains("υ") or contains("ύ") then
		split("ου") | join("ou") | split("ού") | join("ou") | split("Ου") | join("Ou") | split("ΟΥ") | join("OU")
	else . end;
def lower:
	if . == null then null else __text("lower")
	| if utf8bytelength == length then [$__lower[explode[]]] else [explode[] | $__lower[.] // .] end
	| implode end;
def upper:
	if . == null then null else __text("upper")
	| if utf8bytelength == length then [$__upper[explode[]]]
	else [split("ß") | join("SS") | explode[] | $__upper[.] // .] end
	| implode end;
def lower_turkish:
	if . == null then null else __text("lower_turkish")
	| split("I") | join("ı") | split("İ") | join("i") | lower end;
def upper_turkish:
	if . == null then null else __text("upper_turkish")
	| split("i") | join("İ") | split("ı") | join("I") | upper end;
def __ascii_by($name; $table):
	if . == null then null else __text($name)
	| if utf8bytelength == length then .
	else (. == upper) as $capitals
		| __greek | [explode[] | ($table[.] // $__ascii[.])[]?] | implode
		| if $capitals then ascii_upcase else . end
	end end;
def ascii: __ascii_by("ascii"; []);
def ascii_german: __ascii_by("ascii_german"; $__german);
def ascii_nordic: __ascii_by("ascii_nordic"; $__nordic);
def squeeze:
	if . == null then null else __text("squeeze")
	| [explode[] | if . == 160 or (. >= 9 and . <= 13) or (. >= 8192 and . <= 8202) or . == 8239 or . == 12288 then 32 else . end]
	| implode | split(" ") | map(select(. != "")) | join(" ") end;
def proper_case:
	if . == null then null else __text("proper_case") | lower | explode as $c
	| [range($c | length) as $i
		| if $i == 0 or ($c[$i - 1] as $b | $b == 32 or $b == 45 or $b == 39 or $b == 8217 or $b == 46 or $b == 47 or $b == 40 or $b == 160)
		then $__upper[$c[$i]] // $c[$i] else $c[$i] end]
	| implode end;
def proper_case($particles):
	if . == null then null else __text("proper_case") | split(" ")
	| map(lower as $word | if $particles | index([$word]) then $word else proper_case end)
	| join(" ") end;
def slug($separator):
	if . == null then null else __text("slug") | ascii | ascii_downcase
	| [explode[] | if (. >= 97 and . <= 122) or (. >= 48 and . <= 57) then . else 32 end]
	| implode | split(" ") | map(select(. != "")) | join($separator) end;
def slug: if . == null then null else __text("slug") | slug("-") end;

# ---------------------------------------------------------------- parts
def __is_mark: (. >= 768 and . <= 879) or (. >= 65024 and . <= 65039) or . == 8205;
def __cut($n):
	if length <= $n then . else explode as $c
	| (label $whole | range($n; ($c | length) + 1) | if ($c[.] // 0 | __is_mark | not) then ., break $whole else empty end) as $to
	| .[:$to] end;
def first_letter: if . == null then null else __text("first_letter") | squeeze | __cut(1) end;
def initials:
	if . == null then null else __text("initials")
	| [split("-") | join(" ") | squeeze | split(" ")[] | __cut(1)] | join("") | upper end;
def truncate($n):
	if . == null then null else __text("truncate") | __whole("truncate"; $n) as $n
	| if length <= $n then . else .[:$n] | until(endswith(" ") | not; .[:-1]) end end;
def pad($n; $fill):
	if . == null then null else __text("pad") | __whole("pad"; $n) as $n
	| ($fill | tostring) as $fill
	| if length >= $n or $fill == "" then . else $fill[:1] * ($n - length) + . end end;
def digits: if . == null then null else __text("digits") | [explode[] | select(. >= 48 and . <= 57)] | implode end;
def local_part: if . == null then null else __text("local_part") | split("@") | if length == 2 then .[0] else null end end;
def domain: if . == null then null else __text("domain") | split("@") | if length == 2 then .[1] | lower else null end end;
def join_nonempty($separator):
	if . == null then null elif type != "array" then __fail("join_nonempty"; "list")
	else map(select(. != null) | __text("join_nonempty") | squeeze | select(. != ""))
	| if length == 0 then null else join($separator) end end;

# --------------------------------------------------------------- choices
def default($value): if . == null or . == "" then $value else . end;
def lookup($table; $default):
	if ($table | type) != "object" then __fail("lookup"; "table")
	elif . == null then $default
	else __text("lookup") as $key | if $table | has($key) then $table[$key] else $default end end;
def lookup($table): lookup($table; null);
def switch(cases; $default):
	[cases | if type == "array" then .[] else __fail("switch"; "cases") end
		| if type == "array" and length == 2 then select(.[0]) | .[1] else __fail("switch"; "cases") end]
	| if length == 0 then $default else .[0] end;
def switch(cases): switch(cases; null);

# ---------------------------------------------------------------- phones
def __dial: {
	"AT": ["43", "0"], "AU": ["61", "0"], "BE": ["32", "0"], "BG": ["359", "0"], "BR": ["55", "0"],
	"CA": ["1", "1"], "CH": ["41", "0"], "CN": ["86", "0"], "CY": ["357", ""], "CZ": ["420", ""],
	"DE": ["49", "0"], "DK": ["45", ""], "EE": ["372", ""], "ES": ["34", ""], "FI": ["358", "0"],
	"FR": ["33", "0"], "GB": ["44", "0"], "GR": ["30", ""], "HK": ["852", ""], "HR": ["385", "0"],
	"HU": ["36", "06"], "IE": ["353", "0"], "IL": ["972", "0"], "IN": ["91", "0"], "IS": ["354", ""],
	"IT": ["39", ""], "JP": ["81", "0"], "KR": ["82", "0"], "LT": ["370", "0"], "LU": ["352", ""],
	"LV": ["371", ""], "MT": ["356", ""], "MX": ["52", ""], "NL": ["31", "0"], "NO": ["47", ""],
	"NZ": ["64", "0"], "PL": ["48", ""], "PT": ["351", ""], "RO": ["40", "0"], "RS": ["381", "0"],
	"SE": ["46", "0"], "SG": ["65", ""], "SI": ["386", "0"], "SK": ["421", "0"], "TR": ["90", "0"],
	"UA": ["380", "0"], "US": ["1", "1"], "VN": ["84", "0"], "ZA": ["27", "0"]
};
def __national($country):
	__dial[$country | tostring | ascii_upcase] as $dial
	| if $dial == null then ""
	elif $dial[1] != "" and startswith($dial[1]) then $dial[0] + .[($dial[1] | length):]
	else $dial[0] + . end;
def phone_e164($country):
	if . == null then null else __text("phone_e164")
	| ascii_downcase | split("ext")[0] | split("x")[0] | split(";")[0] | split("tel:") | join("") | squeeze
	| (startswith("+") or startswith("00") or startswith("(+")) as $abroad
	| (if $abroad then split("(0)") | join("") else . end) as $text
	| ($text | [explode[] | select((. >= 97 and . <= 122) or . > 127)] | length > 0) as $words
	| $text | digits
	| if $words then "" elif $abroad and ($text | startswith("00")) then .[2:]
	elif $abroad then . elif . == "" then "" else __national($country) end
	| if length >= 8 and length <= 15 and (startswith("0") | not) then "+" + . else null end end;

# ----------------------------------------------------------------- dates
def __day($name):
	if type != "string" or length < 10 then __fail($name; "date") else
	.[:10] as $text
	| (try ($text | strptime("%Y-%m-%d") | mktime) catch null) as $at
	| if $at != null and ($at | strftime("%Y-%m-%d")) == $text then $at / 86400 else __fail($name; "date") end end;
def __date: . * 86400 | strftime("%Y-%m-%d");
def date_format($format): if . == null then null else __day("date_format") * 86400 | strftime($format) end;
def date_parse($format):
	if . == null then null else __text("date_parse")
	| (try (strptime($format) | mktime) catch null) as $at
	| if $at == null then null
	elif ($at | strftime($format)) == . then $at / 86400 | floor | __date
	else null end end;
def date_add($days): if . == null then null else __day("date_add") + __whole("date_add"; $days) | __date end;
def months_add($months):
	if . == null then null else __day("months_add") as $day | ($day * 86400 | gmtime) as $t
	| ($t[0] * 12 + $t[1] + __whole("months_add"; $months)) as $month
	| ($month / 12 | floor) as $y | ($month - 12 * $y) as $m
	| ([$y, $m, 1, 0, 0, 0, 0, 0] | mktime / 86400) as $first
	| ([(if $m == 11 then $y + 1 else $y end), ($m + 1) % 12, 1, 0, 0, 0, 0, 0] | mktime / 86400) as $next
	| [$first + $t[2], $next] | min - 1 | __date end;
def days_between($other): if . == null or $other == null then null else ($other | __day("days_between")) - __day("days_between") end;
def year: if . == null then null else __day("year") * 86400 | gmtime[0] end;
def weekday: if . == null then null else __day("weekday") * 86400 | gmtime[6] | if . == 0 then 7 else . end end;

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
