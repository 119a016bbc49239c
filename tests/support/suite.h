/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>

/*
 * Runs a suite as a program of its own and frees it; returns the exit status of main. Started as
 * a spawner of evaluators, by a test with evaluator_spawner_start(NULL), it is that instead.
 */
int suite_run(Suite *suite);

#endif
