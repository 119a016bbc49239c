/* SPDX-License-Identifier: MIT */
#include "server/base/transport_mail.h"

#include "server/base/str.h"
#include "server/base/transport_parts.h"

#include <string.h>
#include <sys/socket.h>

#define MAILBOX_BYTES 330

/* One mail; lives on the stack of transport_mail_send. */
struct mailing {
	CURL *easy;
	const struct transport_options *options;
	const struct transport_mail *mail;
	struct curl_slist *recipients;
	size_t read;
	bool is_plain; /* a loopback server of a test */
	bool is_address_refused;
	bool is_connect_begun;
	bool is_stopped;
	CURLcode option_code; /* the first option that curl refused (C10) */
	char error_text[CURL_ERROR_SIZE];
};

static size_t on_read(char *to, size_t size, size_t count, void *context)
{
	struct mailing *mailing = context;
	size_t left = mailing->mail->message_len - mailing->read;
	size_t len = left < size * count ? left : size * count;

	memcpy(to, mailing->mail->message + mailing->read, len);
	mailing->read += len;
	return len;
}

/* What the server says is in curl's hands; the text of its answers is not ours to keep. */
static size_t on_write(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes;
	(void)context;
	return size * count;
}

static int on_progress(
        void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
	(void)total;
	(void)now;
	(void)up_total;
	(void)up_now;
	struct mailing *mailing = context;
	const atomic_bool *stop = mailing->options->stop;
	mailing->is_stopped = stop != NULL && atomic_load(stop);
	return mailing->is_stopped ? 1 : 0;
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct mailing *mailing = context;
	if (purpose != CURLSOCKTYPE_IPCXN ||
	        !transport_parts_may_connect(mailing->options, mailing->mail->url, &to->addr)) {
		mailing->is_address_refused = true;
		return CURL_SOCKET_BAD;
	}
	mailing->is_connect_begun = true;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

#define SETOPT(mailing, option, value) \
	TRANSPORT_SETOPT((mailing)->easy, &(mailing)->option_code, option, value)

static void set_safety(struct mailing *mailing)
{
	bool is_tls = str_starts_with(mailing->mail->url, "smtps://");
	transport_parts_set_safety(
	        mailing->easy, &mailing->option_code, mailing->options, is_tls ? "smtps" : "smtp");
	SETOPT(mailing, CURLOPT_USE_SSL,
	        mailing->is_plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
}

static void set_callbacks(struct mailing *mailing)
{
	SETOPT(mailing, CURLOPT_ERRORBUFFER, mailing->error_text);
	SETOPT(mailing, CURLOPT_NOPROGRESS, 0L);
	SETOPT(mailing, CURLOPT_XFERINFOFUNCTION, on_progress);
	SETOPT(mailing, CURLOPT_XFERINFODATA, mailing);
	SETOPT(mailing, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SETOPT(mailing, CURLOPT_OPENSOCKETDATA, mailing);
	SETOPT(mailing, CURLOPT_READFUNCTION, on_read);
	SETOPT(mailing, CURLOPT_READDATA, mailing);
	SETOPT(mailing, CURLOPT_WRITEFUNCTION, on_write);
	SETOPT(mailing, CURLOPT_WRITEDATA, mailing);
}

static bool add_recipient(struct mailing *mailing, const char *address)
{
	char mailbox[MAILBOX_BYTES];
	if (strpbrk(address, "<>\r\n") != NULL ||
	        !str_format(mailbox, sizeof(mailbox), "<%s>", address)) {
		return false;
	}
	struct curl_slist *more = curl_slist_append(mailing->recipients, mailbox);
	mailing->recipients = more != NULL ? more : mailing->recipients;
	return more != NULL;
}

static bool set_mail(struct mailing *mailing)
{
	const struct transport_mail *mail = mailing->mail;
	char from[MAILBOX_BYTES];
	if (strpbrk(mail->from, "<>\r\n") != NULL ||
	        !str_format(from, sizeof(from), "<%s>", mail->from)) {
		return false;
	}
	for (size_t i = 0; i < mail->to_count; i++) {
		if (!add_recipient(mailing, mail->to[i])) {
			return false;
		}
	}
	SETOPT(mailing, CURLOPT_URL, mail->url);
	SETOPT(mailing, CURLOPT_MAIL_FROM, from);
	SETOPT(mailing, CURLOPT_MAIL_RCPT, mailing->recipients);
	SETOPT(mailing, CURLOPT_UPLOAD, 1L);
	if (mail->login != NULL) {
		SETOPT(mailing, CURLOPT_USERNAME, mail->login);
		SETOPT(mailing, CURLOPT_PASSWORD, secret_reveal(mail->password));
	}
	return true;
}

static bool prepare(struct mailing *mailing, struct err *err)
{
	const char *url = mailing->mail->url;
	if (!str_starts_with(url, "smtps://") && !str_starts_with(url, "smtp://")) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "only smtps:// and smtp:// lead to a mail server");
		return false;
	}
	mailing->is_plain = str_starts_with(url, "smtp://") &&
	        mailing->options->plain == TRANSPORT_PLAIN_ON_LOOPBACK &&
	        transport_parts_is_loopback_mail(url);
	set_safety(mailing);
	set_callbacks(mailing);
	if (!set_mail(mailing)) {
		err_set(err, ERR_INTERNAL, "an address of the mail cannot be sent");
		return false;
	}
	if (mailing->option_code != CURLE_OK) {
		err_set(err, ERR_INTERNAL, "libcurl refuses an option: %s",
		        curl_easy_strerror(mailing->option_code));
		return false;
	}
	return true;
}

static enum err_code code_of(CURLcode code)
{
	switch ((int)code) { /* not over the enum: its many members mean the same to us */
	case CURLE_USE_SSL_FAILED: return ERR_TLS;
	case CURLE_LOGIN_DENIED:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR: return ERR_REFUSED;
	default: return transport_parts_code(code);
	}
}

static bool perform(struct mailing *mailing, struct err *err)
{
	CURLcode code = curl_easy_perform(mailing->easy);
	if (code == CURLE_OK) {
		return true;
	}
	if (mailing->is_stopped) {
		err_set(err, ERR_STOPPED, "the mail was given up because the server stops");
	} else if (mailing->is_address_refused && !mailing->is_connect_begun) {
		err_set(err, ERR_ADDRESS_REFUSED,
		        "the mail server's name leads to an address that is not public");
	} else if (code == CURLE_USE_SSL_FAILED) {
		err_set(err, ERR_TLS, "the mail server offers no STARTTLS; nothing was sent");
	} else {
		err_set(err, code_of(code), "%s",
		        mailing->error_text[0] != '\0' ? mailing->error_text
		                                       : curl_easy_strerror(code));
	}
	return false;
}

bool transport_mail_send(
        const struct transport_options *options, const struct transport_mail *mail, struct err *err)
{
	struct mailing mailing = {.easy = curl_easy_init(), .options = options, .mail = mail};
	if (mailing.easy == NULL) {
		err_set(err, ERR_NO_MEMORY, "libcurl cannot make a handle");
		return false;
	}
	bool is_sent = prepare(&mailing, err) && perform(&mailing, err);
	curl_easy_cleanup(mailing.easy);
	curl_slist_free_all(mailing.recipients);
	return is_sent;
}
