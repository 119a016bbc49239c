/* SPDX-License-Identifier: MIT */
/*
 * One person: all programs asked for go to one evaluator in one message. When
 * it dies, the page says at which program; that one is judged, and the rest
 * goes to the next evaluator. Every round judges a program or uses up a try, so
 * there is an end.
 */
#include "server/evaluator/pool.h"

#include "server/base/json.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/evaluator/frame.h"

#include <stdlib.h>
#include <string.h>

#define DEATHS_MAX 3 /* that say nothing of a program */

struct round {
	struct evaluator_pool *pool;
	const char *employee_id;
	bool *is_pending; /* asked and not judged */
	bool *had_retry; /* in a fresh evaluator, after an end that may not be its fault */
	struct evaluation *results;
	char *input; /* JSON */
	size_t input_len;
	int deaths;
};

static void judge(
        struct round *round, size_t index, enum evaluation_state state, const char *reason)
{
	struct evaluation *result = &round->results[index];
	result->state = state;
	str_format_cut(result->reason, sizeof(result->reason), "%s", reason);
	round->is_pending[index] = false;
}

static void judge_rest(struct round *round, enum evaluation_state state, const char *reason)
{
	for (size_t i = 0; i < round->pool->count; i++) {
		if (round->is_pending[i]) {
			judge(round, i, state, reason);
		}
	}
}

static bool is_any_pending(const struct round *round)
{
	for (size_t i = 0; i < round->pool->count; i++) {
		if (round->is_pending[i]) {
			return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------- ask */

static bool make_request(const struct round *round, struct buf *request)
{
	frame_open(request, WIRE_EVALUATE);
	for (size_t i = 0; i < round->pool->count; i++) {
		buf_add_char(request, round->is_pending[i] ? 1 : 0);
	}
	buf_add(request, round->input, round->input_len);
	return frame_close(request);
}

/* A JSON text in which every byte stands for itself. */
static bool is_plain_text(const char *bytes, size_t len)
{
	if (len < 2 || bytes[0] != '"' || bytes[len - 1] != '"') {
		return false;
	}
	for (size_t i = 1; i < len - 1; i++) {
		if ((unsigned char)bytes[i] < ' ' || bytes[i] == '"' || bytes[i] == '\\') {
			return false;
		}
	}
	return true;
}

/* Most results are plain texts, and a parser costs ten times what they do. */
static json_t *read_value(const char *bytes, size_t len)
{
	if (len > EVALUATOR_VALUE_MAX_BYTES) {
		return NULL;
	}
	return is_plain_text(bytes, len) ? json_stringn(bytes + 1, len - 2)
	                                 : json_parse(bytes, len, NULL);
}

static void take_value(struct round *round, size_t index, const char *bytes, size_t len)
{
	json_t *value = read_value(bytes, len);
	if (value == NULL) {
		judge(round, index, EVALUATION_FAILED,
		        "its result is nested too deep or holds a number or text that is no JSON");
		return;
	}
	round->results[index].value = value;
	judge(round, index, EVALUATION_VALUE, "");
}

/* False when the answer is not what was asked for; what was read of it counts. */
static bool take_answer(struct round *round, const struct buf *answer)
{
	struct frame_reader reader = {.at = answer->data, .left = answer->len};
	(void)frame_number(&reader);
	bool is_right = frame_byte(&reader) == WIRE_EVALUATE;
	for (size_t i = 0; is_right && i < round->pool->count; i++) {
		if (!round->is_pending[i]) {
			continue;
		}
		size_t len = 0;
		uint8_t state = frame_byte(&reader);
		const char *bytes = frame_bytes(&reader, &len);
		if (reader.is_bad) {
			return false;
		}
		if (state == EVALUATION_VALUE) {
			take_value(round, i, bytes, len);
		} else {
			char reason[EVALUATION_REASON_BYTES];
			str_format_cut(reason, sizeof(reason), "%.*s", (int)len, bytes);
			judge(round, i, EVALUATION_FAILED, reason);
		}
	}
	return is_right && reader.left == 0;
}

/* ---------------------------------------------------------------- deaths */

static void note_death(struct round *round)
{
	if (++round->deaths >= DEATHS_MAX) {
		judge_rest(round, EVALUATION_AGAIN, "evaluators are being ended: try again later");
	}
}

static void stop_program(struct round *round, size_t index, const struct process_end *end)
{
	const char *reason = "jq did not survive it, so it was stopped";
	if (end->cause == PROCESS_END_CPU) {
		reason = "it took over 50 ms, so it was stopped";
	} else if (end->cause == PROCESS_END_MEMORY) {
		reason = "it needed too much memory, so it was stopped";
	}
	judge(round, index, EVALUATION_STOPPED, reason);
	pool_note_stop(round->pool, index, round->employee_id);
}

/* Killed by us after a long wait: the machine may be to blame. */
static void stop_slow(struct round *round, size_t index)
{
	if (round->had_retry[index]) {
		judge(round, index, EVALUATION_AGAIN, "this machine is too busy to evaluate it");
	}
	round->had_retry[index] = true;
}

/* Out of memory in one that served others before: they may have left little. */
static bool is_others_fault(
        const struct round *round, size_t index, size_t people, const struct process_end *end)
{
	return end->cause == PROCESS_END_MEMORY && people > 1 && !round->had_retry[index];
}

static void mourn(struct round *round, struct process *process, bool is_stalled)
{
	size_t people = process->people;
	struct process_end end = process_end(process);
	size_t index = end.doing >= 0 ? (size_t)end.doing : round->pool->count;
	bool is_at_one = index < round->pool->count && round->is_pending[index];
	if (is_at_one && is_stalled && end.cause == PROCESS_END_KILLED) {
		stop_slow(round, index);
	} else if (is_at_one && is_others_fault(round, index, people, &end)) {
		round->had_retry[index] = true;
	} else if (is_at_one && end.cause != PROCESS_END_KILLED) {
		stop_program(round, index, &end);
	} else if (end.doing == WIRE_READING && end.cause != PROCESS_END_KILLED && people <= 1) {
		judge_rest(round, EVALUATION_FAILED, "the person's record is too large");
	} else {
		note_death(round);
	}
}

/* ---------------------------------------------------------------- rounds */

static void run_round(struct round *round, struct buf *request, struct buf *answer)
{
	struct err err = ERR_INIT;
	struct process *process = pool_take(round->pool, &err);
	if (process == NULL) {
		pool_complain(&err);
		judge_rest(round, EVALUATION_AGAIN, err.text);
		return;
	}
	/* Programs known to be bad are known only once one is compiled. */
	for (size_t i = 0; i < round->pool->count; i++) {
		const struct pool_program *program = &round->pool->programs[i];
		if (round->is_pending[i] && program->is_bad) {
			judge(round, i, EVALUATION_FAILED, program->complaint);
		}
	}
	if (!is_any_pending(round)) {
		pool_give_back(round->pool, process);
		return;
	}
	if (!make_request(round, request)) {
		judge_rest(round, EVALUATION_AGAIN, "out of memory");
		pool_give_back(round->pool, process);
		return;
	}
	process->people++;
	enum process_answer end = process_ask(process, request, answer, EVALUATOR_WALL_MS);
	if (end == PROCESS_ANSWERED && take_answer(round, answer)) {
		pool_give_back(round->pool, process);
	} else {
		mourn(round, process, end == PROCESS_STALLED);
	}
}

static void run_rounds(struct round *round)
{
	struct buf request;
	struct buf answer;
	buf_init(&request, WIRE_FRAME_MAX_BYTES);
	buf_init(&answer, WIRE_FRAME_MAX_BYTES);
	while (is_any_pending(round)) {
		run_round(round, &request, &answer);
	}
	buf_wipe(&request);
	buf_wipe(&answer);
}

static void count_results(
        const struct evaluator_pool *pool, const bool *is_asked, const struct evaluation *results)
{
	static const char *const names[] = {"value", "failed", "stopped", "off", "again"};
	size_t counts[ARRAY_SIZE(names)] = {0};
	for (size_t i = 0; i < pool->count; i++) {
		if (is_asked[i]) {
			counts[results[i].state]++;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (counts[i] > 0) {
			metrics_add(METRIC_EXPRESSIONS, LABELS(names[i]), (double)counts[i]);
		}
	}
}

static void begin(struct round *round, const bool *is_asked)
{
	for (size_t i = 0; i < round->pool->count; i++) {
		if (!is_asked[i]) {
			continue;
		}
		round->results[i] = (struct evaluation){.state = EVALUATION_AGAIN};
		round->is_pending[i] = true;
		if (pool_is_off(round->pool, i)) {
			judge(round, i, EVALUATION_OFF,
			        "it was stopped for three people and is off until the settings "
			        "are changed");
		}
	}
}

void pool_evaluate(void *context, const char *employee_id, const json_t *input,
        const bool *is_asked, struct evaluation *results)
{
	struct evaluator_pool *pool = context;
	struct round round = {
	        .pool = pool,
	        .employee_id = employee_id,
	        .is_pending = calloc(2 * pool->count + 1, sizeof(bool)),
	        .results = results,
	        .input = json_dumps(input, JSON_COMPACT | JSON_ENCODE_ANY),
	};
	if (round.is_pending == NULL || round.input == NULL) {
		for (size_t i = 0; i < pool->count; i++) {
			if (is_asked[i]) {
				results[i] = (struct evaluation){
				        .state = EVALUATION_AGAIN, .reason = "out of memory"};
			}
		}
	} else {
		round.had_retry = round.is_pending + pool->count;
		round.input_len = strlen(round.input);
		begin(&round, is_asked);
		if (round.input_len > EVALUATOR_INPUT_MAX_BYTES) {
			judge_rest(&round, EVALUATION_FAILED, "the person's record is too large");
		}
		run_rounds(&round);
		explicit_bzero(round.input, round.input_len);
	}
	free(round.is_pending);
	free(round.input);
	count_results(pool, is_asked, results);
}
