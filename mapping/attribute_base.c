/* SPDX-License-Identifier: MIT */
/* What is known of attributes without the org's schema: Okta's own ones. */
#include "mapping/attribute_check.h"

#include "server/base/str.h"

/* Okta's own attributes, all of them strings (okta.md 1.8); others may be of any type. */
static const char *const BASE_ATTRIBUTES[] = {
        "login",
        "email",
        "secondEmail",
        "firstName",
        "lastName",
        "middleName",
        "honorificPrefix",
        "honorificSuffix",
        "title",
        "displayName",
        "nickName",
        "profileUrl",
        "primaryPhone",
        "mobilePhone",
        "streetAddress",
        "city",
        "state",
        "zipCode",
        "countryCode",
        "postalAddress",
        "preferredLanguage",
        "locale",
        "timezone",
        "userType",
        "employeeNumber",
        "costCenter",
        "organization",
        "division",
        "department",
        "managerId",
        "manager",
};

static bool is_base_attribute(const char *okta)
{
	for (size_t i = 0; i < ARRAY_SIZE(BASE_ATTRIBUTES); i++) {
		if (str_equal(okta, BASE_ATTRIBUTES[i])) {
			return true;
		}
	}
	return false;
}

/*
 * Numbers become text everywhere; truth values and lists do only for Okta's own
 * attributes, because custom ones may be typed.
 */
struct attribute attribute_assumed(const char *okta, const json_t *value)
{
	const bool is_base = is_base_attribute(okta);
	return (struct attribute){
	        .type = is_base || json_is_number(value) ? ATTRIBUTE_STRING : ATTRIBUTE_OTHER,
	        .is_base = is_base,
	};
}
