/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_smtp.h"

#include "server/base/buf.h"
#include "server/base/str.h"
#include "server/base/thread.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_BYTES 2048

struct fake_smtp {
	struct fake_smtp_options options;
	int listen_fd;
	char url[64];
	pthread_t thread;
	struct monitor monitor;
	/* Protected by monitor: */
	int fd; /* of the connection; -1: none */
	bool is_stopping;
	struct buf talk;
	struct buf mail;
	size_t mails;
};

static void die(const char *what)
{
	perror(what);
	abort();
}

static void say(int fd, const char *line)
{
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0) {
		return; /* the client has gone; reading will tell */
	}
}

/* One line without its end; false at the end of the connection. */
static bool read_line(int fd, char line[LINE_BYTES])
{
	size_t len = 0;
	char c = '\0';
	while (len < LINE_BYTES - 1 && recv(fd, &c, 1, 0) == 1) {
		if (c == '\n') {
			line[len > 0 && line[len - 1] == '\r' ? len - 1 : len] = '\0';
			return true;
		}
		line[len++] = c;
	}
	return false;
}

static void note(struct fake_smtp *fake, struct buf *to, const char *line)
{
	monitor_lock(&fake->monitor);
	buf_add_format(to, "%s\n", line);
	monitor_unlock(&fake->monitor);
}

static bool take_mail(struct fake_smtp *fake, int fd)
{
	char line[LINE_BYTES];
	monitor_lock(&fake->monitor);
	buf_clear(&fake->mail);
	monitor_unlock(&fake->monitor);
	say(fd, "354 go on\r\n");
	while (read_line(fd, line)) {
		if (str_equal(line, ".")) {
			monitor_lock(&fake->monitor);
			fake->mails++;
			monitor_unlock(&fake->monitor);
			say(fd, "250 taken\r\n");
			return true;
		}
		note(fake, &fake->mail, line[0] == '.' ? line + 1 : line);
	}
	return false;
}

static bool is_verb(const char *line, const char *verb)
{
	return strncasecmp(line, verb, strlen(verb)) == 0;
}

/* The credentials come with the command, or after a 334; they are not kept. */
static bool take_login(const struct fake_smtp_options *options, int fd, const char *line)
{
	char rest[LINE_BYTES];
	if (strlen(line) <= strlen("AUTH PLAIN")) {
		say(fd, "334 \r\n");
		if (!read_line(fd, rest)) {
			return false;
		}
	}
	say(fd, options->takes_no_login ? "535 no\r\n" : "235 welcome\r\n");
	return true;
}

static bool answer(struct fake_smtp *fake, int fd, const char *line)
{
	const struct fake_smtp_options *options = &fake->options;
	if (is_verb(line, "EHLO")) {
		say(fd,
		        options->offers_starttls ? "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
		                                 : "250-here\r\n250 AUTH PLAIN\r\n");
	} else if (is_verb(line, "AUTH")) {
		return take_login(options, fd, line);
	} else if (is_verb(line, "RCPT") && options->refuses_recipients) {
		say(fd, "550 nobody here\r\n");
	} else if (is_verb(line, "DATA")) {
		return take_mail(fake, fd);
	} else if (is_verb(line, "QUIT")) {
		say(fd, "221 bye\r\n");
		return false;
	} else {
		say(fd, is_verb(line, "STARTTLS") ? "454 not now\r\n" : "250 ok\r\n");
	}
	return true;
}

static void serve(struct fake_smtp *fake, int fd)
{
	char line[LINE_BYTES];
	say(fd, "220 fake mail server\r\n");
	while (read_line(fd, line)) {
		note(fake, &fake->talk, line);
		if (!answer(fake, fd, line)) {
			return;
		}
	}
}

static void *run(void *argument)
{
	struct fake_smtp *fake = argument;
	for (;;) {
		int fd = accept(fake->listen_fd, NULL, NULL);
		monitor_lock(&fake->monitor);
		bool is_over = fd < 0 || fake->is_stopping;
		fake->fd = is_over ? -1 : fd;
		monitor_unlock(&fake->monitor);
		if (is_over) {
			if (fd >= 0) {
				close(fd);
			}
			return NULL;
		}
		serve(fake, fd);
		monitor_lock(&fake->monitor);
		fake->fd = -1;
		close(fd);
		monitor_unlock(&fake->monitor);
	}
}

struct fake_smtp *fake_smtp_start(const struct fake_smtp_options *options)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	struct fake_smtp *fake = calloc(1, sizeof(*fake));
	if (fake == NULL || !monitor_init(&fake->monitor)) {
		die("fake_smtp");
		return NULL;
	}
	fake->options = *options;
	fake->fd = -1;
	buf_init(&fake->talk, FAKE_SMTP_TEXT_BYTES - 1);
	buf_init(&fake->mail, FAKE_SMTP_TEXT_BYTES - 1);
	fake->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fake->listen_fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	        listen(fake->listen_fd, 8) != 0 ||
	        getsockname(fake->listen_fd, (struct sockaddr *)&at, &len) != 0) {
		die("fake_smtp listens");
	}
	str_format_cut(
	        fake->url, sizeof(fake->url), "smtp://127.0.0.1:%d", (int)ntohs(at.sin_port));
	if (!thread_start(&fake->thread, "fake-smtp", run, fake, NULL)) {
		die("fake_smtp thread");
	}
	return fake;
}

void fake_smtp_stop(struct fake_smtp *fake)
{
	monitor_lock(&fake->monitor);
	fake->is_stopping = true;
	if (fake->fd >= 0) {
		shutdown(fake->fd, SHUT_RDWR);
	}
	monitor_unlock(&fake->monitor);
	shutdown(fake->listen_fd, SHUT_RDWR);
	thread_join(fake->thread);
	close(fake->listen_fd);
	buf_finish(&fake->talk);
	buf_finish(&fake->mail);
	monitor_finish(&fake->monitor);
	free(fake);
}

const char *fake_smtp_url(const struct fake_smtp *fake)
{
	return fake->url;
}

void fake_smtp_talk(struct fake_smtp *fake, char to[FAKE_SMTP_TEXT_BYTES])
{
	monitor_lock(&fake->monitor);
	str_format_cut(to, FAKE_SMTP_TEXT_BYTES, "%s", buf_text(&fake->talk));
	monitor_unlock(&fake->monitor);
}

void fake_smtp_mail(struct fake_smtp *fake, char to[FAKE_SMTP_TEXT_BYTES])
{
	monitor_lock(&fake->monitor);
	str_format_cut(to, FAKE_SMTP_TEXT_BYTES, "%s", buf_text(&fake->mail));
	monitor_unlock(&fake->monitor);
}

size_t fake_smtp_mails(struct fake_smtp *fake)
{
	monitor_lock(&fake->monitor);
	size_t mails = fake->mails;
	monitor_unlock(&fake->monitor);
	return mails;
}
