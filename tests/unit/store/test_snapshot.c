/* Snapshots: random histories against a naive model; what two snapshots share; differences, ghosts, the cache. */
#include "tests/unit/store/message_test.h"
#include "common/store/maintain.h"
#include "common/store/snapshot_private.h"

#include <pthread.h>

enum { MODEL_MAX = 20000, KEYWORDS = 70, ROUNDS = 250, FIRST_ROWS = 2000, WORDS = 2 };

struct model_row {
	uint32_t uid;
	uint64_t flags;
	uint64_t keywords[WORDS]; /* by the test's numbers */
};

struct model {
	struct store_test *t;
	uint64_t mailbox;
	struct model_row *rows;
	size_t count;
	uint32_t uidnext;
	unsigned seed;
	struct span names[KEYWORDS];
};

static unsigned below(struct model *m, unsigned limit)
{
	m->seed = m->seed * 1103515245 + 12345;
	return (m->seed >> 8) % limit;
}

static size_t model_find(const struct model *m, uint32_t uid)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->rows[i].uid == uid)
			return i;
	return SIZE_MAX;
}

/* --- steps of a history
 * ------------------------------------------------------------------------------------------------- */

static void model_append(struct model *m, unsigned count)
{
	uint32_t first = message_test_append(m->t, m->mailbox, m->uidnext % 50, count);

	assert_int_equal(first, m->uidnext);
	for (unsigned i = 0; i < count; i++)
		m->rows[m->count++] = (struct model_row){.uid = first + i};
	m->uidnext += count;
}

/* Some UIDs: a run, or a few here and there. */
static struct ranges some_uids(struct model *m)
{
	struct ranges set = {0};
	uint32_t first = 1 + below(m, m->uidnext);

	if (below(m, 3) == 0) {
		ranges_add(&set, first, first + below(m, 800));
		return set;
	}
	for (unsigned i = 0; i < 1 + below(m, 6); i++) {
		uint32_t uid = 1 + below(m, m->uidnext);

		ranges_add(&set, uid, uid);
	}
	return set;
}

static void change_row(struct model_row *row, enum store_flag_how how, uint64_t flags, const uint64_t *keywords)
{
	row->flags = how == STORE_FLAGS_REPLACE ? flags
		     : how == STORE_FLAGS_ADD   ? row->flags | flags
						: row->flags & ~flags;
	for (int w = 0; w < WORDS; w++) {
		uint64_t is = row->keywords[w], with = keywords[w];

		row->keywords[w] = how == STORE_FLAGS_REPLACE ? with : how == STORE_FLAGS_ADD ? is | with : is & ~with;
	}
}

static void model_flags(struct model *m)
{
	struct ranges uids = some_uids(m);
	struct span names[3];
	struct store_flag_change change = {
		.how = (enum store_flag_how)below(m, 3), .flags = below(m, 32), .keywords = names};
	uint64_t keywords[WORDS] = {0};
	struct store_flagged flagged;

	for (; change.keyword_count < below(m, 4); change.keyword_count++) {
		unsigned k = below(m, KEYWORDS);

		names[change.keyword_count] = m->names[k];
		keywords[k / 64] |= (uint64_t)1 << k % 64;
	}
	assert_int_equal(store_message_flags(m->t->store, m->t->user, m->mailbox, &uids, &change, &flagged), STORE_OK);
	for (size_t i = 0; i < m->count; i++) {
		struct model_row before = m->rows[i];

		if (!ranges_has(&uids, m->rows[i].uid))
			continue;
		change_row(&m->rows[i], change.how, change.flags, keywords);
		assert_int_equal(ranges_has(&flagged.changed, m->rows[i].uid),
				 memcmp(&before, &m->rows[i], sizeof before) != 0);
	}
	store_flagged_done(&flagged);
	ranges_done(&uids);
}

static void model_remove(struct model *m, const struct ranges *uids)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++)
		if (!ranges_has(uids, m->rows[i].uid))
			m->rows[kept++] = m->rows[i];
	m->count = kept;
}

static void model_expunge(struct model *m)
{
	struct ranges uids = some_uids(m), removed = {0}, expected = {0};
	uint64_t modseq;

	for (size_t i = 0; i < m->count; i++)
		if (ranges_has(&uids, m->rows[i].uid) && (m->rows[i].flags & STORE_FLAG_DELETED))
			ranges_add(&expected, m->rows[i].uid, m->rows[i].uid);
	assert_int_equal(store_message_expunge(m->t->store, m->t->user, m->mailbox, &uids, &removed, &modseq),
			 STORE_OK);
	assert_int_equal(ranges_size(&removed), ranges_size(&expected));
	model_remove(m, &removed);
	ranges_done(&uids);
	ranges_done(&removed);
	ranges_done(&expected);
}

static void model_move_inside(struct model *m)
{
	struct ranges uids = some_uids(m), moved = {0};
	struct store_copied copied;

	assert_int_equal(store_message_copy(m->t->store, m->t->user, m->mailbox, &uids, m->mailbox, true, &copied),
			 STORE_OK);
	for (size_t i = 0; i < copied.count; i++) {
		struct model_row row = m->rows[model_find(m, copied.from[i])];

		ranges_add(&moved, copied.from[i], copied.from[i]);
		row.uid = m->uidnext++;
		assert_int_equal(copied.to[i], row.uid);
		m->rows[m->count++] = row;
	}
	model_remove(m, &moved); /* not uids: some of the new ones may be among those */
	store_copied_done(&copied);
	ranges_done(&moved);
	ranges_done(&uids);
}

static void model_step(struct model *m)
{
	struct store_collected collected;
	uint32_t first;

	switch (below(m, 12)) {
	case 0:
	case 1:
		model_append(m, 1 + below(m, below(m, 4) == 0 ? 700 : 4));
		break;
	case 2:
	case 3:
	case 4:
		model_expunge(m);
		break;
	case 5:
		model_move_inside(m);
		break;
	case 6:
		if (below(m, 8) == 0)
			assert_int_equal(store_collect(m->t->store, 0, 0, &collected), STORE_OK);
		break;
	case 7:
		assert_int_equal(store_mailbox_recent(m->t->store, m->t->user, m->mailbox, true, &first), STORE_OK);
		break;
	default:
		model_flags(m);
	}
}

/* --- what must be true
 * -------------------------------------------------------------------------------------------------- */

static void check_chunk(const struct store_chunk *chunk)
{
	uint64_t any = 0, all = UINT64_MAX, modseq = 0;

	assert_in_range(chunk->count, 1, STORE_CHUNK_ROWS);
	for (uint32_t i = 0; i < chunk->count; i++) {
		any |= chunk->flags[i];
		all &= chunk->flags[i];
		modseq = chunk->modseq[i] > modseq ? chunk->modseq[i] : modseq;
	}
	assert_int_equal(chunk->any_flags, any);
	assert_int_equal(chunk->all_flags, all);
	assert_int_equal(chunk->max_modseq, modseq);
}

static void check_structure(const struct store_snapshot *s)
{
	uint32_t count = 0, last = 0, ghosts = 0;

	for (uint32_t c = 0; c < s->chunk_count; c++) {
		check_chunk(s->chunks[c]);
		assert_int_equal(s->first[c], count);
		for (uint32_t i = 0; i < s->chunks[c]->count; i++) {
			uint32_t uid = s->chunks[c]->uid[i];

			assert_true(uid > last);
			assert_int_equal(store_snapshot_number(s, uid), count + i + 1);
			assert_int_equal(store_snapshot_uid(s, count + i + 1), uid);
			if (uid > last + 1) {
				assert_int_equal(store_snapshot_number(s, last + 1), 0);
				assert_int_equal(store_snapshot_number_from(s, last + 1), count + i + 1);
			}
			ghosts += (s->chunks[c]->flags[i] & STORE_FLAG_GHOST) != 0;
			last = uid;
		}
		count += s->chunks[c]->count;
	}
	assert_int_equal(s->count, count);
	assert_int_equal(s->ghosts, ghosts);
	assert_true(last < s->uidnext);
	assert_int_equal(store_snapshot_number(s, last + 1), 0);
	assert_int_equal(store_snapshot_number_from(s, last + 1), count + 1);
}

static void check_model(const struct model *m, const struct store_snapshot *s)
{
	uint32_t unseen = 0;
	struct store_row row;

	assert_int_equal(s->count, m->count);
	assert_int_equal(s->uidnext, m->uidnext);
	for (uint32_t i = 0; i < s->count; i++) {
		const struct model_row *want = &m->rows[i];

		store_snapshot_row(s, i + 1, &row);
		assert_int_equal(row.uid, want->uid);
		assert_int_equal(row.flags & 255, want->flags);
		for (uint32_t k = 0; k < s->keywords->count; k++) {
			uint64_t number;

			assert_true(span_to_u64(span_sub(s->keywords->names[k], 1, 9), KEYWORDS - 1, &number));
			assert_int_equal(store_row_has_keyword(&row, k),
					 want->keywords[number / 64] >> number % 64 & 1);
		}
		unseen += !(row.flags & STORE_FLAG_SEEN);
	}
	assert_int_equal(s->unseen, unseen);
}

struct fresh {
	uint64_t actor, mailbox;
	struct store_snapshot *snapshot;
};

static enum store_status fresh_tx(struct store_tx *tx, void *arg)
{
	struct fresh *job = arg;

	return snapshot_load(tx, job->actor, job->mailbox, NULL, &job->snapshot);
}

static bool same_row(const struct store_row *a, const struct store_row *b)
{
	return a->uid == b->uid && a->size == b->size && a->zone == b->zone && a->date == b->date &&
	       a->flags == b->flags && a->modseq == b->modseq && a->blob == b->blob && span_equal(a->more, b->more);
}

/* Read from scratch it is the same. */
static void check_fresh(const struct model *m, const struct store_snapshot *s)
{
	struct fresh job = {m->t->user, m->mailbox, NULL};
	struct store_row a, b;

	assert_int_equal(store_read(m->t->store, fresh_tx, &job), STORE_OK);
	assert_int_equal(s->count, job.snapshot->count);
	assert_int_equal(s->modseq, job.snapshot->modseq);
	assert_int_equal(s->recent_from, job.snapshot->recent_from);
	for (uint32_t i = 1; i <= s->count; i++) {
		store_snapshot_row(s, i, &a);
		store_snapshot_row(job.snapshot, i, &b);
		assert_true(same_row(&a, &b));
	}
	store_snapshot_unref(&job.snapshot);
}

static void check_difference(const struct store_snapshot *known, const struct store_snapshot *now)
{
	struct store_difference d;
	uint64_t removed = 0, changed = 0, touched = 0;
	uint32_t added = now->count;
	struct store_row a, b;

	store_snapshot_difference(known, now, &d);
	for (uint32_t i = 1; i <= known->count; i++) {
		uint32_t number;

		store_snapshot_row(known, i, &a);
		number = store_snapshot_number(now, a.uid);
		assert_int_equal(ranges_has(&d.removed, a.uid), number == 0);
		if (number == 0) {
			removed++;
			continue;
		}
		added--;
		store_snapshot_row(now, number, &b);
		assert_int_equal(ranges_has(&d.touched, a.uid), a.modseq != b.modseq);
		touched += a.modseq != b.modseq;
		if ((a.flags | b.flags) & STORE_FLAG_GHOST)
			continue;
		assert_int_equal(ranges_has(&d.changed, a.uid), a.flags != b.flags || !span_equal(a.more, b.more));
		changed += a.flags != b.flags || !span_equal(a.more, b.more);
	}
	assert_int_equal(ranges_size(&d.removed), removed);
	assert_int_equal(ranges_size(&d.changed), changed);
	assert_int_equal(ranges_size(&d.touched), touched);
	assert_int_equal(d.added, added);
	assert_int_equal(d.keywords_grew, now->keywords->count > known->keywords->count);
	store_difference_done(&d);
}

static struct store_snapshot *check_ghosts(struct store_snapshot *known, struct store_snapshot *newest)
{
	struct store_snapshot *view = store_snapshot_with_ghosts(known, newest);
	uint32_t expected = newest->count;
	struct store_row a, b;

	check_structure(view);
	for (uint32_t i = 1; i <= known->count; i++) {
		store_snapshot_row(known, i, &a);
		if (store_snapshot_number(newest, a.uid) != 0)
			continue;
		expected++;
		assert_int_not_equal(store_snapshot_number(view, a.uid), 0);
		store_snapshot_row(view, store_snapshot_number(view, a.uid), &b);
		a.flags |= STORE_FLAG_GHOST;
		assert_true(same_row(&a, &b));
	}
	for (uint32_t i = 1; i <= newest->count; i++) {
		store_snapshot_row(newest, i, &a);
		store_snapshot_row(view, store_snapshot_number(view, a.uid), &b);
		assert_true(same_row(&a, &b));
	}
	assert_int_equal(view->count, expected);
	assert_int_equal(view->ghosts, expected - newest->count);
	if (view->ghosts == 0)
		assert_ptr_equal(view, newest);
	return view;
}

static void run_history(struct store_test *t, unsigned seed)
{
	struct model m = {.t = t, .seed = seed, .uidnext = 1};
	struct store_snapshot *known, *view, *now;

	m.mailbox = store_test_create(t, arena_printf(t->arena, "history-%u", seed)).id;
	m.rows = arena_zero(t->arena, MODEL_MAX, sizeof *m.rows);
	for (unsigned k = 0; k < KEYWORDS; k++)
		m.names[k] = span_of(arena_printf(t->arena, "k%u", k));
	model_append(&m, FIRST_ROWS);
	known = message_test_newest(t, m.mailbox);
	view = store_snapshot_ref(known);
	for (int round = 0; round < ROUNDS && m.count < MODEL_MAX - 2000; round++) {
		struct store_snapshot *ghosts;

		for (unsigned i = 0; i <= below(&m, 3); i++)
			model_step(&m);
		now = message_test_newest(t, m.mailbox);
		check_structure(now);
		check_model(&m, now);
		check_fresh(&m, now);
		check_difference(known, now);
		check_difference(view, now);
		ghosts = check_ghosts(view, now);
		check_difference(view, ghosts);
		store_snapshot_unref(&view);
		view = ghosts; /* a client that is not told of removals, until now and then it is */
		if (below(&m, 10) == 0) {
			store_snapshot_unref(&view);
			view = store_snapshot_ref(now);
		}
		if (below(&m, 4) == 0) {
			store_snapshot_unref(&known);
			known = store_snapshot_ref(now);
		}
		store_snapshot_unref(&now);
	}
	store_snapshot_unref(&known);
	store_snapshot_unref(&view);
}

static void test_random_histories(void **state)
{
	struct store_test *t = *state;

	for (unsigned seed = 1; seed <= 2; seed++)
		run_history(t, seed);
}

/* --- sharing
 * -------------------------------------------------------------------------------------------------------------- */

static uint32_t shared_chunks(const struct store_snapshot *a, const struct store_snapshot *b)
{
	uint32_t shared = 0;

	for (uint32_t i = 0; i < a->chunk_count; i++)
		for (uint32_t k = 0; k < b->chunk_count; k++)
			shared += a->chunks[i] == b->chunks[k];
	return shared;
}

static void test_one_change_copies_one_chunk(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_snapshot *a, *b;

	message_test_append(t, box, 1, 10 * STORE_CHUNK_ROWS);
	a = message_test_newest(t, box);
	assert_int_equal(a->chunk_count, 10);
	b = message_test_newest(t, box);
	assert_ptr_equal(a, b);
	store_snapshot_unref(&b);

	message_test_mark(t, box, "1000", (unsigned)STORE_FLAG_SEEN);
	b = message_test_newest(t, box);
	assert_int_equal(b->chunk_count, 10);
	assert_int_equal(shared_chunks(a, b), 9);
	store_snapshot_unref(&a);
	a = b;

	message_test_append(t, box, 1, 1);
	b = message_test_newest(t, box);
	assert_int_equal(b->chunk_count, 11);
	assert_int_equal(shared_chunks(a, b), 10);
	store_snapshot_unref(&a);
	a = b;

	message_test_append(t, box, 2, 1);
	b = message_test_newest(t, box);
	assert_int_equal(b->chunk_count, 11);
	assert_int_equal(shared_chunks(a, b), 10);
	store_snapshot_unref(&a);
	store_snapshot_unref(&b);
}

/* What is left of a chunk is joined with its neighbour, and all others stay as they are. */
static void test_small_rests_are_joined_with_one_neighbour(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, modseq;
	struct ranges removed = {0};
	struct store_snapshot *a, *b, *view;

	message_test_append(t, box, 1, 10 * STORE_CHUNK_ROWS);
	a = message_test_newest(t, box);
	message_test_mark(t, box, "2:511,2000:2047", (unsigned)STORE_FLAG_DELETED);
	assert_int_equal(store_message_expunge(t->store, t->user, box, NULL, &removed, &modseq), STORE_OK);
	b = message_test_newest(t, box);
	check_structure(b);
	assert_int_equal(b->chunk_count, 10);
	assert_int_equal(shared_chunks(a, b), 7);
	view = check_ghosts(a, b);
	assert_int_equal(view->ghosts, 558);
	assert_in_range(shared_chunks(view, b), 5, 7);
	store_snapshot_unref(&view);
	store_snapshot_unref(&a);
	store_snapshot_unref(&b);
	ranges_done(&removed);
}

static void test_rights_are_asked_each_time(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox box = store_test_create(t, "box");
	uint64_t stranger = store_test_add_user(t, "bob");
	struct store_snapshot *a = message_test_newest(t, box.id), *b;

	assert_int_equal(a->count, 0);
	assert_int_equal(a->chunk_count, 0);
	assert_int_equal(a->uidvalidity, box.uidvalidity);
	assert_int_equal(store_snapshot_number(a, 1), 0);
	assert_int_equal(store_snapshot_number_from(a, 1), 1);
	assert_int_equal(store_snapshot_newest(t->store, stranger, box.id, &b), STORE_NOT_FOUND);
	assert_null(b);
	store_snapshot_unref(&a);
}

static void test_a_claim_of_recent_is_noticed(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_snapshot *a, *b;
	uint32_t first;

	message_test_append(t, box, 1, 3);
	a = message_test_newest(t, box);
	assert_int_equal(a->recent_from, 1);
	assert_int_equal(store_mailbox_recent(t->store, t->user, box, true, &first), STORE_OK);
	b = message_test_newest(t, box);
	assert_int_equal(b->recent_from, 4);
	assert_int_equal(shared_chunks(a, b), 1);
	store_snapshot_unref(&a);
	store_snapshot_unref(&b);
}

static void test_a_wrong_counter_locks_nobody_out(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_snapshot *a;

	message_test_append(t, box, 1, 3);
	message_test_sql(t, "UPDATE mailbox SET messages = messages + 7, modseq = modseq + 1");
	a = message_test_newest(t, box);
	assert_int_equal(a->count, 3);
	store_snapshot_unref(&a);
}

/* Other processes change the same store. */
static void test_changes_of_another_process(void **state)
{
	struct store_test *t = *state;
	struct store_test other = *t;
	uint64_t box = store_test_create(t, "box").id;
	struct store_snapshot *a, *b;

	other.store = store_test_open(t);
	message_test_append(t, box, 1, 600);
	a = message_test_newest(t, box);
	message_test_mark(&other, box, "1:2", (unsigned)STORE_FLAG_SEEN);
	message_test_append(&other, box, 7, 2);
	b = message_test_newest(t, box);
	assert_int_equal(b->count, 602);
	check_difference(a, b);
	store_snapshot_unref(&a);
	store_snapshot_unref(&b);
	store_close(&other.store);
}

/* --- threads
 * -------------------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, THREAD_ROUNDS = 60 };

struct worker {
	const struct store_test *t;
	uint64_t box;
	unsigned number;
};

static void *work(void *arg)
{
	const struct worker *w = arg;
	struct store_snapshot *known = NULL, *now = NULL;

	for (unsigned i = 0; i < THREAD_ROUNDS; i++) {
		struct ranges one = {0};
		struct store_flag_change change = {.how = STORE_FLAGS_REPLACE, .flags = 1 + (w->number + i) % 4};
		struct store_flagged flagged;
		struct store_difference d;

		ranges_add(&one, w->number * 100 + i, w->number * 100 + i);
		if (store_message_flags(w->t->store, w->t->user, w->box, &one, &change, &flagged) != STORE_OK ||
		    store_snapshot_newest(w->t->store, w->t->user, w->box, &now) != STORE_OK)
			abort();
		if (now->modseq < flagged.modseq)
			abort();
		if (known != NULL) {
			store_snapshot_difference(known, now, &d);
			store_difference_done(&d);
			store_snapshot_unref(&known);
		}
		known = now;
		store_flagged_done(&flagged);
		ranges_done(&one);
	}
	store_snapshot_unref(&known);
	return NULL;
}

static void test_threads_share_one_mailbox(void **state)
{
	struct store_test *t = *state;
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	struct model m = {.t = t};
	struct store_snapshot *s;

	m.mailbox = store_test_create(t, "box").id;
	message_test_append(t, m.mailbox, 1, 1000);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){t, m.mailbox, i};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	s = message_test_newest(t, m.mailbox);
	check_structure(s);
	check_fresh(&m, s);
	store_snapshot_unref(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_random_histories),
		STORE_TEST(test_one_change_copies_one_chunk),
		STORE_TEST(test_small_rests_are_joined_with_one_neighbour),
		STORE_TEST(test_rights_are_asked_each_time),
		STORE_TEST(test_a_claim_of_recent_is_noticed),
		STORE_TEST(test_a_wrong_counter_locks_nobody_out),
		STORE_TEST(test_changes_of_another_process),
		STORE_TEST(test_threads_share_one_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
