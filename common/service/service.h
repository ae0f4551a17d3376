/* What every daemon opens at its start and all its sessions share. Knows the network and the store, and no protocol. */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "common/auth/auth.h"
#include "common/config/config.h"
#include "common/directory/directory.h"
#include "common/net/net.h"
#include "common/store/store.h"

struct service {
	struct net_daemon *net;
	struct store *store;
	struct directory *directory;
	struct auth *auth; /* NULL where nobody logs in (LMTP) */
};

/* The tables of keys that service_open() reads: store, directory, auth. */
extern const struct config_key *const service_keys[];
extern const size_t service_keys_count;

/* name: the service for common/auth ("imap"), NULL: nobody logs in. changed: see store_on_change(); NULL: nobody
 * listens. Returns NULL, or one line in heap memory why it failed; then nothing is open. */
char *service_open(struct service *service, struct net_daemon *net, const struct config *config, const char *name,
		   store_changed_fn *changed, void *arg);
void service_close(struct service *service);            /* harmless twice */
bool service_is_healthy(const struct service *service); /* worker */

#endif
