/* Checking collections: their counters against the rows, modseqs and tombstones in their places. */
#include "common/store/check_private.h"

/* clang-format off */
static const char sql_counters[] =
	"SELECT c.id, c.objects, c.bytes, COALESCE(o.n, 0), COALESCE(o.bytes, 0) + COALESCE(a.bytes, 0) FROM collection c"
	" LEFT JOIN (SELECT collection, COUNT(*) AS n, SUM(size) AS bytes FROM object GROUP BY collection) o"
	"  ON o.collection = c.id"
	" LEFT JOIN (SELECT collection, SUM(size) AS bytes FROM attachment GROUP BY collection) a ON a.collection = c.id"
	" WHERE c.objects <> COALESCE(o.n, 0) OR c.bytes <> COALESCE(o.bytes, 0) + COALESCE(a.bytes, 0)";
static const char sql_set_counters[] = "UPDATE collection SET objects = ?2, bytes = ?3 WHERE id = ?1";
static const char sql_modseqs[] =
	"SELECT c.id, c.modseq, MAX(m.modseq) AS top FROM collection c JOIN (SELECT collection, modseq FROM object"
	" UNION ALL SELECT collection, modseq FROM object_removed) m ON m.collection = c.id GROUP BY c.id"
	" HAVING MAX(m.modseq) > c.modseq";
static const char sql_set_modseq[] = "UPDATE collection SET modseq = ?2 WHERE id = ?1";
static const char sql_graves[] =
	"SELECT r.collection, COUNT(*) FROM object_removed r JOIN object o ON o.collection = r.collection"
	" AND o.name = r.name GROUP BY r.collection";
static const char sql_open_graves[] =
	"DELETE FROM object_removed WHERE collection = ?1 AND name IN (SELECT name FROM object WHERE collection = ?1)";
static const char sql_astray[] =
	"SELECT collection, COUNT(*) FROM (SELECT collection FROM object UNION ALL SELECT collection FROM object_removed"
	" UNION ALL SELECT collection FROM property UNION ALL SELECT collection FROM attachment)"
	" WHERE collection NOT IN (SELECT id FROM collection) GROUP BY collection";
static const char sql_lost[] =
	"SELECT o.collection, COUNT(*) FROM (SELECT collection, blob, size FROM object"
	" UNION ALL SELECT collection, blob, size FROM attachment) o LEFT JOIN blob b ON b.id = o.blob"
	" WHERE b.id IS NULL OR b.size <> o.size GROUP BY o.collection";
/* clang-format on */

enum { ROW_COLUMNS = 5, ROWS_MAX = 1000 /* problems of one kind in one step: enough to be told */ };

struct rows {
	uint64_t list[ROWS_MAX][ROW_COLUMNS];
	size_t count;
};

static enum store_status read_rows(struct store_tx *tx, const char *sql, int columns, struct rows *rows)
{
	struct sql_stmt *stmt = NULL;
	bool is_row = false;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	rows->count = 0;
	while (status == STORE_OK && rows->count < ROWS_MAX && (status = sql_step(stmt, &is_row)) == STORE_OK &&
	       is_row) {
		for (int i = 0; i < columns; i++)
			rows->list[rows->count][i] = sql_u64(stmt, i);
		rows->count++;
	}
	sql_stmt_free(&stmt);
	return status;
}

typedef unsigned long long ull; /* for printf */

static enum store_status check_counters(struct store_tx *tx, struct check *check, struct rows *rows)
{
	enum store_status status = read_rows(tx, sql_counters, 5, rows);

	for (size_t i = 0; i < rows->count && status == STORE_OK; i++) {
		const uint64_t *r = rows->list[i];
		const uint64_t numbers[] = {r[0], r[3], r[4]};

		if (check_found(check, true, "counter",
				"collection %llu: objects, bytes are %llu, %llu and must be %llu, %llu", (ull)r[0],
				(ull)r[1], (ull)r[2], (ull)r[3], (ull)r[4]))
			status = check_run(tx, sql_set_counters, numbers, 3);
	}
	return status;
}

static enum store_status check_modseqs(struct store_tx *tx, struct check *check, struct rows *rows)
{
	enum store_status status = read_rows(tx, sql_modseqs, 3, rows);

	for (size_t i = 0; i < rows->count && status == STORE_OK; i++) {
		const uint64_t *r = rows->list[i];
		const uint64_t numbers[] = {r[0], r[2]};

		if (check_found(check, true, "modseq", "collection %llu: modseq is %llu and must be at least %llu",
				(ull)r[0], (ull)r[1], (ull)r[2]))
			status = check_run(tx, sql_set_modseq, numbers, 2);
	}
	if (status == STORE_OK)
		status = read_rows(tx, sql_graves, 2, rows);
	for (size_t i = 0; i < rows->count && status == STORE_OK; i++)
		if (check_found(check, true, "tombstone",
				"collection %llu: %llu objects are there and have a tombstone", (ull)rows->list[i][0],
				(ull)rows->list[i][1]))
			status = check_run(tx, sql_open_graves, rows->list[i], 1);
	return status;
}

static enum store_status check_strays(struct store_tx *tx, struct check *check, struct rows *rows)
{
	enum store_status status = read_rows(tx, sql_astray, 2, rows);

	for (size_t i = 0; i < rows->count && status == STORE_OK; i++)
		(void)check_found(check, false, "stray", "%llu rows of collection %llu, which does not exist",
				  (ull)rows->list[i][1], (ull)rows->list[i][0]);
	if (status == STORE_OK)
		status = read_rows(tx, sql_lost, 2, rows);
	for (size_t i = 0; i < rows->count && status == STORE_OK; i++)
		(void)check_found(check, false, "blob-missing",
				  "collection %llu: %llu objects or attachments name a content that is not there or "
				  "has another size",
				  (ull)rows->list[i][0], (ull)rows->list[i][1]);
	return status;
}

static enum store_status check_tx(struct store_tx *tx, void *arg)
{
	struct check *check = arg;
	struct rows rows;
	enum store_status status;

	if ((status = check_counters(tx, check, &rows)) == STORE_OK &&
	    (status = check_modseqs(tx, check, &rows)) == STORE_OK)
		status = check_strays(tx, check, &rows);
	return status;
}

enum store_status check_collections(struct check *check)
{
	return check_step(check, check_tx, check);
}
