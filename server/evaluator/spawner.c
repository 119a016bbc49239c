/* SPDX-License-Identifier: MIT */
#include "server/evaluator/spawner.h"

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF      "/proc/self/exe"
#define ANSWER_MS 5000 /* a fork, or the end of a process that is killed */
#define AGAIN_MS  10000 /* one that did not answer is left alone so long */

struct evaluator_spawner {
	pid_t pid;
	pthread_mutex_t lock; /* one request at a time, and all below */
	int socket;
	bool is_dead; /* did not answer, or not as it should */
	int64_t again_ms; /* monotonic: not asked before; 0: at once */
	uint32_t serial;
	int alive; /* evaluators */
};

/* ----------------------------------------------------------------- start */

/* Between fork and exec: calls that are safe there and nothing else. */
static void become_spawner(const char *program, int socket)
{
	char name[] = WIRE_SPAWNER_NAME;
	char *argv[] = {name, NULL};
	char *envp[] = {NULL};
	/* Standard input and output lead nowhere, so that no socket gets their numbers. */
	int nowhere = open("/dev/null", O_RDWR);
	int here = fcntl(socket, F_DUPFD, WIRE_SOCKET_FD + 1);
	if (nowhere >= 0 && here >= 0 && dup2(nowhere, STDIN_FILENO) >= 0 &&
	        dup2(nowhere, STDOUT_FILENO) >= 0 && dup2(here, WIRE_SOCKET_FD) >= 0) {
		closefrom(WIRE_SOCKET_FD + 1);
		execve(program, argv, envp);
	}
	_exit(127);
}

/* It is there when it answers: an evaluator that does not exist cannot be ended. */
static bool is_answering(struct evaluator_spawner *spawner)
{
	int status = 0;
	(void)!spawner_end_one(spawner, 0, &status);
	return !spawner->is_dead;
}

struct evaluator_spawner *evaluator_spawner_start(const char *program, struct err *err)
{
	int pair[2];
	struct evaluator_spawner *spawner = calloc(1, sizeof(*spawner));
	if (spawner == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the spawner of evaluators");
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		err_set(err, ERR_INTERNAL, "no socket for the spawner of evaluators: errno %d",
		        errno);
		free(spawner);
		return NULL;
	}
	pthread_mutex_init(&spawner->lock, NULL);
	spawner->socket = pair[0];
	spawner->pid = fork();
	if (spawner->pid == 0) {
		become_spawner(program != NULL ? program : SELF, pair[1]);
	}
	close(pair[1]);
	if (spawner->pid < 0 || !is_answering(spawner)) {
		err_set(err, ERR_INTERNAL, "the spawner of evaluators does not start");
		evaluator_spawner_stop(spawner);
		return NULL;
	}
	return spawner;
}

void evaluator_spawner_stop(struct evaluator_spawner *spawner)
{
	if (spawner == NULL) {
		return;
	}
	close(spawner->socket);
	if (spawner->pid > 0) {
		if (spawner->is_dead) {
			kill(spawner->pid, SIGKILL);
		}
		while (waitpid(spawner->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	pthread_mutex_destroy(&spawner->lock);
	free(spawner);
}

bool evaluator_main(int argc, char **argv, int *status)
{
	if (argc < 1 || !str_equal(argv[0], WIRE_SPAWNER_NAME)) {
		return false;
	}
	*status = evaluator_spawner_run();
	return true;
}

/* --------------------------------------------------------------- requests */

static bool wait_readable(int fd)
{
	int64_t until_ms = clock_mono_ms() + ANSWER_MS;
	for (;;) {
		struct pollfd one = {.fd = fd, .events = POLLIN};
		int64_t left_ms = until_ms - clock_mono_ms();
		int found = poll(&one, 1, left_ms > 0 ? (int)left_ms : 0);
		if (found >= 0 || errno != EINTR) {
			return found > 0;
		}
	}
}

static size_t take_fds(struct msghdr *message, int fds[2])
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	        header->cmsg_len != CMSG_LEN(2 * sizeof(int))) {
		return 0;
	}
	memcpy(fds, CMSG_DATA(header), 2 * sizeof(int));
	return 2;
}

static void close_fds(const int fds[2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
}

/* One message; fds are -1 unless it brought some. */
static bool receive_one(
        const struct evaluator_spawner *spawner, struct spawn_answer *answer, int fds[2], int flags)
{
	struct iovec part = {.iov_base = answer, .iov_len = sizeof(*answer)};
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr message = {
	        .msg_iov = &part,
	        .msg_iovlen = 1,
	        .msg_control = control.bytes,
	        .msg_controllen = sizeof(control.bytes),
	};
	fds[0] = fds[1] = -1;
	if (recvmsg(spawner->socket, &message, MSG_CMSG_CLOEXEC | flags) !=
	        (ssize_t)sizeof(*answer)) {
		return false;
	}
	(void)take_fds(&message, fds);
	return true;
}

/* What came since the last request is of no use: too late, or word of a death. */
static void forget_old(struct evaluator_spawner *spawner)
{
	struct spawn_answer old;
	int fds[2];
	while (receive_one(spawner, &old, fds, MSG_DONTWAIT)) {
		close_fds(fds);
	}
}

/* The answer to this request; false without one. */
static bool receive_answer(
        struct evaluator_spawner *spawner, struct spawn_answer *answer, int fds[2])
{
	while (wait_readable(spawner->socket) && receive_one(spawner, answer, fds, 0)) {
		if (answer->serial == spawner->serial) {
			return true;
		}
		close_fds(fds);
		if (answer->serial == SPAWN_DIED) {
			/* Another one is there in a moment, but knows nothing of this request. */
			spawner->alive = 0;
			return false;
		}
	}
	spawner->again_ms = clock_mono_ms() + AGAIN_MS;
	return false;
}

/* With the lock held. */
static bool exchange(struct evaluator_spawner *spawner, struct spawn_request *request,
        struct spawn_answer *answer, int fds[2])
{
	if (clock_mono_ms() < spawner->again_ms) {
		return false;
	}
	forget_old(spawner);
	spawner->serial = (spawner->serial + 1) % SPAWN_DIED;
	request->serial = spawner->serial;
	spawner->again_ms = 0;
	bool is_done = send(spawner->socket, request, sizeof(*request), MSG_NOSIGNAL) ==
	                (ssize_t)sizeof(*request) &&
	        receive_answer(spawner, answer, fds);
	bool has_fds = is_done && fds[0] >= 0;
	bool wants_fds = request->kind == SPAWN_START;
	if (is_done && answer->code == 0 && has_fds != wants_fds) {
		close_fds(fds);
		is_done = false;
	}
	return is_done;
}

static bool ask(struct evaluator_spawner *spawner, struct spawn_request *request,
        struct spawn_answer *answer, int fds[2])
{
	pthread_mutex_lock(&spawner->lock);
	bool is_done = exchange(spawner, request, answer, fds);
	spawner->is_dead = !is_done;
	if (is_done && answer->code == 0) {
		spawner->alive += request->kind == SPAWN_START ? 1 : -1;
	}
	metrics_set(METRIC_EVALUATORS, NULL, spawner->alive);
	pthread_mutex_unlock(&spawner->lock);
	return is_done;
}

bool spawner_start_one(
        struct evaluator_spawner *spawner, int32_t *pid, int *socket, int *page, struct err *err)
{
	struct spawn_request request = {.kind = SPAWN_START};
	struct spawn_answer answer = {0};
	int fds[2] = {-1, -1};
	if (!ask(spawner, &request, &answer, fds)) {
		err_set(err, ERR_INTERNAL, "the spawner of evaluators does not answer");
		return false;
	}
	if (answer.code != 0) {
		err_set(err, ERR_INTERNAL, "no evaluator can be started: errno %d", answer.code);
		return false;
	}
	*pid = answer.pid;
	*socket = fds[0];
	*page = fds[1];
	return true;
}

bool spawner_end_one(struct evaluator_spawner *spawner, int32_t pid, int *status)
{
	struct spawn_request request = {.kind = SPAWN_END, .pid = pid};
	struct spawn_answer answer = {0};
	int fds[2] = {-1, -1};
	if (!ask(spawner, &request, &answer, fds) || answer.code != 0) {
		return false;
	}
	*status = answer.status;
	return true;
}

bool spawner_is_away(struct evaluator_spawner *spawner)
{
	pthread_mutex_lock(&spawner->lock);
	bool was_dead = spawner->is_dead;
	pthread_mutex_unlock(&spawner->lock);
	return was_dead && !is_answering(spawner);
}
