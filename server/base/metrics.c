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
#define LABEL_NAME_BYTES 32
#define NUMBER_BYTES     40

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

/* Copies the next name of a list separated by commas and returns the rest; NULL at its end. */
static const char *next_name(const char *names, char name[LABEL_NAME_BYTES])
{
	if (names == NULL || *names == '\0') {
		return NULL;
	}
	size_t len = strcspn(names, ",");
	str_format_cut(name, LABEL_NAME_BYTES, "%.*s", (int)len, names);
	return names[len] == ',' ? names + len + 1 : names + len;
}

static void add_label_value(struct buf *to, const char *value)
{
	for (const char *at = value; *at != '\0'; at++) {
		switch (*at) {
		case '\\': buf_add_text(to, "\\\\"); break;
		case '"': buf_add_text(to, "\\\""); break;
		case '\n': buf_add_text(to, "\\n"); break;
		default: buf_add_char(to, *at);
		}
	}
}

/* With values NULL every label says "other" (when is_other) or nothing. */
static void render_labels(
        struct buf *to, enum metric metric, const char *const *values, const char *fallback)
{
	char name[LABEL_NAME_BYTES];
	const char *const *value = values;
	const char *rest = next_name(facts[metric].label_names, name);
	for (; rest != NULL; rest = next_name(rest, name)) {
		bool has_value = value != NULL && *value != NULL;
		buf_add_format(to, "%s%s=\"", to->len > 0 ? "," : "", name);
		add_label_value(to, has_value ? *value : fallback);
		buf_add_char(to, '"');
		value += has_value ? 1 : 0;
	}
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

/* With the lock held; NULL when out of memory: a count is lost, nothing else. */
static struct sample *take_sample(enum metric metric, const char *const *values)
{
	struct buf labels;
	buf_init(&labels, LABELS_MAX_BYTES);
	render_labels(&labels, metric, values, "");
	struct family *family = &families[metric];
	struct sample *sample = labels.failed ? NULL : find_sample(family, buf_text(&labels));
	if (sample == NULL && !labels.failed && family->len < SETS_MAX) {
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
	struct buf text;
	buf_init(&text, LABELS_MAX_BYTES);
	render_labels(&text, metric, labels, "");
	pthread_mutex_lock(&lock);
	const struct sample *sample = find_sample(&families[metric], buf_text(&text));
	double value = 0;
	if (sample != NULL) {
		value = facts[metric].kind == KIND_HISTOGRAM ? (double)sample->count
		                                             : sample->value;
	}
	pthread_mutex_unlock(&lock);
	buf_finish(&text);
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
