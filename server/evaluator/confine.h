/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_CONFINE_H
#define SERVER_EVALUATOR_CONFINE_H

/*
 * What an evaluator cannot do. Limits on memory and on system calls are left
 * out where a sanitizer needs both (engine rule 25); the time limit is always
 * there. All calls are for the evaluator's only thread.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_IS_LAX 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
        __has_feature(memory_sanitizer)
#define CONFINE_IS_LAX 1
#endif
#endif
#ifndef CONFINE_IS_LAX
#define CONFINE_IS_LAX 0
#endif

/* From here on: one socket, no files, processes or network, and extra_bytes more memory. */
bool confine_enter(int socket_fd, size_t extra_bytes) MUST_CHECK;
/* Counts anew: extra_bytes over what is used now, and for good. */
bool confine_memory(size_t extra_bytes) MUST_CHECK;
/* Ends the process by SIGPROF when it has run for so long from now; 0: as long as it likes. */
void confine_cpu(int ms);

#endif
