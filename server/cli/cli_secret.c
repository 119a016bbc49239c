/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_secret.h"

#include "server/base/crypto.h"
#include "server/base/guarded.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios shown; /* how the terminal was; for the signal handler too */
static volatile sig_atomic_t is_hidden;

static void show_again(void)
{
	if (is_hidden) {
		is_hidden = 0;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	}
}

/* Ctrl-C must not leave a terminal that shows nothing. */
static void on_signal(int number)
{
	show_again();
	signal(number, SIG_DFL);
	raise(number);
}

static bool hide(void)
{
	struct termios hidden;
	if (tcgetattr(STDIN_FILENO, &shown) != 0) {
		return false;
	}
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	hidden.c_lflag |= ECHONL;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	is_hidden = 1;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

/* To the end, or at a terminal to the end of the line; as much as fits. -1: failed. */
static ssize_t read_input(char *to, size_t size, bool is_line)
{
	size_t len = 0;
	while (len < size && !(is_line && len > 0 && to[len - 1] == '\n')) {
		ssize_t got = read(STDIN_FILENO, to + len, size - len);
		if (got == 0) {
			break;
		}
		if (got < 0 && errno != EINTR) {
			return -1;
		}
		len += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)len;
}

static bool take(char *text, ssize_t got, size_t max_bytes, struct secret *secret, struct err *err)
{
	size_t len = got > 0 ? (size_t)got : 0;
	if (len > 0 && text[len - 1] == '\n') {
		len--;
	}
	if (len > 0 && text[len - 1] == '\r') {
		len--;
	}
	text[len] = '\0';
	if (len == 0) {
		err_set(err, ERR_USAGE,
		        "nothing was entered; type it at the prompt, or pipe it:"
		        " bob2okta secret set NAME < FILE");
	} else if (len > max_bytes || strlen(text) != len) {
		err_set(err, ERR_USAGE, "that is no secret: longer than %zu bytes, or not text",
		        max_bytes);
	} else if (!secret_set(secret, text)) {
		err_set(err, ERR_NO_MEMORY, "no memory for a secret");
	}
	return !err_is_set(err);
}

bool cli_secret_read(struct cli_call *call, const char *prompt, size_t max_bytes,
        struct secret *secret, struct err *err)
{
	size_t size = max_bytes + 4;
	bool is_terminal = isatty(STDIN_FILENO) == 1;
	char *text = guarded_alloc(size);
	if (text == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a secret");
		return false;
	}
	bool done = false;
	/* Before the prompt, which somebody may be waiting for with the secret in the clipboard. */
	if (is_terminal && !hide()) {
		err_set(err, ERR_IO, "the terminal cannot be kept from showing what is typed");
	} else {
		if (is_terminal) {
			fprintf(call->errors, "%s (is not shown): ", prompt);
			fflush(call->errors);
		}
		done = take(text, read_input(text, size - 1, is_terminal), max_bytes, secret, err);
	}
	show_again();
	guarded_free(text, size);
	return done;
}
