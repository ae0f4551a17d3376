/* The store belongs to the user that the daemons run as. */
#ifndef ADMIN_OWNER_H
#define ADMIN_OWNER_H

#include "common/config/config.h"

/* Where root runs the command, it becomes the owner of the store's folder before it opens the store: so that the
 * daemons can read and change what it has made. It still may read and write every file. A folder that is not there yet
 * is made for [process] user. Returns NULL, or a text (heap) about what is wrong. Before any thread is started. */
char *admin_become_owner(const struct config *config);

#endif
