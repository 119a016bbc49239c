/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_SERVER_H
#define SERVER_HTTP_SERVER_H

/* A listener's insides, shared by http.c, which makes them, and request.c, which serves. */

#include "server/base/thread.h"
#include "server/http/http.h"
#include "server/http/listen.h"

#include <stdatomic.h>

struct MHD_Daemon;

#define SERVER_NAME_BYTES 16

struct http_server {
	struct http_options options;
	char name[SERVER_NAME_BYTES];
	char id_prefix[9]; /* random hex; request ids are prefix-number */
	struct listen_socket listening;
	struct MHD_Daemon *daemon;
	struct reaper *reaper;
	struct tickets *tickets; /* NULL unless POOLED */
	atomic_ulong requests; /* ever begun */
	atomic_int in_flight; /* begun and not completed (H10) */
	atomic_bool is_draining;
	struct monitor drained; /* woken when in_flight falls while draining */
};

#endif
