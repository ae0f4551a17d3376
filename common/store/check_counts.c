/* Checking what is counted across mailboxes: the counters of users, and the references to contents. */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/store/check_private.h"

#include <stdlib.h>

/* clang-format off */
static const char sql_users[] =
	"WITH mail AS (SELECT b.owner, SUM(m.size) AS bytes, COUNT(*) AS messages"
	"  FROM message m JOIN mailbox b ON b.id = m.id >> 32 GROUP BY b.owner),"
	" other AS (SELECT c.owner, SUM(o.size) AS bytes FROM"
	"  (SELECT collection, size FROM object UNION ALL SELECT collection, size FROM attachment) o"
	"  JOIN collection c ON c.id = o.collection GROUP BY c.owner),"
	" held AS (SELECT u.id AS owner, COALESCE(m.bytes, 0) + COALESCE(o.bytes, 0) AS bytes, m.messages FROM user u"
	"  LEFT JOIN mail m ON m.owner = u.id LEFT JOIN other o ON o.owner = u.id),"
	" boxes AS (SELECT owner, COUNT(*) AS n FROM mailbox GROUP BY owner)"
	" SELECT u.id, u.used_bytes, u.used_messages, u.mailboxes, COALESCE(h.bytes, 0), COALESCE(h.messages, 0),"
	" COALESCE(b.n, 0) FROM user u LEFT JOIN held h ON h.owner = u.id LEFT JOIN boxes b ON b.owner = u.id"
	" WHERE u.used_bytes <> COALESCE(h.bytes, 0) OR u.used_messages <> COALESCE(h.messages, 0)"
	" OR u.mailboxes <> COALESCE(b.n, 0)";
static const char sql_set_user[] = "UPDATE user SET used_bytes = ?2, used_messages = ?3, mailboxes = ?4 WHERE id = ?1";
static const char sql_ownerless[] = "SELECT id FROM mailbox WHERE owner NOT IN (SELECT id FROM user)";
static const char sql_ownerless_collections[] =
	"SELECT id FROM collection WHERE owner NOT IN (SELECT id FROM user)"
	" OR (parent <> 0 AND parent NOT IN (SELECT id FROM collection))";

static const char sql_references[] =
	"SELECT b.id, b.refs, b.freed_at, COALESCE(m.n, 0)"
	" FROM blob b LEFT JOIN (SELECT blob, COUNT(*) AS n FROM (SELECT blob FROM message UNION ALL SELECT blob FROM object"
	"  UNION ALL SELECT blob FROM attachment) GROUP BY blob) m ON m.blob = b.id"
	" WHERE b.refs <> COALESCE(m.n, 0) OR (b.freed_at > 0) <> (b.refs = 0)";
static const char sql_set_references[] = "UPDATE blob SET refs = ?2, freed_at = ?3 WHERE id = ?1";
static const char sql_lost[] = "SELECT id, blob FROM message WHERE blob NOT IN (SELECT id FROM blob)";
static const char sql_sizes[] =
	"SELECT m.id, m.size, b.size FROM message m JOIN blob b ON b.id = m.blob WHERE m.size <> b.size";
/* clang-format on */

enum { FOUND_COLUMNS = 7 };

struct found_rows { /* read to the end before anything is changed: what is walked over must not move */
	uint64_t (*list)[FOUND_COLUMNS];
	size_t count, capacity;
};

static enum store_status read_rows(struct store_tx *tx, const char *sql, int columns, struct found_rows *rows_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);
	bool is_row = false;

	*rows_r = (struct found_rows){0};
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		void *list = rows_r->list;

		alloc_grow(&list, &rows_r->capacity, rows_r->count + 1, sizeof *rows_r->list);
		rows_r->list = list;
		for (int i = 0; i < columns; i++)
			rows_r->list[rows_r->count][i] = sql_u64(stmt, i);
		rows_r->count++;
	}
	sql_stmt_free(&stmt);
	return status;
}

/* Rows of things whose first column names something without which they must not be. */
static enum store_status tell_ownerless(struct store_tx *tx, struct check *check, const char *sql, const char *what)
{
	struct found_rows rows;
	enum store_status status = read_rows(tx, sql, 1, &rows);

	for (size_t i = 0; i < rows.count; i++)
		(void)check_found(check, false, "owner", "%s %llu belongs to nobody who exists", what,
				  (unsigned long long)rows.list[i][0]);
	free(rows.list);
	return status;
}

static enum store_status check_users_tx(struct store_tx *tx, void *arg)
{
	struct check *check = arg;
	struct found_rows rows;
	enum store_status status = read_rows(tx, sql_users, 7, &rows);

	for (size_t i = 0; i < rows.count && status == STORE_OK; i++) {
		const uint64_t *r = rows.list[i];
		const uint64_t numbers[] = {r[0], r[4], r[5], r[6]};

		if (check_found(
			    check, true, "quota",
			    "user %llu: bytes, messages, mailboxes are %llu, %llu, %llu and must be %llu, %llu, %llu",
			    (unsigned long long)r[0], (unsigned long long)r[1], (unsigned long long)r[2],
			    (unsigned long long)r[3], (unsigned long long)r[4], (unsigned long long)r[5],
			    (unsigned long long)r[6]))
			status = check_run(tx, sql_set_user, numbers, 4);
	}
	free(rows.list);
	if (status != STORE_OK)
		return status;
	status = tell_ownerless(tx, check, sql_ownerless, "mailbox");
	if (status == STORE_OK)
		status = tell_ownerless(tx, check, sql_ownerless_collections, "collection");
	return status;
}

static enum store_status check_references_tx(struct store_tx *tx, void *arg)
{
	struct check *check = arg;
	struct found_rows rows;
	enum store_status status = read_rows(tx, sql_references, 4, &rows);

	for (size_t i = 0; i < rows.count && status == STORE_OK; i++) {
		const uint64_t *r = rows.list[i];
		const uint64_t numbers[] = {r[0], r[3], r[3] == 0 ? (uint64_t)clock_now() : 0};

		if (check_found(check, true, "references",
				"content %llu: references are %llu (free since %llu) and must be %llu",
				(unsigned long long)r[0], (unsigned long long)r[1], (unsigned long long)r[2],
				(unsigned long long)r[3]))
			status = check_run(tx, sql_set_references, numbers, 3);
	}
	free(rows.list);
	return status;
}

static void found_message(struct check *check, const char *kind, uint64_t id, const char *what, uint64_t number)
{
	(void)check_found(check, false, kind, "mailbox %llu: UID %llu %s %llu", (unsigned long long)(id >> 32),
			  (unsigned long long)(id & UINT32_MAX), what, (unsigned long long)number);
}

static enum store_status check_messages_tx(struct store_tx *tx, void *arg)
{
	struct check *check = arg;
	struct found_rows rows;
	enum store_status status = read_rows(tx, sql_lost, 2, &rows);

	for (size_t i = 0; i < rows.count; i++)
		found_message(check, "blob-missing", rows.list[i][0],
			      "names a content that does not exist:", rows.list[i][1]);
	free(rows.list);
	if (status != STORE_OK)
		return status;
	status = read_rows(tx, sql_sizes, 3, &rows);
	for (size_t i = 0; i < rows.count; i++)
		found_message(check, "size", rows.list[i][0], "has another size than its content:", rows.list[i][1]);
	free(rows.list);
	return status;
}

enum store_status check_users(struct check *check)
{
	return check_step(check, check_users_tx, check);
}

enum store_status check_references(struct check *check)
{
	enum store_status status = check_step(check, check_references_tx, check);

	return status == STORE_OK ? check_step(check, check_messages_tx, check) : status;
}
