/* The SQLite side of sql.h: WAL, synchronous=FULL, one thread at a time a connection, prepared statements kept. */
#include "common/store/sql/sql.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/must.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	PAGE_BYTES = 8192,
	FRAME_BYTES = PAGE_BYTES + 24,
	STATEMENT_BUCKETS = 256,
	ERROR_BYTES = 256,
	CHECKPOINT_WAIT_MS = 200
};

struct sql_stmt {
	sqlite3_stmt *raw;
	struct sql_db *db;
	const char *sql;
	bool is_lent;
	struct sql_stmt *next; /* of the same bucket */
};

struct sql_db {
	sqlite3 *raw;
	struct sql_stmt *statements[STATEMENT_BUCKETS]; /* by the address of their text */
	bool is_writing;
	unsigned busy_timeout_ms;
	int64_t busy_since_ms;
	uint64_t log_bytes;
	char error[ERROR_BYTES]; /* of the last failure: the engine forgets it at the next call */
};

static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

static void engine_start(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* else every allocation takes one lock of the process */
	sqlite3_initialize();
}

/* --- failures
 * ------------------------------------------------------------------------------------------------------------- */

static enum store_status fail(struct sql_db *db, enum store_status status, const char *text)
{
	snprintf(db->error, sizeof(db->error), "%s", text);
	return status;
}

static enum store_status io_status(struct sql_db *db)
{
	int cause = sqlite3_system_errno(db->raw);

	return cause == ENOSPC || cause == EDQUOT ? STORE_NO_SPACE : STORE_BROKEN;
}

static enum store_status status_of(struct sql_db *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return STORE_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail(db, STORE_BUSY, sqlite3_errmsg(db->raw));
	case SQLITE_FULL:
		return fail(db, STORE_NO_SPACE, sqlite3_errmsg(db->raw));
	case SQLITE_CONSTRAINT:
		return fail(db, STORE_EXISTS, sqlite3_errmsg(db->raw));
	case SQLITE_TOOBIG:
		return fail(db, STORE_LIMIT, sqlite3_errmsg(db->raw));
	case SQLITE_IOERR:
		return fail(db, io_status(db), sqlite3_errmsg(db->raw));
	case SQLITE_READONLY:
		return fail(db, STORE_BROKEN, "the database cannot be written: read-only file or file system");
	case SQLITE_CANTOPEN:
		return fail(db, STORE_BROKEN, "the database or a file beside it cannot be opened");
	default:
		return fail(db, STORE_BROKEN, sqlite3_errmsg(db->raw));
	}
}

const char *sql_error(struct sql_db *db)
{
	return db->error;
}

/* --- opening and closing
 * -------------------------------------------------------------------------------------------------- */

/* Another process holds the lock: look again soon, until the time is over. */
static int on_busy(void *arg, int tries)
{
	struct sql_db *db = arg;
	struct timespec pause = {.tv_nsec = (tries < 4 ? 250 : tries < 12 ? 1000 : 4000) * 1000L};

	if (tries == 0)
		db->busy_since_ms = clock_uptime_ms();
	else if (clock_uptime_ms() - db->busy_since_ms >= (int64_t)db->busy_timeout_ms)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

static int on_commit(void *arg, sqlite3 *raw, const char *name, int frames)
{
	struct sql_db *db = arg;

	(void)raw;
	(void)name;
	db->log_bytes = (uint64_t)frames * FRAME_BYTES;
	return SQLITE_OK;
}

/* A reading connection is opened for writing too: in WAL mode even readers write into the shared index. */
static enum store_status set_up(struct sql_db *db, const struct sql_options *options)
{
	char sql[512];

	sqlite3_extended_result_codes(db->raw, 1);
	sqlite3_busy_handler(db->raw, on_busy, db);
	sqlite3_wal_autocheckpoint(db->raw, 0);
	sqlite3_wal_hook(db->raw, on_commit, db);
	snprintf(sql, sizeof(sql),
		 "PRAGMA page_size=%d; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=FAST;"
		 "PRAGMA mmap_size=%lld; PRAGMA cache_size=%d; PRAGMA journal_size_limit=%d;%s",
		 PAGE_BYTES, (long long)options->mmap_bytes, options->read_only ? -1024 : -16384, 64 << 20,
		 options->read_only ? "PRAGMA query_only=ON" : "PRAGMA journal_mode=WAL");
	return sql_script(db, sql);
}

/* Two processes that make the same database at once meet a lock for which the engine does not wait. */
static enum store_status set_up_patiently(struct sql_db *db, const struct sql_options *options)
{
	enum store_status status;
	int tries = 0;

	do
		status = set_up(db, options);
	while (status == STORE_BUSY && on_busy(db, tries++));
	return status;
}

static void open_error(struct sql_db *db, const struct sql_options *options, char **error_r)
{
	struct buf text = {0};

	buf_printf(&text, "cannot open the database %s: %s", options->path, db->error);
	*error_r = alloc_text(buf_cstr(&text));
	buf_done(&text);
}

enum store_status sql_open(const struct sql_options *options, struct sql_db **db_r, char **error_r)
{
	struct sql_db *db = alloc_zero(1, sizeof(*db));
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (options->create ? SQLITE_OPEN_CREATE : 0);
	enum store_status status;

	pthread_once(&engine_once, engine_start);
	db->busy_timeout_ms = options->busy_timeout_ms;
	status = status_of(db, sqlite3_open_v2(options->path, &db->raw, flags, NULL));
	if (status == STORE_OK)
		status = set_up_patiently(db, options);
	if (status != STORE_OK) {
		open_error(db, options, error_r);
		sql_close(&db);
	}
	*db_r = db;
	return status;
}

void sql_close(struct sql_db **db)
{
	struct sql_db *gone = *db;

	*db = NULL;
	if (gone == NULL)
		return;
	for (size_t i = 0; i < STATEMENT_BUCKETS; i++) {
		for (struct sql_stmt *s = gone->statements[i], *next; s != NULL; s = next) {
			next = s->next;
			must(!s->is_lent);
			sqlite3_finalize(s->raw);
			free(s);
		}
	}
	sqlite3_close(gone->raw);
	free(gone);
}

/* --- statements
 * ----------------------------------------------------------------------------------------------------------- */

static struct sql_stmt **bucket_of(struct sql_db *db, const char *sql)
{
	uint64_t hash = (uint64_t)(uintptr_t)sql * 0x9E3779B97F4A7C15U;

	return &db->statements[hash >> 56];
}

enum store_status sql_prepare(struct sql_db *db, const char *sql, struct sql_stmt **stmt_r)
{
	struct sql_stmt **bucket = bucket_of(db, sql), *stmt;
	sqlite3_stmt *raw = NULL;
	enum store_status status;

	*stmt_r = NULL;
	for (stmt = *bucket; stmt != NULL; stmt = stmt->next) {
		if (stmt->sql == sql && !stmt->is_lent) {
			stmt->is_lent = true;
			*stmt_r = stmt;
			return STORE_OK;
		}
	}
	status = status_of(db, sqlite3_prepare_v3(db->raw, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, NULL));
	if (status != STORE_OK)
		return status;
	must(raw != NULL);
	stmt = alloc_zero(1, sizeof(*stmt));
	*stmt = (struct sql_stmt){.raw = raw, .db = db, .sql = sql, .is_lent = true, .next = *bucket};
	*bucket = stmt;
	*stmt_r = stmt;
	return STORE_OK;
}

void sql_stmt_free(struct sql_stmt **stmt)
{
	struct sql_stmt *back = *stmt;

	*stmt = NULL;
	if (back == NULL)
		return;
	sqlite3_reset(back->raw);
	sqlite3_clear_bindings(back->raw);
	back->is_lent = false;
}

void sql_bind_u64(struct sql_stmt *stmt, int parameter, uint64_t value)
{
	sql_bind_i64(stmt, parameter, (int64_t)value);
}

void sql_bind_i64(struct sql_stmt *stmt, int parameter, int64_t value)
{
	must(sqlite3_bind_int64(stmt->raw, parameter, value) == SQLITE_OK);
}

void sql_bind_span(struct sql_stmt *stmt, int parameter, struct span value)
{
	const char *p = value.n == 0 ? "" : value.p; /* a NULL pointer would bind NULL */

	must(sqlite3_bind_blob64(stmt->raw, parameter, p, value.n, SQLITE_STATIC) == SQLITE_OK);
}

void sql_bind_null(struct sql_stmt *stmt, int parameter)
{
	must(sqlite3_bind_null(stmt->raw, parameter) == SQLITE_OK);
}

enum store_status sql_step(struct sql_stmt *stmt, bool *row_r)
{
	int rc = sqlite3_step(stmt->raw);

	*row_r = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? STORE_OK : status_of(stmt->db, rc);
}

enum store_status sql_run(struct sql_stmt *stmt)
{
	enum store_status status;
	bool row;

	do
		status = sql_step(stmt, &row);
	while (status == STORE_OK && row);
	sqlite3_reset(stmt->raw);
	return status;
}

enum store_status sql_run_one(struct sql_stmt *stmt)
{
	enum store_status status = sql_run(stmt);

	return status == STORE_OK && sql_changes(stmt->db) == 0 ? STORE_NOT_FOUND : status;
}

enum store_status sql_step_one(struct sql_stmt *stmt)
{
	bool row;
	enum store_status status = sql_step(stmt, &row);

	return status == STORE_OK && !row ? STORE_NOT_FOUND : status;
}

void sql_reset(struct sql_stmt *stmt)
{
	sqlite3_reset(stmt->raw);
}

uint64_t sql_u64(struct sql_stmt *stmt, int column)
{
	return (uint64_t)sqlite3_column_int64(stmt->raw, column);
}

int64_t sql_i64(struct sql_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->raw, column);
}

struct span sql_span(struct sql_stmt *stmt, int column)
{
	const void *p = sqlite3_column_blob(stmt->raw, column);

	if (p != NULL)
		return span_from(p, (size_t)sqlite3_column_bytes(stmt->raw, column));
	return sql_is_null(stmt, column) ? (struct span){NULL, 0} : SPAN("");
}

bool sql_is_null(struct sql_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt->raw, column) == SQLITE_NULL;
}

uint64_t sql_changes(struct sql_db *db)
{
	return (uint64_t)sqlite3_changes64(db->raw);
}

uint64_t sql_last_insert_id(struct sql_db *db)
{
	return (uint64_t)sqlite3_last_insert_rowid(db->raw);
}

/* --- transactions
 * --------------------------------------------------------------------------------------------------------- */

static enum store_status run_text(struct sql_db *db, const char *sql)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(db, sql, &stmt);

	if (status == STORE_OK)
		status = sql_run(stmt);
	sql_stmt_free(&stmt);
	return status;
}

enum store_status sql_begin_read(struct sql_db *db)
{
	if (fault_strikes(FAULT_READ_BROKEN))
		return fail(db, STORE_BROKEN, "disk I/O error (injected)");
	return run_text(db, "BEGIN");
}

enum store_status sql_begin_write(struct sql_db *db)
{
	enum store_status status = run_text(db, "BEGIN IMMEDIATE");

	db->is_writing = status == STORE_OK;
	return status;
}

static enum store_status injected_fault(struct sql_db *db)
{
	if (fault_strikes(FAULT_COMMIT_BUSY))
		return fail(db, STORE_BUSY, "database is locked (injected)");
	if (fault_strikes(FAULT_COMMIT_FULL))
		return fail(db, STORE_NO_SPACE, "database or disk is full (injected)");
	if (fault_strikes(FAULT_COMMIT_BROKEN))
		return fail(db, STORE_BROKEN, "disk I/O error (injected)");
	return STORE_OK;
}

enum store_status sql_commit(struct sql_db *db)
{
	enum store_status status = db->is_writing ? injected_fault(db) : STORE_OK;

	if (status == STORE_OK)
		status = run_text(db, "COMMIT");
	if (status == STORE_OK)
		db->is_writing = false;
	return status;
}

void sql_rollback(struct sql_db *db)
{
	char error[ERROR_BYTES];

	db->is_writing = false;
	if (!sql_in_transaction(db))
		return;
	memcpy(error, db->error, sizeof(error)); /* what led here is worth more than what follows */
	(void)run_text(db, "ROLLBACK");
	memcpy(db->error, error, sizeof(error));
}

bool sql_in_transaction(struct sql_db *db)
{
	return sqlite3_get_autocommit(db->raw) == 0;
}

enum store_status sql_savepoint(struct sql_db *db)
{
	return run_text(db, "SAVEPOINT closure");
}

enum store_status sql_savepoint_keep(struct sql_db *db)
{
	return run_text(db, "RELEASE closure");
}

void sql_savepoint_undo(struct sql_db *db)
{
	if (run_text(db, "ROLLBACK TO closure") == STORE_OK)
		(void)run_text(db, "RELEASE closure");
}

enum store_status sql_script(struct sql_db *db, const char *sql)
{
	return status_of(db, sqlite3_exec(db->raw, sql, NULL, NULL, NULL));
}

/* --- the log
 * -------------------------------------------------------------------------------------------------------------- */

uint64_t sql_version(struct sql_db *db)
{
	struct sql_stmt *stmt = NULL;
	uint64_t version = 0;

	if (sql_prepare(db, "PRAGMA data_version", &stmt) == STORE_OK && sql_step_one(stmt) == STORE_OK)
		version = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	return version;
}

enum store_status sql_checkpoint(struct sql_db *db)
{
	return status_of(db, sqlite3_wal_checkpoint_v2(db->raw, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
}

enum store_status sql_checkpoint_all(struct sql_db *db, bool truncate)
{
	int how = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART;
	unsigned timeout_ms = db->busy_timeout_ms;
	enum store_status status;

	if (timeout_ms > CHECKPOINT_WAIT_MS)
		db->busy_timeout_ms = CHECKPOINT_WAIT_MS; /* nobody writes meanwhile */
	status = status_of(db, sqlite3_wal_checkpoint_v2(db->raw, NULL, how, NULL, NULL));
	db->busy_timeout_ms = timeout_ms;
	return status;
}

uint64_t sql_log_bytes(struct sql_db *db)
{
	return db->log_bytes;
}
