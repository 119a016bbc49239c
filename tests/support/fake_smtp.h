/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_FAKE_SMTP_H
#define TESTS_SUPPORT_FAKE_SMTP_H

/*
 * A small mail server on a free loopback port, without TLS: takes what it is
 * told to take and keeps the last mail. One connection at a time. Fatal to the
 * test when the machine refuses.
 */

#include <stdbool.h>
#include <stddef.h>

#define FAKE_SMTP_TEXT_BYTES 65536

struct fake_smtp;

struct fake_smtp_options {
	bool offers_starttls; /* and then cannot do it */
	bool takes_no_login;
	bool refuses_recipients; /* with 550 */
};

struct fake_smtp *fake_smtp_start(const struct fake_smtp_options *options);
/* The connection in progress is cut. */
void fake_smtp_stop(struct fake_smtp *fake);
/* "smtp://127.0.0.1:PORT" */
const char *fake_smtp_url(const struct fake_smtp *fake);
/* What the client said, line by line, and what it sent as the mail; copies of what there is now. */
void fake_smtp_talk(struct fake_smtp *fake, char to[FAKE_SMTP_TEXT_BYTES]);
void fake_smtp_mail(struct fake_smtp *fake, char to[FAKE_SMTP_TEXT_BYTES]);
size_t fake_smtp_mails(struct fake_smtp *fake);

#endif
