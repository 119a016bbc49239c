/* SPDX-License-Identifier: MIT */
/*
 * Start order: spawner of evaluators, master keys, store, who may come in, settings and their
 * engine, upkeep, alarms, admin listener, public listener. A webhook is taken only when everything
 * behind it runs. Stop is the reverse:
 *
 *   1 what may take long in the store is given up: a copy, a walk through the audit trail, upkeep
 *   2 public listener             new requests get 503 and Connection: close, open deliveries
 *                                 their answer; then the admin listener takes nothing new either
 *   3 alarms, engines             calls in flight end, the rest is given back
 *   4 admin listener, upkeep      what was asked for and begun is answered
 *   5 store                       what is committed is checkpointed
 *
 * A second signal aborts calls in flight and skips the waits.
 */
#include "server/serve.h"

#include "server/access/access.h"
#include "server/alarm/alarm.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/failpoint.h"
#include "server/base/key_ring.h"
#include "server/base/log.h"
#include "server/base/secrecy.h"
#include "server/base/str.h"
#include "server/base/version.h"
#include "server/check/check_job.h"
#include "server/cli/admin_client.h"
#include "server/console/console.h"
#include "server/engine/running.h"
#include "server/engine/upkeep.h"
#include "server/evaluator/evaluator.h"
#include "server/intake/event.h"
#include "server/intake/webhook.h"
#include "server/routes.h"
#include "server/serve_check.h"
#include "server/store/audit_job.h"
#include "server/store/backup.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELIVERIES_WAITING_MAX   4096
#define PUBLIC_CONNECTIONS       1024
#define PUBLIC_IN_FLIGHT         768
#define ADMIN_CONNECTIONS        64
#define ADMIN_IN_FLIGHT          32
#define HEADER_DEADLINE_MS       5000
#define BODY_DEADLINE_MS         10000
#define PUBLIC_WRITE_DEADLINE_MS 10000
/* Its answers may be lists of everybody, over a tunnel. */
#define ADMIN_WRITE_DEADLINE_MS 30000
#define LISTENER_STOP_MS        2000
#define ENGINE_STOP_MS          6000
#define FATAL_ANSWER_MS         500
#define KEY_FILE                "master-key"
#define CODE_FILE               "first-code"

struct process {
	const struct options *options;
	enum transport_plain plain;
	enum settings_plain settings_plain;
	struct evaluator_spawner *spawner;
	size_t mistakes; /* in the settings document; printed already */
	struct key_ring *keys; /* the store's master keys */
	struct store *store;
	struct access *access; /* accounts of the console and their sessions */
	char *code_path; /* where the one-time code of the first run is */
	struct running *running; /* the settings in force and their engine */
	struct alarms *alarms;
	struct upkeep *upkeep;
	struct check_job *check;
	struct audit_job *audit;
	struct intake intake;
	struct console console;
	struct http_server *public_listener;
	struct http_server *admin_listener;
	sigset_t signals;
	atomic_bool is_stopping; /* the public listener is stopped once: by main, or after a failed
	                            fsync */
};

/* ----------------------------------------------------------------- start */

static void say_mistakes(struct process *process, const struct settings_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		fprintf(stderr, "%s: %s: %s\n", process->options->settings,
		        report->mistakes[i].path, report->mistakes[i].text);
	}
	process->mistakes = report->count + report->left_out;
}

static bool load_keys(struct process *process, struct err *err)
{
	const struct options *options = process->options;
	bool is_named = options->key_file[0] != '\0';
	char *path = is_named ? str_dup(options->key_file)
	                      : admin_client_beside_store(options->store, KEY_FILE, err);

	if (path != NULL) {
		process->keys = key_ring_load(path, KEY_RING_CREATE, err);
	}
	free(path);
	return process->keys != NULL;
}

/* On the store's writer thread: the 503s are decided, and leave before the process ends. */
static void answer_all(void *context)
{
	struct process *process = context;

	if (process->public_listener != NULL && !atomic_exchange(&process->is_stopping, true)) {
		http_quiesce(process->public_listener);
		http_stop(process->public_listener, clock_mono_ms() + FATAL_ANSWER_MS);
	}
}

static bool open_store(struct process *process, struct err *err)
{
	struct store_options options = {
	        .url = process->options->store,
	        .keys = process->keys,
	        .queue_max = DELIVERIES_WAITING_MAX,
	        .on_fatal = answer_all,
	        .on_fatal_context = process,
	};

	process->store = store_open(&options, err);
	if (process->store != NULL && key_ring_is_made_here(process->keys)) {
		log_warn("a key file was made: keep a copy in a safe place apart from the backups,"
		         " without it nobody can read the secrets in the store",
		        F("path", key_ring_path(process->keys)));
	}
	return process->store != NULL;
}

static bool open_access(struct process *process, struct err *err)
{
	struct access_options options = {.store = process->store};

	process->code_path = admin_client_beside_store(process->options->store, CODE_FILE, err);
	options.code_path = process->code_path;
	process->access = process->code_path != NULL ? access_create(&options, err) : NULL;
	return process->access != NULL;
}

/* A document with mistakes is refused before anything else is touched: the store too. */
static bool check_document(struct process *process, struct err *err)
{
	if (!running_has_file(process->options->settings)) {
		return true; /* what the store has of settings says whether there should be one */
	}
	struct settings_report report = {0};
	struct settings *settings = settings_load_file(
	        process->options->settings, process->settings_plain, &report, err);

	say_mistakes(process, &report);
	settings_destroy(settings);
	return settings != NULL;
}

static bool start_engine(struct process *process, struct err *err)
{
	struct running_options options = {
	        .engine =
	                {
	                        .store = process->store,
	                        .workers = process->options->workers,
	                        .plain = process->plain,
	                        .parse_event = event_parse,
	                        .spawner = process->spawner,
	                },
	        .settings_path = process->options->settings,
	        .plain = process->settings_plain,
	        .check = serve_check,
	        .check_context = process->spawner,
	};
	struct settings_report report = {0};

	process->running = running_create(&options, err);
	if (process->running == NULL) {
		return false;
	}
	bool is_started = running_start(process->running, &report, err);
	say_mistakes(process, &report);
	return is_started;
}

static bool start_alarms(struct process *process, struct err *err)
{
	struct alarms_options options = {
	        .store = process->store,
	        .store_url = process->options->store,
	        .engines = running_engines(process->running),
	        .settings = running_settings(process->running),
	        .plain = process->plain,
	};

	process->alarms = alarms_create(&options, err);
	return process->alarms != NULL && alarms_start(process->alarms, err);
}

static bool start_admin(struct process *process, struct err *err)
{
	struct http_options options = {
	        .name = "admin",
	        .listen = process->options->admin_listen,
	        .mode = HTTP_THREADED,
	        .routes = routes_admin,
	        .context = &process->console,
	        .authorize = console_authorize,
	        .connections_max = ADMIN_CONNECTIONS,
	        .in_flight_max = ADMIN_IN_FLIGHT,
	        .header_deadline_ms = HEADER_DEADLINE_MS,
	        .body_deadline_ms = BODY_DEADLINE_MS,
	        .write_deadline_ms = ADMIN_WRITE_DEADLINE_MS,
	        .trusted_proxies = &process->options->trusted_proxies,
	};

	process->console.engines = running_engines(process->running);
	process->console.running = process->running;
	process->console.store = process->store;
	process->console.alarms = process->alarms;
	process->console.admin_listen = process->options->admin_listen;
	process->console.hosts = &process->options->admin_hosts;
	process->console.access = process->access;
	process->console.check = process->check;
	process->console.audit = process->audit;
	process->console.public_url = process->options->public_url;
	process->console.started_at_ms = clock_wall_ms();
	char *token_path = admin_client_token_path(process->options->store, err);
	bool has_token =
	        token_path != NULL && console_token_load(&process->console, token_path, err);
	free(token_path);
	if (!has_token) {
		return false;
	}
	process->admin_listener = http_start(&options, err);
	err_prefix(err, "--admin-listen");
	return process->admin_listener != NULL;
}

static bool start_public(struct process *process, struct err *err)
{
	struct http_options options = {
	        .name = "public",
	        .listen = process->options->listen,
	        .mode = HTTP_POOLED,
	        .routes = routes_public,
	        .context = &process->intake,
	        .threads = 2,
	        .connections_max = PUBLIC_CONNECTIONS,
	        .in_flight_max = PUBLIC_IN_FLIGHT,
	        .header_deadline_ms = HEADER_DEADLINE_MS,
	        .body_deadline_ms = BODY_DEADLINE_MS,
	        .write_deadline_ms = PUBLIC_WRITE_DEADLINE_MS,
	        .trusted_proxies = &process->options->trusted_proxies,
	};

	if (!intake_init(
	            &process->intake, running_settings(process->running), process->store, err)) {
		return false;
	}
	process->intake.on_stored = running_notify_stored;
	process->intake.on_stored_context = process->running;
	process->public_listener = http_start(&options, err);
	err_prefix(err, "--listen");
	return process->public_listener != NULL;
}

/* "0.0.0.0:0" listens on some port: the host as asked for, the port as bound. */
static void bound_address(char *to, size_t size, const char *listen, int port)
{
	const char *colon = strrchr(listen, ':');
	int host_len = colon != NULL ? (int)(colon - listen) : (int)strlen(listen);

	str_format_cut(to, size, "%.*s:%d", host_len, listen, port);
}

/*
 * On the terminal and in the file alone: the log goes further. Without it nobody could sign in,
 * but everything else goes on.
 */
static void say_first_run(const struct process *process, const char *admin)
{
	char code[ACCESS_CODE_BYTES];
	struct err err = ERR_INIT;

	if (!access_is_first_run(process->access)) {
		return;
	}
	if (!access_first_code(process->access, code, &err)) {
		log_warn("no one-time code for the first sign-in was made", F("error", err.text));
		return;
	}
	printf("first sign-in: open http://%s/ and enter the one-time code %s; it ends in %d"
	       " minutes, and stands in %s\n",
	        admin, code, ACCESS_FIRST_RUN_MS / 60000, process->code_path);
	crypto_wipe(code, sizeof(code));
	log_info("nobody can sign in yet: a one-time code was made", F("path", process->code_path));
}

/* READY comes last: listening, and the store is writable. */
static void say_ready(const struct process *process)
{
	char webhooks[160];
	char admin[160];
	struct running_state state;

	running_state(process->running, &state);
	bound_address(webhooks, sizeof(webhooks), process->options->listen,
	        http_port(process->public_listener));
	bound_address(admin, sizeof(admin), process->options->admin_listen,
	        http_port(process->admin_listener));
	say_first_run(process, admin);
	printf("bob2okta ready: webhooks http://%s, admin http://%s\n", webhooks, admin);
	fflush(stdout);
	log_info("ready", F("version", version_number()), F("webhooks", webhooks),
	        F("admin", admin), F("store", process->options->store),
	        F("settings_version", state.version.version), F("hash", state.version.hash));
}

static bool start_spawner(struct process *process, struct err *err)
{
	secrecy_start();
	secrecy_hide_environment();
	process->spawner = evaluator_spawner_start(NULL, err);
	return process->spawner != NULL;
}

static bool start_upkeep(struct process *process, struct err *err)
{
	process->upkeep = upkeep_start(process->store, running_settings(process->running), err);
	return process->upkeep != NULL;
}

/* What administrators begin, and may leave. */
static bool start_jobs(struct process *process, struct err *err)
{
	process->check = check_job_create(process->spawner, err);
	process->audit = audit_job_create(process->store, err);
	return process->check != NULL && process->audit != NULL;
}

/* Threads begin with the store: the spawner is forked before. */
static bool start(struct process *process, struct err *err)
{
	return start_spawner(process, err) && check_document(process, err) &&
	        load_keys(process, err) && open_store(process, err) && open_access(process, err) &&
	        start_engine(process, err) && start_upkeep(process, err) &&
	        start_jobs(process, err) && start_alarms(process, err) &&
	        start_admin(process, err) && start_public(process, err);
}

/* ------------------------------------------------------------------ stop */

/* Waits for a second signal while the main thread stops the parts. */
struct impatience {
	struct process *process;
	pthread_t thread;
	bool is_started;
};

static void *hurry(void *argument)
{
	struct process *process = argument;
	int signal = 0;

	while (sigwait(&process->signals, &signal) == 0 && signal == SIGHUP) {
		log_debug("signal ignored: the server is stopping", F("signal", signal));
	}
	if (signal != SIGUSR2) {
		log_warn("second signal: not waiting any more");
		running_abort(process->running);
	}
	return NULL;
}

static void stop_parts(struct process *process)
{
	int64_t now_ms = clock_mono_ms();

	if (process->store != NULL) {
		store_quiesce(process->store);
	}
	if (process->public_listener != NULL && !atomic_exchange(&process->is_stopping, true)) {
		http_quiesce(process->public_listener);
		http_stop(process->public_listener, now_ms + LISTENER_STOP_MS);
	}
	if (process->admin_listener != NULL) {
		http_quiesce(process->admin_listener);
	}
	FAILPOINT_ONLY("stop.drain", NULL);
	if (process->alarms != NULL) {
		alarms_stop(process->alarms);
	}
	if (process->running != NULL) {
		running_stop(process->running, now_ms + ENGINE_STOP_MS);
	}
	if (process->admin_listener != NULL) {
		http_stop(process->admin_listener, now_ms + SERVE_STOP_MS);
	}
	/* It holds settings, and nobody starts another one now. */
	check_job_stop(process->check);
	audit_job_stop_all(process->audit);
}

static void destroy_parts(struct process *process)
{
	upkeep_stop(process->upkeep);
	/* The store's writer may still tell the engine of a late commit: the store goes first. */
	alarms_destroy(process->alarms);
	access_destroy(process->access);
	free(process->code_path);
	audit_job_destroy(process->audit);
	store_close(process->store);
	key_ring_destroy(process->keys);
	check_job_destroy(process->check);
	running_destroy(process->running);
	console_finish(&process->console);
	evaluator_spawner_stop(process->spawner);
}

static void stop(struct process *process)
{
	struct impatience impatience = {.process = process};

	if (process->running != NULL) {
		impatience.is_started =
		        pthread_create(&impatience.thread, NULL, hurry, process) == 0;
	}
	stop_parts(process);
	if (impatience.is_started) {
		pthread_kill(impatience.thread, SIGUSR2);
		pthread_join(impatience.thread, NULL);
	}
	destroy_parts(process);
}

/* ------------------------------------------------------------------- run */

static void say_not_started(const struct process *process, const struct err *err)
{
	if (process->mistakes > 0) {
		fprintf(stderr, "bob2okta: not started: mistakes in the settings: %zu\n",
		        process->mistakes);
	} else {
		fprintf(stderr, "bob2okta: not started: %s\n", err->text);
	}
	if (process->mistakes > 0 || err->code != ERR_SETTINGS_INVALID) {
		fprintf(stderr, "  -> %s\n", err_code_hint(err->code));
	}
}

/* SIGHUP: what went wrong is logged, and shown by status; what runs goes on. */
static void reload(struct process *process)
{
	struct settings_report report;
	struct running_result result;
	struct err err = ERR_INIT;

	log_info("reading the settings again");
	if (running_reload(process->running, "SIGHUP", &result, &report, &err)) {
		json_decref(result.changes);
	}
}

static void wait_for_signal(struct process *process)
{
	int signal = 0;

	while (sigwait(&process->signals, &signal) == 0 && signal != SIGTERM && signal != SIGINT) {
		if (signal == SIGHUP) {
			reload(process);
		}
	}
	log_info("signal", F("signal", signal));
}

int serve_run(const struct options *options)
{
	struct process process = {
	        .options = options,
	        .plain = options->allow_insecure_loopback ? TRANSPORT_PLAIN_ON_LOOPBACK
	                                                  : TRANSPORT_TLS_ONLY,
	        .settings_plain = options->allow_insecure_loopback ? SETTINGS_PLAIN_ON_LOOPBACK
	                                                           : SETTINGS_TLS_ONLY,
	};
	struct err err = ERR_INIT;

	sigemptyset(&process.signals);
	sigaddset(&process.signals, SIGTERM);
	sigaddset(&process.signals, SIGINT);
	sigaddset(&process.signals, SIGHUP);
	sigaddset(&process.signals, SIGUSR2);
	bool is_started = start(&process, &err);
	if (is_started) {
		say_ready(&process);
		wait_for_signal(&process);
		log_info("stopping");
	} else {
		say_not_started(&process, &err);
	}
	stop(&process);
	return is_started ? 0 : err.code == ERR_SETTINGS_INVALID || err.code == ERR_USAGE ? 2 : 1;
}
