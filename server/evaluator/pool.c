/* SPDX-License-Identifier: MIT */
#include "server/evaluator/pool.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/evaluator/frame.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINT_EVERY_MS 60000
#define SHOWN_MAX          120 /* bytes of an expression in the log */

/* ------------------------------------------------------- create, destroy */

struct evaluator_pool *evaluator_pool_create(struct evaluator_spawner *spawner,
        const char *const *programs, size_t count, struct err *err)
{
	struct evaluator_pool *pool = calloc(1, sizeof(*pool));
	if (count > WIRE_PROGRAMS_MAX) {
		err_set(err, ERR_SETTINGS_INVALID, "%zu expressions, %d are possible", count,
		        WIRE_PROGRAMS_MAX);
		free(pool);
		return NULL;
	}
	if (pool == NULL || (pool->programs = calloc(count + 1, sizeof(*pool->programs))) == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a pool of evaluators");
		free(pool);
		return NULL;
	}
	pool->spawner = spawner;
	pthread_mutex_init(&pool->compiling, NULL);
	pthread_mutex_init(&pool->lock, NULL);
	list_init(&pool->idle);
	for (; pool->count < count; pool->count++) {
		pool->programs[pool->count].text = str_dup(programs[pool->count]);
		if (pool->programs[pool->count].text == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for a pool of evaluators");
			evaluator_pool_destroy(pool);
			return NULL;
		}
	}
	return pool;
}

static struct process *take_idle(struct evaluator_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	struct list *link = list_take_first(&pool->idle);
	pthread_mutex_unlock(&pool->lock);
	return link != NULL ? LIST_ENTRY(link, struct process, link) : NULL;
}

void evaluator_pool_destroy(struct evaluator_pool *pool)
{
	if (pool == NULL) {
		return;
	}
	for (struct process *idle = take_idle(pool); idle != NULL; idle = take_idle(pool)) {
		process_end(idle);
	}
	for (size_t i = 0; i < pool->count; i++) {
		free(pool->programs[i].text);
	}
	free(pool->programs);
	pthread_mutex_destroy(&pool->lock);
	pthread_mutex_destroy(&pool->compiling);
	free(pool);
}

struct evaluator evaluator_pool_interface(struct evaluator_pool *pool)
{
	return (struct evaluator){.context = pool, .evaluate = pool_evaluate};
}

/* --------------------------------------------------------------- compile */

enum compile_mode {
	COMPILE_TOGETHER, /* finding out which can be compiled, quickly */
	COMPILE_EACH, /* the same, one by one */
	COMPILE_KNOWN, /* those that can */
};

static bool make_request(
        const struct evaluator_pool *pool, enum compile_mode mode, struct buf *request)
{
	frame_open(request, WIRE_COMPILE);
	buf_add_char(request, mode == COMPILE_EACH ? 1 : 0);
	frame_add_number(request, (uint32_t)pool->count);
	for (size_t i = 0; i < pool->count; i++) {
		const struct pool_program *program = &pool->programs[i];
		/* One that is too long for an evaluator is told so by it from its beginning. */
		size_t len = strlen(program->text);
		size_t sent = len > SOURCE_PROGRAM_MAX_BYTES ? SOURCE_PROGRAM_MAX_BYTES + 1 : len;
		buf_add_char(request, program->is_bad ? 0 : 1);
		frame_add_bytes(request, program->text, sent);
	}
	return frame_close(request);
}

static void blame(struct pool_program *program, const char *complaint)
{
	program->is_bad = true;
	str_format_cut(program->complaint, sizeof(program->complaint), "%s", complaint);
}

/* False when the answer is no such answer, or a program that compiled before does not now. */
static bool read_verdicts(
        struct evaluator_pool *pool, enum compile_mode mode, const struct buf *answer)
{
	struct frame_reader reader = {.at = answer->data, .left = answer->len};
	(void)frame_number(&reader);
	bool is_right = frame_byte(&reader) == WIRE_COMPILE;
	for (size_t i = 0; i < pool->count; i++) {
		size_t len = 0;
		bool is_bad = frame_byte(&reader) != EVALUATION_VALUE;
		const char *reason = frame_bytes(&reader, &len);
		if (is_bad && !pool->programs[i].is_bad) {
			if (mode == COMPILE_KNOWN) {
				return false;
			}
			pool->programs[i].is_bad = true;
			str_format_cut(pool->programs[i].complaint,
			        sizeof(pool->programs[i].complaint), "%.*s", (int)len, reason);
		}
	}
	return is_right && !reader.is_bad;
}

/* What one try to compile came to. */
enum compiled { COMPILED, COMPILE_DIED_AT_ONE, COMPILE_DIED, COMPILE_IMPOSSIBLE };

static const char *death_sentence(const struct process_end *end)
{
	if (end->cause == PROCESS_END_MEMORY) {
		return "compiling it takes too much memory";
	}
	return end->cause == PROCESS_END_CPU ? "compiling it takes too long"
	                                     : "jq does not survive compiling it";
}

static enum compiled mourn(struct evaluator_pool *pool, enum compile_mode mode,
        struct process *process, struct err *err)
{
	struct process_end end = process_end(process);
	if (end.cause == PROCESS_END_UNCONFINED) {
		err_set(err, ERR_INTERNAL,
		        "this machine does not let an evaluator be confined (seccomp)");
		return COMPILE_IMPOSSIBLE;
	}
	bool is_at_one = mode == COMPILE_EACH && end.doing >= 0 &&
	        (size_t)end.doing < pool->count && end.cause != PROCESS_END_KILLED;
	if (!is_at_one) {
		return COMPILE_DIED;
	}
	blame(&pool->programs[end.doing], death_sentence(&end));
	return COMPILE_DIED_AT_ONE;
}

static enum compiled compile_in_new(struct evaluator_pool *pool, enum compile_mode mode,
        struct process **process, struct err *err)
{
	struct buf request;
	struct buf answer;
	enum compiled result = COMPILE_IMPOSSIBLE;
	buf_init(&request, WIRE_FRAME_MAX_BYTES);
	buf_init(&answer, WIRE_FRAME_MAX_BYTES);
	if (!make_request(pool, mode, &request)) {
		err_set(err, ERR_SETTINGS_INVALID, "the expressions together are too long");
	} else if ((*process = process_start(pool->spawner, err)) != NULL) {
		bool is_done = process_ask(*process, &request, &answer, WIRE_COMPILE_WALL_MS) ==
		                PROCESS_ANSWERED &&
		        read_verdicts(pool, mode, &answer);
		result = is_done ? COMPILED : mourn(pool, mode, *process, err);
	}
	buf_finish(&request);
	buf_finish(&answer);
	return result;
}

/*
 * The first time: find out which programs compile. Together, which is quick; when that kills the
 * evaluator, one by one, so that it is known which of them does.
 */
static struct process *compile_first(struct evaluator_pool *pool, struct err *err)
{
	enum compile_mode mode = COMPILE_TOGETHER;
	size_t deaths = 0;
	for (;;) {
		struct process *process = NULL;
		switch (compile_in_new(pool, mode, &process, err)) {
		case COMPILED: pool->is_compiled = true; return process;
		case COMPILE_IMPOSSIBLE: return NULL;
		case COMPILE_DIED_AT_ONE: break;
		case COMPILE_DIED:
			if (++deaths > 2) {
				err_set(err, ERR_INTERNAL,
				        "the expressions cannot be compiled together");
				return NULL;
			}
			break;
		}
		mode = COMPILE_EACH;
	}
}

static struct process *take_new(struct evaluator_pool *pool, struct err *err)
{
	struct process *process = NULL;
	if (pool->spawner == NULL) {
		err_set(err, ERR_INTERNAL, "expressions cannot be evaluated: there is no spawner");
		return NULL;
	}
	pthread_mutex_lock(&pool->compiling);
	bool is_first = !pool->is_compiled;
	if (is_first) {
		process = compile_first(pool, err);
	}
	pthread_mutex_unlock(&pool->compiling);
	if (!is_first && compile_in_new(pool, COMPILE_KNOWN, &process, err) != COMPILED) {
		err_set(err, ERR_INTERNAL, "an evaluator died while it was made ready");
		return NULL;
	}
	return process;
}

struct process *pool_take(struct evaluator_pool *pool, struct err *err)
{
	struct process *process = take_idle(pool);
	return process != NULL ? process : take_new(pool, err);
}

void pool_give_back(struct evaluator_pool *pool, struct process *process)
{
	pthread_mutex_lock(&pool->lock);
	/* The last one used first: its memory is warm. */
	list_add_first(&pool->idle, &process->link);
	pthread_mutex_unlock(&pool->lock);
}

bool evaluator_pool_compile(
        struct evaluator_pool *pool, struct evaluation *results, struct err *err)
{
	struct process *process = pool->count > 0 ? pool_take(pool, err) : NULL;
	if (process == NULL) {
		return pool->count == 0;
	}
	pool_give_back(pool, process);
	for (size_t i = 0; i < pool->count; i++) {
		const struct pool_program *program = &pool->programs[i];
		results[i] = (struct evaluation){
		        .state = program->is_bad ? EVALUATION_FAILED : EVALUATION_VALUE,
		};
		str_format_cut(
		        results[i].reason, sizeof(results[i].reason), "%s", program->complaint);
	}
	return true;
}

/* ----------------------------------------------------------------- stops */

static bool note_person(struct pool_program *program, const char *employee_id)
{
	for (size_t i = 0; i < program->stops; i++) {
		if (str_equal(program->stopped_for[i], employee_id)) {
			return false;
		}
	}
	if (program->stops == EVALUATOR_STOPS_MAX) {
		return false;
	}
	str_format_cut(program->stopped_for[program->stops++], POOL_ID_BYTES, "%s", employee_id);
	program->is_off = program->stops == EVALUATOR_STOPS_MAX;
	return program->is_off;
}

void pool_note_stop(struct evaluator_pool *pool, size_t index, const char *employee_id)
{
	char shown[SHOWN_MAX];
	pthread_mutex_lock(&pool->lock);
	bool is_off_now = note_person(&pool->programs[index], employee_id);
	pthread_mutex_unlock(&pool->lock);
	if (is_off_now) {
		str_format_cut(shown, sizeof(shown), "%s", pool->programs[index].text);
		log_warn("expression is off", F("expression", shown),
		        F("reason",
		                "stopped for three people: off until the settings are changed"));
	}
}

size_t evaluator_pool_off(struct evaluator_pool *pool)
{
	size_t off = 0;
	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < pool->count; i++) {
		off += pool->programs[i].is_off ? 1 : 0;
	}
	pthread_mutex_unlock(&pool->lock);
	return off;
}

bool evaluator_pool_is_away(struct evaluator_pool *pool)
{
	return pool->spawner == NULL || spawner_is_away(pool->spawner);
}

bool pool_is_off(struct evaluator_pool *pool, size_t index)
{
	pthread_mutex_lock(&pool->lock);
	bool is_off = pool->programs[index].is_off;
	pthread_mutex_unlock(&pool->lock);
	return is_off;
}

void pool_complain(const struct err *err)
{
	static atomic_llong next_ms;
	long long now_ms = clock_mono_ms();
	long long due_ms = atomic_load(&next_ms);
	if (now_ms >= due_ms &&
	        atomic_compare_exchange_strong(&next_ms, &due_ms, now_ms + COMPLAINT_EVERY_MS)) {
		log_error("expressions cannot be evaluated", F("reason", err->text));
	}
}
