/* The narrow interface to an SQL engine. One connection belongs to one thread at a time. SQL text that both engines
 * take stands with the code that uses it; where the dialects differ the driver has a function. Only common/store
 * includes this. */
#ifndef STORE_SQL_SQL_H
#define STORE_SQL_SQL_H

#include "common/store/store.h"

struct sql_db;   /* one connection */
struct sql_stmt; /* borrowed from the connection's cache until sql_stmt_free() */

struct sql_options {
	const char *path; /* of the database file */
	bool create, read_only;
	unsigned busy_timeout_ms;
	uint64_t mmap_bytes;
};

enum store_status sql_open(const struct sql_options *options, struct sql_db **db_r, char **error_r);
void sql_close(struct sql_db **db);

/* sql must be a string literal (its address is the cache key). The statement comes reset, without bindings. */
enum store_status sql_prepare(struct sql_db *db, const char *sql, struct sql_stmt **stmt_r);
void sql_stmt_free(struct sql_stmt **stmt); /* back to the cache; NULL is accepted */

/* Parameters count from 1. Spans and texts are borrowed until the statement is stepped to its end, reset or freed. */
void sql_bind_u64(struct sql_stmt *stmt, int parameter, uint64_t value); /* stored as a signed 64-bit integer */
void sql_bind_i64(struct sql_stmt *stmt, int parameter, int64_t value);
void sql_bind_span(struct sql_stmt *stmt, int parameter, struct span value); /* bytes: compared and collated binary */
void sql_bind_null(struct sql_stmt *stmt, int parameter);

enum store_status sql_step(struct sql_stmt *stmt, bool *row_r); /* *row_r false: no more rows */
enum store_status sql_run(struct sql_stmt *stmt);               /* to its end, rows ignored */
enum store_status sql_run_one(struct sql_stmt *stmt);           /* STORE_NOT_FOUND where no row was changed */
enum store_status sql_step_one(struct sql_stmt *stmt);          /* the first row; STORE_NOT_FOUND where there is none */
void sql_reset(struct sql_stmt *stmt);                          /* to run it again with other bindings */

/* Columns count from 0. A span is valid until the next step, reset or free. NULL gives 0 or an empty span with p NULL.
 */
uint64_t sql_u64(struct sql_stmt *stmt, int column);
int64_t sql_i64(struct sql_stmt *stmt, int column);
struct span sql_span(struct sql_stmt *stmt, int column);
bool sql_is_null(struct sql_stmt *stmt, int column);

uint64_t sql_changes(struct sql_db *db); /* rows changed by the last statement */
uint64_t sql_last_insert_id(struct sql_db *db);

enum store_status sql_begin_read(struct sql_db *db);
enum store_status sql_begin_write(struct sql_db *db); /* takes the write lock at once (BEGIN IMMEDIATE) */
enum store_status sql_commit(struct sql_db *db);
void sql_rollback(struct sql_db *db);
enum store_status sql_savepoint(struct sql_db *db); /* one level inside a write transaction */
enum store_status sql_savepoint_keep(struct sql_db *db);
void sql_savepoint_undo(struct sql_db *db);

enum store_status sql_script(struct sql_db *db, const char *sql); /* several statements, for the schema */
const char *sql_error(struct sql_db *db);                         /* the engine's text for the last failure */
uint64_t
sql_version(struct sql_db *db); /* a number that changes when another connection has committed (data_version) */
bool sql_in_transaction(struct sql_db *db); /* false also where a failure made the engine give the transaction up */

/* The log (SQLite: the WAL) into the database. Without stopping anybody; may do only a part. */
enum store_status sql_checkpoint(struct sql_db *db);
/* All of it, so that the log begins anew: holds up writers, and waits for readers, but only for a moment: else
 * STORE_BUSY. truncate: gives its space back. */
enum store_status sql_checkpoint_all(struct sql_db *db, bool truncate);
uint64_t sql_log_bytes(struct sql_db *db); /* length of the log after this connection's last commit */

#endif
