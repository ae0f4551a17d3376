/* A mailbox as POP3 sees it (RFC 1939, 3 to 6): the messages as they were at log-in, numbered from 1, some of them
 * marked as deleted until QUIT. One session's; workers. */
#ifndef POP3D_MAILDROP_H
#define POP3D_MAILDROP_H

#include "pop3d/pop3d.h"

struct pop3_maildrop;

enum pop3_maildrop_result {
	POP3_MAILDROP_OK,
	POP3_MAILDROP_IN_USE, /* another session has it, and [pop3] lock is exclusive */
	POP3_MAILDROP_MISSING,
	POP3_MAILDROP_UNAVAILABLE,
};

/* folder: empty for INBOX, else a mailbox's name as a person writes it. */
enum pop3_maildrop_result pop3_maildrop_open(struct pop3d *pop3d, uint64_t user, struct span folder,
					     struct pop3_maildrop **maildrop_r);
/* Lets it go without removing anything; what was retrieved is marked as seen. NULL is accepted. */
void pop3_maildrop_close(struct pop3_maildrop **maildrop, struct pop3d *pop3d);
/* The UPDATE state: removes what is marked, in one transaction. */
enum store_status pop3_maildrop_update(struct pop3_maildrop *maildrop, struct pop3d *pop3d);

/* Octets and unique-ids are read once, before they are first needed: false where that fails. */
bool pop3_maildrop_identify(struct pop3_maildrop *maildrop, struct pop3d *pop3d);

struct pop3_message {
	uint64_t blob, octets; /* as it is sent: every line ends with CRLF */
	uint32_t uid;
	const unsigned char *digest; /* STORE_DIGEST_BYTES; borrowed from the maildrop */
};
/* number must be 1 … count; after pop3_maildrop_identify(). */
void pop3_maildrop_message(const struct pop3_maildrop *maildrop, uint32_t number, struct pop3_message *message_r);

uint32_t pop3_maildrop_count(const struct pop3_maildrop *maildrop); /* marked ones included */
/* What is not marked. */
void pop3_maildrop_total(const struct pop3_maildrop *maildrop, uint32_t *messages_r, uint64_t *octets_r);

bool pop3_maildrop_is_marked(const struct pop3_maildrop *maildrop, uint32_t number);
void pop3_maildrop_mark(struct pop3_maildrop *maildrop, uint32_t number);
void pop3_maildrop_unmark_all(struct pop3_maildrop *maildrop);
void pop3_maildrop_retrieved(struct pop3_maildrop *maildrop, uint32_t number);

/* Which maildrops have a session that shuts others out; of this process. */
struct pop3_locks *pop3_locks_create(void);
void pop3_locks_destroy(struct pop3_locks **locks);

#endif
