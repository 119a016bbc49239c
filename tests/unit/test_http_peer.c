/* SPDX-License-Identifier: MIT */
#include "server/http/peer.h"

#include "server/base/attr.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 3
#define TRUSTED    "127.0.0.1,10.0.0.0/8,2001:db8:1::/48"

struct peer_case {
	const char *name;
	const char *socket;
	const char *values[VALUES_MAX]; /* in the order they came */
	const char *peer;
};

static const struct peer_case CASES[] = {
        {"no header", "127.0.0.1", {NULL}, "127.0.0.1"},
        {"one address", "127.0.0.1", {"203.0.113.9"}, "203.0.113.9"},
        {"from nobody we trust", "203.0.113.1", {"203.0.113.9"}, "203.0.113.1"},
        {"forged by the client", "127.0.0.1", {"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
        {"through two proxies", "127.0.0.1", {"198.51.100.1, 203.0.113.9, 10.1.1.1"},
                "203.0.113.9"},
        {"a trusted address forged behind the client", "127.0.0.1",
                {"10.2.2.2, 203.0.113.9, 10.1.1.1"}, "203.0.113.9"},
        {"proxies alone", "127.0.0.1", {"10.2.2.2, 10.1.1.1"}, "10.2.2.2"},
        {"several headers", "127.0.0.1", {"198.51.100.1", "203.0.113.9", "10.1.1.1"},
                "203.0.113.9"},
        {"several headers, the last decides", "127.0.0.1", {"198.51.100.1", "203.0.113.9"},
                "203.0.113.9"},
        {"no blanks", "127.0.0.1", {"198.51.100.1,203.0.113.9"}, "203.0.113.9"},
        {"blanks and tabs", "127.0.0.1", {" 198.51.100.1 \t, \t203.0.113.9 "}, "203.0.113.9"},
        {"with a port", "127.0.0.1", {"203.0.113.9:4711"}, "203.0.113.9"},
        {"IPv6", "127.0.0.1", {"2001:db8:2::9"}, "2001:db8:2::9"},
        {"IPv6 in brackets", "127.0.0.1", {"[2001:db8:2::9]"}, "2001:db8:2::9"},
        {"IPv6 with a port", "127.0.0.1", {"[2001:db8:2::9]:443"}, "2001:db8:2::9"},
        {"IPv6 proxy", "2001:db8:1::1", {"203.0.113.9"}, "203.0.113.9"},
        {"mapped proxy", "::ffff:127.0.0.1", {"203.0.113.9"}, "203.0.113.9"},
        {"mapped client", "127.0.0.1", {"::ffff:203.0.113.9"}, "203.0.113.9"},

        /* What is no address ends the search at whoever reported it. */
        {"zone", "127.0.0.1", {"fe80::1%eth0"}, "127.0.0.1"},
        {"name", "127.0.0.1", {"client.example.com"}, "127.0.0.1"},
        {"unknown", "127.0.0.1", {"203.0.113.9, unknown"}, "127.0.0.1"},
        {"empty", "127.0.0.1", {""}, "127.0.0.1"},
        {"comma at the end", "127.0.0.1", {"203.0.113.9,"}, "127.0.0.1"},
        {"comma at the start", "127.0.0.1", {"203.0.113.9", ",10.1.1.1"}, "10.1.1.1"},
        {"empty header behind", "127.0.0.1", {"203.0.113.9", ""}, "127.0.0.1"},
        {"port of letters", "127.0.0.1", {"203.0.113.9:http"}, "127.0.0.1"},
        {"port too long", "127.0.0.1", {"203.0.113.9:123456"}, "127.0.0.1"},
        {"port empty", "127.0.0.1", {"203.0.113.9:"}, "127.0.0.1"},
        {"bracket open", "127.0.0.1", {"[2001:db8:2::9"}, "127.0.0.1"},
        {"text behind the bracket", "127.0.0.1", {"[2001:db8:2::9]x"}, "127.0.0.1"},
        {"for= of another header", "127.0.0.1", {"for=203.0.113.9"}, "127.0.0.1"},
        {"quotes", "127.0.0.1", {"\"203.0.113.9\""}, "127.0.0.1"},
        {"decimal", "127.0.0.1", {"3405803785"}, "127.0.0.1"},
        {"behind a bad one nothing is read", "127.0.0.1", {"203.0.113.9, x, 10.1.1.1"}, "10.1.1.1"},
        {"entry too long", "127.0.0.1",
                {"203.0.113.9                                                              "
                 "                        "},
                "127.0.0.1"},
};

static struct address address_of(const char *text)
{
	struct address address;
	ck_assert_msg(address_parse(text, &address), "%s", text);
	return address;
}

static void expect_peer(const struct peer_case *row, size_t count)
{
	struct address_ranges trusted;
	char found[ADDRESS_TEXT_BYTES];
	ck_assert(address_ranges_parse(TRUSTED, &trusted));
	struct address socket = address_of(row->socket);
	struct address peer = peer_find(&socket, &trusted, row->values, count);
	address_format(&peer, found);
	ck_assert_msg(str_equal(found, row->peer), "%s: %s", row->name, found);
}

START_TEST(the_right_most_stranger_is_the_peer)
{
	size_t count = 0;
	while (count < VALUES_MAX && CASES[_i].values[count] != NULL) {
		count++;
	}
	expect_peer(&CASES[_i], count);
}
END_TEST

START_TEST(ten_thousand_commas_are_one_look)
{
	char commas[10001];
	memset(commas, ',', sizeof(commas));
	commas[sizeof(commas) - 1] = '\0';
	struct peer_case row = {"commas", "127.0.0.1", {commas}, "127.0.0.1"};
	expect_peer(&row, 1);
}
END_TEST

START_TEST(a_chain_of_proxies_has_an_end)
{
	char chain[1024] = "203.0.113.9";
	for (int i = 0; i < 2 * PEER_HOPS_MAX; i++) {
		size_t len = strlen(chain);
		str_format_cut(chain + len, sizeof(chain) - len, ",10.0.0.%d", i + 1);
	}
	struct peer_case row = {"chain", "127.0.0.1", {chain}, "10.0.0.17"};
	expect_peer(&row, 1);
}
END_TEST

/* Whatever stands there: no crash, and only an address that stands there, or the proxy's. */
START_TEST(random_headers_point_at_nobody_else)
{
	static const char letters[] = "0123456789.:,, []%a/\t";
	struct address_ranges trusted;
	struct address socket = address_of("127.0.0.1");
	struct address victim = address_of("203.0.113.9");
	ck_assert(address_ranges_parse(TRUSTED, &trusted));
	srandom(17);
	for (int i = 0; i < 20000; i++) {
		char text[64];
		size_t len = (size_t)(random() % (long)sizeof(text));
		for (size_t at = 0; at < len; at++) {
			text[at] = letters[random() % (long)(sizeof(letters) - 1)];
		}
		text[len] = '\0';
		const char *const values[] = {"203.0.113.9", text};
		struct address peer = peer_find(&socket, &trusted, values, 2);
		ck_assert_msg(memcmp(&peer, &victim, sizeof(peer)) != 0, "%s", text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http peer");
	TCase *peer = tcase_create("peer");
	tcase_add_loop_test(peer, the_right_most_stranger_is_the_peer, 0, (int)ARRAY_SIZE(CASES));
	tcase_add_test(peer, ten_thousand_commas_are_one_look);
	tcase_add_test(peer, a_chain_of_proxies_has_an_end);
	tcase_add_test(peer, random_headers_point_at_nobody_else);
	suite_add_tcase(suite, peer);
	return suite_run(suite);
}
