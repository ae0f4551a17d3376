/* FETCH and UID FETCH (RFC 9051, 6.4.5; RFC 7162, 3.1.4 and 3.2.6).
 *
 * A generator in two gears. Where every item is in the narrow rows, it goes from batch to batch of rows and writes.
 * Where content is needed, the store hands over the content of a batch in one short read, and the responses are written
 * inside its callback; a message that does not lie in one piece, or whose derived data is damaged, makes the callback
 * stop: it is then written outside, piece by piece, from its blob, and the batch goes on behind it. Between two steps
 * the position is the batch, the message under way and what is left of its current literal. */
#include "imapd/fetch_private.h"
#include "imapd/condstore.h"
#include "imapd/imapd.h"

static void fetch_stop(struct imap_generator *generator)
{
	struct fetch *f = container_of(generator, struct fetch, generator);

	fetch_source_close(f);
	store_snapshot_unref(&f->view);
	ranges_done(&f->numbers);
	ranges_done(&f->due);
	buf_done(&f->text);
	buf_done(&f->raw);
	buf_done(&f->decoded);
	arena_destroy(&f->scratch);
}

/* --- the plan
 * -------------------------------------------------------------------------------------------------------------------
 */

static bool *narrow_seen(struct fetch *f, enum imap_fetch_kind kind)
{
	switch (kind) {
	case IMAP_FETCH_UID:
		return &f->has_uid;
	case IMAP_FETCH_FLAGS:
		return &f->has_flags;
	case IMAP_FETCH_MODSEQ:
		return &f->has_modseq;
	default:
		return NULL;
	}
}

static void plan_item(struct fetch *f, const struct imap_fetch_item *item)
{
	bool *seen = narrow_seen(f, item->kind);

	if ((seen != NULL && *seen) ||
	    (f->by_uid && item->kind == IMAP_FETCH_UID)) /* UID FETCH: fetch_write_begin() has it */
		return;
	if (seen != NULL)
		*seen = true;
	f->items[f->item_count++] = (struct fetch_item){
		.asked = item, .needs = fetch_section_needs(item), .name = fetch_item_name(f->arena, item)};
	f->content |= fetch_section_needs(item);
}

static void plan(struct fetch *f, const struct imap_fetch *asked)
{
	static const struct imap_fetch_item modseq = {.kind = IMAP_FETCH_MODSEQ};

	f->items = arena_zero(f->arena, asked->item_count + 1, sizeof *f->items);
	for (size_t i = 0; i < asked->item_count; i++)
		plan_item(f, &asked->items[i]);
	f->has_since = asked->has_changedsince;
	f->since = asked->changedsince;
	if (f->has_since)
		plan_item(f, &modseq);
}

/* --- which rows
 * -------------------------------------------------------------------------------------------------------------------
 */

static void take_row(struct fetch *f, const struct store_chunk *chunk, uint32_t k, uint32_t number)
{
	struct fetch_row *to = &f->rows[f->row_count];

	to->number = number;
	to->row = (struct store_row){
		.uid = chunk->uid[k],
		.size = chunk->size[k],
		.zone = chunk->zone[k],
		.date = chunk->date[k],
		.flags = chunk->flags[k],
		.modseq = chunk->modseq[k],
		.blob = chunk->blob[k],
		.more = chunk->more == NULL ? (struct span){0} : chunk->more[k],
	};
	f->blobs[f->row_count++] = chunk->blob[k];
}

/* Rows of one chunk, up to number `last`; the position moves behind what was looked at. */
static void take_rows(struct fetch *f, uint32_t last)
{
	uint32_t k;
	const struct store_chunk *chunk = store_snapshot_chunk(f->view, f->number, &k);

	if (f->has_since && chunk->max_modseq <= f->since) {
		f->number += chunk->count - k;
		return;
	}
	for (; k < chunk->count && f->number <= last && f->row_count < FETCH_BATCH; k++, f->number++)
		if (!f->has_since || chunk->modseq[k] > f->since)
			take_row(f, chunk, k, f->number);
}

/* False: there are no more. */
static bool take_batch(struct fetch *f)
{
	f->row_count = f->row_next = 0;
	while (f->range < f->numbers.count && f->row_count < FETCH_BATCH) {
		const struct range *range = &f->numbers.list[f->range];

		if (f->number < range->first)
			f->number = range->first;
		if (f->number <= range->last)
			take_rows(f, range->last);
		if (f->number > range->last)
			f->range++;
	}
	return f->row_count > 0;
}

/* --- rows alone
 * ---------------------------------------------------------------------------------------------------------------------
 */

static enum imap_step write_rows(struct fetch *f)
{
	for (; f->row_next < f->row_count; f->row_next++) {
		if (out_is_full(&f->session->net.out))
			return IMAP_STEP_MORE;
		fetch_write_begin(f, &f->rows[f->row_next]);
		(void)fetch_write_items(f, &f->rows[f->row_next]);
		fetch_write_end(f);
	}
	return IMAP_STEP_DONE;
}

/* --- content
 * ------------------------------------------------------------------------------------------------------------------------
 */

struct fetch_stopped { /* why the callback stopped */
	struct fetch *f;
	enum store_status opened;
	bool is_large, is_damaged;
};

static bool is_damaged(const struct store_content *content)
{
	return content->is_missing || content->derived.version != MIME_DERIVED_VERSION;
}

/* Nothing but the bytes is asked for: then nothing derived can be damaged, and the version need not be there. */
static bool needs_derived(const struct fetch *f)
{
	return (f->content & ~(unsigned)STORE_CONTENT_BYTES) != 0;
}

static bool write_content(void *arg, size_t index, const struct store_content *content)
{
	struct fetch_stopped *stopped = arg;
	struct fetch *f = stopped->f;
	const struct fetch_row *row = &f->rows[f->row_next];

	(void)index;
	if (out_is_full(&f->session->net.out))
		return false;
	if (content->is_missing || (needs_derived(f) && is_damaged(content))) {
		stopped->is_damaged = true;
		return false;
	}
	if (((f->content & STORE_CONTENT_BYTES) && content->bytes.p == NULL) || f->item_count > FETCH_ITEMS_LENT) {
		stopped->is_large = true;
		stopped->opened = fetch_source_open(f, row->row.blob, content);
		return false;
	}
	f->source = (struct fetch_source){
		.derived = content->derived, .bytes = content->bytes, .size = content->size, .is_lent = true};
	fetch_write_begin(f, row);
	(void)fetch_write_items(f, row);
	fetch_write_end(f);
	fetch_source_close(f);
	arena_reset(f->scratch);
	f->row_next++;
	return true;
}

/* The message's content is not to be had: what the client must know of its flags it is told all the same. */
static void give_up_row(struct fetch *f, enum store_status status)
{
	const struct fetch_row *row = &f->rows[f->row_next++];

	if (row->row.flags & STORE_FLAG_GHOST)
		f->is_gone = true;
	else if (f->failure == STORE_OK)
		f->failure = status == STORE_NOT_FOUND ? STORE_BROKEN : status;
	if (ranges_has(&f->due, row->row.uid))
		imap_write_fetch_flags(f->session, row->number, &row->row, f->by_uid, true,
				       imap_has(f->session, IMAP_ENABLED_CONDSTORE | IMAP_ENABLED_QRESYNC));
	fetch_source_close(f);
	arena_reset(f->scratch);
}

static void begin_row(struct fetch *f)
{
	f->is_under_way = true;
	fetch_write_begin(f, &f->rows[f->row_next]);
}

/* The message that is under way, from its blob. */
static enum imap_step go_on_with_row(struct fetch *f)
{
	const struct fetch_row *row = &f->rows[f->row_next];

	for (;;) {
		enum imap_step step = fetch_write_pending(f);

		if (step != IMAP_STEP_DONE)
			return step;
		if (fetch_write_items(f, row))
			break;
	}
	fetch_write_end(f);
	fetch_source_close(f);
	arena_reset(f->scratch);
	f->is_under_way = false;
	f->row_next++;
	return IMAP_STEP_DONE;
}

/* One short read of the store, and what the callback could not do in it. */
static void read_contents(struct fetch *f)
{
	struct fetch_stopped stopped = {.f = f};
	enum store_status status = store_content_each(f->session->imapd->service.store, f->blobs + f->row_next,
						      f->row_count - f->row_next, f->content, write_content, &stopped);

	if (status != STORE_OK && status != STORE_BUSY && f->row_next < f->row_count) {
		give_up_row(f, status);
		return;
	}
	if (status != STORE_OK) {
		f->failure = status;
		f->row_next = f->row_count;
		f->range = f->numbers.count;
		return;
	}
	if (stopped.is_damaged)
		stopped.opened = fetch_source_derive(f, f->rows[f->row_next].row.blob);
	if (stopped.opened != STORE_OK)
		give_up_row(f, stopped.opened);
	else if (stopped.is_damaged || stopped.is_large)
		begin_row(f);
}

static enum imap_step write_contents(struct fetch *f)
{
	while (f->row_next < f->row_count) {
		enum imap_step step;

		if (f->is_under_way && (step = go_on_with_row(f)) != IMAP_STEP_DONE)
			return step;
		if (f->row_next == f->row_count)
			break;
		if (out_is_full(&f->session->net.out))
			return IMAP_STEP_MORE;
		read_contents(f);
	}
	return IMAP_STEP_DONE;
}

/* --- the command
 * --------------------------------------------------------------------------------------------------------------------
 */

static void finish(struct fetch *f)
{
	enum store_status status =
		imap_tell(f->session, f->by_uid ? (unsigned)(IMAP_TELL_EXPUNGE | IMAP_TELL_UID) : 0u, NULL);

	if (f->failure == STORE_OK &&
	    status != STORE_NOT_FOUND) /* a mailbox that is gone is the dispatcher's business */
		f->failure = status;
	if (f->failure != STORE_OK)
		imap_no_status(f->session, f->failure, "message");
	else if (f->unknown_cte)
		imap_no(f->session, "[UNKNOWN-CTE] A part has an encoding that is not known");
	else if (f->is_gone)
		imap_no(f->session, "[EXPUNGEISSUED] Some of the messages are gone");
	else
		imap_ok(f->session, "FETCH completed");
}

static enum imap_step fetch_step(struct imap_generator *generator, struct imap_session *session)
{
	struct fetch *f = container_of(generator, struct fetch, generator);

	(void)session;
	do {
		enum imap_step step = f->content == 0 ? write_rows(f) : write_contents(f);

		if (step != IMAP_STEP_DONE)
			return step;
	} while (take_batch(f));
	finish(f);
	return IMAP_STEP_DONE;
}

static struct fetch *fetch_create(struct imap_session *session, const struct imap_command *command)
{
	struct fetch *f = arena_new(session->running->arena, struct fetch);

	f->generator = (struct imap_generator){.step = fetch_step, .stop = fetch_stop};
	f->session = session;
	f->arena = session->running->arena;
	f->by_uid = command->by_uid;
	f->scratch = arena_create();
	f->day = INT64_MIN;
	plan(f, &command->fetch);
	return f;
}

/* Numbers keep their meaning when \Seen is set: removed messages stay in the view, new ones stand behind. */
static enum store_status prepare(struct fetch *f, const struct imap_fetch *asked)
{
	enum store_status status;

	if (f->has_modseq)
		imap_condstore_use(f->session);
	if (asked->wants_vanished && (status = fetch_tell_vanished(f, &asked->set)) != STORE_OK)
		return status;
	if ((status = fetch_set_seen(f)) != STORE_OK)
		return status;
	f->view = store_snapshot_ref(f->session->selected->view);
	return STORE_OK;
}

void imap_fetch_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_fetch *asked = &command->fetch;
	struct fetch *f;
	enum store_status status;

	if (asked->wants_vanished &&
	    (!command->by_uid || !asked->has_changedsince || !imap_has(session, IMAP_ENABLED_QRESYNC))) {
		imap_bad(session, "VANISHED belongs to UID FETCH with CHANGEDSINCE after ENABLE QRESYNC");
		return;
	}
	f = fetch_create(session, command);
	if (!imap_resolve_numbers(session, &asked->set, command->by_uid, &f->numbers))
		imap_bad(session, "There is no message of that number");
	else if ((status = prepare(f, asked)) != STORE_OK)
		imap_no_status(session, status, "message");
	else
		session->running->generator = &f->generator;
	if (session->running->generator == NULL)
		fetch_stop(&f->generator);
}
