/* caldavd without sockets, threads and log-ins: a session over a store of its own in memory, to which bytes are given
 * and which answers into a buffer. Every answer must be whole and, where it says so, XML. */
#ifndef FUZZ_CALDAVD_OFFLINE_H
#define FUZZ_CALDAVD_OFFLINE_H

#include "caldavd/caldav/times_cache.h"
#include "caldavd/caldavd.h"
#include "caldavd/dav/dav.h"
#include "caldavd/http/token.h"
#include "caldavd/waiting.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"
#include "common/net/net_private.h"

#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OFFLINE_CREDENTIALS "Basic dTE6cGFzcw=="
#define OFFLINE_LOGIN       "Authorization: " OFFLINE_CREDENTIALS "\r\n"

enum { OFFLINE_ANSWERS_MAX = 64, OFFLINE_OUT_MAX = 16 << 20 };

struct offline {
	struct caldavd caldavd; /* first */
	struct net_daemon *net;
	struct loop *loop;
	struct config *config;
	struct http_service inner; /* what the daemon itself would do */
	char folder[64];
	uint64_t user, fresh_state;
	/* of the session at work */
	struct caldavd_session *session;
	struct buf out;
	bool is_head[OFFLINE_ANSWERS_MAX]; /* answers without a body, in their order */
	size_t answers;
	bool is_cut_off; /* the last answer may be */
};

/* The one of this process; the service's functions know nothing else. */
static struct offline *offline;

static const char offline_event[] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//T//T//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
				    "DTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\nDURATION:PT1H\r\n%s"
				    "SUMMARY:An event\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

static int offline_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void offline_remove(void)
{
	(void)nftw(offline->folder, offline_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- the store's content: a user with two events --- */

static void offline_put(uint64_t calendar, const char *name, const char *more)
{
	struct arena *arena = arena_create();
	struct store_object_put put = {.collection = calendar, .name = span_of(name)};
	struct store_object_result result;

	put.bytes = span_of(arena_printf(arena, offline_event, name, more));
	put.facts = (struct store_object_facts){.uid = span_of(name), .component = STORE_EVENTS, .last = INT64_MAX / 4};
	must(store_object_put(offline->caldavd.service.store, offline->user, &put, &(struct store_guard){0}, arena,
			      &result) == STORE_OK);
	arena_destroy(&arena);
}

static void offline_fill(void)
{
	struct store *store = offline->caldavd.service.store;
	struct store_user user = {.name = SPAN("u1"), .display_name = SPAN("Ute"), .mail = SPAN("u1@example.org")};
	struct store_collection home, *list;
	struct arena *arena = arena_create();
	size_t count;

	if (offline->user != 0)
		must(store_user_delete(store, offline->user) == STORE_OK);
	must(store_user_add(store, &user, &offline->user) == STORE_OK);
	must(store_collection_home(store, offline->user, offline->user, arena, &home) == STORE_OK);
	must(store_collection_list(store, offline->user, home.id, arena, &list, &count) == STORE_OK);
	for (size_t i = 0; i < count; i++)
		if (span_is(list[i].name, "calendar")) {
			offline_put(list[i].id, "1.ics", "");
			offline_put(list[i].id, "2.ics", "RRULE:FREQ=WEEKLY\r\nATTENDEE:mailto:u1@example.org\r\n");
		}
	must(store_collection_state(store, offline->user, offline->user, &offline->fresh_state) == STORE_OK);
	arena_destroy(&arena);
}

/* What an input has changed must not matter to the next one. */
static void offline_refresh(void)
{
	uint64_t state = 0;

	if (store_collection_state(offline->caldavd.service.store, offline->user, offline->user, &state) != STORE_OK ||
	    state != offline->fresh_state)
		offline_fill();
}

/* --- the service --- */

static enum http_begin offline_begin(struct http_exchange *x)
{
	struct span credentials = http_request_field(x, "Authorization");

	if (credentials.p == NULL || span_is(credentials, OFFLINE_CREDENTIALS) ||
	    span_starts_nocase(credentials, SPAN("SCRAM-"))) /* another password would cost a slow hash */
		return offline->inner.begin(x);
	http_answer_text(x, 401, "Please log in");
	return HTTP_BEGIN_NOW;
}

static void offline_end(struct http_exchange *x)
{
	must(offline->answers < OFFLINE_ANSWERS_MAX);
	offline->is_cut_off = !x->is_head_sent;
	if (x->is_head_sent)
		offline->is_head[offline->answers++] = span_is(x->head.method, "HEAD");
	offline->inner.end(x);
}

static void offline_open(void)
{
	const struct config_key *tables[service_keys_count];
	struct caldavd *caldavd;
	char setting[128], *error = NULL;

	offline = alloc_zero(1, sizeof *offline);
	caldavd = &offline->caldavd;
	(void)snprintf(offline->folder, sizeof offline->folder, "%s/trivet-fuzz-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(offline->folder) != NULL);
	(void)atexit(offline_remove);
	memcpy(tables, service_keys, sizeof tables);
	offline->config = config_load(NULL, tables, service_keys_count, &error);
	must(offline->config != NULL);
	(void)snprintf(setting, sizeof setting, "store.path=%s", offline->folder);
	must(config_set(offline->config, setting, &error));
	must(config_set(offline->config, "auth.delay_max=0s", &error)); /* nobody waits for timers here */
	must(config_set(offline->config, "auth.lockout_failures=0", &error));
	offline->loop = alloc_zero(1, sizeof *offline->loop);
	offline->net = alloc_zero(1, sizeof *offline->net);
	offline->net->state = caldavd;
	must(store_open(&(struct store_options){.path = offline->folder, .create = true, .mmap_bytes = 1 << 20},
			&caldavd->service.store, &error) == STORE_OK);
	caldavd->service.directory = directory_create(offline->config, caldavd->service.store);
	caldavd->service.auth = auth_create(offline->config, caldavd->service.directory, "HTTP", &error);
	must(caldavd->service.auth != NULL);
	caldavd->waiting = waiting_create();
	caldavd->options = (struct caldavd_options){.resource_max = 1 << 20,
						    .attachment_max = 1 << 20,
						    .xml_max = 1 << 20,
						    .import_max = 1 << 20,
						    .instances_max = 100,
						    .attendees_max = 100,
						    .replaces = true,
						    .has_directory = true};
	caldavd->times = times_cache_create(1 << 20);
	offline->inner = (struct http_service){.head_max = 32768,
					       .head_ms = 20000,
					       .body_ms = 60000,
					       .compresses = true,
					       .begin = caldavd_begin,
					       .resume = caldavd_resume,
					       .run = caldavd_run,
					       .end = caldavd_end};
	caldavd->http = offline->inner;
	caldavd->http.begin = offline_begin;
	caldavd->http.end = offline_end;
	offline_fill();
}

/* --- a session --- */

static void offline_connect(void)
{
	struct caldavd_session *session = alloc_zero(1, sizeof *session);
	struct caldavd *caldavd = &offline->caldavd;

	offline->session = session;
	offline->answers = 0;
	offline->is_cut_off = false;
	session->http.net = (struct net_session){.number = 1, .daemon = offline->net, .remote = "127.0.0.1:1"};
	session->http.net.transport = alloc_zero(1, sizeof *session->http.net.transport);
	session->http.net.transport->loop = offline->loop;
	session->http.net.transport->address = alloc_text("127.0.0.1");
	session->http.net.is_local = session->http.net.is_trusted = true;
	session->http.net.user = alloc_text("u1");
	session->daemon = caldavd;
	session->user_arena = arena_create();
	must(directory_find(caldavd->service.directory, SPAN("u1"), session->user_arena, &session->user) ==
	     DIRECTORY_OK);
	session->identity.user = offline->user;
	(void)HMAC(EVP_sha256(), caldavd->secret, sizeof caldavd->secret, (const unsigned char *)OFFLINE_CREDENTIALS,
		   sizeof OFFLINE_CREDENTIALS - 1, session->credentials, NULL);
	session->verified_at = clock_uptime_ms();
	must(http_session_open(&session->http, &caldavd->http) == NET_WAIT);
}

/* As a loop and its workers would; false: the session has come to its end. */
static bool offline_turn(void)
{
	struct net_session *net = &offline->session->http.net;
	enum net_next next = caldavd_protocol.look(net);

	while (next == NET_WORK || next == NET_FLUSH) {
		next = caldavd_protocol.work(net, NET_WHY_INPUT);
		buf_span(&offline->out, buf_view(&net->out.bytes));
		net->out.bytes.n = 0;
		must(offline->out.n < OFFLINE_OUT_MAX);
	}
	must(net->out.bytes.n == 0);
	return next == NET_WAIT && offline->answers < OFFLINE_ANSWERS_MAX / 2;
}

/* A block of exactly that size, so that the sanitizer sees a read too far. */
static bool offline_send(struct span bytes)
{
	struct buf *in = &offline->session->http.net.in;
	struct buf whole = {0};

	buf_span(&whole, buf_view(in));
	buf_span(&whole, bytes);
	buf_done(in);
	in->p = alloc_bytes(whole.n + (whole.n == 0));
	in->n = in->capacity = whole.n;
	if (whole.n > 0)
		memcpy(in->p, whole.p, whole.n);
	buf_done(&whole);
	return offline_turn();
}

/* --- what has come out --- */

static struct span offline_line(struct span *in)
{
	size_t end = span_find_byte(*in, '\n');
	struct span line = span_sub(*in, 0, end);

	must(end != SIZE_MAX && line.n > 0 && line.p[line.n - 1] == '\r');
	*in = span_sub(*in, end + 1, SIZE_MAX);
	return span_sub(line, 0, line.n - 1);
}

struct offline_answer {
	unsigned status;
	bool is_xml, is_encoded, is_chunked;
	uint64_t length; /* HTTP_LENGTH_UNKNOWN */
};

static void offline_field(struct span line, struct offline_answer *answer)
{
	size_t colon = span_find_byte(line, ':');
	struct span name = span_sub(line, 0, colon), value;

	must(colon != SIZE_MAX && http_is_token(name));
	value = span_trim(span_sub(line, colon + 1, SIZE_MAX));
	for (size_t i = 0; i < value.n; i++)
		must((unsigned char)value.p[i] >= ' ');
	if (span_is(name, "Content-Type"))
		answer->is_xml = span_starts(value, SPAN("application/xml"));
	else if (span_is(name, "Content-Encoding"))
		answer->is_encoded = true;
	else if (span_is(name, "Transfer-Encoding"))
		answer->is_chunked = true;
	else if (span_is(name, "Content-Length"))
		must(span_to_u64(value, INT64_MAX, &answer->length));
}

/* False: it ends with the connection. */
static bool offline_body(struct span *in, const struct offline_answer *answer, struct buf *body)
{
	struct http_chunks chunks = {0};
	size_t used = 0;

	if (answer->is_chunked) {
		must(answer->length == HTTP_LENGTH_UNKNOWN);
		must(http_chunks_take(&chunks, *in, body, OFFLINE_OUT_MAX, &used) == 0);
		must(chunks.state == HTTP_CHUNK_DONE);
	} else if (answer->length == HTTP_LENGTH_UNKNOWN) {
		used = in->n;
		buf_span(body, *in);
	} else {
		must(answer->length <= in->n);
		used = (size_t)answer->length;
		buf_span(body, span_sub(*in, 0, used));
	}
	*in = span_sub(*in, used, SIZE_MAX);
	return answer->is_chunked || answer->length != HTTP_LENGTH_UNKNOWN;
}

static void offline_check_xml(struct span text)
{
	struct arena *arena = arena_create();
	const char *problem;
	xmlDoc *doc = xml_parse(text, arena, &problem);

	if (doc == NULL)
		fprintf(stderr, "%s in:\n%.*s\n", problem, (int)text.n, text.p);
	must(doc != NULL);
	xmlFreeDoc(doc);
	arena_destroy(&arena);
}

static void offline_check(struct span in)
{
	for (size_t i = 0; i < offline->answers; i++) {
		struct offline_answer answer = {.length = HTTP_LENGTH_UNKNOWN};
		struct buf body = {0};
		struct span line = offline_line(&in);
		uint64_t status;

		if (span_is(line, "HTTP/1.1 100 Continue")) {
			must(offline_line(&in).n == 0);
			line = offline_line(&in);
		}
		must(span_take_text(&line, "HTTP/1.1 ") == PARSE_OK && span_take_u64(&line, 599, &status) == PARSE_OK);
		answer.status = (unsigned)status;
		while ((line = offline_line(&in)).n > 0)
			offline_field(line, &answer);
		if (offline->is_head[i] || answer.status == 204 || answer.status == 304)
			continue;
		must(offline_body(&in, &answer, &body) || in.n == 0);
		if (answer.is_xml && !answer.is_encoded)
			offline_check_xml(buf_view(&body));
		buf_done(&body);
	}
}

/* check: the session was not left within an answer. */
static void offline_disconnect(void)
{
	struct caldavd_session *session = offline->session;
	struct net_session *net = &session->http.net;

	if (session->http.exchange == NULL && !offline->is_cut_off)
		offline_check(buf_view(&offline->out));
	caldavd_protocol.close(net);
	buf_done(&net->in);
	buf_done(&net->out.bytes);
	buf_done(&offline->out);
	free(net->transport->address);
	free(net->transport);
	free(net->user);
	free(session);
	offline->session = NULL;
	offline_refresh();
}

#endif
