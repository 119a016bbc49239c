/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/route.h"

#include <string.h>

#include "tests/sandbox/bob_api.h"
#include "tests/sandbox/okta_groups.h"
#include "tests/sandbox/okta_lifecycle.h"
#include "tests/sandbox/okta_list.h"
#include "tests/sandbox/okta_schema.h"
#include "tests/sandbox/okta_users.h"

#define BOB  SYSTEM_BOB
#define OKTA SYSTEM_OKTA
#define LIFE(op) \
	"/api/v1/users/{id}/lifecycle/" op, okta_lifecycle_handle, "users", "users.lifecycle"

/* The more special path stands before the one with a variable. */
static const struct route ROUTES[] = {
        {BOB, "POST", "/v1/people/search", bob_api_search, "search", NULL},
        {BOB, "POST", "/v1/people/{id}", bob_api_person, "person", NULL},
        {BOB, "GET", "/v1/people/{id}/{table}", bob_api_table, "table", NULL},
        {BOB, "GET", "/v1/bulk/people/{table}", bob_api_bulk, "bulk", NULL},
        {BOB, "GET", "/v1/company/people/fields", bob_api_fields, "fields", NULL},
        {BOB, "GET", "/v1/company/named-lists", bob_api_lists, "lists", NULL},
        {BOB, "GET", "/v1/company/named-lists/{name}", bob_api_list, "lists", NULL},
        {OKTA, "GET", "/api/v1/users", okta_list_users, "users", "users.read"},
        {OKTA, "POST", "/api/v1/users", okta_users_create, "users", "users.create"},
        {OKTA, "GET", "/api/v1/users/{id}", okta_users_get, "users_read", "users.read"},
        {OKTA, "POST", "/api/v1/users/{id}", okta_users_update, "users_write", "users.edit"},
        {OKTA, "PUT", "/api/v1/users/{id}", okta_users_replace, "users_write", "users.edit"},
        {OKTA, "DELETE", "/api/v1/users/{id}", okta_users_delete, "users_write", "users.lifecycle"},
        {OKTA, "POST", LIFE("activate")},
        {OKTA, "POST", LIFE("reactivate")},
        {OKTA, "POST", LIFE("deactivate")},
        {OKTA, "POST", LIFE("suspend")},
        {OKTA, "POST", LIFE("unsuspend")},
        {OKTA, "POST", LIFE("unlock")},
        {OKTA, "POST", LIFE("expire_password")},
        {OKTA, "POST", LIFE("reset_password")},
        {OKTA, "DELETE", "/api/v1/users/{id}/sessions", okta_users_end_sessions, "users",
                "users.sessions"},
        {OKTA, "GET", "/api/v1/users/{id}/groups", okta_groups_of_user, "users", "users.read"},
        {OKTA, "GET", "/api/v1/groups", okta_groups_list, "groups", "groups.read"},
        {OKTA, "POST", "/api/v1/groups", okta_groups_create, "groups", "groups.manage"},
        {OKTA, "GET", "/api/v1/groups/rules", okta_groups_rules, "groups", "groups.read"},
        {OKTA, "GET", "/api/v1/groups/{id}", okta_groups_get, "groups_id", "groups.read"},
        {OKTA, "PUT", "/api/v1/groups/{id}", okta_groups_replace, "groups_id", "groups.manage"},
        {OKTA, "DELETE", "/api/v1/groups/{id}", okta_groups_delete, "groups_id", "groups.manage"},
        {OKTA, "GET", "/api/v1/groups/{id}/users", okta_groups_members, "groups", "groups.read"},
        {OKTA, "PUT", "/api/v1/groups/{id}/users/{userId}", okta_groups_join, "groups",
                "groups.manage"},
        {OKTA, "DELETE", "/api/v1/groups/{id}/users/{userId}", okta_groups_leave, "groups",
                "groups.manage"},
        {OKTA, "GET", "/api/v1/meta/schemas/user/{id}", okta_schema_get, "api", "schemas.read"},
        {OKTA, "POST", "/api/v1/meta/schemas/user/{id}", okta_schema_change, "api",
                "schemas.manage"},
        {OKTA, "GET", "/api/v1/meta/types/user", okta_schema_types, "api", "schemas.read"},
        {OKTA, "GET", "/api/v1/meta/types/user/{id}", okta_schema_type, "api", "schemas.read"},
        {OKTA, "GET", "/api/v1/api-tokens/current", okta_users_token, "api", NULL},
};

#undef LIFE
#undef BOB
#undef OKTA

static bool match(const char *pattern, struct request *rq)
{
	size_t arg = 0;
	size_t segment = 0;

	while (*pattern == '/') {
		pattern++;
		size_t length = strcspn(pattern, "/");

		if (segment == rq->segment_count) {
			return false;
		}
		char *have = rq->segments[segment++];

		if (*pattern == '{') {
			if (have[0] == '\0') {
				return false;
			}
			rq->args[arg++] = have;
		} else if (strlen(have) != length || strncmp(have, pattern, length) != 0) {
			return false;
		}
		pattern += length;
	}
	return segment == rq->segment_count;
}

enum route_result route_find(struct request *rq)
{
	enum route_result result = ROUTE_NO_PATH;

	rq->route = NULL;
	for (size_t i = 0; i < COUNT(ROUTES); i++) {
		if (ROUTES[i].system != rq->system || !match(ROUTES[i].path, rq)) {
			continue;
		}
		if (strcmp(ROUTES[i].method, rq->method) == 0) {
			rq->route = &ROUTES[i];
			return ROUTE_FOUND;
		}
		result = ROUTE_NO_METHOD;
	}
	return result;
}

char *route_name(const struct request *rq)
{
	return util_text("%s %s", rq->method, rq->route != NULL ? rq->route->path : "*");
}
