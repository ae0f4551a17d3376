/* The daemon: what all sessions share. */
#ifndef IMAPD_IMAPD_H
#define IMAPD_IMAPD_H

#include "common/service/service.h"

struct imap_watchers; /* watchers.h */

struct imap_limits { /* [imap], fixed at the start */
	size_t line, literal_before_login, message, literal;
	unsigned search_depth, bad_commands;
	uint64_t sign_of_life_ms; /* "* OK Still here" in IDLE */
	size_t text;              /* bytes of text kept for search */
	size_t stream_from;       /* APPEND literals from this size on are streamed */
};

struct imapd {
	struct service service;
	struct imap_watchers *watchers;
	struct imap_limits limits;
};

extern const struct config_key imapd_keys[];
extern const struct net_protocol imap_protocol;

#endif
