/* What the files about messages share. Inside a transaction. Only common/store includes this. */
#ifndef STORE_MESSAGE_PRIVATE_H
#define STORE_MESSAGE_PRIVATE_H

#include "common/base/buf.h"
#include "common/store/message.h"
#include "common/store/snapshot.h"
#include "common/store/store_private.h"

/* A message's narrow row as the table has it. more is owned. */
struct message_row {
	uint32_t uid;
	uint64_t flags, modseq, size, blob;
	int64_t date;
	int zone;
	struct buf more;
};

struct message_rows {
	struct message_row *list;
	size_t count, capacity;
};

/* The rows of these UIDs (NULL: all) that are there, ascending. with_flags: only those that have all of these bits. */
enum store_status message_rows_read(struct store_tx *tx, uint64_t mailbox, const struct ranges *uids,
				    uint64_t with_flags, struct message_rows *rows_r);
void message_rows_done(struct message_rows *rows);

enum store_status message_row_insert(struct store_tx *tx, uint64_t mailbox, const struct message_row *row);
/* Deletes the rows, with tombstones under modseq. Contents keep their references: see message_rows_release(). */
enum store_status message_rows_remove(struct store_tx *tx, uint64_t mailbox, const struct message_rows *rows,
				      uint64_t modseq);
enum store_status message_rows_refer(struct store_tx *tx, const struct message_rows *rows, int64_t more);
/* What these rows count in a mailbox, times sign. */
void message_rows_count(const struct message_rows *rows, int64_t sign, struct store_mailbox_delta *delta);

/* Numbers of keywords in a mailbox; with `make`, missing ones are made (STORE_LIMIT), else they are left out. */
enum store_status keyword_numbers(struct store_tx *tx, uint64_t mailbox, const struct span *names, size_t count,
				  bool make, uint32_t *numbers, size_t *count_r);
/* Keywords as bits of flags and of the bitmap for numbers from STORE_KEYWORDS_IN_FLAGS on. */
void keyword_set(uint64_t *flags, struct buf *more, uint32_t number);
void keyword_clear(uint64_t *flags, struct buf *more, uint32_t number);
bool keyword_is_set(uint64_t flags, struct span more, uint32_t number);

#endif
