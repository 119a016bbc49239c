/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_CONTROL_H
#define TESTS_SANDBOX_CONTROL_H

/*
 * The control interface, as the README describes it. control.c holds the table of its routes and
 * the small ones; control_*.c the rest. Handlers take the sandbox's lock themselves where they need
 * it, so that those that wait (drain, send) can do so without it.
 */

#include "tests/sandbox/request.h"

struct sandbox;

void control_serve(struct sandbox *sb, struct request *rq, struct reply *rp);

/* 400 (or another status) {"error": text}; the text is freed. */
void control_refuse(struct reply *rp, int status, char *taken);

void control_bob_list(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_bob_create(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_bob_get(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_bob_patch(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_bob_delete(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_bob_life(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_bob_midnight(struct sandbox *sb, struct request *rq, struct reply *rp);

void control_okta_list(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_from_people(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_create(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_get(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_patch(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_delete(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_groups(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_add_group(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_change_members(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_add_group_rule(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_okta_schema(struct sandbox *sb, struct request *rq, struct reply *rp);
/* {"users":[...]} and the groups, under the lock. */
json_t *control_okta_users_json(struct sandbox *sb);
json_t *control_okta_groups_json(struct sandbox *sb);

void control_webhooks_configure(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_webhooks_show(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_webhooks_send(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_webhooks_ping(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_webhooks_replay(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_webhooks_deliveries(struct sandbox *sb, struct request *rq, struct reply *rp);
void control_webhooks_drain(struct sandbox *sb, struct request *rq, struct reply *rp);

#endif
