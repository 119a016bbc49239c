/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_DAILY_H
#define SERVER_ENGINE_DAILY_H

/*
 * Everyone with something due within DAILY_WITHIN_MS is read again daily: a
 * hire that is withdrawn, a start date that moves, a termination that is
 * cancelled may come without any event. Each employee has a minute of the day of
 * its own, so that not all are read in one. Pure.
 */

#include <stdint.h>

#define DAILY_WITHIN_MS (14 * 24 * 60 * 60 * 1000LL)
/*
 * Daily looks wait behind everybody else. One that came just before the date itself could hold
 * that up, and would tell nothing new.
 */
#define DAILY_NOT_BEFORE_DUE_MS (6 * 60 * 60 * 1000LL)
/* Who was just read is not read again at once. */
#define DAILY_NOT_WITHIN_MS (60 * 60 * 1000LL)

/* When to look next; 0: the due time comes first, or there is none ahead. */
int64_t daily_look_ms(const char *employee_id, int64_t due_ms, int64_t now_ms);

#endif
