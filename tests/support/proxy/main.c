/* SPDX-License-Identifier: MIT */
/*
 * A TCP proxy that spoils what it passes on, to the byte: tests/faults/README.md has
 * its manual. Both listeners are on loopback, with ports of the system's choice:
 *
 *   faulty-proxy --to PORT [--seed N]
 *   listening on PORT control PORT
 *
 * A line to the control port is a command, and one line answers it.
 */
#include "tests/support/proxy/pump.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG    256
#define LINE_BYTES 512

static struct proxy proxy = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_somewhere(int *port)
{
	struct sockaddr_in address = loopback(0);
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0 ||
	        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		perror("faulty-proxy");
		exit(1);
	}
	*port = ntohs(address.sin_port);
	return fd;
}

static bool run_detached(void *(*run)(void *), void *argument)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, run, argument) == 0 && pthread_detach(thread) == 0;
}

/* ------------------------------------------------------------------ control */

static void add_rule(FILE *answer, const char *text)
{
	struct proxy_rule rule;
	const char *why = proxy_rule_parse(text, &rule);
	pthread_mutex_lock(&proxy.mutex);
	if (why == NULL && !proxy_rules_add(&proxy.rules, &rule)) {
		why = "too many rules";
	}
	pthread_mutex_unlock(&proxy.mutex);
	fprintf(answer, why == NULL ? "ok\n" : "error %s\n", why);
}

static void obey(FILE *answer, char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, "add ", 4) == 0) {
		add_rule(answer, line + 4);
		return;
	}
	pthread_mutex_lock(&proxy.mutex);
	if (strcmp(line, "clear") == 0) {
		proxy.rules.count = 0;
		fputs("ok\n", answer);
	} else if (strncmp(line, "to ", 3) == 0) {
		proxy.to = loopback((int)strtol(line + 3, NULL, 10));
		fputs("ok\n", answer);
	} else if (strcmp(line, "stats") == 0) {
		fprintf(answer, "connections=%ld fired=%ld\n", proxy.connections, proxy.fired);
	} else {
		fputs("error no such command: add, clear, to, stats\n", answer);
	}
	pthread_mutex_unlock(&proxy.mutex);
}

static void *serve_control(void *argument)
{
	const int *listener = argument;
	char line[LINE_BYTES];
	for (;;) {
		int fd = accept4(*listener, NULL, NULL, SOCK_CLOEXEC);
		FILE *peer = fd >= 0 ? fdopen(fd, "r+") : NULL;
		while (peer != NULL && fgets(line, sizeof(line), peer) != NULL) {
			fseek(peer, 0, SEEK_CUR);
			obey(peer, line);
			fflush(peer);
		}
		if (peer != NULL) {
			fclose(peer);
		}
	}
	return NULL;
}

/* -------------------------------------------------------------- connections */

static void *serve_connection(void *argument)
{
	struct pump *pump = argument;
	pthread_mutex_lock(&proxy.mutex);
	struct sockaddr_in to = proxy.to;
	pthread_mutex_unlock(&proxy.mutex);
	pump->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pump->fds[1] < 0 || connect(pump->fds[1], (struct sockaddr *)&to, sizeof(to)) != 0) {
		pump_reset(pump->fds[0]);
		if (pump->fds[1] >= 0) {
			close(pump->fds[1]);
		}
	} else {
		pump_run(pump);
	}
	free(pump);
	return NULL;
}

static void take(int fd)
{
	struct proxy_rule rule;
	pthread_mutex_lock(&proxy.mutex);
	proxy.connections++;
	pthread_mutex_unlock(&proxy.mutex);
	struct pump *pump = malloc(sizeof(*pump));
	if (pump == NULL || pump_pick(&proxy, true, NULL, 0, &rule)) {
		free(pump);
		pump_reset(fd);
		return;
	}
	*pump = (struct pump){.proxy = &proxy, .fds = {fd, -1}};
	if (!run_detached(serve_connection, pump)) {
		pump_reset(fd);
		free(pump);
	}
}

static void read_options(int argc, char **argv)
{
	proxy.rules.random = 1;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--to") == 0) {
			proxy.to = loopback((int)strtol(argv[i + 1], NULL, 10));
		} else if (strcmp(argv[i], "--seed") == 0) {
			proxy.rules.random = strtoul(argv[i + 1], NULL, 10);
		} else {
			fprintf(stderr, "faulty-proxy: no option %s: --to PORT, --seed N\n",
			        argv[i]);
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	static int control;
	int port = 0;
	int control_port = 0;
	signal(SIGPIPE, SIG_IGN);
	read_options(argc, argv);
	int listener = listen_somewhere(&port);
	control = listen_somewhere(&control_port);
	if (!run_detached(serve_control, &control)) {
		return 1;
	}
	printf("listening on %d control %d\n", port, control_port);
	fflush(stdout);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			take(fd);
		}
	}
}
