/* Taking a calendar apart into its objects and putting objects together again. The lines of components are moved, never
 * printed anew. */
#include "common/ical/collection.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/ical/collection_private.h"
#include "common/ical/content_line.h"

#include <openssl/evp.h>
#include <search.h>
#include <stdlib.h>

enum {
	DIGEST_BYTES = 32,
	/* What all pieces together may be larger than the source: a zone of 20 kB in each event of 100 bytes fits. */
	GROWTH_MAX = 256,
	GROWTH_FREE = 64 * 1024 * 1024,
};

struct member { /* a component as part of a piece */
	const struct ical_tree_component *component;
	struct span uid;
	int rank; /* of its kind */
	bool has_made_uid;
};

struct split {
	struct ical_tree tree;
	struct arena *arena;
	struct member *members; /* by uid, kind and place in the source: each piece is a run of them */
	size_t *pieces;         /* by component: where the piece that it begins is in members, + 1; 0: it begins none */
	struct buf scratch;
	size_t epoch; /* of the zones' marks */
};

/* --- UIDs that are made --- */

static struct span digest(struct span bytes, struct arena *arena)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[DIGEST_BYTES];
	unsigned n = sizeof sum;
	char text[2 * DIGEST_BYTES];

	must(EVP_Digest(bytes.p, bytes.n, sum, &n, EVP_sha256(), NULL) == 1 && n == sizeof sum);
	for (size_t i = 0; i < sizeof sum; i++) {
		text[2 * i] = hex[sum[i] >> 4];
		text[2 * i + 1] = hex[sum[i] & 15];
	}
	return arena_span(arena, span_from(text, sizeof text));
}

/* What a server writes anew at each download says nothing about which event it is. */
static bool is_volatile(struct span name)
{
	return span_is_nocase(name, "DTSTAMP") || span_is_nocase(name, "CREATED") ||
	       span_is_nocase(name, "LAST-MODIFIED");
}

static struct span uid_of_content(struct split *split, const struct ical_tree_component *component)
{
	struct ical_lines lines;
	struct ical_line line;

	split->scratch.n = 0;
	ical_lines_init(&lines, component->bytes);
	while (ical_lines_next(&lines, &line) == PARSE_OK) {
		if (is_volatile(line.name))
			continue;
		buf_span(&split->scratch, line.name);
		buf_span(&split->scratch, line.params);
		buf_byte(&split->scratch, ':');
		buf_span(&split->scratch, line.value);
		buf_text(&split->scratch, "\r\n");
	}
	ical_lines_done(&lines);
	return digest(buf_view(&split->scratch), split->arena);
}

static struct span uid_of_kind(struct split *split, const struct member *member)
{
	split->scratch.n = 0;
	buf_span(&split->scratch, member->uid);
	buf_byte(&split->scratch, '\0');
	for (size_t i = 0; i < member->component->kind.n; i++)
		buf_byte(&split->scratch, ascii_upper(member->component->kind.p[i]));
	return digest(buf_view(&split->scratch), split->arena);
}

/* --- which components are one piece --- */

static int rank_of(struct span kind)
{
	static const char *const kinds[] = {"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"};
	int rank = 0;

	while (rank < (int)array_count(kinds) && !span_is_nocase(kind, kinds[rank]))
		rank++;
	return rank;
}

static int compare_nocase(struct span a, struct span b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return ascii_lower(a.p[i]) < ascii_lower(b.p[i]) ? -1 : 1;
	return (a.n > b.n) - (a.n < b.n);
}

static int compare_piece(const struct member *x, const struct member *y)
{
	int order = span_compare(x->uid, y->uid);

	if (order == 0)
		order = x->rank - y->rank;
	return order != 0 ? order : compare_nocase(x->component->kind, y->component->kind);
}

static int by_piece(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = compare_piece(x, y);

	if (order == 0)
		order = (int)x->has_made_uid - (int)y->has_made_uid;
	return order != 0 ? order : (x->component > y->component) - (x->component < y->component);
}

/* One past the last member of the piece that begins at `from`. */
static size_t piece_end(const struct split *split, size_t from)
{
	size_t end = from + 1;

	while (end < split->tree.component_count && compare_piece(&split->members[from], &split->members[end]) == 0)
		end++;
	return end;
}

static void find_pieces(struct split *split)
{
	const struct ical_tree *tree = &split->tree;

	split->members = arena_zero(split->arena, tree->component_count, sizeof *split->members);
	split->pieces = arena_zero(split->arena, tree->component_count, sizeof *split->pieces);
	for (size_t i = 0; i < tree->component_count; i++) {
		const struct ical_tree_component *c = &tree->components[i];

		split->members[i] = (struct member){.component = c, .uid = c->uid, .rank = rank_of(c->kind)};
		if (c->uid.n == 0) {
			split->members[i].uid = uid_of_content(split, c);
			split->members[i].has_made_uid = true;
		}
	}
	if (tree->component_count > 1)
		qsort(split->members, tree->component_count, sizeof *split->members, by_piece);
	for (size_t i = 0; i < tree->component_count; i = piece_end(split, i))
		split->pieces[split->members[i].component - tree->components] = i + 1;
}

/* --- writing a piece --- */

/* The component with another UID, which stands behind its BEGIN. */
static void write_with_uid(const struct ical_tree_component *component, struct span uid, struct buf *out)
{
	struct ical_lines lines;
	struct ical_line line;
	unsigned depth = 0;

	ical_lines_init(&lines, component->bytes);
	while (ical_lines_next(&lines, &line) == PARSE_OK) {
		if (depth == 1 && span_is_nocase(line.name, "UID"))
			continue;
		ical_lines_copy(line.bytes, out);
		if (span_is_nocase(line.name, "BEGIN") && depth++ == 0) {
			buf_text(out, "UID:");
			buf_span(out, uid);
			buf_text(out, "\r\n");
		} else if (span_is_nocase(line.name, "END")) {
			depth--;
		}
	}
	ical_lines_done(&lines);
}

static void write_zones(struct split *split, const struct ical_tree_component *component, struct buf *out)
{
	for (size_t i = 0; i < component->zone_count; i++) {
		const struct ical_tree_zone *zone = split->tree.used[component->first_zone + i];
		struct ical_tree_zone *first = ical_tree_find_zone(&split->tree, zone->tzid, 0);

		if (first->mark == split->epoch)
			continue;
		first->mark = split->epoch;
		ical_lines_copy(zone->bytes, out);
	}
}

/* A piece has one zone of a name, though its components may come from calendars that differ about it. */
static struct span write_piece(struct split *split, size_t from, size_t end, struct buf *out)
{
	const struct member *first = &split->members[from];
	bool is_second = from > 0 && span_equal(first[-1].uid, first->uid); /* of the same UID, but of another kind */
	struct span uid = is_second ? uid_of_kind(split, first) : first->uid;

	split->epoch++;
	out->n = 0;
	buf_text(out, "BEGIN:VCALENDAR\r\n");
	buf_span(out, split->tree.heads[first->component->calendar]);
	for (size_t i = from; i < end; i++)
		write_zones(split, split->members[i].component, out);
	for (size_t i = from; i < end; i++) {
		if (split->members[i].has_made_uid && i > from)
			break; /* the same content once more: they sort to the end */
		if (split->members[i].has_made_uid || is_second)
			write_with_uid(split->members[i].component, uid, out);
		else
			ical_lines_copy(split->members[i].component->bytes, out);
	}
	buf_text(out, "END:VCALENDAR\r\n");
	return uid;
}

/* An upper bound, so that a small source cannot become work without end. */
static bool grows_too_much(const struct split *split, size_t source)
{
	const struct ical_tree *tree = &split->tree;
	uint64_t total = 0, max = (uint64_t)source * GROWTH_MAX + GROWTH_FREE;

	for (size_t i = 0; i < tree->component_count && total <= max; i++) {
		const struct ical_tree_component *c = &tree->components[i];

		total += tree->heads[c->calendar].n + c->bytes.n;
		for (size_t z = 0; z < c->zone_count && total <= max; z++)
			total += tree->used[c->first_zone + z]->bytes.n;
	}
	return total > max;
}

static void give_pieces(struct split *split, ical_piece_fn *fn, void *arg)
{
	struct buf text = {0};

	for (size_t i = 0; i < split->tree.component_count; i++) {
		struct ical_piece piece = {.line = split->tree.components[i].line};
		size_t from = split->pieces[i];

		if (from == 0)
			continue;
		piece.uid = write_piece(split, from - 1, piece_end(split, from - 1), &text);
		piece.text = buf_view(&text);
		if (!fn(arg, &piece))
			break;
	}
	buf_done(&text);
}

enum ical_verdict ical_split(struct span source, struct arena *arena, ical_piece_fn *fn, void *arg,
			     const char **problem_r)
{
	struct split split = {.arena = arena};
	enum ical_verdict verdict = ical_tree_read(source, arena, &split.tree, problem_r);

	if (verdict != ICAL_GOOD)
		return verdict;
	if (grows_too_much(&split, source.n)) {
		*problem_r = "its time zones are too large for its components";
		return ICAL_TOO_MUCH;
	}
	find_pieces(&split);
	give_pieces(&split, fn, arg);
	buf_done(&split.scratch);
	return ICAL_GOOD;
}

/* --- joining --- */

struct ical_join {
	void *tzids; /* of tsearch(): struct span, in arena */
	struct arena *arena;
};

static int by_span(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static void keep_node(void *node)
{
	(void)node; /* it lies in the arena */
}

struct ical_join *ical_join_create(void)
{
	struct ical_join *join = alloc_zero(1, sizeof *join);

	join->arena = arena_create();
	return join;
}

void ical_join_destroy(struct ical_join **join)
{
	if (*join == NULL)
		return;
	tdestroy((*join)->tzids, keep_node);
	arena_destroy(&(*join)->arena);
	free(*join);
	*join = NULL;
}

void ical_join_begin(struct ical_join *join, struct span name, struct buf *out)
{
	struct buf line = {0};

	(void)join;
	buf_text(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Trivet//EN\r\n");
	if (name.n > 0) {
		buf_text(&line, "X-WR-CALNAME:");
		ical_text_escape(name, &line);
		ical_line_write(buf_view(&line), out);
	}
	buf_done(&line);
}

static bool is_new_zone(struct ical_join *join, struct span tzid)
{
	struct span *key;

	if (tfind(&tzid, &join->tzids, by_span) != NULL)
		return false;
	key = arena_new(join->arena, struct span);
	*key = arena_span(join->arena, tzid);
	must(tsearch(key, &join->tzids, by_span) != NULL);
	return true;
}

static int by_order(const void *a, const void *b)
{
	const struct ical_tree_zone *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

bool ical_join_add(struct ical_join *join, struct span object, struct buf *out)
{
	struct arena *arena = arena_create();
	struct ical_tree tree;
	const char *problem;
	bool ok = ical_tree_read(object, arena, &tree, &problem) == ICAL_GOOD;

	if (ok && tree.zone_count > 1)
		qsort(tree.zones, tree.zone_count, sizeof *tree.zones, by_order);
	for (size_t i = 0; ok && i < tree.zone_count; i++)
		if (is_new_zone(join, tree.zones[i].tzid))
			ical_lines_copy(tree.zones[i].bytes, out);
	for (size_t i = 0; ok && i < tree.component_count; i++)
		ical_lines_copy(tree.components[i].bytes, out);
	arena_destroy(&arena);
	return ok;
}

void ical_join_end(struct ical_join *join, struct buf *out)
{
	(void)join;
	buf_text(out, "END:VCALENDAR\r\n");
}
