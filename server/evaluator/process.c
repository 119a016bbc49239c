/* SPDX-License-Identifier: MIT */
#include "server/evaluator/process.h"

#include "server/base/clock.h"
#include "server/evaluator/frame.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 100 /* between two looks whether it is getting on */

struct process *process_start(struct evaluator_spawner *spawner, struct err *err)
{
	int page = -1;
	struct process *process = calloc(1, sizeof(*process));
	if (process == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for an evaluator");
		return NULL;
	}
	process->spawner = spawner;
	if (!spawner_start_one(spawner, &process->pid, &process->socket, &page, err)) {
		free(process);
		return NULL;
	}
	void *map = mmap(NULL, sizeof(*process->page), PROT_READ, MAP_SHARED, page, 0);
	close(page);
	if (map == MAP_FAILED) {
		err_set(err, ERR_NO_MEMORY, "no memory for an evaluator");
		process_end(process);
		return NULL;
	}
	process->page = map;
	return process;
}

/* ------------------------------------------------------------------- ask */

struct patience {
	const struct process *process;
	unsigned step;
	int64_t since_ms;
	int wall_ms;
};

/* While it begins one program after another it may go on. */
static bool is_patient(struct patience *patience)
{
	unsigned step = atomic_load(&patience->process->page->step);
	int64_t now_ms = clock_mono_ms();
	if (step != patience->step) {
		patience->step = step;
		patience->since_ms = now_ms;
	}
	return now_ms - patience->since_ms < patience->wall_ms;
}

static enum process_answer wait_for(struct patience *patience, short events)
{
	for (;;) {
		struct pollfd one = {.fd = patience->process->socket, .events = events};
		int found = poll(&one, 1, LOOK_MS);
		if (found > 0) {
			return PROCESS_ANSWERED;
		}
		if (found < 0 && errno != EINTR) {
			return PROCESS_DIED;
		}
		if (!is_patient(patience)) {
			return PROCESS_STALLED;
		}
	}
}

static enum process_answer send_all(struct patience *patience, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent =
		        send(patience->process->socket, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			return PROCESS_DIED;
		}
		bytes += sent > 0 ? sent : 0;
		len -= sent > 0 ? (size_t)sent : 0;
		if (sent < 0) {
			enum process_answer end = wait_for(patience, POLLOUT);
			if (end != PROCESS_ANSWERED) {
				return end;
			}
		}
	}
	return PROCESS_ANSWERED;
}

/* At least `least` bytes into `to`, which keeps what comes with them. */
static enum process_answer receive(struct patience *patience, struct buf *to, size_t least)
{
	char part[4096];
	while (to->len < least) {
		enum process_answer end = wait_for(patience, POLLIN);
		if (end != PROCESS_ANSWERED) {
			return end;
		}
		ssize_t got = recv(patience->process->socket, part, sizeof(part), MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			continue;
		}
		if (got <= 0 || !buf_add(to, part, (size_t)got)) {
			return PROCESS_DIED;
		}
	}
	return PROCESS_ANSWERED;
}

static enum process_answer receive_frame(struct patience *patience, struct buf *to)
{
	uint32_t len = 0;
	buf_clear(to);
	enum process_answer end = receive(patience, to, sizeof(len));
	if (end != PROCESS_ANSWERED) {
		return end;
	}
	memcpy(&len, to->data, sizeof(len));
	if (len > WIRE_FRAME_MAX_BYTES) {
		return PROCESS_DIED;
	}
	end = receive(patience, to, sizeof(len) + len);
	/* More than it was asked for: it is not itself any more. */
	return end == PROCESS_ANSWERED && to->len != sizeof(len) + len ? PROCESS_DIED : end;
}

enum process_answer process_ask(
        struct process *process, const struct buf *request, struct buf *answer, int wall_ms)
{
	struct patience patience = {
	        .process = process,
	        .step = atomic_load(&process->page->step),
	        .since_ms = clock_mono_ms(),
	        .wall_ms = wall_ms,
	};
	enum process_answer end = send_all(&patience, request->data, request->len);
	return end == PROCESS_ANSWERED ? receive_frame(&patience, answer) : end;
}

/* ------------------------------------------------------------------- end */

static void judge(struct process_end *end, int status)
{
	if (WIFSIGNALED(status)) {
		switch (WTERMSIG(status)) {
		case SIGPROF: end->cause = PROCESS_END_CPU; return;
		case SIGSYS: end->cause = PROCESS_END_MEMORY; return; /* confine.c */
		case SIGKILL: end->cause = PROCESS_END_KILLED; return;
		default: end->cause = PROCESS_END_CRASH; return;
		}
	}
	switch (WEXITSTATUS(status)) {
	case 0: end->cause = PROCESS_END_KILLED; return;
	case WIRE_EXIT_MEMORY: end->cause = PROCESS_END_MEMORY; return;
	case WIRE_EXIT_UNCONFINED: end->cause = PROCESS_END_UNCONFINED; return;
	default: end->cause = PROCESS_END_CRASH; return;
	}
}

struct process_end process_end(struct process *process)
{
	struct process_end end = {.cause = PROCESS_END_KILLED, .doing = WIRE_IDLE};
	int status = 0;
	if (spawner_end_one(process->spawner, process->pid, &status)) {
		judge(&end, status);
	}
	if (process->page != NULL) {
		end.doing = atomic_load(&process->page->doing);
		munmap(process->page, sizeof(*process->page));
	}
	close(process->socket);
	free(process);
	return end;
}
