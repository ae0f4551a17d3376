/* The store as a whole: its folder, its parts, and the two doors store_write() and store_read(). */
#include "common/store/store_private.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/store/keeper.h"
#include "common/store/notify/peers.h"
#include "common/store/reader.h"
#include "common/store/sql/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct store {
	struct store_options options; /* defaults filled in; path is ours */
	char *path, *database;
	struct writer *writer;
	struct reader_pool *readers;      /* for looks at a few rows */
	struct reader_pool *bulk_readers; /* for long walks */
	struct watch_table *watches;
	struct peers *peers;
	struct keeper *keeper;
	struct snapshot_cache *snapshots;
	char secret[STORE_SECRET_DIGITS + 1];
};

const char *store_status_text(enum store_status status)
{
	switch (status) {
	case STORE_OK:
		return "ok";
	case STORE_NOT_FOUND:
		return "not found";
	case STORE_GONE:
		return "gone";
	case STORE_EXISTS:
		return "exists already";
	case STORE_DENIED:
		return "not permitted";
	case STORE_INVALID:
		return "invalid";
	case STORE_LIMIT:
		return "limit reached";
	case STORE_OVER_QUOTA:
		return "over quota";
	case STORE_CONFLICT:
		return "conflict";
	case STORE_LOCKED:
		return "locked";
	case STORE_NO_SPACE:
		return "no space left";
	case STORE_BUSY:
		return "busy";
	case STORE_UNCERTAIN:
		return "uncertain";
	case STORE_BROKEN:
		return "broken";
	}
	return "unknown";
}

/* --- transactions
 * --------------------------------------------------------------------------------------------------------- */

enum store_status store_fail(struct store_tx *tx, enum store_status status, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	free(tx->error);
	tx->error = alloc_text(text);
	return status;
}

void store_tx_touch_at(struct store_tx *tx, uint64_t mailbox, uint64_t modseq)
{
	struct store_touched *touched = &tx->touched;

	for (size_t i = touched->count; i > 0 && i + 8 > touched->count; i--) {
		if (touched->list[i - 1].mailbox == mailbox) {
			if (modseq > touched->list[i - 1].modseq)
				touched->list[i - 1].modseq = modseq;
			return;
		}
	}
	alloc_grow((void **)&touched->list, &touched->capacity, touched->count + 1, sizeof(*touched->list));
	touched->list[touched->count++] = (struct store_touch){mailbox, modseq};
}

void store_tx_touch(struct store_tx *tx, uint64_t mailbox)
{
	store_tx_touch_at(tx, mailbox, 0);
}

/* Only what whoever runs the server can do something about. */
static void log_failure(const struct store *store, const char *what, enum store_status status, char **error)
{
	const char *text = *error == NULL ? "no cause known" : *error;

	if (status == STORE_BROKEN || status == STORE_UNCERTAIN || status == STORE_NO_SPACE)
		log_error(NULL, "store %s: %s failed: %s (%s)", store->path, what, store_status_text(status), text);
	else if (status == STORE_BUSY)
		log_warning(NULL, "store %s: %s failed: %s (%s)", store->path, what, store_status_text(status), text);
	free(*error);
	*error = NULL;
}

enum store_status store_write(struct store *store, store_tx_fn *fn, void *arg)
{
	char *error = NULL;
	enum store_status status = writer_run(store->writer, fn, arg, &error);

	log_failure(store, "a change", status, &error);
	return status;
}

static enum store_status read_by(struct store *store, struct reader_pool *readers, store_tx_fn *fn, void *arg)
{
	char *error = NULL;
	enum store_status status = reader_run(readers, fn, arg, &error);

	log_failure(store, "a read", status, &error);
	return status;
}

enum store_status store_read(struct store *store, store_tx_fn *fn, void *arg)
{
	return read_by(store, store->readers, fn, arg);
}

enum store_status store_read_many(struct store *store, store_tx_fn *fn, void *arg)
{
	return read_by(store, store->bulk_readers, fn, arg);
}

uint64_t store_commits(struct store *store)
{
	return writer_commits(store->writer);
}

/* Writes what is there already: a read alone would not meet a full or read-only disk. */
static enum store_status ping_tx(struct store_tx *tx, void *arg)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status =
		sql_prepare(tx->db, "UPDATE store_info SET value = value WHERE name = 'version'", &stmt);

	(void)arg;
	if (status == STORE_OK)
		status = sql_run_one(stmt);
	sql_stmt_free(&stmt);
	return status == STORE_NOT_FOUND ? store_fail(tx, STORE_BROKEN, "the store has no version") : status;
}

enum store_status store_ping(struct store *store)
{
	return store_write(store, ping_tx, NULL);
}

/* --- changes
 * -------------------------------------------------------------------------------------------------------------- */

static void tell_here(void *arg, const struct store_touched *touched)
{
	struct store *store = arg;

	for (size_t i = 0; i < touched->count; i++)
		watch_tell(store->watches, touched->list[i].mailbox, touched->list[i].modseq);
}

static void tell_others(void *arg, const struct store_touched *touched)
{
	struct store *store = arg;

	peers_send(store->peers, touched);
}

static void log_grew(void *arg, uint64_t log_bytes)
{
	struct store *store = arg;

	keeper_log_grew(store->keeper, log_bytes);
}

void store_on_change(struct store *store, store_changed_fn *changed, void *arg)
{
	watch_listen(store->watches, changed, arg);
	if (!peers_listen(store->peers))
		log_warning(NULL, "store %s: no notify socket, changes by other processes are polled for: %s",
			    store->path, strerror(errno));
}

void store_watch(struct store *store, uint64_t mailbox)
{
	if (watch_add(store->watches, mailbox))
		keeper_watching(store->keeper);
}

void store_unwatch(struct store *store, uint64_t mailbox)
{
	watch_remove(store->watches, mailbox);
}

/* --- opening and closing
 * -------------------------------------------------------------------------------------------------- */

static enum store_status refuse(char **error_r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static enum store_status refuse(char **error_r, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	free(*error_r);
	*error_r = alloc_text(text);
	return STORE_BROKEN;
}

static char *path_in(const char *folder, const char *name)
{
	struct buf path = {0};
	char *copy;

	buf_printf(&path, "%s/%s", folder, name);
	copy = alloc_text(buf_cstr(&path));
	buf_done(&path);
	return copy;
}

static enum store_status make_folder(const char *path, char **error_r)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return STORE_OK;
	return refuse(error_r, "cannot make the folder %s: %s", path, strerror(errno));
}

static enum store_status check_place(const struct store *store, char **error_r)
{
	struct stat st;

	if (stat(store->path, &st) != 0)
		return refuse(error_r, "there is no store in %s: %s", store->path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return refuse(error_r, "the store's path %s is not a folder", store->path);
	if (access(store->path, R_OK | W_OK | X_OK) != 0)
		return refuse(error_r, "the store's folder %s cannot be written: %s", store->path, strerror(errno));
	if (access(store->database, R_OK | W_OK) == 0 || (errno == ENOENT && store->options.create))
		return STORE_OK;
	if (errno == ENOENT)
		return refuse(error_r, "there is no store in %s: store.db is missing", store->path);
	return refuse(error_r, "the store's database %s cannot be written: %s", store->database, strerror(errno));
}

static enum store_status prepare_place(const struct store *store, char **error_r)
{
	static const char *const below[] = {"blobs", "tmp", "notify"};
	enum store_status status = STORE_OK;

	if (store->options.create)
		status = make_folder(store->path, error_r);
	if (status == STORE_OK)
		status = check_place(store, error_r);
	for (size_t i = 0; status == STORE_OK && i < sizeof(below) / sizeof(below[0]); i++) {
		char *path = path_in(store->path, below[i]);

		status = make_folder(path, error_r);
		free(path);
	}
	return status;
}

static struct sql_options sql_options_of(const struct store *store)
{
	return (struct sql_options){
		.path = store->database,
		.create = store->options.create,
		.busy_timeout_ms = store->options.busy_timeout_ms,
		.mmap_bytes = store->options.mmap_bytes,
	};
}

static enum store_status open_writer(struct store *store, char **error_r)
{
	struct writer_hooks hooks = {tell_here, tell_others, log_grew, store};
	struct sql_options options = sql_options_of(store);
	struct sql_db *db = NULL;
	char *cause = NULL;
	enum store_status status;

	options.mmap_bytes = 0; /* see open_parts() */
	status = sql_open(&options, &db, error_r);

	if (status != STORE_OK)
		return status;
	if ((status = schema_ensure(db, store->options.create, &cause)) != STORE_OK) {
		(void)refuse(error_r, "the store %s: %s", store->path, cause == NULL ? "no schema" : cause);
		free(cause);
		sql_close(&db);
		return status;
	}
	store->writer = writer_create(store, db, &hooks);
	return STORE_OK;
}

static enum store_status open_parts(struct store *store, char **error_r)
{
	struct sql_options options = sql_options_of(store);
	struct keeper_parts parts = {.sql = options, .poll_ms = store->options.poll_ms};
	char *notify = path_in(store->path, "notify");
	enum store_status status;

	store->watches = watch_table_create();
	store->bulk_readers = reader_pool_create(store, &options);
	options.mmap_bytes = 0; /* each change by others would unmap what is mapped: dear for a look at three pages */
	store->readers = reader_pool_create(store, &options);
	store->snapshots = snapshot_cache_create();
	status = peers_open(notify, store->watches, &store->peers, error_r);
	if (status == STORE_OK)
		status = open_writer(store, error_r);
	parts.writer = store->writer;
	parts.watches = store->watches;
	if (status == STORE_OK)
		status = keeper_open(&parts, &store->keeper, error_r);
	free(notify);
	if (status == STORE_OK && (status = secret_load(store, store->secret)) != STORE_OK)
		(void)refuse(error_r, "the store %s: its secret cannot be read or made", store->path);
	return status;
}

static void fill_defaults(struct store_options *options)
{
	if (options->keywords_max == 0)
		options->keywords_max = STORE_KEYWORDS_MAX;
	if (options->mailboxes_max == 0)
		options->mailboxes_max = 100000;
	if (options->busy_timeout_ms == 0)
		options->busy_timeout_ms = 10000;
	if (options->poll_ms == 0)
		options->poll_ms = 1000;
	if (options->mmap_bytes == 0)
		options->mmap_bytes = (uint64_t)1 << 30;
	if (options->blob_inline_max == 0)
		options->blob_inline_max = 65536;
}

enum store_status store_open(const struct store_options *options, struct store **store_r, char **error_r)
{
	struct store *store = alloc_zero(1, sizeof(*store));
	enum store_status status;

	*error_r = NULL;
	store->options = *options;
	fill_defaults(&store->options);
	store->path = alloc_text(options->path);
	store->options.path = store->path;
	store->database = path_in(store->path, "store.db");
	status = prepare_place(store, error_r);
	if (status == STORE_OK)
		status = open_parts(store, error_r);
	if (status != STORE_OK)
		store_close(&store);
	*store_r = store;
	return status;
}

void store_close(struct store **store)
{
	struct store *gone = *store;

	*store = NULL;
	if (gone == NULL)
		return;
	keeper_close(&gone->keeper);
	peers_close(&gone->peers);
	snapshot_cache_destroy(&gone->snapshots);
	reader_pool_destroy(&gone->readers);
	reader_pool_destroy(&gone->bulk_readers);
	writer_destroy(&gone->writer); /* the last connection of the last process moves the log into the database */
	watch_table_destroy(&gone->watches);
	free(gone->database);
	free(gone->path);
	free(gone);
}

const struct store_options *store_options_of(const struct store *store)
{
	return &store->options;
}

const char *store_folder(const struct store *store)
{
	return store->path;
}

const char *store_secret_digits(const struct store *store)
{
	return store->secret;
}

struct snapshot_cache *store_snapshot_cache(struct store *store)
{
	return store->snapshots;
}
