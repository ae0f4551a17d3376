/* Group commit without a thread of its own: whoever comes while nobody leads becomes the leader, takes all closures
 * that wait, runs them in one transaction, each under a savepoint, commits once and answers them. Those who come during
 * the commit wait; the first of them leads the next round. Alone, a caller thus pays no change of threads; in a crowd,
 * one sync serves many.
 *
 * A job lies on its caller's stack. Its state goes from WAITS (over SLEEPS) to LEADS or DONE; after DONE it may be
 * gone. */
#include "common/store/writer.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BATCH_MAX = 256 };

enum job_state { JOB_WAITS, JOB_SLEEPS, JOB_LEADS, JOB_DONE };

struct job {
	store_tx_fn *fn; /* NULL: aside is run instead, outside a transaction */
	void *arg;
	void (*aside)(struct sql_db *db, struct job *job);
	struct store_tx tx;
	enum store_status status;
	uint64_t version;
	struct job *next;
	_Atomic uint32_t state;
};

struct batch {
	struct job *jobs[BATCH_MAX];
	size_t count;
};

struct writer {
	struct store *store;
	struct sql_db *db; /* belongs to the leader */
	struct writer_hooks hooks;
	_Atomic uint64_t commits;
	pthread_mutex_t lock; /* over what follows */
	struct job *first, **end;
	bool is_led;
};

/* --- waiting
 * -------------------------------------------------------------------------------------------------------------- */

static void futex(_Atomic uint32_t *word, int what, uint32_t value)
{
	(void)syscall(SYS_futex, word, what | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static enum job_state job_wait(struct job *job)
{
	uint32_t state = JOB_WAITS;

	atomic_compare_exchange_strong(&job->state, &state, JOB_SLEEPS);
	while ((state = atomic_load(&job->state)) == JOB_SLEEPS)
		futex(&job->state, FUTEX_WAIT, JOB_SLEEPS);
	return state;
}

/* The job may be gone right after its state has changed: then the wake-up meets nobody, which does no harm. */
static void job_wake(struct job *job, enum job_state state)
{
	_Atomic uint32_t *word = &job->state;

	if (atomic_exchange(word, state) == JOB_SLEEPS)
		futex(word, FUTEX_WAKE, 1);
}

/* --- one batch
 * ------------------------------------------------------------------------------------------------------------ */

static void job_fail(struct writer *w, struct job *job, enum store_status status)
{
	job->status = status;
	if (job->tx.error == NULL && (status == STORE_BROKEN || status == STORE_NO_SPACE || status == STORE_BUSY))
		job->tx.error = alloc_text(sql_error(w->db));
}

static void job_run(struct writer *w, struct job *job)
{
	enum store_status status;

	free(job->tx.error);
	job->tx.error = NULL;
	job->tx.touched.count = 0;
	job->tx.store = w->store;
	job->tx.db = w->db;
	status = job->fn(&job->tx, job->arg);
	job->status = STORE_OK;
	if (status != STORE_OK)
		job_fail(w, job, status);
}

/* A savepoint sets a failed closure apart from the others. False: the engine gave the whole transaction up. */
static bool job_run_apart(struct writer *w, struct job *job)
{
	enum store_status status = sql_savepoint(w->db);

	if (status != STORE_OK)
		return false;
	job_run(w, job);
	if (!sql_in_transaction(w->db))
		return false;
	if (job->status == STORE_OK)
		return sql_savepoint_keep(w->db) == STORE_OK;
	sql_savepoint_undo(w->db);
	return sql_in_transaction(w->db);
}

static enum store_status commit(struct writer *w)
{
	enum store_status status = sql_commit(w->db);

	if (status == STORE_OK)
		atomic_fetch_add(&w->commits, 1);
	else
		sql_rollback(w->db);
	return status;
}

static void run_alone(struct writer *w, struct job *job)
{
	enum store_status status = sql_begin_write(w->db);

	if (status == STORE_OK) {
		job_run(w, job);
		if (job->status != STORE_OK)
			sql_rollback(w->db);
		else
			status = commit(w);
	}
	if (status != STORE_OK)
		job_fail(w, job, status);
}

/* False: something was wrong with the transaction as a whole, and nothing is changed. */
static bool run_together(struct writer *w, struct batch *batch)
{
	bool any = false;

	for (size_t i = 0; i < batch->count; i++) {
		if (!job_run_apart(w, batch->jobs[i])) {
			sql_rollback(w->db);
			return false;
		}
		any |= batch->jobs[i]->status == STORE_OK;
	}
	if (any)
		return commit(w) == STORE_OK;
	sql_rollback(w->db);
	return true;
}

static void run_batch(struct writer *w, struct batch *batch)
{
	enum store_status status;

	if (batch->count > 1) {
		status = sql_begin_write(w->db);
		if (status == STORE_OK && run_together(w, batch))
			return;
		if (status != STORE_OK) { /* waited long enough already */
			for (size_t i = 0; i < batch->count; i++)
				job_fail(w, batch->jobs[i], status);
			return;
		}
	}
	for (size_t i = 0; i < batch->count; i++) /* a big closure that finds no room must not fail the small ones */
		run_alone(w, batch->jobs[i]);
}

/* --- leading
 * -------------------------------------------------------------------------------------------------------------- */

static void take_batch(struct writer *w, struct batch *batch, struct batch *asides)
{
	struct job *job;

	pthread_mutex_lock(&w->lock);
	while ((job = w->first) != NULL && batch->count < BATCH_MAX && asides->count < BATCH_MAX) {
		w->first = job->next;
		if (job->fn != NULL)
			batch->jobs[batch->count++] = job;
		else
			asides->jobs[asides->count++] = job;
	}
	if (w->first == NULL)
		w->end = &w->first;
	pthread_mutex_unlock(&w->lock);
}

static void hand_over(struct writer *w)
{
	struct job *next;

	pthread_mutex_lock(&w->lock);
	next = w->first;
	w->is_led = next != NULL;
	pthread_mutex_unlock(&w->lock);
	if (next != NULL)
		job_wake(next, JOB_LEADS);
}

static int by_mailbox(const void *a, const void *b)
{
	const struct store_touch *x = a, *y = b;

	if (x->mailbox != y->mailbox)
		return x->mailbox < y->mailbox ? -1 : 1;
	return x->modseq < y->modseq ? -1 : x->modseq > y->modseq;
}

/* What the whole batch touched: each mailbox once, with the highest modseq, or 0 where one did not know it. */
static void merge_touched(const struct batch *batch, struct store_touched *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->count; i++) {
		const struct store_touched *one = &batch->jobs[i]->tx.touched;

		if (batch->jobs[i]->status != STORE_OK)
			continue;
		alloc_grow((void **)&all->list, &all->capacity, all->count + one->count, sizeof(*all->list));
		for (size_t k = 0; k < one->count; k++)
			all->list[all->count++] = one->list[k];
	}
	if (all->count == 0)
		return;
	qsort(all->list, all->count, sizeof(*all->list), by_mailbox);
	for (size_t i = 0; i < all->count; i++) {
		if (kept == 0 || all->list[kept - 1].mailbox != all->list[i].mailbox)
			all->list[kept++] = all->list[i];
		else if (all->list[kept - 1].modseq != 0)
			all->list[kept - 1].modseq = all->list[i].modseq;
	}
	all->count = kept;
}

static void answer(const struct batch *batch, const struct job *own)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->jobs[i] != own)
			job_wake(batch->jobs[i], JOB_DONE);
}

static void lead(struct writer *w, struct job *own)
{
	struct batch batch, asides;
	struct store_touched touched = {0};
	uint64_t log_bytes;

	batch.count = asides.count = 0; /* the arrays stay as they are: they are big */
	take_batch(w, &batch, &asides);
	for (size_t i = 0; i < asides.count; i++)
		asides.jobs[i]->aside(w->db, asides.jobs[i]);
	run_batch(w, &batch);
	log_bytes = sql_log_bytes(w->db);
	hand_over(w);
	merge_touched(&batch, &touched);
	if (touched.count > 0)
		w->hooks.tell_here(w->hooks.arg, &touched);
	answer(&batch, own);
	answer(&asides, own);
	if (touched.count > 0)
		w->hooks.tell_others(w->hooks.arg, &touched);
	if (batch.count > 0)
		w->hooks.log_grew(w->hooks.arg, log_bytes);
	free(touched.list);
}

static void submit(struct writer *w, struct job *job)
{
	bool leads;

	pthread_mutex_lock(&w->lock);
	*w->end = job;
	w->end = &job->next;
	leads = !w->is_led;
	w->is_led = true;
	pthread_mutex_unlock(&w->lock);
	if (leads || job_wait(job) == JOB_LEADS)
		lead(w, job);
}

enum store_status writer_run(struct writer *w, store_tx_fn *fn, void *arg, char **error_r)
{
	struct job job = {.fn = fn, .arg = arg};

	submit(w, &job);
	free(job.tx.touched.list);
	*error_r = job.tx.error;
	return job.status;
}

static void ask_version(struct sql_db *db, struct job *job)
{
	job->version = sql_version(db);
}

static void begin_log_anew(struct sql_db *db, struct job *job)
{
	job->status = sql_checkpoint_all(db, false);
}

enum store_status writer_begin_log_anew(struct writer *w)
{
	struct job job = {.aside = begin_log_anew};

	submit(w, &job);
	return job.status;
}

uint64_t writer_version(struct writer *w)
{
	struct job job = {.aside = ask_version};

	submit(w, &job);
	return job.version;
}

uint64_t writer_commits(struct writer *w)
{
	return atomic_load(&w->commits);
}

struct writer *writer_create(struct store *store, struct sql_db *db, const struct writer_hooks *hooks)
{
	struct writer *w = alloc_zero(1, sizeof(*w));

	w->store = store;
	w->db = db;
	w->hooks = *hooks;
	w->end = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void writer_destroy(struct writer **writer)
{
	struct writer *gone = *writer;

	*writer = NULL;
	if (gone == NULL)
		return;
	must(!gone->is_led);
	sql_close(&gone->db);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}
