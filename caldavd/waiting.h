/* SASL exchanges that wait for the client's next request, which may come over any connection: a proxy shares them out.
 * Each has a name that cannot be guessed, and is taken once. Any thread. */
#ifndef CALDAVD_WAITING_H
#define CALDAVD_WAITING_H

#include "common/auth/auth.h"

enum { WAITING_NAME_BYTES = 32 }; /* hexadecimal digits */

struct waiting;

struct waiting *waiting_create(void);
void waiting_destroy(struct waiting **waiting); /* NULL is accepted */

/* Becomes the owner of the exchange for a minute, or until too many newer ones wait. */
void waiting_put(struct waiting *waiting, struct auth_exchange *exchange, char name_r[WAITING_NAME_BYTES + 1]);
/* The caller's from now on; NULL: there is none of that name (any more). */
struct auth_exchange *waiting_take(struct waiting *waiting, struct span name);

#endif
