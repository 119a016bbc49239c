/* SPDX-License-Identifier: MIT */
#include "server/evaluator/confine.h"

#include "server/base/str.h"
#include "server/evaluator/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define STATM_FD    (WIRE_SOCKET_FD + 1) /* closed by confine_memory */
#define STACK_BYTES ((rlim_t)8 * 1024 * 1024)

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the list of system calls is made for x86_64 and aarch64"
#endif

/* ---------------------------------------------------------- descriptors */

static bool keep_only(int socket_fd)
{
	if (socket_fd != WIRE_SOCKET_FD && dup2(socket_fd, WIRE_SOCKET_FD) < 0) {
		return false;
	}
	int next = WIRE_SOCKET_FD + 1;
	if (!CONFINE_IS_LAX) {
		int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
		if (statm < 0 || (statm != STATM_FD && dup2(statm, STATM_FD) < 0)) {
			return false;
		}
		next = STATM_FD + 1;
	}
	closefrom(next);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	/* A sanitizer tells what it found on standard error. */
	return CONFINE_IS_LAX || close(STDERR_FILENO) == 0;
}

/* ---------------------------------------------------------------- limits */

static bool limit(int resource, rlim_t value)
{
	struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
	struct rlimit now = {0};
	if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && now.rlim_max < value) {
		limit.rlim_cur = now.rlim_max;
		limit.rlim_max = now.rlim_max;
	}
	return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

/* The first number of statm: pages of address space. */
static bool read_size(size_t *bytes)
{
	char text[128];
	ssize_t len = pread(STATM_FD, text, sizeof(text) - 1, 0);
	if (len <= 0) {
		return false;
	}
	text[len] = '\0';
	*bytes = (size_t)strtoull(text, NULL, 10) * (size_t)getpagesize();
	return *bytes > 0;
}

static bool limit_memory(size_t extra_bytes)
{
	size_t used = 0;
	return CONFINE_IS_LAX ||
	        (read_size(&used) && limit(RLIMIT_AS, (rlim_t)(used + extra_bytes)));
}

bool confine_memory(size_t extra_bytes)
{
	bool is_done = limit_memory(extra_bytes);
	if (!CONFINE_IS_LAX) {
		close(STATM_FD);
	}
	return is_done;
}

void confine_cpu(int ms)
{
	struct itimerval timer = {
	        .it_value = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000},
	};
	setitimer(ITIMER_PROF, &timer, NULL);
}

/* ---------------------------------------------------------- system calls */

/* Which ones an evaluator lives on; all others answer EPERM. */
static const int allowed[] = {
        SYS_read,
        SYS_recvfrom,
        SYS_sendto,
        SYS_pread64,
        SYS_close,
        SYS_brk,
        SYS_munmap,
        SYS_mremap,
        SYS_madvise,
        SYS_futex,
        SYS_setitimer,
        SYS_clock_gettime,
        SYS_gettimeofday,
        SYS_getrandom,
        SYS_rt_sigprocmask,
        SYS_rt_sigreturn,
        SYS_restart_syscall,
        SYS_getpid,
        SYS_gettid,
        SYS_exit,
        SYS_exit_group,
};

#define LOAD(field)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), (yes), (no))
#define HAS(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (unsigned)(bits), (yes), (no))
#define ALLOW              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE             BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/* Values of the machine's own byte order: both kinds are little-endian. */
static const struct sock_filter head[] = {
        LOAD(arch),
        IS(ARCH, 1, 0),
        REFUSE,
        LOAD(nr),
        /* We send; what libjq 1.6 writes is that it is out of memory, before it aborts without
           asking (its assertions use writev). By SIGSYS the reason is known. */
        IS(SYS_write, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        /* New memory, but none to run code in. */
        IS(SYS_mmap, 0, 4),
        LOAD(args[2]),
        HAS(PROT_EXEC, 0, 1),
        REFUSE,
        ALLOW,
        /* Its own limits, and a limit once lowered stays so. */
        IS(SYS_prlimit64, 0, 4),
        LOAD(args[0]),
        IS(0, 1, 0),
        REFUSE,
        ALLOW,
};

static bool forbid_calls(void)
{
	struct sock_filter filter[ARRAY_SIZE(head) + 2 * ARRAY_SIZE(allowed) + 1];
	size_t len = 0;
	for (; len < ARRAY_SIZE(head); len++) {
		filter[len] = head[len];
	}
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		filter[len++] = (struct sock_filter)IS(allowed[i], 0, 1);
		filter[len++] = (struct sock_filter)ALLOW;
	}
	filter[len++] = (struct sock_filter)REFUSE;
	struct sock_fprog program = {.len = (unsigned short)len, .filter = filter};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool confine_enter(int socket_fd, size_t extra_bytes)
{
	if (!keep_only(socket_fd)) {
		return false;
	}
	bool is_limited = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) &&
	        limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, STATM_FD + 1) &&
	        limit(RLIMIT_STACK, STACK_BYTES);
	if (CONFINE_IS_LAX) {
		return is_limited;
	}
	return is_limited && limit_memory(extra_bytes) &&
	        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && forbid_calls();
}
