/* SPDX-License-Identifier: MIT */
#include "server/http/ticket.h"

#include "server/base/clock.h"
#include "server/base/list.h"
#include "server/base/thread.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * What the thread of the connection asks once it is resumed needs no lock: it would wait for the
 * one who has just resumed it, twice a request.
 */
struct http_ticket {
	struct tickets *tickets; /* counts as one of its references */
	struct MHD_Connection *connection; /* valid until decided */
	int64_t deadline_ms;
	struct list link; /* linked while undecided; protected by the registry's monitor */
	_Atomic enum err_code code;
	atomic_int references;
};

struct tickets {
	pthread_t thread;
	struct monitor monitor;
	atomic_int references; /* the listener's and one a ticket */
	/* protected by the monitor: */
	struct list open; /* by deadline, soonest first */
	int64_t wake_at_ms; /* when the deadline thread looks next */
	bool is_closed;
	bool is_stopping;
};

/*
 * With the lock held, which is what keeps stop from ending the daemon between
 * the decision and the resume. MHD_resume_connection only links the connection
 * and writes to an eventfd; it calls nothing of ours back.
 */
static void decide(struct http_ticket *ticket, enum err_code code)
{
	list_remove(&ticket->link);
	atomic_store(&ticket->code, code);
	MHD_resume_connection(ticket->connection);
}

static bool is_open(const struct http_ticket *ticket)
{
	return list_is_linked(&ticket->link);
}

static bool is_last(atomic_int *references)
{
	return atomic_fetch_sub(references, 1) == 1;
}

/* Drops one reference of the registry; the last one frees it. */
static void drop(struct tickets *tickets)
{
	if (is_last(&tickets->references)) {
		monitor_finish(&tickets->monitor);
		free(tickets);
	}
}

static struct http_ticket *first_of(struct tickets *tickets)
{
	return list_is_empty(&tickets->open)
	        ? NULL
	        : LIST_ENTRY(tickets->open.next, struct http_ticket, link);
}

static void *run(void *arg)
{
	struct tickets *tickets = arg;
	monitor_lock(&tickets->monitor);
	while (!tickets->is_stopping) {
		struct http_ticket *first = first_of(tickets);
		tickets->wake_at_ms = first != NULL ? first->deadline_ms : INT64_MAX;
		if (first == NULL) {
			monitor_wait(&tickets->monitor);
		} else if (first->deadline_ms <= clock_mono_ms()) {
			decide(first, ERR_OVERLOADED);
		} else {
			monitor_wait_until(&tickets->monitor, first->deadline_ms);
		}
	}
	monitor_unlock(&tickets->monitor);
	return NULL;
}

struct tickets *tickets_start(struct err *err)
{
	struct tickets *tickets = calloc(1, sizeof(*tickets));
	if (tickets == NULL || !monitor_init(&tickets->monitor)) {
		free(tickets);
		err_set(err, ERR_NO_MEMORY, "no memory for the registry of requests");
		return NULL;
	}
	list_init(&tickets->open);
	tickets->wake_at_ms = INT64_MAX;
	atomic_init(&tickets->references, 1);
	if (!thread_start(&tickets->thread, "http-tickets", run, tickets, err)) {
		monitor_finish(&tickets->monitor);
		free(tickets);
		return NULL;
	}
	return tickets;
}

void tickets_close(struct tickets *tickets)
{
	monitor_lock(&tickets->monitor);
	tickets->is_closed = true;
	for (struct http_ticket *first = first_of(tickets); first != NULL;
	        first = first_of(tickets)) {
		decide(first, ERR_STOPPED);
	}
	monitor_unlock(&tickets->monitor);
}

void tickets_stop(struct tickets *tickets)
{
	if (tickets == NULL) {
		return;
	}
	monitor_lock(&tickets->monitor);
	tickets->is_stopping = true;
	monitor_wake_all(&tickets->monitor);
	monitor_unlock(&tickets->monitor);
	thread_join(tickets->thread);
	drop(tickets);
}

/*
 * Timeouts are mostly alike, so the place is nearly always the last one, and
 * the deadline thread, which sleeps towards an older deadline, is left asleep.
 */
static void insert(struct tickets *tickets, struct http_ticket *ticket)
{
	struct list *after = tickets->open.prev;
	while (after != &tickets->open &&
	        LIST_ENTRY(after, struct http_ticket, link)->deadline_ms > ticket->deadline_ms) {
		after = after->prev;
	}
	list_add_first(after, &ticket->link);
	if (ticket->deadline_ms < tickets->wake_at_ms) {
		monitor_wake_all(&tickets->monitor);
	}
}

struct http_ticket *ticket_open(
        struct tickets *tickets, struct MHD_Connection *connection, int64_t timeout_ms)
{
	struct http_ticket *ticket = calloc(1, sizeof(*ticket));
	if (ticket == NULL) {
		return NULL;
	}
	ticket->tickets = tickets;
	ticket->connection = connection;
	ticket->deadline_ms = clock_mono_ms() + timeout_ms;
	atomic_init(&ticket->references, 2);
	monitor_lock(&tickets->monitor);
	if (tickets->is_closed) {
		monitor_unlock(&tickets->monitor);
		free(ticket);
		return NULL;
	}
	/* Suspended before anybody else can see the ticket: a resume may never come first. */
	MHD_suspend_connection(connection);
	atomic_fetch_add(&tickets->references, 1);
	insert(tickets, ticket);
	monitor_unlock(&tickets->monitor);
	return ticket;
}

enum err_code ticket_code(struct http_ticket *ticket)
{
	return atomic_load(&ticket->code);
}

void ticket_release(struct http_ticket *ticket)
{
	if (ticket != NULL && is_last(&ticket->references)) {
		struct tickets *tickets = ticket->tickets;
		free(ticket);
		drop(tickets);
	}
}

void http_ticket_answer(struct http_ticket *ticket, enum err_code code)
{
	monitor_lock(&ticket->tickets->monitor);
	if (is_open(ticket)) {
		decide(ticket, code);
	}
	monitor_unlock(&ticket->tickets->monitor);
	ticket_release(ticket);
}
