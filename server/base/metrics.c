/* SPDX-License-Identifier: MIT */
#include "server/base/metrics.h"

#include "server/base/str.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SETS_MAX         256 /* label sets a family may have, "other" apart */
#define LABELS_MAX_BYTES 256

enum kind { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM };

/* Upper bounds in seconds; +Inf is added when rendering. */
static const double bucket_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
        0.5, 1, 2.5, 5, 10, 30, 60, 300};

#define BUCKET_COUNT ARRAY_SIZE(bucket_bounds)

struct facts {
	const char *name;
	enum kind kind;
	const char *label_names; /* separated by commas */
	const char *help;
};

struct sample {
	char *labels; /* rendered: connection="default",result="stored"; the key of the set */
	double value; /* the sum, of a histogram */
	uint64_t count; /* histograms only, as is the array */
	uint64_t buckets[BUCKET_COUNT];
};

struct family {
	struct sample **samples;
	size_t len;
	size_t capacity;
};

static const struct facts facts[METRIC_COUNT] = {
#define METRIC(symbol, name, kind, labels, help) \
	[METRIC_##symbol] = {name, KIND_##kind, labels, help},
#include "server/base/metrics.def"
#undef METRIC
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Protected by lock. Lives as long as the process. */
static struct family families[METRIC_COUNT];

/* The next name of a list separated by commas, and the rest; NULL at its end. */
static const char *next_name(const char *names, const char **name, size_t *len)
{
	if (names == NULL || *names == '\0') {
		return NULL;
	}
	*name = names;
	*len = strcspn(names, ",");
	return names[*len] == ',' ? names + *len + 1 : names + *len;
}

/* What is written for a character of a value; NULL: the character itself. */
static const char *escape_of(char c)
{
	switch (c) {
	case '\\': return "\\\\";
	case '"': return "\\\"";
	case '\n': return "\\n";
	default: return NULL;
	}
}

static void add_label_value(struct buf *to, const char *value)
{
	for (const char *at = value; *at != '\0'; at++) {
		const char *escape = escape_of(*at);
		if (escape != NULL) {
			buf_add_text(to, escape);
		} else {
			buf_add_char(to, *at);
		}
	}
}

/* With values NULL every label says "other" (when is_other) or nothing. */
static void render_labels(
        struct buf *to, enum metric metric, const char *const *values, const char *fallback)
{
	const char *name = NULL;
	size_t len = 0;
	const char *const *value = values;
	const char *rest = next_name(facts[metric].label_names, &name, &len);
	for (; rest != NULL; rest = next_name(rest, &name, &len)) {
		bool has_value = value != NULL && *value != NULL;
		buf_add_text(to, to->len > 0 ? "," : "");
		buf_add(to, name, len);
		buf_add_text(to, "=\"");
		add_label_value(to, has_value ? *value : fallback);
		buf_add_char(to, '"');
		value += has_value ? 1 : 0;
	}
}

static bool skip(const char **at, const char *text, size_t len)
{
	bool is_there = strncmp(*at, text, len) == 0;
	*at += is_there ? len : 0;
	return is_there;
}

static bool skip_value(const char **at, const char *value)
{
	bool is_there = true;
	for (; is_there && *value != '\0'; value++) {
		const char *escape = escape_of(*value);
		is_there = skip(
		        at, escape != NULL ? escape : value, escape != NULL ? strlen(escape) : 1);
	}
	return is_there;
}

/* Is that what render_labels writes? Asked twice a request, and cheaper than writing it. */
static bool are_labels(const char *labels, enum metric metric, const char *const *values)
{
	const char *at = labels;
	const char *name = NULL;
	size_t len = 0;
	const char *const *value = values;
	const char *rest = next_name(facts[metric].label_names, &name, &len);
	bool are_same = true;
	for (; are_same && rest != NULL; rest = next_name(rest, &name, &len)) {
		bool has_value = value != NULL && *value != NULL;
		are_same = (at == labels || skip(&at, ",", 1)) && skip(&at, name, len) &&
		        skip(&at, "=\"", 2) && skip_value(&at, has_value ? *value : "") &&
		        skip(&at, "\"", 1);
		value += has_value ? 1 : 0;
	}
	return are_same && *at == '\0';
}

static struct sample *find_values(enum metric metric, const char *const *values)
{
	const struct family *family = &families[metric];
	for (size_t i = 0; i < family->len; i++) {
		if (are_labels(family->samples[i]->labels, metric, values)) {
			return family->samples[i];
		}
	}
	return NULL;
}

static struct sample *find_sample(struct family *family, const char *labels)
{
	for (size_t i = 0; i < family->len; i++) {
		if (strcmp(family->samples[i]->labels, labels) == 0) {
			return family->samples[i];
		}
	}
	return NULL;
}

static bool make_room(struct family *family)
{
	if (family->len < family->capacity) {
		return true;
	}
	size_t capacity = family->capacity > 0 ? family->capacity * 2 : 8;
	struct sample **samples = realloc(family->samples, capacity * sizeof(struct sample *));
	if (samples == NULL) {
		return false;
	}
	family->samples = samples;
	family->capacity = capacity;
	return true;
}

static struct sample *add_sample(struct family *family, const char *labels)
{
	struct sample *sample = calloc(1, sizeof(*sample));
	char *copy = str_dup(labels);
	if (sample == NULL || copy == NULL || !make_room(family)) {
		free(sample);
		free(copy);
		return NULL;
	}
	sample->labels = copy;
	family->samples[family->len++] = sample;
	return sample;
}

/* The first of its labels, or the "other" one. */
static struct sample *make_sample(enum metric metric, const char *const *values)
{
	struct buf labels;
	buf_init(&labels, LABELS_MAX_BYTES);
	render_labels(&labels, metric, values, "");
	struct family *family = &families[metric];
	struct sample *sample = NULL;
	if (!labels.failed && family->len < SETS_MAX) {
		sample = add_sample(family, buf_text(&labels));
	}
	if (sample == NULL) {
		buf_clear(&labels);
		render_labels(&labels, metric, NULL, "other");
		sample = find_sample(family, buf_text(&labels));
		sample = sample != NULL ? sample : add_sample(family, buf_text(&labels));
	}
	buf_finish(&labels);
	return sample;
}

/* With the lock held; NULL when out of memory: a count is lost, nothing else. */
static struct sample *take_sample(enum metric metric, const char *const *values)
{
	struct sample *sample = find_values(metric, values);
	return sample != NULL ? sample : make_sample(metric, values);
}

static bool is_known(enum metric metric, double value)
{
	return (unsigned)metric < METRIC_COUNT && isfinite(value);
}

void metrics_add(enum metric metric, const char *const *labels, double amount)
{
	if (!is_known(metric, amount) || (facts[metric].kind == KIND_COUNTER && amount < 0)) {
		return;
	}
	pthread_mutex_lock(&lock);
	struct sample *sample = take_sample(metric, labels);
	if (sample != NULL) {
		sample->value += amount;
	}
	pthread_mutex_unlock(&lock);
}

void metrics_set(enum metric metric, const char *const *labels, double value)
{
	if (!is_known(metric, value)) {
		return;
	}
	pthread_mutex_lock(&lock);
	struct sample *sample = take_sample(metric, labels);
	if (sample != NULL) {
		sample->value = value;
	}
	pthread_mutex_unlock(&lock);
}

void metrics_observe(enum metric metric, const char *const *labels, double value)
{
	if (!is_known(metric, value)) {
		return;
	}
	pthread_mutex_lock(&lock);
	struct sample *sample = take_sample(metric, labels);
	if (sample != NULL) {
		sample->value += value;
		sample->count++;
		for (size_t i = 0; i < BUCKET_COUNT; i++) {
			sample->buckets[i] += value <= bucket_bounds[i] ? 1 : 0;
		}
	}
	pthread_mutex_unlock(&lock);
}

double metrics_get(enum metric metric, const char *const *labels)
{
	if (!is_known(metric, 0)) {
		return 0;
	}
	pthread_mutex_lock(&lock);
	const struct sample *sample = find_values(metric, labels);
	double value = 0;
	if (sample != NULL) {
		value = facts[metric].kind == KIND_HISTOGRAM ? (double)sample->count
		                                             : sample->value;
	}
	pthread_mutex_unlock(&lock);
	return value;
}

static void render_number(struct buf *to, double value)
{
	bool is_whole = value == floor(value) && fabs(value) < 1e15;
	buf_add_format(to, is_whole ? "%.0f" : "%.9g", value);
}

static void render_plain(struct buf *to, const char *name, const struct sample *sample)
{
	bool has_labels = sample->labels[0] != '\0';
	buf_add_format(to, "%s%s%s%s ", name, has_labels ? "{" : "", sample->labels,
	        has_labels ? "}" : "");
	render_number(to, sample->value);
	buf_add_char(to, '\n');
}

static void render_histogram(struct buf *to, const char *name, const struct sample *sample)
{
	const char *comma = sample->labels[0] != '\0' ? "," : "";
	for (size_t i = 0; i < BUCKET_COUNT; i++) {
		buf_add_format(to, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, sample->labels, comma,
		        bucket_bounds[i], (unsigned long long)sample->buckets[i]);
	}
	buf_add_format(to, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, sample->labels, comma,
	        (unsigned long long)sample->count);
	const char *open = sample->labels[0] != '\0' ? "{" : "";
	const char *close = sample->labels[0] != '\0' ? "}" : "";
	buf_add_format(to, "%s_sum%s%s%s %.9g\n", name, open, sample->labels, close, sample->value);
	buf_add_format(to, "%s_count%s%s%s %llu\n", name, open, sample->labels, close,
	        (unsigned long long)sample->count);
}

static void render_family(struct buf *to, enum metric metric)
{
	static const char *const kind_names[] = {"counter", "gauge", "histogram"};
	const struct facts *fact = &facts[metric];
	buf_add_format(to, "# HELP %s %s\n# TYPE %s %s\n", fact->name, fact->help, fact->name,
	        kind_names[fact->kind]);
	for (size_t i = 0; i < families[metric].len; i++) {
		if (fact->kind == KIND_HISTOGRAM) {
			render_histogram(to, fact->name, families[metric].samples[i]);
		} else {
			render_plain(to, fact->name, families[metric].samples[i]);
		}
	}
}

void metrics_render(struct buf *to)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		/* A family without labels shows its zero before its first use. */
		if (facts[i].label_names[0] == '\0') {
			(void)take_sample((enum metric)i, NULL);
		}
		render_family(to, (enum metric)i);
	}
	pthread_mutex_unlock(&lock);
}
