/* Users: their rows, secrets and quotas; a new one gets the mailboxes everybody has. */
#include "common/store/user.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/must.h"
#include "common/store/collection_private.h"
#include "common/store/mailbox_private.h"

#include <unistr.h>

#define USER_COLUMNS                                                                                                   \
	"id, name, display_name, mail, secrets, quota_bytes, used_bytes, used_messages, is_admin, is_disabled, "       \
	"created_at"

static const char sql_find[] = "SELECT " USER_COLUMNS " FROM user WHERE name = ?";
static const char sql_find_mail[] = "SELECT " USER_COLUMNS " FROM user WHERE mail = ? ORDER BY id LIMIT 1";
static const char sql_get[] = "SELECT " USER_COLUMNS " FROM user WHERE id = ?";
static const char sql_list[] = "SELECT " USER_COLUMNS " FROM user ORDER BY name";
static const char sql_insert[] = "INSERT INTO user (name, display_name, mail, secrets, quota_bytes, used_bytes, "
				 "used_messages, is_admin, is_disabled,"
				 " created_at, mailboxes) VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?, ?, 0)";
static const char sql_delete[] = "DELETE FROM user WHERE id = ?";
static const char sql_delete_delivered[] = "DELETE FROM delivered WHERE owner = ?";
static const char sql_delete_subscriptions[] = "DELETE FROM subscription WHERE owner = ?";
static const char sql_mailboxes[] = "SELECT id FROM mailbox WHERE owner = ? LIMIT 1";
static const char sql_set_secrets[] = "UPDATE user SET secrets = ? WHERE id = ?";
static const char sql_set_quota[] = "UPDATE user SET quota_bytes = ? WHERE id = ?";
static const char sql_set_profile[] =
	"UPDATE user SET display_name = ?, mail = ?, is_admin = ?, is_disabled = ? WHERE id = ?";

static void from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_user *user_r)
{
	*user_r = (struct store_user){
		.id = sql_u64(stmt, 0),
		.name = arena_span(arena, sql_span(stmt, 1)),
		.display_name = arena_span(arena, sql_span(stmt, 2)),
		.mail = arena_span(arena, sql_span(stmt, 3)),
		.secrets = arena_span(arena, sql_span(stmt, 4)),
		.quota_bytes = sql_u64(stmt, 5),
		.used_bytes = sql_u64(stmt, 6),
		.used_messages = sql_u64(stmt, 7),
		.is_admin = sql_u64(stmt, 8) != 0,
		.is_disabled = sql_u64(stmt, 9) != 0,
		.created_at = sql_i64(stmt, 10),
	};
}

/* --- looking
 * -------------------------------------------------------------------------------------------------------------- */

struct user_find {
	const char *sql;
	uint64_t id;
	struct span text; /* name or address; p NULL: id is meant */
	struct arena *arena;
	struct store_user *user_r;
};

static enum store_status find_tx(struct store_tx *tx, void *arg)
{
	struct user_find *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, job->sql, &stmt);

	if (status == STORE_OK) {
		if (job->text.p != NULL)
			sql_bind_span(stmt, 1, job->text);
		else
			sql_bind_u64(stmt, 1, job->id);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK)
		from_columns(stmt, job->arena, job->user_r);
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_user_find(struct store *store, struct span name, struct arena *arena, struct store_user *user_r)
{
	struct user_find job = {.sql = sql_find, .text = name, .arena = arena, .user_r = user_r};

	return name.n == 0 ? STORE_NOT_FOUND : store_read(store, find_tx, &job);
}

enum store_status store_user_find_mail(struct store *store, struct span mail, struct arena *arena,
				       struct store_user *user_r)
{
	struct user_find job = {.sql = sql_find_mail, .text = mail, .arena = arena, .user_r = user_r};

	return mail.n == 0 ? STORE_NOT_FOUND : store_read(store, find_tx, &job);
}

enum store_status store_user_get(struct store *store, uint64_t id, struct arena *arena, struct store_user *user_r)
{
	struct user_find job = {.sql = sql_get, .id = id, .arena = arena, .user_r = user_r};

	return id == 0 ? STORE_NOT_FOUND : store_read(store, find_tx, &job);
}

struct user_list {
	struct arena *arena;
	struct store_user *users;
	size_t count, capacity;
};

static enum store_status list_tx(struct store_tx *tx, void *arg)
{
	struct user_list *job = arg;
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_list, &stmt);

	job->count = 0;
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(job->arena, (void **)&job->users, &job->capacity, job->count + 1, sizeof(*job->users));
		from_columns(stmt, job->arena, &job->users[job->count++]);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_user_list(struct store *store, struct arena *arena, struct store_user **users_r,
				  size_t *count_r)
{
	struct user_list job = {.arena = arena};
	enum store_status status = store_read(store, list_tx, &job);

	if (status == STORE_OK) {
		*users_r = job.users;
		*count_r = job.count;
	}
	return status;
}

/* --- adding and deleting
 * -------------------------------------------------------------------------------------------------- */

struct user_add {
	const struct store_user *user;
	uint64_t id;
};

static bool is_name(struct span name)
{
	if (name.n == 0 || name.n > STORE_USER_NAME_MAX || u8_check((const uint8_t *)name.p, name.n) != NULL)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f)
			return false;
	return true;
}

static enum store_status insert_user(struct store_tx *tx, struct user_add *job)
{
	const struct store_user *user = job->user;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_insert, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, user->name);
		sql_bind_span(stmt, 2, user->display_name);
		sql_bind_span(stmt, 3, user->mail);
		sql_bind_span(stmt, 4, user->secrets);
		sql_bind_u64(stmt, 5, user->quota_bytes);
		sql_bind_u64(stmt, 6, user->is_admin);
		sql_bind_u64(stmt, 7, user->is_disabled);
		sql_bind_i64(stmt, 8, user->created_at != 0 ? user->created_at : clock_now());
		status = sql_run_one(stmt); /* a name that is taken: STORE_EXISTS */
	}
	if (status == STORE_OK)
		job->id = sql_last_insert_id(tx->db);
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status add_tx(struct store_tx *tx, void *arg)
{
	static const struct {
		struct span name;
		unsigned uses;
	} everybody[] = {
		{{"INBOX", 5}, 0},
		{{"Drafts", 6}, STORE_USE_DRAFTS},
		{{"Sent", 4}, STORE_USE_SENT},
		{{"Trash", 5}, STORE_USE_TRASH},
		{{"Junk", 4}, STORE_USE_JUNK},
		{{"Archive", 7}, STORE_USE_ARCHIVE},
	};
	struct user_add *job = arg;
	enum store_status status = insert_user(tx, job);

	for (size_t i = 0; status == STORE_OK && i < array_count(everybody); i++) {
		status = mailbox_insert(tx, job->id, everybody[i].name, everybody[i].uses, true, NULL);
		if (status == STORE_OK)
			status = mailbox_set_subscribed(tx, job->id, everybody[i].name, true);
	}
	return status == STORE_OK ? collection_make_first(tx, job->id) : status;
}

/* Addresses are looked up bytewise, so they are kept in one case. */
static struct span lower(struct span mail, struct buf *out)
{
	for (size_t i = 0; i < mail.n; i++)
		buf_byte(out, ascii_lower(mail.p[i]));
	return buf_view(out);
}

enum store_status store_user_add(struct store *store, const struct store_user *user, uint64_t *id_r)
{
	struct store_user kept = *user;
	struct buf mail = {0};
	struct user_add job = {.user = &kept};
	enum store_status status;

	kept.mail = lower(user->mail, &mail);
	status = is_name(user->name) ? store_write(store, add_tx, &job) : STORE_INVALID;
	buf_done(&mail);
	if (status == STORE_OK)
		*id_r = job.id;
	return status;
}

/* One mailbox after the other is erased, until there is none. */
static enum store_status erase_mailboxes(struct store_tx *tx, uint64_t owner)
{
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_mailboxes, &stmt);

	while (status == STORE_OK) {
		uint64_t mailbox = 0;

		sql_bind_u64(stmt, 1, owner);
		status = sql_step(stmt, &row);
		if (row)
			mailbox = sql_u64(stmt, 0);
		sql_reset(stmt);
		if (status != STORE_OK || !row)
			break;
		status = mailbox_erase(tx, owner, mailbox);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status delete_where(struct store_tx *tx, const char *sql, uint64_t id)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, id);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status delete_tx(struct store_tx *tx, void *arg)
{
	const uint64_t *id = arg;
	enum store_status status = erase_mailboxes(tx, *id);

	if (status == STORE_OK)
		status = collection_erase_all(tx, *id);
	if (status == STORE_OK)
		status = delete_where(tx, sql_delete_subscriptions, *id);
	if (status == STORE_OK)
		status = delete_where(tx, sql_delete_delivered, *id);
	if (status == STORE_OK)
		status = delete_where(tx, sql_delete, *id);
	return status == STORE_OK && sql_changes(tx->db) == 0 ? STORE_NOT_FOUND : status;
}

enum store_status store_user_delete(struct store *store, uint64_t id)
{
	return store_write(store, delete_tx, &id);
}

/* --- changing
 * ------------------------------------------------------------------------------------------------------------- */

static enum store_status set_secrets_tx(struct store_tx *tx, void *arg)
{
	const struct store_user *user = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_set_secrets, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, user->secrets);
		sql_bind_u64(stmt, 2, user->id);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_user_set_secrets(struct store *store, uint64_t id, struct span secrets)
{
	struct store_user user = {.id = id, .secrets = secrets};

	return store_write(store, set_secrets_tx, &user);
}

static enum store_status set_quota_tx(struct store_tx *tx, void *arg)
{
	const struct store_user *user = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_set_quota, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, user->quota_bytes);
		sql_bind_u64(stmt, 2, user->id);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_user_set_quota(struct store *store, uint64_t id, uint64_t bytes)
{
	struct store_user user = {.id = id, .quota_bytes = bytes};

	return bytes > INT64_MAX ? STORE_INVALID : store_write(store, set_quota_tx, &user);
}

static enum store_status set_profile_tx(struct store_tx *tx, void *arg)
{
	const struct store_user *user = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_set_profile, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, user->display_name);
		sql_bind_span(stmt, 2, user->mail);
		sql_bind_u64(stmt, 3, user->is_admin);
		sql_bind_u64(stmt, 4, user->is_disabled);
		sql_bind_u64(stmt, 5, user->id);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_user_set_profile(struct store *store, uint64_t id, struct span display_name, struct span mail,
					 bool is_admin, bool is_disabled)
{
	struct store_user user = {
		.id = id, .display_name = display_name, .is_admin = is_admin, .is_disabled = is_disabled};
	struct buf kept = {0};
	enum store_status status;

	user.mail = lower(mail, &kept);
	status = store_write(store, set_profile_tx, &user);
	buf_done(&kept);
	return status;
}

enum store_status store_quota_get(struct store *store, uint64_t user, struct store_quota *quota_r)
{
	struct arena *arena = arena_create();
	struct store_user found;
	enum store_status status = store_user_get(store, user, arena, &found);

	if (status == STORE_OK) {
		*quota_r = (struct store_quota){
			.limit_bytes =
				found.quota_bytes != 0 ? found.quota_bytes : store_options_of(store)->default_quota,
			.used_bytes = found.used_bytes,
			.used_messages = found.used_messages,
		};
	}
	arena_destroy(&arena);
	return status;
}
