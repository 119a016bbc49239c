/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_DURABLE_FILE_H
#define SERVER_BASE_DURABLE_FILE_H

/*
 * Small files that are whole or as before whenever the machine stops: written
 * beside, fsynced, renamed, and the folder fsynced. Blocks on the disk. Any
 * thread, but one at a time a path.
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Mode 0600, and the owner stays where the process may set it; the folder is made (0700) when it
 * is missing, not the folders above it. ERR_IO names the path.
 */
bool durable_file_write(
        const char *path, const void *bytes, size_t len, struct err *err) MUST_CHECK;

#endif
