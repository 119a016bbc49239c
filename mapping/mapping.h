/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_MAPPING_H
#define MAPPING_MAPPING_H

/*
 * The pure core: (person, facts about the account, settings, clock) -> what
 * Okta should look like, and the list of actions that makes it so. No I/O, no
 * threads, no clock of its own; everything comes in as an argument. This is
 * the only header of mapping/ that others include.
 *
 *   person.h   what Bob said about one employee at one read
 *   rule.h     mapping rows: what fills which attribute
 *   attribute.h  Okta's attributes, and what fits them
 *   evaluator.h  how expressions are evaluated: an interface
 *   profile.h  what the rows give for one person
 *   group.h    who belongs into which Okta group, and what follows
 *   row_fit.h  whether a row can do its work at all
 *   suggest.h  rows somebody may want
 *   future.h   what Bob will show of a person on a later day
 *   policy.h   who gets, keeps and loses an account
 *   match.h    is an Okta user we found the same person?
 *   adopt.h    which users of an existing org are whom, for a human to link
 *   plan.h     from wanted and present to actions
 */

#include "mapping/adopt.h"
#include "mapping/attribute.h"
#include "mapping/evaluator.h"
#include "mapping/future.h"
#include "mapping/group.h"
#include "mapping/match.h"
#include "mapping/person.h"
#include "mapping/plan.h"
#include "mapping/policy.h"
#include "mapping/profile.h"
#include "mapping/row_fit.h"
#include "mapping/rule.h"
#include "mapping/suggest.h"

#endif
