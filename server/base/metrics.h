/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_METRICS_H
#define SERVER_BASE_METRICS_H

/*
 * Counters, gauges and histograms in one table (metrics.def), rendered in
 * Prometheus text format with its naming conventions. Labels hold no personal
 * data: connection names, routes as templates, results. Any thread; a short
 * mutex, no I/O. The number of label sets a family may have is capped; beyond
 * it values go to a set labelled "other".
 */

#include "server/base/buf.h"

#include <stdint.h>

enum metric {
#define METRIC(symbol, name, kind, labels, help) METRIC_##symbol,
#include "server/base/metrics.def"
#undef METRIC
	METRIC_COUNT
};

/* labels: values in the order of the table's label names, NULL-terminated; or NULL. */
void metrics_add(enum metric metric, const char *const *labels, double amount);
void metrics_set(enum metric metric, const char *const *labels, double value);
void metrics_observe(enum metric metric, const char *const *labels, double value);
/* The value of a counter or gauge, for tests and for /status. */
double metrics_get(enum metric metric, const char *const *labels);
void metrics_render(struct buf *to);

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
