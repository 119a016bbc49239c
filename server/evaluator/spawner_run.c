/* SPDX-License-Identifier: MIT */
/*
 * The spawner: starts and ends evaluators for the process it belongs to. It
 * stays single-threaded and small, and has read nothing but requests, so that
 * what it forks knows nothing. Pids are its children until they are asked
 * after: none is used for another process meanwhile. Its parent, the keeper, is
 * smaller yet: it starts another one when this one dies.
 */
#include "server/evaluator/confine.h"
#include "server/evaluator/wire.h"

#include "server/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN_MS 100

struct spawner_state {
	uint32_t serial; /* of the request in hand */
	pid_t children[WIRE_EVALUATORS_MAX]; /* 0: free */
};

/* Both descriptors of a new evaluator that the process gets. */
struct ends {
	int socket;
	int page;
};

static void send_answer(const struct spawn_answer *answer, const struct ends *ends)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)answer, .iov_len = sizeof(*answer)};
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (ends != NULL) {
		const int fds[2] = {ends->socket, ends->page};
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(fds));
		memcpy(CMSG_DATA(header), fds, sizeof(fds));
	}
	/* Not sent: the process is gone, and the next receive says so. */
	(void)!sendmsg(WIRE_SOCKET_FD, &message, MSG_NOSIGNAL);
}

/* ----------------------------------------------------------------- start */

static struct wire_page *make_page(int *fd)
{
	*fd = memfd_create("bob2okta-evaluator", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, (off_t)sizeof(struct wire_page)) != 0) {
		return NULL;
	}
	void *page =
	        mmap(NULL, sizeof(struct wire_page), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	return page != MAP_FAILED ? page : NULL;
}

static void become_evaluator(int socket, struct wire_page *page, pid_t spawner)
{
	/* Dies with the spawner, also with one that died before this line. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != spawner ||
	        !confine_enter(socket, WIRE_COMPILE_BYTES)) {
		_exit(WIRE_EXIT_UNCONFINED);
	}
	_exit(evaluator_child_run(page));
}

static int fork_evaluator(struct ends *ends, pid_t *pid)
{
	int pair[2];
	pid_t self = getpid();
	struct wire_page *page = make_page(&ends->page);
	if (page == NULL) {
		return errno;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		return errno;
	}
	*pid = fork();
	if (*pid == 0) {
		become_evaluator(pair[1], page, self);
	}
	int code = *pid < 0 ? errno : 0;
	munmap(page, sizeof(*page));
	close(pair[1]);
	ends->socket = pair[0];
	return code;
}

static size_t find_child(const struct spawner_state *state, pid_t pid)
{
	size_t i = 0;
	while (i < WIRE_EVALUATORS_MAX && state->children[i] != pid) {
		i++;
	}
	return i;
}

static void start_one(struct spawner_state *state)
{
	struct spawn_answer answer = {.serial = state->serial, .code = EAGAIN};
	struct ends ends = {.socket = -1, .page = -1};
	size_t place = find_child(state, 0);
	pid_t pid = -1;
	if (place < WIRE_EVALUATORS_MAX) {
		answer.code = fork_evaluator(&ends, &pid);
	}
	if (answer.code == 0) {
		state->children[place] = pid;
		answer.pid = pid;
	}
	send_answer(&answer, answer.code == 0 ? &ends : NULL);
	if (ends.socket >= 0) {
		close(ends.socket);
	}
	if (ends.page >= 0) {
		close(ends.page);
	}
}

/* ------------------------------------------------------------------- end */

/* One that is over already keeps the status it ended with. */
static int end_child(pid_t pid)
{
	int status = 0;
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		status = 0;
	}
	return status;
}

static void end_one(struct spawner_state *state, pid_t pid)
{
	struct spawn_answer answer = {.serial = state->serial, .code = ESRCH, .pid = pid};
	size_t place = pid > 0 ? find_child(state, pid) : WIRE_EVALUATORS_MAX;
	if (place < WIRE_EVALUATORS_MAX) {
		state->children[place] = 0;
		answer.code = 0;
		answer.status = end_child(pid);
	}
	send_answer(&answer, NULL);
}

static void end_all(struct spawner_state *state)
{
	for (size_t i = 0; i < WIRE_EVALUATORS_MAX; i++) {
		if (state->children[i] != 0) {
			end_child(state->children[i]);
		}
	}
}

/* ------------------------------------------------------------------- run */

/* It ends when the process is done with it, and not when a terminal says so. */
static void settle_signals(void)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGQUIT};
	sigset_t none;
	sigemptyset(&none);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
		signal(ignored[i], SIG_IGN);
	}
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int serve(void)
{
	struct spawner_state state = {0};
	for (;;) {
		struct spawn_request request;
		ssize_t len = recv(WIRE_SOCKET_FD, &request, sizeof(request), 0);
		if (len < 0 && errno == EINTR) {
			continue;
		}
		if (len != (ssize_t)sizeof(request)) {
			break;
		}
		state.serial = request.serial;
		if (request.kind == SPAWN_START) {
			start_one(&state);
		} else {
			end_one(&state, request.pid);
		}
	}
	end_all(&state);
	return 0;
}

/* Each dies with its parent, also with one that died before it could say so. */
static void die_with(pid_t parent, const char *name)
{
	prctl(PR_SET_NAME, name);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || (parent != 0 && getppid() != parent)) {
		_exit(1);
	}
}

static int wait_for(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return status;
}

/* False when the spawner ended because the process is done with it. */
static bool keep_one(pid_t keeper)
{
	pid_t pid = fork();
	if (pid == 0) {
		die_with(keeper, WIRE_SPAWNER_NAME);
		_exit(serve());
	}
	if (pid < 0) {
		return false;
	}
	int status = wait_for(pid);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

int evaluator_spawner_run(void)
{
	struct pollfd end = {.fd = WIRE_SOCKET_FD};
	const struct spawn_answer died = {.serial = SPAWN_DIED, .code = EPIPE};
	die_with(0, WIRE_KEEPER_NAME);
	settle_signals();
	while (keep_one(getpid())) {
		send_answer(&died, NULL);
		/* One that dies at once must not be started without a pause. */
		(void)poll(&end, 1, AGAIN_MS);
	}
	return 0;
}
