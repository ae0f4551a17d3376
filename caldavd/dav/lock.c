/* LOCK and UNLOCK. A lock on a name that is free makes an empty file there (RFC 4918, 7.3), in folders alone: a
 * calendar holds nothing that is no calendar object. */
#include "caldavd/dav/lock.h"
#include "caldavd/dav/methods.h"
#include "caldavd/dav/multistatus.h"
#include "caldavd/dav/property.h"
#include "common/base/clock.h"

enum { TIMEOUT_MIN = 1, TIMEOUT_DEFAULT = 3600, TIMEOUT_MAX = 86400, HOLDER_MAX = 4096 };

/* D:href of what was locked. */
static void write_root(struct dav_request *r, const struct store_lock *lock, struct buf *out)
{
	struct buf root = {0};
	struct span path = lock->path;

	dav_write_home(r, r->user.name, &root);
	while (path.n > 0) {
		size_t end = span_find_byte(path, '/');

		dav_path_encode(span_sub(path, 0, end), &root);
		if (end != SIZE_MAX)
			buf_byte(&root, '/');
		path = end == SIZE_MAX ? (struct span){0} : span_sub(path, end + 1, SIZE_MAX);
	}
	buf_text(out, "<D:href>");
	xml_write_text(buf_view(&root), out);
	buf_text(out, "</D:href>");
	buf_done(&root);
}

void dav_write_active_lock(struct dav_request *r, const struct store_lock *lock, struct buf *out)
{
	int64_t left = lock->expires_at - clock_now();

	buf_printf(out,
		   "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:%s/></D:lockscope>"
		   "<D:depth>%s</D:depth>",
		   lock->is_shared ? "shared" : "exclusive", lock->is_deep ? "infinity" : "0");
	buf_span(out, lock->holder);
	buf_printf(out, "<D:timeout>Second-%lld</D:timeout><D:locktoken><D:href>", (long long)(left > 0 ? left : 0));
	xml_write_text(lock->token, out);
	buf_text(out, "</D:href></D:locktoken><D:lockroot>");
	write_root(r, lock, out);
	buf_text(out, "</D:lockroot></D:activelock>");
}

/* A lock on a member of a collection that should go: that one has the address of what it is on. */
static void write_member(struct dav_request *r, const struct store_lock *lock, struct buf *out)
{
	buf_text(out, "<D:response>");
	write_root(r, lock, out);
	buf_text(out, "<D:status>HTTP/1.1 423 Locked</D:status><D:error><D:lock-token-submitted>");
	write_root(r, lock, out);
	buf_text(out, "</D:lock-token-submitted></D:error></D:response>\n");
}

struct refusal {
	struct buf hrefs, members; /* D:href of locks on the resources themselves; D:response of those in them */
};

static bool is_first_of_path(const struct store_lock *locks, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (span_equal(locks[k].path, locks[i].path))
			return false;
	return true;
}

static void add_refusals(struct dav_request *r, const struct dav_resource *resource, struct refusal *refusal)
{
	bool names_members = r->route == NULL; /* elsewhere nobody expects a 207 that means no success */
	struct span path = dav_resource_path(r, resource);
	struct store_lock *locks;
	size_t count;

	if (store_lock_obstacles(r->store, r->user.id, resource->owner.id, path, &r->guard, r->arena, &locks, &count) !=
	    STORE_OK)
		return;
	for (size_t i = 0; i < count; i++)
		if (!is_first_of_path(locks, i))
			continue;
		else if (names_members && locks[i].path.n > path.n)
			write_member(r, &locks[i], &refusal->members);
		else
			write_root(r, &locks[i], &refusal->hrefs);
}

void dav_answer_locked(struct dav_request *r, const struct dav_resource *destination)
{
	struct refusal refusal = {0};

	if (r->method->run != dav_copy_run) /* whose source stays as it is */
		add_refusals(r, &r->resource, &refusal);
	if (destination != NULL)
		add_refusals(r, destination, &refusal);
	if (refusal.hrefs.n == 0 && refusal.members.n > 0) {
		dav_multistatus_of(r, buf_view(&refusal.members));
	} else {
		if (refusal.hrefs.n == 0) { /* it has been unlocked meanwhile */
			buf_text(&refusal.hrefs, "<D:href>");
			xml_write_text(r->resource.href, &refusal.hrefs);
			buf_text(&refusal.hrefs, "</D:href>");
		}
		dav_error_xml(r, 423, "D:lock-token-submitted", buf_view(&refusal.hrefs));
	}
	buf_done(&refusal.hrefs);
	buf_done(&refusal.members);
}

static void answer_lock(struct dav_request *r, unsigned status, const struct store_lock *lock)
{
	struct buf body = {0};

	buf_text(&body, XML_DECLARATION "<D:prop" XML_PREFIXES "><D:lockdiscovery>");
	dav_write_active_lock(r, lock, &body);
	buf_text(&body, "</D:lockdiscovery></D:prop>\n");
	http_answer(r->x, status, "application/xml; charset=utf-8", buf_view(&body));
	buf_done(&body);
}

/* Timeout: the first one that is understood (RFC 4918, 10.7). */
static int64_t expiry(const struct dav_request *r)
{
	struct span list = http_request_field(r->x, "Timeout");
	uint64_t seconds = TIMEOUT_DEFAULT;

	while (list.n > 0) {
		size_t end = span_find_byte(list, ',');
		struct span one = span_trim(span_sub(list, 0, end));

		if (span_is_nocase(one, "Infinite")) {
			seconds = TIMEOUT_MAX;
			break;
		}
		if (span_take_text_nocase(&one, "Second-") == PARSE_OK && span_to_u64(one, UINT32_MAX, &seconds))
			break;
		list = end == SIZE_MAX ? (struct span){0} : span_sub(list, end + 1, SIZE_MAX);
	}
	if (seconds > TIMEOUT_MAX)
		seconds = TIMEOUT_MAX;
	return clock_now() + (int64_t)(seconds < TIMEOUT_MIN ? TIMEOUT_MIN : seconds);
}

/* lockinfo = lockscope, locktype, owner? */
static bool parse_info(struct dav_request *r, struct store_lock *lock)
{
	const xmlNode *root = xmlDocGetRootElement(r->xml);
	const xmlNode *scope = xml_child(root, NS_DAV, "lockscope"), *type = xml_child(root, NS_DAV, "locktype");
	const xmlNode *owner = xml_child(root, NS_DAV, "owner");
	struct buf holder = {0};

	if (!xml_is(root, NS_DAV, "lockinfo") || xml_child(type, NS_DAV, "write") == NULL)
		return false;
	lock->is_shared = xml_child(scope, NS_DAV, "shared") != NULL;
	if (!lock->is_shared && xml_child(scope, NS_DAV, "exclusive") == NULL)
		return false;
	if (owner != NULL) {
		xml_write_node(owner, &holder);
		lock->holder = arena_span(r->arena, buf_view(&holder));
		buf_done(&holder);
	}
	return lock->holder.n <= HOLDER_MAX;
}

static void refresh(struct dav_request *r)
{
	struct store_lock lock;
	enum store_status status = STORE_NOT_FOUND;

	if (r->guard.count == 1)
		status = store_lock_refresh(r->store, r->user.id, r->resource.owner.id,
					    dav_resource_path(r, &r->resource), r->guard.tokens[0], expiry(r), r->arena,
					    &lock);
	if (status == STORE_OK)
		answer_lock(r, 200, &lock);
	else if (status == STORE_NOT_FOUND)
		dav_error(r, 412, "D:lock-token-matches-request-uri", NULL);
	else
		dav_fail(r, status);
}

/* False: nothing can be made there, the answer is set. */
static bool check_place(struct dav_request *r)
{
	if (!r->resource.parent_is_missing && r->resource.collection.kind == STORE_FOLDER)
		return true;
	http_answer_text(r->x, r->resource.parent_is_missing ? 409 : 403, "There is nothing that could be locked");
	return false;
}

/* The lock, and where the name is free still, an empty file with it. */
static enum store_status take(struct dav_request *r, struct store_lock *lock, bool *is_new, bool *is_closed_r)
{
	struct store_object_put put = {.collection = r->resource.collection.id,
				       .name = r->resource.name,
				       .bytes = SPAN(""),
				       .expect = STORE_EXPECT_NOTHING};
	struct store_object_result result = {0};
	enum store_status status = STORE_CONFLICT;

	*is_closed_r = false;
	if (*is_new)
		status = store_object_put_locked(r->store, r->user.id, &put, &r->guard, lock, r->arena, &result);
	if (status != STORE_CONFLICT) {
		*is_closed_r = result.modseq == 0;
		return status;
	}
	*is_new = false;
	return store_lock_take(r->store, r->user.id, r->resource.owner.id, lock, r->arena);
}

void dav_lock_run(struct dav_request *r)
{
	struct store_lock lock = {.path = dav_resource_path(r, &r->resource),
				  .is_deep = r->depth == DAV_DEPTH_INFINITY,
				  .expires_at = expiry(r)};
	bool is_new = r->resource.type == DAV_UNMAPPED, is_closed;
	enum store_status status;

	if (r->xml == NULL) {
		refresh(r);
		return;
	}
	if (r->depth == DAV_DEPTH_1 || !parse_info(r, &lock)) {
		http_answer_text(r->x, 400, "That lock is not understood");
		return;
	}
	if (r->resource.type & (DAV_OBJECT | DAV_FILE))
		lock.is_deep = false;
	if (is_new && !check_place(r))
		return;
	status = take(r, &lock, &is_new, &is_closed);
	if (status == STORE_LOCKED && !is_closed) {
		dav_error(r, 423, "D:no-conflicting-lock", NULL);
	} else if (status != STORE_OK) {
		dav_fail(r, status);
	} else {
		http_field(r->x, "Lock-Token", "<%.*s>", (int)lock.token.n, lock.token.p);
		answer_lock(r, is_new ? 201 : 200, &lock);
	}
}

void dav_unlock_run(struct dav_request *r)
{
	struct span token = http_request_field(r->x, "Lock-Token");
	enum store_status status;

	if (token.n < 2 || token.p[0] != '<' || token.p[token.n - 1] != '>') {
		http_answer_text(r->x, 400, "Lock-Token is missing");
		return;
	}
	status = store_lock_release(r->store, r->user.id, r->resource.owner.id, dav_resource_path(r, &r->resource),
				    span_sub(token, 1, token.n - 2));
	if (status == STORE_OK)
		http_answer(r->x, 204, NULL, SPAN(""));
	else if (status == STORE_NOT_FOUND)
		dav_error(r, 409, "D:lock-token-matches-request-uri", NULL);
	else
		dav_fail(r, status);
}
