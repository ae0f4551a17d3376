/* The tables. Everything is compared binary; integers are 64 bits; names are bytes (BLOB), so that no engine collates
 * them.
 *
 * message.id is mailbox << 32 | uid: one integer key clusters a mailbox's rows in the order of their UIDs in every
 * engine. The narrow row is in message; what is derived from the bytes hangs on the content (blob.id), shared by all
 * copies.
 *
 * store_info holds the version, and the last uidvalidity that was given away. */
#include "common/store/sql/schema.h"
#include "common/base/alloc.h"

#include "common/base/must.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const schema_script =
	"CREATE TABLE store_info (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);"

	"CREATE TABLE user ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, display_name BLOB NOT NULL, mail BLOB NOT "
	"NULL,"
	" secrets BLOB NOT NULL, quota_bytes INTEGER NOT NULL, used_bytes INTEGER NOT NULL, used_messages INTEGER NOT "
	"NULL,"
	" is_admin INTEGER NOT NULL, is_disabled INTEGER NOT NULL, created_at INTEGER NOT NULL,"
	" mailboxes INTEGER NOT NULL DEFAULT 0);"

	"CREATE TABLE mailbox ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, name BLOB NOT NULL, uidvalidity INTEGER NOT "
	"NULL,"
	" uidnext INTEGER NOT NULL, modseq INTEGER NOT NULL, messages INTEGER NOT NULL, unseen INTEGER NOT NULL,"
	" deleted INTEGER NOT NULL, bytes INTEGER NOT NULL, deleted_bytes INTEGER NOT NULL, recent_from INTEGER NOT "
	"NULL,"
	" uses INTEGER NOT NULL, is_selectable INTEGER NOT NULL,"
	" removed_floor INTEGER NOT NULL," /* tombstones of modseqs up to here were collected */
	" UNIQUE (owner, name));"

	"CREATE TABLE subscription (owner INTEGER NOT NULL, name BLOB NOT NULL, PRIMARY KEY (owner, name)) WITHOUT "
	"ROWID;"

	"CREATE TABLE keyword (mailbox INTEGER NOT NULL, number INTEGER NOT NULL, name BLOB NOT NULL,"
	" PRIMARY KEY (mailbox, number)) WITHOUT ROWID;"

	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL, modseq INTEGER NOT NULL, flags INTEGER NOT NULL,"
	" size INTEGER NOT NULL, date INTEGER NOT NULL, zone INTEGER NOT NULL, blob INTEGER NOT NULL, more BLOB);"
	"CREATE INDEX message_modseq ON message (mailbox, modseq);"

	"CREATE TABLE removed (mailbox INTEGER NOT NULL, modseq INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" removed_at INTEGER NOT NULL, PRIMARY KEY (mailbox, modseq, uid)) WITHOUT ROWID;"

	"CREATE TABLE blob ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, refs INTEGER NOT "
	"NULL,"
	" place INTEGER NOT NULL,"     /* enum blob_place */
	" freed_at INTEGER NOT NULL);" /* since when refs is 0; 0 while it is not */
	"CREATE INDEX blob_freed ON blob (freed_at) WHERE freed_at > 0;"
	"CREATE TABLE blob_data (id INTEGER PRIMARY KEY, data BLOB NOT NULL);" /* blob << 20 | number of the chunk */

	"CREATE TABLE content_head (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, sent_at INTEGER NOT NULL,"
	" sent_day INTEGER NOT NULL, envelope BLOB NOT NULL, bodystructure BLOB NOT NULL, parts BLOB NOT NULL,"
	" header BLOB NOT NULL);"
	"CREATE TABLE content_text (id INTEGER PRIMARY KEY, is_partial INTEGER NOT NULL, header_text BLOB NOT NULL,"
	" body_text BLOB NOT NULL);";

/* Version 2: delivery. blob.growth: see store_content_growth(); -1: not counted yet. */
static const char *const delivery_script =
	"ALTER TABLE blob ADD COLUMN growth INTEGER NOT NULL DEFAULT -1;"
	"CREATE TABLE alias (address BLOB NOT NULL, target BLOB NOT NULL, PRIMARY KEY (address, target)) WITHOUT ROWID;"
	"CREATE TABLE delivered (owner INTEGER NOT NULL, hash BLOB NOT NULL, delivered_at INTEGER NOT NULL,"
	" PRIMARY KEY (owner, hash)) WITHOUT ROWID;"
	"CREATE INDEX delivered_time ON delivered (delivered_at);"
	"UPDATE user SET mail = CAST(LOWER(CAST(mail AS TEXT)) AS BLOB);"
	"CREATE INDEX user_mail ON user (mail);";

/* Version 3: collections of objects. An object is found by its name (the key), its UID, what changed (modseq), and when
 * it takes place (last, first). uid is NULL where it has none, so that the index does not take two of them for one. A
 * name that is used again has no tombstone. A property with an empty object is the collection's. */
static const char *const collection_script =
	"CREATE TABLE collection ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, parent INTEGER NOT NULL, name BLOB NOT NULL,"
	" kind INTEGER NOT NULL, components INTEGER NOT NULL, modseq INTEGER NOT NULL, objects INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, removed_floor INTEGER NOT NULL, created_at INTEGER NOT NULL, modified_at INTEGER NOT "
	"NULL,"
	" share BLOB, UNIQUE (owner, parent, name));"
	"CREATE UNIQUE INDEX collection_share ON collection (share);"
	"CREATE TABLE object ("
	" collection INTEGER NOT NULL, name BLOB NOT NULL, modseq INTEGER NOT NULL, tag BLOB NOT NULL,"
	" size INTEGER NOT NULL, blob INTEGER NOT NULL, component INTEGER NOT NULL, flags INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, uid BLOB, type BLOB NOT NULL, schedule_tag BLOB NOT NULL,"
	" created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, PRIMARY KEY (collection, name)) WITHOUT ROWID;"
	"CREATE UNIQUE INDEX object_uid ON object (collection, uid);"
	"CREATE INDEX object_modseq ON object (collection, modseq);"
	"CREATE INDEX object_time ON object (collection, last, first);"
	"CREATE TABLE object_removed (collection INTEGER NOT NULL, name BLOB NOT NULL, modseq INTEGER NOT NULL,"
	" removed_at INTEGER NOT NULL, PRIMARY KEY (collection, name)) WITHOUT ROWID;"
	"CREATE INDEX object_removed_modseq ON object_removed (collection, modseq);"
	"CREATE TABLE property (collection INTEGER NOT NULL, object BLOB NOT NULL, name BLOB NOT NULL, value BLOB NOT "
	"NULL,"
	" PRIMARY KEY (collection, object, name)) WITHOUT ROWID;"
	"CREATE TABLE collection_lock (token BLOB NOT NULL PRIMARY KEY, owner INTEGER NOT NULL, path BLOB NOT NULL,"
	" is_shared INTEGER NOT NULL, is_deep INTEGER NOT NULL, holder BLOB NOT NULL, expires_at INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE INDEX collection_lock_owner ON collection_lock (owner);"
	"CREATE TABLE attachment (id BLOB NOT NULL PRIMARY KEY, owner INTEGER NOT NULL, collection INTEGER NOT NULL,"
	" object BLOB NOT NULL, blob INTEGER NOT NULL, size INTEGER NOT NULL, name BLOB NOT NULL, type BLOB NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE INDEX attachment_object ON attachment (collection, object);"
	/* what new users get (collection_make_first()) */
	"INSERT INTO collection (owner, parent, name, kind, components, modseq, objects, bytes, removed_floor, "
	"created_at, modified_at)"
	" SELECT id, 0, X'', 0, 0, 1, 0, 0, 0, created_at, created_at FROM user;"
	"INSERT INTO collection (owner, parent, name, kind, components, modseq, objects, bytes, removed_floor, "
	"created_at, modified_at)"
	" SELECT h.owner, h.id, CAST(f.name AS BLOB), f.kind, f.components, 1, 0, 0, 0, h.created_at, h.created_at"
	" FROM collection h JOIN (SELECT 'calendar' AS name, 2 AS kind, 17 AS components UNION ALL SELECT 'tasks', 2, 2"
	" UNION ALL SELECT 'inbox', 3, 0 UNION ALL SELECT 'outbox', 4, 0) f WHERE h.parent = 0;";

/* steps[v] leads from version v to v + 1; version 0 is an empty database. */
static const char *const steps[] = {schema_script, delivery_script, collection_script};
_Static_assert(array_count(steps) == SCHEMA_VERSION, "each version needs the step that leads to it");

static enum store_status refuse(char **error_r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static enum store_status refuse(char **error_r, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	*error_r = alloc_text(text);
	return STORE_BROKEN;
}

/* One number of the first row. */
static enum store_status number(struct sql_db *db, const char *sql, uint64_t *number_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(db, sql, &stmt);

	if (status == STORE_OK && (status = sql_step_one(stmt)) == STORE_OK)
		*number_r = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	return status;
}

/* Which version the database has; 0: it is empty. STORE_INVALID: it is not a store. */
static enum store_status read_version(struct sql_db *db, uint64_t *version_r)
{
	enum store_status status;
	uint64_t tables = 0, is_store = 0;

	*version_r = 0;
	if ((status = number(db, "SELECT COUNT(*) FROM sqlite_master", &tables)) != STORE_OK || tables == 0)
		return status;
	status = number(db, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'store_info'", &is_store);
	if (status != STORE_OK || is_store == 0)
		return status == STORE_OK ? STORE_INVALID : status;
	status = number(db, "SELECT CAST(value AS INTEGER) FROM store_info WHERE name = 'version'", version_r);
	return status == STORE_NOT_FOUND ? STORE_INVALID : status;
}

static enum store_status check_version(struct sql_db *db, bool create, uint64_t *version_r, char **error_r)
{
	enum store_status status = read_version(db, version_r);

	if (status == STORE_INVALID)
		return refuse(error_r, "the database is not a Trivet store");
	if (status != STORE_OK)
		return refuse(error_r, "the schema cannot be read: %s", sql_error(db));
	if (*version_r > SCHEMA_VERSION)
		return refuse(
			error_r,
			"the store has schema version %llu, this program knows versions up to %d: use a newer program",
			(unsigned long long)*version_r, SCHEMA_VERSION);
	if (*version_r == 0 && !create)
		return refuse(error_r, "the database is empty: there is no store");
	return STORE_OK;
}

static enum store_status migrate(struct sql_db *db, uint64_t from)
{
	enum store_status status = STORE_OK;
	struct sql_stmt *stmt = NULL;

	for (uint64_t v = from; status == STORE_OK && v < SCHEMA_VERSION; v++)
		status = sql_script(db, steps[v]);
	if (status == STORE_OK)
		status =
			sql_prepare(db, "INSERT OR REPLACE INTO store_info (name, value) VALUES ('version', ?)", &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, SCHEMA_VERSION);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status schema_ensure(struct sql_db *db, bool create, char **error_r)
{
	uint64_t version = 0;
	enum store_status status = check_version(db, create, &version, error_r);

	if (status != STORE_OK || version == SCHEMA_VERSION)
		return status;
	if ((status = sql_begin_write(db)) == STORE_OK) {
		status = check_version(db, create, &version, error_r); /* another process may have been first */
		if (status != STORE_OK) {
			sql_rollback(db);
			return status;
		}
		status = migrate(db, version);
		if (status == STORE_OK)
			status = sql_commit(db);
	}
	if (status == STORE_OK)
		return STORE_OK;
	sql_rollback(db);
	(void)refuse(error_r, "the schema cannot be written: %s", sql_error(db));
	return status;
}
