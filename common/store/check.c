/* Checking every invariant of the store (DESIGN.md), in steps of one transaction each. */
#include "common/store/check_private.h"
#include "common/base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool check_found(struct check *check, bool can_repair, const char *kind, const char *fmt, ...)
{
	struct check_problems *problems = &check->problems;
	void *list = problems->list;
	char text[512];
	va_list args;
	bool repair = can_repair && check->options->repair;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	alloc_grow(&list, &problems->capacity, problems->count + 1, sizeof *problems->list);
	problems->list = list;
	problems->list[problems->count++] = (struct check_problem){kind, alloc_text(text), repair};
	return repair;
}

static void forget(struct check_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		free(problems->list[i].text);
	problems->count = 0;
}

void check_tell(struct check *check)
{
	for (size_t i = 0; i < check->problems.count; i++) {
		const struct check_problem *problem = &check->problems.list[i];

		check->options->problem(check->options->arg, problem->kind, problem->text, problem->is_repaired);
		check->unrepaired += !problem->is_repaired;
	}
	forget(&check->problems);
}

struct step {
	struct check *check;
	store_tx_fn *fn;
	void *arg;
};

static enum store_status step_tx(struct store_tx *tx, void *arg)
{
	const struct step *step = arg;

	forget(&step->check->problems); /* of an earlier run of this closure */
	return step->fn(tx, step->arg);
}

enum store_status check_step(struct check *check, store_tx_fn *fn, void *arg)
{
	struct step step = {check, fn, arg};
	enum store_status status = check->options->repair ? store_write(check->store, step_tx, &step)
							  : store_read_many(check->store, step_tx, &step);

	if (status == STORE_OK)
		check_tell(check);
	return status;
}

enum store_status check_run(struct store_tx *tx, const char *sql, const uint64_t *numbers, int count)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	if (status == STORE_OK) {
		for (int i = 0; i < count; i++)
			sql_bind_u64(stmt, i + 1, numbers[i]);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

struct read_ids {
	const char *sql;
	uint64_t number;
	struct check_ids *ids;
};

static enum store_status read_ids_tx(struct store_tx *tx, void *arg)
{
	const struct read_ids *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, job->sql, &stmt);
	bool is_row = false;

	job->ids->count = 0;
	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, job->number);
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		void *list = job->ids->list;

		alloc_grow(&list, &job->ids->capacity, job->ids->count + 1, sizeof *job->ids->list);
		job->ids->list = list;
		job->ids->list[job->ids->count++] = sql_u64(stmt, 0);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status check_ids_read(struct store *store, const char *sql, uint64_t number, struct check_ids *ids_r)
{
	struct read_ids job = {sql, number, ids_r};

	*ids_r = (struct check_ids){0};
	return store_read_many(store, read_ids_tx, &job);
}

/* In this order: repairing mailboxes may remove rows, which the references then show. */
enum store_status store_check(struct store *store, const struct store_check *options, uint64_t *problems_r)
{
	struct check check = {.store = store, .options = options};
	enum store_status status;

	if ((status = check_mailboxes(&check)) == STORE_OK && (status = check_collections(&check)) == STORE_OK &&
	    (status = check_users(&check)) == STORE_OK && (status = check_references(&check)) == STORE_OK)
		status = check_contents(&check);
	forget(&check.problems);
	free(check.problems.list);
	*problems_r = check.unrepaired;
	return status;
}
