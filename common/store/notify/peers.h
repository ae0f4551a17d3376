/* Telling the other processes at work on the same store that mailboxes have changed: a datagram to each of the sockets
 * in its folder notify/. Losses are allowed: notify/poll.h finds what was lost. Only common/store includes this. */
#ifndef STORE_NOTIFY_PEERS_H
#define STORE_NOTIFY_PEERS_H

#include "common/store/notify/watch.h"

struct peers;

/* folder: of the sockets; there already. What arrives is told to the table. STORE_OK with *peers_r NULL never happens.
 */
enum store_status peers_open(const char *folder, struct watch_table *table, struct peers **peers_r, char **error_r);
void peers_close(struct peers **peers); /* waits for the receiving thread; NULL is accepted */

/* Binds a socket of our own and starts a thread that receives. False: it cannot, errno says why. Once. */
bool peers_listen(struct peers *peers);

void peers_send(struct peers *peers, const struct store_touched *touched); /* any thread, does not wait */

#endif
