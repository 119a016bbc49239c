/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>

/* Runs a suite as a program of its own and frees it; returns the exit status of main. */
int suite_run(Suite *suite);

#endif
