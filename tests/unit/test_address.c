/* SPDX-License-Identifier: MIT */
#include "server/base/address.h"

#include "server/base/attr.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <sys/un.h>

static struct address address_of(const char *text)
{
	struct address address;
	ck_assert_msg(address_parse(text, &address), "%s", text);
	return address;
}

static const struct {
	const char *text;
	bool is_public;
} REACH[] = {
        {"1.1.1.1", true},
        {"9.255.255.255", true},
        {"11.0.0.0", true},
        {"100.63.255.255", true},
        {"100.128.0.0", true},
        {"172.15.255.255", true},
        {"172.32.0.0", true},
        {"192.169.0.1", true},
        {"223.255.255.255", true},
        {"2600::1", true},
        {"2a00:1450:4001:810::200e", true},
        {"64:ff9b::101:101", true},
        {"::ffff:1.1.1.1", true},
        {"0.0.0.0", false},
        {"0.255.255.255", false},
        {"10.0.0.0", false},
        {"10.255.255.255", false},
        {"100.64.0.0", false},
        {"100.127.255.255", false},
        {"127.0.0.1", false},
        {"127.255.255.255", false},
        {"169.254.169.254", false},
        {"172.16.0.0", false},
        {"172.31.255.255", false},
        {"192.0.0.8", false},
        {"192.0.2.1", false},
        {"192.168.0.1", false},
        {"198.18.0.1", false},
        {"198.19.255.255", false},
        {"198.51.100.1", false},
        {"203.0.113.1", false},
        {"224.0.0.1", false},
        {"240.0.0.1", false},
        {"255.255.255.255", false},
        {"::", false},
        {"::1", false},
        {"::ffff:127.0.0.1", false},
        {"::ffff:10.0.0.1", false},
        {"::127.0.0.1", false},
        {"64:ff9b::7f00:1", false},
        {"64:ff9b::a9fe:a9fe", false},
        {"64:ff9b:1::1", false},
        {"100::1", false},
        {"2001::1", false},
        {"2001:db8::1", false},
        {"2002:7f00:1::", false},
        {"3fff::1", false},
        {"4000::1", false},
        {"fc00::1", false},
        {"fd00::1", false},
        {"fe80::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
};

START_TEST(public_addresses_are_told_from_others)
{
	struct address address = address_of(REACH[_i].text);
	ck_assert_msg(address_is_public(&address) == REACH[_i].is_public, "%s", REACH[_i].text);
}
END_TEST

START_TEST(both_spellings_of_an_ipv4_address_are_one)
{
	char text[ADDRESS_TEXT_BYTES];
	struct address mapped = address_of("::ffff:192.0.2.7");
	ck_assert(address_is_v4(&mapped));
	address_format(&mapped, text);
	ck_assert_str_eq(text, "192.0.2.7");
	struct address v6 = address_of("2001:DB8:0:0::7");
	ck_assert(!address_is_v4(&v6));
	address_format(&v6, text);
	ck_assert_str_eq(text, "2001:db8::7");
}
END_TEST

START_TEST(addresses_of_sockets_are_read)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct address address;
	ck_assert(address_of_socket((struct sockaddr *)&v4, &address));
	ck_assert(address_is_loopback(&address));
	ck_assert(address_of_socket((struct sockaddr *)&v6, &address));
	ck_assert(address_is_loopback(&address));
	ck_assert(!address_of_socket((struct sockaddr *)&local, &address));
}
END_TEST

static const char *const NO_ADDRESSES[] = {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.4:80", "[::1]", "::1%lo", "fe80::1%eth0", "localhost",
        "0x7f000001", "2130706433", "1.2.3.4\n", ":::1"};

START_TEST(what_is_no_address_is_not_read)
{
	struct address address;
	ck_assert_msg(!address_parse(NO_ADDRESSES[_i], &address), "%s", NO_ADDRESSES[_i]);
}
END_TEST

static const struct {
	const char *ranges;
	const char *address;
	bool has;
} RANGES[] = {
        {"none", "127.0.0.1", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"127.0.0.1", "::ffff:127.0.0.1", true},
        {"10.0.0.0/8", "10.9.8.7", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.2.3/8", "10.9.8.7", true},
        {"192.168.128.0/17", "192.168.127.255", false},
        {"192.168.128.0/17", "192.168.200.1", true},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1, 10.0.0.0/8 ,172.16.0.0/12", "172.20.1.1", true},
        {"::1/128", "::1", true},
};

START_TEST(ranges_have_what_is_in_them)
{
	struct address_ranges ranges;
	struct address address = address_of(RANGES[_i].address);
	ck_assert(address_ranges_parse(RANGES[_i].ranges, &ranges));
	ck_assert_msg(address_ranges_have(&ranges, &address) == RANGES[_i].has, "%s in %s",
	        RANGES[_i].address, RANGES[_i].ranges);
}
END_TEST

static const char *const NO_RANGES[] = {"", ",", "10.0.0.0/8,", ",10.0.0.0/8", "10.0.0.0/33",
        "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/08x", "10.0.0.0 /8",
        "proxy.example.com", "none,10.0.0.1", "*"};

START_TEST(what_is_no_range_is_refused)
{
	struct address_ranges ranges;
	ck_assert_msg(!address_ranges_parse(NO_RANGES[_i], &ranges), "%s", NO_RANGES[_i]);
}
END_TEST

START_TEST(ranges_are_bounded)
{
	struct address_ranges ranges;
	char list[16 * (ADDRESS_RANGES_MAX + 2)] = "10.0.0.1";
	size_t len = strlen(list);
	for (int i = 1; i < ADDRESS_RANGES_MAX; i++) {
		ck_assert(str_copy(list + len, sizeof(list) - len, ",10.0.0.1"));
		len += strlen(",10.0.0.1");
	}
	ck_assert(address_ranges_parse(list, &ranges));
	ck_assert(str_copy(list + len, sizeof(list) - len, ",10.0.0.1"));
	ck_assert(!address_ranges_parse(list, &ranges));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *one = tcase_create("one");
	tcase_add_loop_test(one, public_addresses_are_told_from_others, 0, (int)ARRAY_SIZE(REACH));
	tcase_add_test(one, both_spellings_of_an_ipv4_address_are_one);
	tcase_add_test(one, addresses_of_sockets_are_read);
	tcase_add_loop_test(one, what_is_no_address_is_not_read, 0, (int)ARRAY_SIZE(NO_ADDRESSES));
	suite_add_tcase(suite, one);
	TCase *ranges = tcase_create("ranges");
	tcase_add_loop_test(ranges, ranges_have_what_is_in_them, 0, (int)ARRAY_SIZE(RANGES));
	tcase_add_loop_test(ranges, what_is_no_range_is_refused, 0, (int)ARRAY_SIZE(NO_RANGES));
	tcase_add_test(ranges, ranges_are_bounded);
	suite_add_tcase(suite, ranges);
	return suite_run(suite);
}
