/* The daemon: what all sessions share. */
#ifndef POP3D_POP3D_H
#define POP3D_POP3D_H

#include "common/service/service.h"

struct pop3_locks; /* maildrop.h */

struct pop3_options { /* [pop3], fixed at the start */
	size_t line;
	unsigned bad_commands;
	bool is_exclusive; /* one session a maildrop (RFC 1939, 4) */
	bool to_trash;     /* what is deleted goes to Trash */
	bool marks_seen;   /* what was retrieved is \Seen */
	uint32_t newest;   /* only so many of the newest messages are shown; 0: all */
};

struct pop3d {
	struct service service;
	struct pop3_options options;
	struct pop3_locks *locks;
};

extern const struct net_protocol pop3_protocol;

#endif
