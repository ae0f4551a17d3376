/* SEARCH and UID SEARCH (RFC 9051, 6.4.4; RFC 4731; RFC 5182; RFC 7162, 3.1.5).
 *
 * A generator: first it goes over the snapshot, chunk by chunk, for so long at a time as a worker may be held; then it
 * writes what it found. Nothing is written before the search has succeeded. */
#include "imapd/search_private.h"
#include "common/base/clock.h"
#include "imapd/condstore.h"
#include "imapd/imapd.h"

static void search_stop(struct imap_generator *generator)
{
	struct search *s = container_of(generator, struct search, generator);

	search_program_done(&s->program);
	store_snapshot_unref(&s->view);
	ranges_done(&s->found);
	ranges_done(&s->saved);
	arena_destroy(&s->scratch);
}

/* --- going over the snapshot
 * ---------------------------------------------------------------------------------------------------- */

static void take_row(struct search *s, struct search_hit hit)
{
	if (s->count == 0 || hit.number < s->first.number)
		s->first = hit;
	if (s->count == 0 || hit.number > s->last.number)
		s->last = hit;
	if (hit.modseq > s->modseq)
		s->modseq = hit.modseq;
	s->count++;
}

static bool lists_found(const struct search *s)
{
	return !s->is_esearch || (s->returns & IMAP_RETURN_ALL);
}

/* Whether "$" gets all that was found, not only MIN and MAX (RFC 5182, 2.4). */
static bool saves_all(const struct search *s)
{
	unsigned others = s->returns & ~(unsigned)IMAP_RETURN_SAVE;

	return (s->returns & IMAP_RETURN_SAVE) && (others == 0 || (others & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT)));
}

static void take_rows(struct search *s, const struct store_chunk *chunk, uint32_t first)
{
	bool lists = lists_found(s), saves = saves_all(s);

	for (uint32_t word = 0; word * 64 < chunk->count; word++) {
		uint64_t left = s->program.root.lanes.yes[word];

		if (chunk->count - word * 64 < 64)
			left &= ((uint64_t)1 << (chunk->count - word * 64)) - 1;
		for (; left != 0; left &= left - 1) {
			uint32_t k = word * 64 + (uint32_t)__builtin_ctzll(left), uid = chunk->uid[k],
				 number = first + k;

			if (chunk->flags[k] & STORE_FLAG_GHOST)
				continue;
			take_row(s, (struct search_hit){number, uid, chunk->modseq[k]});
			if (lists)
				ranges_add(&s->found, s->by_uid ? uid : number, s->by_uid ? uid : number);
			if (saves)
				ranges_add(&s->saved, uid, uid);
		}
	}
}

/* Removed messages that the client still counts match nothing, and their content need not be looked at. */
static void leave_out_ghosts(struct search_lanes *lanes, const struct store_chunk *chunk)
{
	for (uint32_t k = 0; (chunk->any_flags & STORE_FLAG_GHOST) && k < chunk->count; k++)
		if (chunk->flags[k] & STORE_FLAG_GHOST)
			lanes->no[k / 64] |= (uint64_t)1 << k % 64;
}

static enum store_status search_chunk(struct search *s)
{
	uint32_t index = s->only_max ? s->view->chunk_count - 1 - s->chunk_next : s->chunk_next;
	const struct store_chunk *chunk = s->view->chunks[index];
	uint32_t first = s->view->first[index] + 1;
	enum store_status status;

	search_match_chunk(&s->program.root, chunk, first);
	leave_out_ghosts(&s->program.root.lanes, chunk);
	if ((status = search_decide_by_content(s, chunk)) != STORE_OK)
		return status;
	take_rows(s, chunk, first);
	s->chunk_next++;
	if ((s->only_min || s->only_max) && s->count > 0)
		s->chunk_next = s->view->chunk_count;
	return STORE_OK;
}

/* --- the command
 * ------------------------------------------------------------------------------------------------------------------ */

static void save(struct search *s)
{
	struct imap_selected *selected = s->session->selected;

	if (!(s->returns & IMAP_RETURN_SAVE))
		return;
	if (s->count > 0 && !saves_all(s) && (s->returns & IMAP_RETURN_MIN))
		ranges_add(&s->saved, s->first.uid, s->first.uid);
	if (s->count > 0 && !saves_all(s) && (s->returns & IMAP_RETURN_MAX))
		ranges_add(&s->saved, s->last.uid, s->last.uid);
	ranges_clear(&selected->saved);
	ranges_add_all(&selected->saved, &s->saved);
}

static void fail(struct search *s, enum store_status status)
{
	if (s->returns & IMAP_RETURN_SAVE)
		ranges_clear(&s->session->selected->saved);
	imap_no_status(s->session, status, "mailbox");
}

static void finish(struct search *s)
{
	enum store_status status;

	save(s);
	status = imap_tell(s->session, s->by_uid ? (unsigned)(IMAP_TELL_EXPUNGE | IMAP_TELL_UID) : 0u, NULL);
	if (status == STORE_NOT_FOUND)
		s->session->mailbox_is_gone = true;
	if (status == STORE_OK || status == STORE_NOT_FOUND)
		imap_ok(s->session, "SEARCH completed");
	else
		fail(s, status);
}

static enum imap_step search_step(struct imap_generator *generator, struct imap_session *session)
{
	struct search *s = container_of(generator, struct search, generator);
	int64_t end_ms = clock_uptime_ms() + SEARCH_STEP_MS;

	(void)session;
	while (s->chunk_next < s->view->chunk_count) {
		enum store_status status = search_chunk(s);

		if (status != STORE_OK) {
			fail(s, status);
			return IMAP_STEP_DONE;
		}
		if (s->program.needs != 0 && clock_uptime_ms() >= end_ms)
			return IMAP_STEP_MORE;
	}
	if ((!s->is_esearch || s->returns != IMAP_RETURN_SAVE) && !search_write(s))
		return IMAP_STEP_MORE;
	finish(s);
	return IMAP_STEP_DONE;
}

static void plan_answer(struct search *s, const struct imap_search *asked)
{
	unsigned only;

	s->is_esearch = asked->has_return || imap_has(s->session, IMAP_ENABLED_REV2);
	s->returns = asked->has_return ? asked->returns : (unsigned)IMAP_RETURN_ALL;
	s->with_modseq = asked->uses_modseq;
	only = s->returns & ~(unsigned)IMAP_RETURN_SAVE;
	s->only_min = s->is_esearch && only == IMAP_RETURN_MIN;
	s->only_max = s->is_esearch && only == IMAP_RETURN_MAX;
}

static struct search *search_create(struct imap_session *session, const struct imap_command *command)
{
	struct search *s = arena_new(session->running->arena, struct search);
	struct search_context context = {
		.arena = session->running->arena,
		.view = session->selected->view,
		.saved = &session->selected->saved,
		.recent_from = session->selected->recent_from,
		.now = clock_now(),
	};

	s->generator = (struct imap_generator){.step = search_step, .stop = search_stop};
	s->session = session;
	s->by_uid = command->by_uid;
	s->scratch = arena_create();
	s->view = store_snapshot_ref(session->selected->view);
	plan_answer(s, &command->search);
	search_program_init(&s->program, &context, command->search.key);
	return s;
}

void imap_search_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_search *asked = &command->search;

	if (asked->bad_charset) {
		if (asked->returns & IMAP_RETURN_SAVE)
			ranges_clear(&session->selected->saved);
		imap_no(session,
			"[BADCHARSET (UTF-8 US-ASCII ISO-8859-1 ISO-8859-15 WINDOWS-1252)] That charset is not known");
		return;
	}
	if (asked->uses_modseq)
		imap_condstore_use(session);
	session->running->generator = &search_create(session, command)->generator;
}
