/* Whom an address means: aliases and groups, mail addresses, names, USER+FOLDER. */
#include "common/directory/directory_private.h"
#include "common/base/buf.h"
#include "common/base/log.h"

#include <search.h>

enum {
	ALIAS_DEPTH_MAX = 64, /* of an alias in an alias */
	ALIASES_MAX = 20000,  /* that one address expands to */
	TARGETS_MAX = 10000,
};

struct resolve {
	struct store *store;
	const struct directory_rule *rule;
	struct arena *arena;
	struct directory_target *targets;
	size_t count, capacity;
	void *expanded; /* a tree (tsearch) of the aliases that were: each is expanded once, also in a circle */
	size_t expanded_count;
};

static enum directory_status resolve_address(struct resolve *job, struct span address, struct span folder,
					     unsigned depth);

static enum directory_status status_of(enum store_status status)
{
	if (status == STORE_OK)
		return DIRECTORY_OK;
	return status == STORE_NOT_FOUND ? DIRECTORY_UNKNOWN : DIRECTORY_UNAVAILABLE;
}

static int by_text(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static void leave(void *span)
{
	(void)span; /* it lies in the arena */
}

/* The whole address fails then: who is left out would never know. */
static enum directory_status too_large(struct span address)
{
	log_error(NULL, "the address <%.*s> expands to too many others", (int)address.n, address.p);
	return DIRECTORY_UNAVAILABLE;
}

static enum directory_status add(struct resolve *job, uint64_t user, struct span address, struct span folder)
{
	void *targets = job->targets;

	for (size_t i = 0; i < job->count; i++)
		if (job->targets[i].user == user)
			return DIRECTORY_OK;
	if (job->count == TARGETS_MAX)
		return too_large(address);
	arena_grow(job->arena, &targets, &job->capacity, job->count + 1, sizeof *job->targets);
	job->targets = targets;
	job->targets[job->count++] = (struct directory_target){.user = user, .folder = folder};
	return DIRECTORY_OK;
}

/* False: it was expanded already. */
static bool expand_once(struct resolve *job, struct span address)
{
	struct span *key = arena_new(job->arena, struct span);

	*key = address;
	return *(struct span **)tsearch(key, &job->expanded, by_text) == key;
}

static bool is_our_domain(const struct directory_rule *rule, struct span domain)
{
	if (domain.p == NULL || rule->domain_count == 0)
		return true;
	for (size_t i = 0; i < rule->domain_count; i++)
		if (span_is_nocase(domain, rule->domains[i]))
			return true;
	return false;
}

/* "local@domain" in two; the domain's p is NULL where there is none. */
static void split(struct span address, struct span *local, struct span *domain)
{
	size_t at = SIZE_MAX;

	for (size_t i = 0; i < address.n; i++)
		if (address.p[i] == '@')
			at = i;
	*local = span_sub(address, 0, at);
	*domain = at == SIZE_MAX ? (struct span){0} : span_sub(address, at + 1, SIZE_MAX);
}

static enum directory_status resolve_targets(struct resolve *job, const struct store_alias *aliases, size_t count,
					     struct span folder, unsigned depth)
{
	for (size_t i = 0; i < count; i++) {
		enum directory_status result = resolve_address(job, aliases[i].target, folder, depth + 1);

		if (result == DIRECTORY_UNAVAILABLE)
			return result;
		if (result == DIRECTORY_UNKNOWN)
			log_warning(NULL, "the alias <%.*s> names <%.*s>, whom nobody knows", (int)aliases[i].address.n,
				    aliases[i].address.p, (int)aliases[i].target.n, aliases[i].target.p);
	}
	return DIRECTORY_OK;
}

static enum directory_status resolve_alias(struct resolve *job, struct span address, struct span folder, unsigned depth)
{
	struct store_alias *aliases;
	size_t count;
	enum directory_status result;

	if (address.n == 0)
		return DIRECTORY_UNKNOWN;
	result = status_of(store_alias_list(job->store, address, job->arena, &aliases, &count));
	if (result != DIRECTORY_OK || count == 0)
		return result == DIRECTORY_OK ? DIRECTORY_UNKNOWN : result;
	if (!expand_once(job, address))
		return DIRECTORY_OK;
	if (depth == ALIAS_DEPTH_MAX || ++job->expanded_count > ALIASES_MAX)
		return too_large(address);
	return resolve_targets(job, aliases, count, folder, depth);
}

static enum directory_status resolve_user(struct resolve *job, struct span address, struct span local,
					  struct span domain, struct span folder)
{
	struct store_user user;
	enum store_status status = store_user_find_mail(job->store, address, job->arena, &user);

	if (status == STORE_NOT_FOUND && is_our_domain(job->rule, domain)) {
		status = store_user_find(job->store, address, job->arena, &user);
		if (status == STORE_NOT_FOUND && domain.p != NULL)
			status = store_user_find(job->store, local, job->arena, &user);
	}
	return status == STORE_OK ? add(job, user.id, address, folder) : status_of(status);
}

/* In lower case and without folder. An alias wins over a user: so a user's mail can be sent elsewhere. */
static enum directory_status resolve_plain(struct resolve *job, struct span address, struct span folder, unsigned depth)
{
	struct span local, domain;
	enum directory_status result;

	split(address, &local, &domain);
	result = resolve_alias(job, address, folder, depth);
	if (result == DIRECTORY_UNKNOWN && domain.p != NULL && is_our_domain(job->rule, domain))
		result = resolve_alias(job, local, folder, depth);
	return result == DIRECTORY_UNKNOWN ? resolve_user(job, address, local, domain, folder) : result;
}

static enum directory_status resolve_address(struct resolve *job, struct span address, struct span folder,
					     unsigned depth)
{
	struct span local, domain;
	struct buf plain = {0};
	enum directory_status result = resolve_plain(job, address, folder, depth);
	size_t at;

	if (result != DIRECTORY_UNKNOWN || job->rule->separator == '\0')
		return result;
	split(address, &local, &domain);
	if ((at = span_find_byte(local, job->rule->separator)) == SIZE_MAX)
		return result;
	buf_span(&plain, span_sub(local, 0, at));
	if (domain.p != NULL) {
		buf_byte(&plain, '@');
		buf_span(&plain, domain);
	}
	if (folder.n == 0)
		folder = arena_span(job->arena, span_sub(local, at + 1, SIZE_MAX));
	result = resolve_plain(job, arena_span(job->arena, buf_view(&plain)), folder, depth);
	buf_done(&plain);
	return result;
}

/* The folder keeps its capitals: names of mailboxes do. */
static struct span keep_folder(const struct directory_rule *rule, struct span address, struct arena *arena)
{
	struct span local, domain;
	size_t at;

	split(address, &local, &domain);
	at = rule->separator == '\0' ? SIZE_MAX : span_find_byte(local, rule->separator);
	return at == SIZE_MAX ? (struct span){0} : arena_span(arena, span_sub(local, at + 1, SIZE_MAX));
}

enum directory_status directory_resolve(struct directory *directory, const struct directory_rule *rule,
					struct span address, struct arena *arena, struct directory_target **targets_r,
					size_t *count_r)
{
	struct resolve job = {.store = directory->store, .rule = rule, .arena = arena};
	struct span kept;
	struct buf normal = {0};
	enum directory_status result = DIRECTORY_UNKNOWN;

	*count_r = 0;
	if (directory_name_normalize(address, &normal))
		result = resolve_address(&job, arena_span(arena, buf_view(&normal)), (struct span){0}, 0);
	buf_done(&normal);
	tdestroy(job.expanded, leave);
	if (result == DIRECTORY_OK && job.count == 0)
		result = DIRECTORY_UNKNOWN; /* an alias of nobody */
	kept = keep_folder(rule, address, arena);
	for (size_t i = 0; i < job.count; i++)
		if (span_equal_nocase(job.targets[i].folder, kept))
			job.targets[i].folder = kept;
	*targets_r = job.targets;
	*count_r = result == DIRECTORY_OK ? job.count : 0;
	return result;
}
