/* list and find: which zones there are (RFC 7808, 5.2, 5.5, 6.2). */
#include "caldavd/timezones/timezones_private.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

/* --- patterns --- */

struct pattern {
	struct buf text; /* without wildcards and backslashes, folded */
	bool is_open_before, is_open_behind;
};

/* Identifiers are compared without case, and "_" is a blank. */
static char fold(char c)
{
	return c == '_' ? ' ' : ascii_lower(c);
}

/* The wildcard stands first, last, or both; "\" stands in front of "*" and "\" only. */
static bool parse_pattern(struct span in, struct pattern *pattern_r)
{
	*pattern_r = (struct pattern){0};
	if (in.n == 0)
		return false;
	if (span_take_byte(&in, '*') == PARSE_OK)
		pattern_r->is_open_before = true;
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '*') {
			if (i + 1 < in.n)
				return false;
			pattern_r->is_open_behind = true;
			break;
		}
		if (in.p[i] == '\\' && (++i == in.n || (in.p[i] != '*' && in.p[i] != '\\')))
			return false;
		buf_byte(&pattern_r->text, fold(in.p[i]));
	}
	return true;
}

static bool matches_at(const struct pattern *pattern, const char *name, size_t n, size_t at)
{
	if (n - at < pattern->text.n || (!pattern->is_open_behind && n - at != pattern->text.n))
		return false;
	for (size_t i = 0; i < pattern->text.n; i++)
		if (fold(name[at + i]) != pattern->text.p[i])
			return false;
	return true;
}

static bool matches(const struct pattern *pattern, const char *name)
{
	size_t n = strlen(name);

	for (size_t at = 0; at <= n && (at == 0 || pattern->is_open_before); at++)
		if (matches_at(pattern, name, n, at))
			return true;
	return false;
}

/* --- zones and their aliases --- */

struct zones {
	const struct ical_zone_info **zones, **aliases; /* the aliases by what they are aliases of */
	size_t zone_count, alias_count;
	char token[2 * SHA256_DIGEST_LENGTH + 1]; /* changes with any of them */
};

static int by_target(const void *a, const void *b)
{
	const struct ical_zone_info *const *one = a, *const *other = b;
	int order = strcmp((*one)->alias_of, (*other)->alias_of);

	return order != 0 ? order : strcmp((*one)->name, (*other)->name);
}

static void make_token(struct zones *zones, size_t count)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct buf all = {0};

	for (size_t i = 0; i < count; i++)
		buf_text(&all, ical_zone_at(i)->etag);
	(void)SHA256((const unsigned char *)all.p, all.n, hash);
	buf_done(&all);
	for (size_t i = 0; i < sizeof hash; i++) {
		zones->token[2 * i] = "0123456789abcdef"[hash[i] >> 4];
		zones->token[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
	}
	zones->token[2 * sizeof hash] = '\0';
}

static void gather(struct arena *arena, struct zones *zones)
{
	size_t count = 0;

	*zones = (struct zones){0};
	while (ical_zone_at(count) != NULL)
		count++;
	zones->zones = arena_zero(arena, count + 1, sizeof *zones->zones);
	zones->aliases = arena_zero(arena, count + 1, sizeof *zones->aliases);
	for (size_t i = 0; i < count; i++) {
		const struct ical_zone_info *info = ical_zone_at(i);

		if (info->alias_of == NULL)
			zones->zones[zones->zone_count++] = info;
		else
			zones->aliases[zones->alias_count++] = info;
	}
	qsort(zones->aliases, zones->alias_count, sizeof *zones->aliases, by_target);
	make_token(zones, count);
}

/* Where the aliases of a zone begin. */
static size_t first_alias(const struct zones *zones, const char *zone)
{
	size_t low = 0, high = zones->alias_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(zones->aliases[middle]->alias_of, zone) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_alias_of(const struct zones *zones, size_t i, const char *zone)
{
	return i < zones->alias_count && strcmp(zones->aliases[i]->alias_of, zone) == 0;
}

static bool is_wanted(const struct zones *zones, const struct ical_zone_info *zone, const struct pattern *pattern)
{
	if (pattern == NULL || matches(pattern, zone->name))
		return true;
	for (size_t i = first_alias(zones, zone->name); is_alias_of(zones, i, zone->name); i++)
		if (matches(pattern, zones->aliases[i]->name))
			return true;
	return false;
}

static void write_zone(const struct zones *zones, const struct ical_zone_info *zone, struct buf *out)
{
	size_t first = first_alias(zones, zone->name);

	buf_text(out, "{\"tzid\":");
	timezones_json_string(span_of(zone->name), out);
	buf_printf(out, ",\"etag\":\"%s\",\"last-modified\":", zone->etag);
	timezones_json_time(zone->modified, out);
	buf_text(out, ",\"publisher\":\"" TIMEZONES_PUBLISHER "\",\"version\":");
	timezones_json_string(span_of(ical_zone_version()), out);
	for (size_t i = first; is_alias_of(zones, i, zone->name); i++) {
		buf_text(out, i == first ? ",\"aliases\":[" : ",");
		timezones_json_string(span_of(zones->aliases[i]->name), out);
	}
	buf_text(out, is_alias_of(zones, first, zone->name) ? "]}" : "}");
}

static void answer(struct dav_request *r, const struct zones *zones, const struct pattern *pattern, bool none)
{
	struct buf body = {0};
	bool is_first = true;

	buf_printf(&body, "{\"synctoken\":\"%s\",\"timezones\":[", zones->token);
	for (size_t i = 0; i < zones->zone_count && !none; i++) {
		if (!is_wanted(zones, zones->zones[i], pattern))
			continue;
		buf_text(&body, is_first ? "\n" : ",\n");
		write_zone(zones, zones->zones[i], &body);
		is_first = false;
	}
	buf_text(&body, "]}\n");
	r->x->may_compress = true;
	timezones_json(r, buf_view(&body));
	buf_done(&body);
}

/* The database is read when the daemon starts, so what a token of an older one would leave out is not known: all of it
 * is told again then. */
void timezones_list(struct dav_request *r)
{
	struct span since, text;
	struct pattern pattern = {0};
	struct zones zones;

	if (!timezones_parameter(r, "changedsince", &since)) {
		timezones_problem(r, 400, "invalid-changedsince", "changedsince must not come twice");
		return;
	}
	if (!timezones_parameter(r, "pattern", &text) || (text.p != NULL && !parse_pattern(text, &pattern))) {
		timezones_problem(r, 400, "invalid-pattern", "The pattern is malformed");
		buf_done(&pattern.text);
		return;
	}
	gather(r->arena, &zones);
	if (text.p != NULL)
		answer(r, &zones, &pattern, false);
	else if (!timezones_is_known(r, zones.token, true))
		answer(r, &zones, NULL, since.p != NULL && span_is(since, zones.token));
	buf_done(&pattern.text);
}
