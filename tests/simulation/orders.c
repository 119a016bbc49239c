/* SPDX-License-Identifier: MIT */
#include "tests/simulation/orders.h"

#include "server/base/str.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/happening.h"
#include "tests/simulation/standing.h"
#include "tests/simulation/weather.h"
#include "tests/simulation/world.h"

#include <stdlib.h>
#include <string.h>

enum step_kind { CREATE, START, CHANGE, LEAVE, RETURN, TERMINATE, REHIRE, STEP_KIND_COUNT };
enum variant { AS_IT_IS, DOUBLED, LATE, LOST, VARIANT_COUNT };

#define STEPS_MAX 8
#define LIVES_MAX 4000

struct life {
	enum step_kind steps[STEPS_MAX];
	int count;
	enum variant variant;
	int at; /* the step that is not as it is */
	int same; /* the life with the same steps whose webhooks come as they should */
};

static const char *const NAMES[] = {
        "create", "start", "change", "leave", "return", "terminate", "rehire"};
static const char *const VARIANTS[] = {"as it is", "doubled", "late", "lost"};

static struct life lives[LIVES_MAX];
static int life_count;
static int first_life; /* of this company */
static int last_life; /* and one more */
static int stepping; /* of the person in hand */

/* ----------------------------------------------------------- the orders */

/* What Bob allows; false: that cannot happen now. */
struct state {
	enum word word; /* WORD_STRANGE: not in Bob yet */
	bool has_started;
	int left[STEP_KIND_COUNT];
};

static bool move(struct state *state, enum step_kind step)
{
	bool is_there = state->word != WORD_STRANGE;

	if (state->left[step]-- == 0) {
		return false;
	}
	switch (step) {
	case CREATE: state->word = WORD_HIRED; return !is_there;
	case CHANGE: return is_there;
	case START: {
		bool can = state->word == WORD_HIRED;
		state->word = WORD_EMPLOYED;
		state->has_started = true;
		return can;
	}
	case LEAVE: {
		bool can = state->word == WORD_EMPLOYED;
		state->word = WORD_LEAVE;
		return can;
	}
	case RETURN: {
		bool can = state->word == WORD_LEAVE;
		state->word = WORD_EMPLOYED;
		return can;
	}
	case TERMINATE: {
		bool can = is_there && state->word != WORD_TERMINATED;
		state->word = WORD_TERMINATED;
		return can;
	}
	case REHIRE: {
		bool can = state->word == WORD_TERMINATED;
		state->word = state->has_started ? WORD_EMPLOYED : WORD_HIRED;
		return can;
	}
	case STEP_KIND_COUNT: break;
	}
	return false;
}

static void add_life(const struct life *life, enum variant variant, int at, int same)
{
	must(life_count < LIVES_MAX, "room for lives", NULL);
	lives[life_count] = *life;
	lives[life_count].variant = variant;
	lives[life_count].at = at;
	lives[life_count].same = same;
	life_count++;
}

static void add_variants(const struct life *life)
{
	int same = life_count;

	add_life(life, AS_IT_IS, 0, same);
	for (int at = 0; at < life->count; at++) {
		add_life(life, DOUBLED, at, same);
		add_life(life, LATE, at, same);
		add_life(life, LOST, at, same);
	}
}

static void go_on(const struct life *life, const struct state *state)
{
	for (int step = 0; step < STEP_KIND_COUNT; step++) {
		struct life longer = *life;
		struct state next = *state;
		if (move(&next, (enum step_kind)step)) {
			longer.steps[longer.count++] = (enum step_kind)step;
			add_variants(&longer);
			go_on(&longer, &next);
		}
	}
}

static void make_lives(void)
{
	struct life none = {.count = 0};
	struct state begin = {
	        .word = WORD_STRANGE, .left = {[CREATE] = 1, 1, 1, 1, 1, [TERMINATE] = 2, 1}};

	life_count = 0;
	go_on(&none, &begin);
}

/* Where a slice begins: never between a life and its variants. */
static int slice_begin(int slice)
{
	int at = slice * ORDERS_SLICE < life_count ? slice * ORDERS_SLICE : life_count;

	return at < life_count ? lives[at].same : life_count;
}

int orders_companies(void)
{
	make_lives();
	return (life_count + ORDERS_SLICE - 1) / ORDERS_SLICE * ORDERS_SETTINGS;
}

int orders_choose(struct sim *sim)
{
	int slice = (int)((sim->seed - 1) / ORDERS_SETTINGS);

	make_lives();
	first_life = slice_begin(slice);
	last_life = slice_begin(slice + 1);
	return last_life - first_life;
}

static const struct life *life_of(int person)
{
	return &lives[first_life + person];
}

/* ------------------------------------------------------------- the steps */

/* At noon in London, one step a day. */
static int64_t step_ms(const struct sim *sim, int step)
{
	return sim->begin_ms + 4 * HOUR_MS + step * DAY_MS;
}

void orders_begin(struct sim *sim)
{
	for (int i = 0; i < last_life - first_life; i++) {
		struct someone *someone = someone_add(sim);
		must(someone != NULL, "room for people", NULL);
		life_name(sim, someone);
		someone->now.site = 0;
		someone->now.manager = -1;
		str_format_cut(someone->now.title, sizeof(someone->now.title), "Clerk");
		for (int step = 0; step < life_of(i)->count; step++) {
			struct world_item item = {.at_ms = step_ms(sim, step),
			        .kind = AT_LIFE,
			        .person = i,
			        .number = step};
			agenda_add(sim, &item);
		}
	}
	agenda_at(sim, step_ms(sim, STEPS_MAX) + 2 * DAY_MS, AT_SWEEP, -1);
	agenda_at(sim, step_ms(sim, STEPS_MAX) + 2 * DAY_MS + 6 * HOUR_MS, AT_CHECK, -1);
}

static void change_title(struct sim *sim, struct someone *someone)
{
	someone_change(sim, someone);
	str_format_cut(someone->now.title, sizeof(someone->now.title), "Captain");
	bob_tells(sim, someone, "employee.updated", "work.title");
}

void orders_step(struct sim *sim, const struct world_item *item)
{
	struct someone *someone = &sim->people[item->person];
	int32_t today = site_today(sim, 0);
	enum step_kind step = life_of(item->person)->steps[item->number];

	stepping = item->number;
	trace(sim, "step %d of person %d: %s", item->number, item->person, NAMES[step]);
	switch (step) {
	case CREATE: life_hire(sim, someone, today + 90); break;
	case START: life_start(sim, someone, today); break;
	case CHANGE: change_title(sim, someone); break;
	case LEAVE: life_leave(sim, someone, today, 0); break;
	case RETURN:
		someone->leave_to = today;
		someone_flip(sim, someone);
		break;
	case TERMINATE: life_terminate(sim, someone, today - 1); break;
	case REHIRE: life_rehire(sim, someone, someone->has_started ? today : today + 90); break;
	case STEP_KIND_COUNT: break;
	}
}

/* A step's webhooks: on time, twice, after the next step's, or not at all. */
void orders_send(struct sim *sim, int person, const char *body)
{
	const struct life *life = life_of(person);
	enum variant variant = stepping == life->at ? life->variant : AS_IT_IS;

	switch (variant) {
	case DOUBLED:
		weather_deliver(sim, person, sim->now_ms + SECOND_MS, body);
		weather_deliver(sim, person, sim->now_ms + HOUR_MS, body);
		break;
	case LATE: weather_deliver(sim, person, sim->now_ms + DAY_MS + HOUR_MS, body); break;
	case LOST: break;
	case AS_IT_IS:
	case VARIANT_COUNT: weather_deliver(sim, person, sim->now_ms + SECOND_MS, body); break;
	}
}

/* ------------------------------------------------------------- the check */

/*
 * What somebody can do in the end. No account and a closed one are the same: whether one was ever
 * made depends on whether we heard of the person in time. Nor is a closed account written.
 */
static const char *access_of(struct sim *sim, int person)
{
	static char text[2][200];
	static int turn;
	const struct okta_account *account = okta_of(sim, person);
	char *to = text[turn = 1 - turn];

	if (account == NULL || okta_is_closed(account)) {
		return "no access";
	}
	const char *title = json_string_value(json_object_get(account->profile, "title"));
	str_format_cut(
	        to, sizeof(text[0]), "%s, title %s", account_status_name(account->status), title);
	return to;
}

static const char *life_text(const struct life *life)
{
	static char text[240];
	char before[sizeof(text)];

	text[0] = '\0';
	for (int i = 0; i < life->count; i++) {
		str_format_cut(before, sizeof(before), "%s", text);
		str_format_cut(text, sizeof(text), "%s%s%s%s%s", before, i > 0 ? ", " : "",
		        NAMES[life->steps[i]],
		        life->variant != AS_IT_IS && i == life->at ? " " : "",
		        life->variant != AS_IT_IS && i == life->at ? VARIANTS[life->variant] : "");
	}
	return text;
}

void orders_check(struct sim *sim)
{
	oracle_check_day(sim);
	for (int i = 0; i < last_life - first_life; i++) {
		const char *right = access_of(sim, life_of(i)->same - first_life);
		const char *here = access_of(sim, i);
		if (!str_equal(here, right)) {
			sim_fail(sim, "the same life ends in the same state", i, "%s: %s, not %s",
			        life_text(life_of(i)), here, right);
		}
	}
}
