/* Snapshots as a structure: chunks, references, lookups. */
#include "common/store/snapshot_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_CHUNK = STORE_CHUNK_ROWS / 4 };

/* --- keywords
 * --------------------------------------------------------------------------------------------------------------------
 */

struct store_keyword_list *keyword_list_create(const struct span *names, uint32_t count)
{
	size_t bytes = 0;
	struct store_keyword_list *list;
	char *at;

	for (uint32_t i = 0; i < count; i++)
		bytes += names[i].n;
	list = alloc_bytes(sizeof *list + count * sizeof *list->names + bytes);
	list->refs = 1;
	list->count = count;
	list->names = (struct span *)(list + 1);
	at = (char *)(list->names + count);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(at, names[i].p, names[i].n);
		list->names[i] = span_from(at, names[i].n);
		at += names[i].n;
	}
	return list;
}

struct store_keyword_list *keyword_list_ref(struct store_keyword_list *list)
{
	atomic_fetch_add_explicit(&list->refs, 1, memory_order_relaxed);
	return list;
}

void keyword_list_unref(struct store_keyword_list **list)
{
	if (*list != NULL && atomic_fetch_sub(&(*list)->refs, 1) == 1)
		free(*list);
	*list = NULL;
}

/* --- chunks
 * ----------------------------------------------------------------------------------------------------------------------
 */

static size_t more_bytes(const struct store_row *rows, uint32_t count)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += rows[i].more.n;
	return bytes;
}

/* One allocation: the struct, the arrays of 8-byte things first, then the smaller ones, then the bitmaps. */
static struct store_chunk *chunk_create(const struct store_row *rows, uint32_t count)
{
	size_t more = more_bytes(rows, count);
	size_t row_bytes = 4 * sizeof(uint64_t) + 2 * sizeof(uint32_t) + sizeof(int16_t);
	struct store_chunk *chunk =
		alloc_bytes(sizeof *chunk + (more > 0 ? count * sizeof(struct span) + more : 0) + count * row_bytes);
	char *at = (char *)(chunk + 1), *more_at;

	*chunk = (struct store_chunk){.refs = 1, .count = count, .all_flags = UINT64_MAX};
	if (more > 0) {
		chunk->more = (struct span *)at;
		at += count * sizeof(struct span);
	}
	chunk->date = (int64_t *)at;
	chunk->flags = (uint64_t *)(chunk->date + count);
	chunk->modseq = chunk->flags + count;
	chunk->blob = chunk->modseq + count;
	chunk->uid = (uint32_t *)(chunk->blob + count);
	chunk->size = chunk->uid + count;
	chunk->zone = (int16_t *)(chunk->size + count);
	more_at = (char *)(chunk->zone + count);
	for (uint32_t i = 0; i < count; i++) {
		const struct store_row *row = &rows[i];

		chunk->date[i] = row->date;
		chunk->flags[i] = row->flags;
		chunk->modseq[i] = row->modseq;
		chunk->blob[i] = row->blob;
		chunk->uid[i] = row->uid;
		chunk->size[i] = row->size;
		chunk->zone[i] = (int16_t)row->zone;
		if (more > 0) {
			if (row->more.n > 0)
				memcpy(more_at, row->more.p, row->more.n);
			chunk->more[i] = span_from(more_at, row->more.n);
			more_at += row->more.n;
		}
		chunk->any_flags |= row->flags;
		chunk->all_flags &= row->flags;
		if (row->modseq > chunk->max_modseq)
			chunk->max_modseq = row->modseq;
	}
	return chunk;
}

static void chunk_unref(struct store_chunk *chunk)
{
	if (atomic_fetch_sub(&chunk->refs, 1) == 1) {
		free(atomic_load(&chunk->identities));
		free(chunk);
	}
}

void snapshot_chunk_row(const struct store_chunk *chunk, uint32_t index, struct store_row *row_r)
{
	*row_r = (struct store_row){.uid = chunk->uid[index],
				    .size = chunk->size[index],
				    .zone = chunk->zone[index],
				    .date = chunk->date[index],
				    .flags = chunk->flags[index],
				    .modseq = chunk->modseq[index],
				    .blob = chunk->blob[index],
				    .more = chunk->more == NULL ? (struct span){0} : chunk->more[index]};
}

/* --- building
 * --------------------------------------------------------------------------------------------------------------------
 */

void snapshot_builder_init(struct snapshot_builder *builder)
{
	builder->chunks = NULL;
	builder->count = builder->capacity = 0;
	builder->row_count = 0;
}

static void add_chunk(struct snapshot_builder *builder, struct store_chunk *chunk)
{
	void *chunks = builder->chunks;

	alloc_grow(&chunks, &builder->capacity, builder->count + 1, sizeof *builder->chunks);
	builder->chunks = chunks;
	builder->chunks[builder->count++] = chunk;
}

static void close_chunk(struct snapshot_builder *builder)
{
	if (builder->row_count > 0)
		add_chunk(builder, chunk_create(builder->rows, builder->row_count));
	builder->row_count = 0;
}

void snapshot_builder_row(struct snapshot_builder *builder, const struct store_row *row)
{
	if (builder->row_count == STORE_CHUNK_ROWS)
		close_chunk(builder);
	builder->rows[builder->row_count++] = *row;
}

/* What deletions have left small is joined with what follows, or a mailbox would become a heap of crumbs. Where both do
 * not fit into one chunk they are shared out evenly: a small rest would have to be joined with the next chunk, and so
 * on. */
static void join(struct snapshot_builder *builder, const struct store_chunk *chunk)
{
	uint32_t total = builder->row_count + chunk->count;
	uint32_t end = total > STORE_CHUNK_ROWS ? total / 2 : STORE_CHUNK_ROWS;
	struct store_row row;

	for (uint32_t i = 0; i < chunk->count; i++) {
		if (builder->row_count == end)
			close_chunk(builder);
		snapshot_chunk_row(chunk, i, &row);
		snapshot_builder_row(builder, &row);
	}
}

void snapshot_builder_share(struct snapshot_builder *builder, struct store_chunk *chunk)
{
	if (builder->row_count > 0 && (builder->row_count < SMALL_CHUNK || chunk->count < SMALL_CHUNK)) {
		join(builder, chunk);
		return;
	}
	close_chunk(builder);
	atomic_fetch_add_explicit(&chunk->refs, 1, memory_order_relaxed);
	add_chunk(builder, chunk);
}

struct store_snapshot *snapshot_builder_end(struct snapshot_builder *builder, const struct store_snapshot *head)
{
	struct store_snapshot *snapshot = alloc_zero(1, sizeof *snapshot);

	close_chunk(builder);
	must(builder->count <= UINT32_MAX);
	*snapshot = (struct store_snapshot){.refs = 1,
					    .mailbox = head->mailbox,
					    .uidvalidity = head->uidvalidity,
					    .uidnext = head->uidnext,
					    .recent_from = head->recent_from,
					    .unseen = head->unseen,
					    .ghosts = head->ghosts,
					    .modseq = head->modseq,
					    .chunk_count = (uint32_t)builder->count,
					    .chunks = builder->chunks,
					    .keywords = keyword_list_ref(head->keywords)};
	snapshot->first = alloc_zero(builder->count, sizeof *snapshot->first);
	for (uint32_t i = 0; i < snapshot->chunk_count; i++) {
		snapshot->first[i] = snapshot->count;
		snapshot->count += snapshot->chunks[i]->count;
	}
	builder->chunks = NULL;
	return snapshot;
}

struct store_snapshot *store_snapshot_ref(struct store_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
	return snapshot;
}

void store_snapshot_unref(struct store_snapshot **snapshot)
{
	struct store_snapshot *s = *snapshot;

	*snapshot = NULL;
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	for (uint32_t i = 0; i < s->chunk_count; i++)
		chunk_unref(s->chunks[i]);
	keyword_list_unref(&s->keywords);
	free(s->chunks);
	free(s->first);
	free(s);
}

/* --- looking up
 * ------------------------------------------------------------------------------------------------------------------ */

uint32_t store_snapshot_number_from(const struct store_snapshot *snapshot, uint32_t uid)
{
	uint32_t low = 0, high = snapshot->chunk_count;
	const struct store_chunk *chunk;
	uint32_t first, last;

	while (low < high) { /* the first chunk whose last UID is >= uid */
		uint32_t middle = low + (high - low) / 2;

		chunk = snapshot->chunks[middle];
		if (chunk->uid[chunk->count - 1] < uid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == snapshot->chunk_count)
		return snapshot->count + 1;
	chunk = snapshot->chunks[low];
	first = 0;
	last = chunk->count;
	while (first < last) {
		uint32_t middle = first + (last - first) / 2;

		if (chunk->uid[middle] < uid)
			first = middle + 1;
		else
			last = middle;
	}
	return snapshot->first[low] + first + 1;
}

uint32_t store_snapshot_number(const struct store_snapshot *snapshot, uint32_t uid)
{
	uint32_t number = store_snapshot_number_from(snapshot, uid);

	return number <= snapshot->count && store_snapshot_uid(snapshot, number) == uid ? number : 0;
}

const struct store_chunk *store_snapshot_chunk(const struct store_snapshot *snapshot, uint32_t number,
					       uint32_t *index_r)
{
	uint32_t low = 0, high = snapshot->chunk_count, place = number - 1;

	must(number >= 1 && number <= snapshot->count);
	while (high - low > 1) { /* the last chunk that begins at or in front of the place */
		uint32_t middle = low + (high - low) / 2;

		if (snapshot->first[middle] <= place)
			low = middle;
		else
			high = middle;
	}
	*index_r = place - snapshot->first[low];
	return snapshot->chunks[low];
}

void store_snapshot_row(const struct store_snapshot *snapshot, uint32_t number, struct store_row *row_r)
{
	uint32_t index;
	const struct store_chunk *chunk = store_snapshot_chunk(snapshot, number, &index);

	snapshot_chunk_row(chunk, index, row_r);
}

uint32_t store_snapshot_uid(const struct store_snapshot *snapshot, uint32_t number)
{
	uint32_t index;
	const struct store_chunk *chunk = store_snapshot_chunk(snapshot, number, &index);

	return chunk->uid[index];
}

bool store_row_has_keyword(const struct store_row *row, uint32_t keyword)
{
	if (keyword < STORE_KEYWORDS_IN_FLAGS)
		return (row->flags >> (STORE_FLAG_KEYWORD_SHIFT + keyword) & 1) != 0;
	keyword -= STORE_KEYWORDS_IN_FLAGS;
	return keyword / 8 < row->more.n && (row->more.p[keyword / 8] >> keyword % 8 & 1) != 0;
}

uint32_t store_snapshot_keyword(const struct store_snapshot *snapshot, struct span name)
{
	for (uint32_t i = 0; i < snapshot->keywords->count; i++)
		if (span_equal_nocase(snapshot->keywords->names[i], name))
			return i;
	return UINT32_MAX;
}
