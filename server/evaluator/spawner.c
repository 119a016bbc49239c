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

#define SELF          "/proc/self/exe"
#define ANSWER_MS     5000 /* a fork, or the end of a process that is killed */
#define NONE_EXPECTED (-2)

struct evaluator_spawner {
	pid_t pid;
	pthread_mutex_t lock; /* one request at a time, and is_dead */
	int socket;
	bool is_dead; /* did not answer, or not as it should: never asked again */
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

static bool receive_answer(
        struct evaluator_spawner *spawner, struct spawn_answer *answer, int fds[2])
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
	if (!wait_readable(spawner->socket) ||
	        recvmsg(spawner->socket, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*answer)) {
		return false;
	}
	return take_fds(&message, fds) == 2 || answer->code != 0 || fds[0] == NONE_EXPECTED;
}

/* fds: NULL where none are expected. */
static bool ask(struct evaluator_spawner *spawner, const struct spawn_request *request,
        struct spawn_answer *answer, int fds[2])
{
	int none[2] = {NONE_EXPECTED, NONE_EXPECTED};
	pthread_mutex_lock(&spawner->lock);
	bool is_done = !spawner->is_dead &&
	        send(spawner->socket, request, sizeof(*request), MSG_NOSIGNAL) ==
	                (ssize_t)sizeof(*request) &&
	        receive_answer(spawner, answer, fds != NULL ? fds : none);
	if (!is_done) {
		spawner->is_dead = true;
	} else if (answer->code == 0) {
		spawner->alive += request->kind == SPAWN_START ? 1 : -1;
		metrics_set(METRIC_EVALUATORS, NULL, spawner->alive);
	}
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
		err_set(err, ERR_INTERNAL, "the spawner of evaluators is gone: restart bob2okta");
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
	if (!ask(spawner, &request, &answer, NULL) || answer.code != 0) {
		return false;
	}
	*status = answer.status;
	return true;
}
