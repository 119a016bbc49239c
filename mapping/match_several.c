/* SPDX-License-Identifier: MIT */
/*
 * Rules that give several logins to choose from. Generated logins collide
 * among namesakes, so a login and a last name say little: adopted is only who
 * has the match attribute or the employee number, a namesake without either is
 * a question, and everybody else has merely taken one of the logins.
 */
#include "mapping/match_relation.h"

#include "server/base/str.h"

#define LOGINS_MAX (8 * sizeof(unsigned))

/* Which login of the rule a user holds; the count of them: none. */
static size_t held_login(const struct search *search, const struct match_candidate *candidate)
{
	const size_t count = match_login_count(search->query->wanted);
	for (size_t i = 0; i < count; i++) {
		if (match_is_text(candidate, "login", match_login_at(search->query->wanted, i))) {
			return i;
		}
	}
	return count;
}

static bool holds_login(const struct search *search, const struct match_candidate *candidate)
{
	return held_login(search, candidate) < match_login_count(search->query->wanted);
}

static bool is_said_another(const struct search *search, const struct match_candidate *candidate)
{
	return search->query->not_same_okta_id != NULL &&
	        str_equal(search->query->not_same_okta_id, candidate->okta_id);
}

/* Whoever holds a login and is nobody we ask about stands at RELATION_NONE: it is taken. */
static enum relation relate_holder(
        const struct search *search, const struct match_candidate *candidate)
{
	bool is_same = false;
	const bool has_numbers = match_compare_numbers(search, candidate, &is_same);
	if (match_has_value(search, candidate) || is_same) {
		return RELATION_SAME;
	}
	return !has_numbers && match_is_same_last_name(search, candidate) ? RELATION_IN_WAY
	                                                                  : RELATION_NONE;
}

static enum relation relate_other(
        const struct search *search, const struct match_candidate *candidate)
{
	if (match_has_value(search, candidate)) {
		return RELATION_SAME;
	}
	return match_is_near(search, candidate) ? RELATION_NEAR : RELATION_NONE;
}

static enum relation relate(const struct search *search, const struct match_candidate *candidate)
{
	if (is_said_another(search, candidate)) {
		return RELATION_NONE;
	}
	if (!holds_login(search, candidate)) {
		return relate_other(search, candidate);
	}
	/* Linked to somebody else: the login is taken; duplicates were looked for before. */
	return candidate->linked_employee_id != NULL ? RELATION_NONE
	                                             : relate_holder(search, candidate);
}

/* G6, without the login: it proves nothing here. */
static bool is_duplicate(const struct search *search, const struct match_candidate *candidate)
{
	return candidate->linked_employee_id != NULL && !is_said_another(search, candidate) &&
	        (match_has_value(search, candidate) || match_is_same_number(search, candidate) ||
	                match_is_text(candidate, "email", search->email));
}

/* Fills in the logins that are gone; the result's index is that of the first who holds one. */
static void mark_taken(const struct search *search, struct match_result *result)
{
	for (size_t i = search->query->count; i > 0; i--) {
		const struct match_candidate *candidate = &search->query->candidates[i - 1];
		const size_t login = held_login(search, candidate);
		if (login < match_login_count(search->query->wanted) && login < LOGINS_MAX &&
		        relate(search, candidate) == RELATION_NONE) {
			result->taken |= 1U << login;
			result->index = i - 1;
		}
	}
}

static bool is_all_taken(const struct search *search, unsigned taken)
{
	const size_t count = match_login_count(search->query->wanted);
	for (size_t i = 0; i < count; i++) {
		if (i >= LOGINS_MAX || (taken & (1U << i)) == 0) {
			return false;
		}
	}
	return true;
}

static void ask_namesake(size_t index, struct match_result *result)
{
	match_give(result, MATCH_HELD, index,
	        "a login of the rule is held by somebody with the same last name: the same person,"
	        " or another?");
}

/* The strongest relation, where it is, and how many might be the person. */
struct strongest {
	enum relation relation;
	size_t index;
	size_t count; /* of equally strong ones, and of all who may be the person */
};

static void find_strongest(const struct search *search, struct strongest *strongest)
{
	*strongest = (struct strongest){.relation = RELATION_NONE};
	for (size_t i = 0; i < search->query->count; i++) {
		const enum relation relation = relate(search, &search->query->candidates[i]);
		const bool is_rival = relation == strongest->relation ||
		        (relation >= RELATION_IN_WAY && strongest->relation >= RELATION_IN_WAY);
		strongest->count = is_rival ? strongest->count + 1 : strongest->count;
		if (relation > strongest->relation) {
			strongest->count = is_rival ? strongest->count : 1;
			strongest->relation = relation;
			strongest->index = i;
		}
	}
}

void match_judge_several(const struct search *search, struct match_result *result)
{
	struct strongest strongest;
	mark_taken(search, result);
	if (match_judge_duplicates(search, is_duplicate, result)) {
		return;
	}
	find_strongest(search, &strongest);
	if (strongest.relation == RELATION_NONE) {
		if (is_all_taken(search, result->taken)) {
			match_give(result, MATCH_HELD, result->index,
			        "every login of the rule is taken");
		}
	} else if (strongest.count > 1) {
		match_give(result, MATCH_HELD, strongest.index,
		        "several Okta users may be this person's account");
	} else if (strongest.relation == RELATION_IN_WAY &&
	        search->query->approval == MATCH_NOT_APPROVED) {
		ask_namesake(strongest.index, result);
	} else {
		match_judge_one(search, strongest.relation, strongest.index, result);
	}
}
