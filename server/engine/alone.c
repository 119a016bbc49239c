/* SPDX-License-Identifier: MIT */
#include "server/engine/alone.h"

bool alone_init(struct alone *alone)
{
	*alone = (struct alone){.shared = 0};
	return monitor_init(&alone->monitor);
}

void alone_finish(struct alone *alone)
{
	monitor_finish(&alone->monitor);
}

enum alone_kind alone_kind_of(const struct employee *employee)
{
	if (employee->is_suspect) {
		return ALONE_SOLO;
	}
	return employee->lane <= LANE_LEAVE ? ALONE_FREE : ALONE_SHARED;
}

/* With the lock held. */
static bool may_begin(const struct alone *alone, enum alone_kind kind)
{
	if (kind == ALONE_SOLO) {
		return !alone->is_taken && alone->shared == 0;
	}
	return !alone->is_taken && alone->wanted == 0;
}

bool alone_enter(struct alone *alone, enum alone_kind kind, int64_t deadline_ms)
{
	bool is_in_time = true;
	bool may = true;

	if (kind == ALONE_FREE) {
		return true;
	}
	monitor_lock(&alone->monitor);
	alone->wanted += kind == ALONE_SOLO ? 1 : 0;
	while (!alone->is_closed && is_in_time && !may_begin(alone, kind)) {
		is_in_time = monitor_wait_until(&alone->monitor, deadline_ms);
	}
	may = !alone->is_closed && may_begin(alone, kind);
	alone->wanted -= kind == ALONE_SOLO ? 1 : 0;
	alone->is_taken |= may && kind == ALONE_SOLO;
	alone->shared += may && kind == ALONE_SHARED ? 1 : 0;
	monitor_wake_all(&alone->monitor);
	monitor_unlock(&alone->monitor);
	return may;
}

void alone_leave(struct alone *alone, enum alone_kind kind)
{
	if (kind == ALONE_FREE) {
		return;
	}
	monitor_lock(&alone->monitor);
	if (kind == ALONE_SOLO) {
		alone->is_taken = false;
	} else {
		alone->shared--;
	}
	monitor_wake_all(&alone->monitor);
	monitor_unlock(&alone->monitor);
}

void alone_close(struct alone *alone)
{
	monitor_lock(&alone->monitor);
	alone->is_closed = true;
	monitor_wake_all(&alone->monitor);
	monitor_unlock(&alone->monitor);
}
