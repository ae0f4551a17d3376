/* What is different between two snapshots, and views with ghosts. Chunks that both share cost nothing. */
#include "common/store/snapshot_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdlib.h>

/* A walk over the rows of a snapshot that can leave out whole chunks. */
struct walk {
	const struct store_snapshot *of;
	uint32_t chunk, index;
};

static const struct store_chunk *chunk_at(const struct walk *walk)
{
	return walk->chunk < walk->of->chunk_count ? walk->of->chunks[walk->chunk] : NULL;
}

static bool is_over(const struct walk *walk)
{
	return walk->chunk >= walk->of->chunk_count;
}

static uint32_t uid_at(const struct walk *walk)
{
	const struct store_chunk *chunk = chunk_at(walk);

	must(chunk != NULL);
	return chunk->uid[walk->index];
}

static void step(struct walk *walk)
{
	const struct store_chunk *chunk = chunk_at(walk);

	must(chunk != NULL);
	if (++walk->index == chunk->count) {
		walk->index = 0;
		walk->chunk++;
	}
}

/* Both walks stand at the start of the same chunk: pass over it. */
static bool skip_shared(struct walk *a, struct walk *b)
{
	if (a->index != 0 || b->index != 0 || chunk_at(a) == NULL || chunk_at(a) != chunk_at(b))
		return false;
	a->chunk++;
	b->chunk++;
	return true;
}

static bool has_more(const struct store_chunk *a, uint32_t i, const struct store_chunk *b, uint32_t k)
{
	struct span x = a->more == NULL ? (struct span){0} : a->more[i];
	struct span y = b->more == NULL ? (struct span){0} : b->more[k];

	return !span_equal(x, y);
}

static void compare_row(const struct walk *a, const struct walk *b, struct store_difference *difference)
{
	const struct store_chunk *x = chunk_at(a), *y = chunk_at(b);
	uint32_t uid = y->uid[b->index];

	if (x->modseq[a->index] == y->modseq[b->index])
		return;
	ranges_add(&difference->touched, uid, uid);
	if (x->flags[a->index] != y->flags[b->index] || has_more(x, a->index, y, b->index))
		ranges_add(&difference->changed, uid, uid);
}

void store_snapshot_difference(const struct store_snapshot *known, const struct store_snapshot *now,
			       struct store_difference *difference_r)
{
	struct walk a = {.of = known}, b = {.of = now};

	*difference_r = (struct store_difference){0};
	difference_r->keywords_grew = now->keywords->count > known->keywords->count;
	if (known == now)
		return;
	while (!is_over(&a) || !is_over(&b)) {
		if (skip_shared(&a, &b))
			continue;
		if (is_over(&b) || (!is_over(&a) && uid_at(&a) < uid_at(&b))) {
			ranges_add(&difference_r->removed, uid_at(&a), uid_at(&a));
			step(&a);
		} else if (is_over(&a) || uid_at(&b) < uid_at(&a)) {
			difference_r->added++;
			step(&b);
		} else {
			compare_row(&a, &b, difference_r);
			step(&a);
			step(&b);
		}
	}
}

void store_difference_done(struct store_difference *difference)
{
	ranges_done(&difference->removed);
	ranges_done(&difference->changed);
	ranges_done(&difference->touched);
}

static bool has_removed(const struct store_snapshot *known, const struct store_snapshot *newest)
{
	struct walk a = {.of = known}, b = {.of = newest};

	while (!is_over(&a)) {
		if (skip_shared(&a, &b))
			continue;
		if (is_over(&b) || uid_at(&a) < uid_at(&b))
			return true;
		if (uid_at(&a) == uid_at(&b))
			step(&a);
		step(&b);
	}
	return false;
}

static void take_row(struct snapshot_builder *builder, struct walk *from, uint64_t with_flags)
{
	struct store_row row;

	snapshot_chunk_row(chunk_at(from), from->index, &row);
	row.flags |= with_flags;
	snapshot_builder_row(builder, &row);
	step(from);
}

struct store_snapshot *store_snapshot_with_ghosts(struct store_snapshot *known, struct store_snapshot *newest)
{
	struct walk a = {.of = known}, b = {.of = newest};
	struct snapshot_builder *builder;
	struct store_snapshot *view;
	uint32_t ghosts = newest->ghosts;

	if (known == newest || !has_removed(known, newest))
		return store_snapshot_ref(newest);
	builder = alloc_bytes(sizeof *builder);
	snapshot_builder_init(builder);
	while (!is_over(&a) || !is_over(&b)) {
		if (a.index == 0 && b.index == 0 && chunk_at(&a) != NULL && chunk_at(&a) == chunk_at(&b)) {
			snapshot_builder_share(builder, newest->chunks[b.chunk]);
			(void)skip_shared(&a, &b);
		} else if (is_over(&b) || (!is_over(&a) && uid_at(&a) < uid_at(&b))) {
			ghosts++;
			take_row(builder, &a, STORE_FLAG_GHOST);
		} else {
			if (!is_over(&a) && uid_at(&a) == uid_at(&b))
				step(&a);
			take_row(builder, &b, 0);
		}
	}
	view = snapshot_builder_end(builder, newest);
	view->ghosts = ghosts; /* it is nobody else's yet */
	free(builder);
	return view;
}
