/* What must hold of every stream, however broken: shared by the unit tests and the fuzz target. */
#ifndef TEST_COLLECTION_CHECK_H
#define TEST_COLLECTION_CHECK_H

#include "common/base/must.h"
#include "common/ical/collection.h"

struct check_split {
	struct arena *arena;
	struct ical_join *join;
	struct buf uids, joined;
	size_t count, line;
	const struct ical_piece *only; /* the one piece that may come; NULL: any */
};

static bool check_same_piece(void *arg, const struct ical_piece *piece)
{
	struct check_split *check = arg;

	check->count++;
	must(span_equal(piece->uid, check->only->uid));
	must(span_equal(piece->text, check->only->text));
	return true;
}

/* A piece is one object: split again, it is itself. */
static bool check_piece(void *arg, const struct ical_piece *piece)
{
	struct check_split *check = arg;
	struct check_split again = {.only = piece};
	const char *problem;

	must(piece->line > check->line);
	check->line = piece->line;
	check->count++;
	must(piece->uid.n > 0);
	buf_span(&check->uids, piece->uid);
	buf_byte(&check->uids, '\0');
	must(ical_split(piece->text, check->arena, check_same_piece, &again, &problem) == ICAL_GOOD);
	must(again.count == 1);
	must(ical_join_add(check->join, piece->text, &check->joined));
	return true;
}

static enum ical_verdict check_split_once(struct span source, struct check_split *check)
{
	enum ical_verdict verdict;
	const char *problem = NULL;

	*check = (struct check_split){.arena = arena_create(), .join = ical_join_create()};
	ical_join_begin(check->join, SPAN("all, of \xc3\xa4ll"), &check->joined);
	verdict = ical_split(source, check->arena, check_piece, check, &problem);
	ical_join_end(check->join, &check->joined);
	must(verdict == ICAL_GOOD || (problem != NULL && check->count == 0));
	return verdict;
}

static void check_split_done(struct check_split *check)
{
	ical_join_destroy(&check->join);
	arena_destroy(&check->arena);
	buf_done(&check->uids);
	buf_done(&check->joined);
}

/* The pieces joined are a stream of the same pieces, byte for byte; *count_r of them. */
static enum ical_verdict check_collection(struct span source, size_t *count_r)
{
	struct check_split first, second;
	enum ical_verdict verdict = check_split_once(source, &first);

	*count_r = first.count;
	if (verdict == ICAL_GOOD) {
		must(check_split_once(buf_view(&first.joined), &second) == ICAL_GOOD);
		must(span_equal(buf_view(&first.uids), buf_view(&second.uids)));
		must(span_equal(buf_view(&first.joined), buf_view(&second.joined)));
		check_split_done(&second);
	}
	check_split_done(&first);
	return verdict;
}

#endif
