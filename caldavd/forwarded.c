/* Forwarded. */
#include "caldavd/forwarded.h"

#include <arpa/inet.h>

/* The last element of a list; a comma between quotes is none that parts. */
static struct span last_element(struct span list)
{
	struct span last = list;
	bool is_quoted = false;

	for (size_t i = 0; i < list.n; i++) {
		if (list.p[i] == '"')
			is_quoted = !is_quoted;
		else if (list.p[i] == ',' && !is_quoted)
			last = span_sub(list, i + 1, SIZE_MAX);
	}
	return span_trim(last);
}

/* "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]:4711", "2001:db8::1"; NULL: none of these ("unknown", "_hidden"). */
static const char *address_of(struct span text, struct arena *arena)
{
	size_t colon = span_find_byte(text, ':');
	unsigned char bytes[16];
	const char *address;

	if (text.n > 0 && text.p[0] == '[')
		text = span_sub(text, 1, span_find_byte(text, ']') == SIZE_MAX ? 0 : span_find_byte(text, ']') - 1);
	else if (colon != SIZE_MAX && span_find_byte(span_sub(text, colon + 1, SIZE_MAX), ':') == SIZE_MAX)
		text = span_sub(text, 0, colon);
	if (text.n == 0 || text.n > INET6_ADDRSTRLEN || span_find_byte(text, '\0') != SIZE_MAX)
		return NULL;
	address = arena_text(arena, text);
	return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1 ? address : NULL;
}

static struct span unquoted(struct span text)
{
	if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
		return span_sub(text, 1, text.n - 2);
	return text;
}

/* for=…;proto=…;host=… */
static void read_pairs(struct span element, struct arena *arena, struct forwarded *forwarded)
{
	while (element.n > 0) {
		size_t end = span_find_byte(element, ';');
		struct span pair = span_trim(span_sub(element, 0, end));
		size_t equals = span_find_byte(pair, '=');
		struct span name = span_sub(pair, 0, equals), value = {0};

		if (equals != SIZE_MAX)
			value = unquoted(span_sub(pair, equals + 1, SIZE_MAX));
		if (span_is_nocase(name, "for"))
			forwarded->client = address_of(value, arena);
		else if (span_is_nocase(name, "proto"))
			forwarded->scheme = value;
		else if (span_is_nocase(name, "host"))
			forwarded->host = value;
		element = end == SIZE_MAX ? (struct span){0} : span_sub(element, end + 1, SIZE_MAX);
	}
}

/* Fields may come several times: the last one is the nearest proxy's. */
static struct span last_field(const struct http_exchange *x, const char *name)
{
	struct span value = {0};

	for (size_t i = 0; i < x->head.field_count; i++)
		if (span_is_nocase(x->head.fields[i].name, name))
			value = x->head.fields[i].value;
	return value;
}

bool forwarded_read(struct http_exchange *x, struct forwarded *forwarded_r)
{
	struct span value;

	*forwarded_r = (struct forwarded){0};
	if (!net_session_is_forwarder(&x->session->net))
		return false;
	if ((value = last_field(x, "Forwarded")).p != NULL) {
		read_pairs(last_element(value), x->arena, forwarded_r);
	} else {
		if ((value = last_field(x, "X-Forwarded-For")).p != NULL)
			forwarded_r->client = address_of(last_element(value), x->arena);
		if ((value = last_field(x, "X-Forwarded-Proto")).p != NULL)
			forwarded_r->scheme = last_element(value);
		if ((value = last_field(x, "X-Forwarded-Host")).p != NULL)
			forwarded_r->host = last_element(value);
	}
	forwarded_r->is_https = span_is_nocase(forwarded_r->scheme, "https");
	return true;
}
