/* SPDX-License-Identifier: MIT */
/* Groups are not part of this world: no settings here name one, so nobody may ask. */
#include "tests/simulation/sim.h"

#include "okta/okta.h"

static void refuse(struct call_outcome *outcome)
{
	(void)outcome;
	must(false, "a world without groups", NULL);
}

bool okta_group_id_is(const char *id_or_name)
{
	(void)id_or_name;
	return false;
}

void okta_group_find(struct okta_client *client, const char *id_or_name, struct okta_group *group,
        size_t *matches, struct call_outcome *outcome)
{
	(void)client;
	(void)id_or_name;
	(void)group;
	*matches = 0;
	refuse(outcome);
}

/* Asked for by the console alone. */
void okta_groups_search(struct okta_client *client, const char *text, okta_group_taker *take,
        void *context, struct call_outcome *outcome)
{
	(void)client;
	(void)text;
	(void)take;
	(void)context;
	refuse(outcome);
}

void okta_group_rule_targets(struct okta_client *client, json_t **ids, struct call_outcome *outcome)
{
	(void)client;
	*ids = NULL;
	refuse(outcome);
}

void okta_group_members(struct okta_client *client, const char *group_id, okta_member_taker *take,
        void *context, struct call_outcome *outcome)
{
	(void)client;
	(void)group_id;
	(void)take;
	(void)context;
	refuse(outcome);
}

void okta_user_groups(
        struct okta_client *client, const char *user_id, json_t **ids, struct call_outcome *outcome)
{
	(void)client;
	(void)user_id;
	*ids = NULL;
	refuse(outcome);
}

void okta_group_add(struct okta_client *client, const char *group_id, const char *user_id,
        struct call_outcome *outcome)
{
	(void)client;
	(void)group_id;
	(void)user_id;
	refuse(outcome);
}

void okta_group_remove(struct okta_client *client, const char *group_id, const char *user_id,
        struct call_outcome *outcome)
{
	okta_group_add(client, group_id, user_id, outcome);
}
