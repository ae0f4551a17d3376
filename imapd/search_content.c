/* SEARCH keys that need the content of messages: passes over the rows of a chunk that are still open, the cheap parts
 * first. What even the kept text leaves open (it is cut off in long messages) is decided by the message itself. */
#include "imapd/search_private.h"
#include "common/content/derive.h"
#include "common/mime/mime.h"
#include "imapd/imapd.h"

struct search_pass {
	struct search *search;
	unsigned parts;
};

static void decide(struct search *s, uint32_t k, enum search_answer answer)
{
	struct search_lanes *lanes = &s->program.root.lanes;
	uint64_t bit = (uint64_t)1 << k % 64;

	if (answer == SEARCH_YES)
		lanes->yes[k / 64] |= bit;
	else if (answer == SEARCH_NO)
		lanes->no[k / 64] |= bit;
}

static bool is_open(const struct search *s, uint32_t k)
{
	const struct search_lanes *lanes = &s->program.root.lanes;

	return ((lanes->yes[k / 64] | lanes->no[k / 64]) >> k % 64 & 1) == 0;
}

static void find_open(struct search *s, const struct store_chunk *chunk)
{
	s->open_count = 0;
	for (uint32_t k = 0; k < chunk->count; k++) {
		if (!is_open(s, k))
			continue;
		s->rows[s->open_count] = k;
		s->blobs[s->open_count++] = chunk->blob[k];
	}
}

/* Text for search has no version of its own: 0. */
static bool is_damaged(const struct store_content *content)
{
	return content->is_missing ||
	       (content->derived.version != 0 && content->derived.version != MIME_DERIVED_VERSION);
}

static bool look_at_content(void *arg, size_t index, const struct store_content *content)
{
	struct search_pass *pass = arg;
	struct search *s = pass->search;
	uint32_t k = s->rows[index];

	if (!is_damaged(content))
		decide(s, k, search_match_content(&s->program.root, k, &content->derived, pass->parts));
	return true;
}

static enum store_status pass_over(struct search *s, const struct store_chunk *chunk, unsigned parts)
{
	struct search_pass pass = {s, parts};

	find_open(s, chunk);
	if (s->open_count == 0)
		return STORE_OK;
	return store_content_each(s->session->imapd->service.store, s->blobs, s->open_count, parts, look_at_content,
				  &pass);
}

static enum store_status read_message(struct search *s, uint64_t number, struct span *bytes_r)
{
	struct store_blob *blob = NULL;
	enum store_status status = store_blob_open(s->session->imapd->service.store, number, &blob);
	uint64_t size, at = 0;
	size_t got = 1;
	char *to;

	if (status != STORE_OK)
		return status;
	size = store_blob_size(blob);
	to = arena_bytes(s->scratch, (size_t)size + 1);
	for (; status == STORE_OK && at < size && got > 0; at += got)
		status = store_blob_read(blob, at, to + at, (size_t)(size - at), &got);
	store_blob_close(&blob);
	*bytes_r = span_from(to, (size_t)at);
	return status;
}

/* Everything of one message, derived anew. A message that cannot be read matches nothing; the store has logged why. */
static void look_at_message(struct search *s, uint32_t k, uint64_t blob)
{
	struct store_derived content;
	struct span bytes;

	if (read_message(s, blob, &bytes) != STORE_OK) {
		decide(s, k, SEARCH_NO);
	} else {
		content_derive(bytes, SIZE_MAX, s->scratch, &content);
		decide(s, k, search_match_content(&s->program.root, k, &content, s->program.needs));
	}
	arena_reset(s->scratch);
}

enum store_status search_decide_by_content(struct search *s, const struct store_chunk *chunk)
{
	enum store_status status = STORE_OK;

	if (s->program.needs == 0)
		return STORE_OK;
	if (s->program.needs_first != 0)
		status = pass_over(s, chunk, s->program.needs_first);
	if (status == STORE_OK)
		status = pass_over(s, chunk, s->program.needs);
	if (status != STORE_OK)
		return status;
	find_open(s, chunk);
	for (size_t i = 0; i < s->open_count; i++)
		look_at_message(s, s->rows[i], s->blobs[i]);
	return STORE_OK;
}
