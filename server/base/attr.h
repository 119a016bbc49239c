/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ATTR_H
#define SERVER_BASE_ATTR_H

/* Compiler attributes under one name each; gcc and clang only. */

#define MUST_CHECK                __attribute__((warn_unused_result))
#define PRINTF(text_at, first_at) __attribute__((format(printf, text_at, first_at)))
#define UNUSED                    __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
