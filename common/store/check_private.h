/* What the files of store_check() share. Only common/store includes this. */
#ifndef STORE_CHECK_PRIVATE_H
#define STORE_CHECK_PRIVATE_H

#include "common/base/arena.h"
#include "common/store/maintain.h"
#include "common/store/store_private.h"

/* What one transaction found. It may run again, so nobody is told before it has committed. */
struct check_problems {
	struct check_problem {
		const char *kind; /* a literal */
		char *text;       /* owned */
		bool is_repaired;
	} * list;
	size_t count, capacity;
};

struct check {
	struct store *store;
	const struct store_check *options;
	struct check_problems problems; /* of the step at work */
	uint64_t unrepaired;
};

/* In a step: remembers a problem. Returns whether it is to be repaired. */
bool check_found(struct check *check, bool can_repair, const char *kind, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Runs fn in one transaction (a write where repairs are wanted), then tells what it found. arg holds the check. */
enum store_status check_step(struct check *check, store_tx_fn *fn, void *arg);
/* Tells what was found outside of check_step(). */
void check_tell(struct check *check);

/* Numbers as parameters 1 … count; for statements that answer nothing. */
enum store_status check_run(struct store_tx *tx, const char *sql, const uint64_t *numbers, int count);

struct check_ids {
	uint64_t *list; /* owned */
	size_t count, capacity;
};
/* The first column of all rows; number is the statement's one parameter. */
enum store_status check_ids_read(struct store *store, const char *sql, uint64_t number, struct check_ids *ids_r);

enum store_status check_mailboxes(struct check *check);
enum store_status check_collections(struct check *check);
enum store_status check_users(struct check *check);
enum store_status check_references(struct check *check);
enum store_status check_contents(struct check *check);

#endif
