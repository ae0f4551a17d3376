/* The evaluation of SEARCH programs (RFC 9051, 6.4.4): for a whole chunk from the narrow rows, 64 rows a word, and for
 * single rows with their content. Both know three answers, so that AND, OR and NOT decide as early as they can. */
#include "imapd/search_private.h"

#include <string.h>

/* --- the narrow rows
 * ------------------------------------------------------------------------------------------------------------ */

static void set_all(struct search_lanes *lanes, bool yes)
{
	memset(lanes->yes, yes ? 0xff : 0, sizeof lanes->yes);
	memset(lanes->no, yes ? 0 : 0xff, sizeof lanes->no);
}

static void set_unknown(struct search_lanes *lanes)
{
	memset(lanes, 0, sizeof *lanes);
}

/* k is the row in the condition. */
#define SET_EACH(lanes, count, condition)                                                                              \
	do {                                                                                                           \
		for (uint32_t word_ = 0, k = 0; word_ < SEARCH_WORDS; word_++) {                                       \
			uint32_t end_ = (count) < (word_ + 1) * 64 ? (count) : (word_ + 1) * 64;                       \
			uint64_t bits_ = 0;                                                                            \
                                                                                                                       \
			for (; k < end_; k++)                                                                          \
				bits_ |= (uint64_t)(condition) << (k % 64);                                            \
			(lanes)->yes[word_] = bits_;                                                                   \
			(lanes)->no[word_] = ~bits_;                                                                   \
		}                                                                                                      \
	} while (0)

static void match_flag(struct search_node *node, const struct store_chunk *chunk)
{
	if (!(chunk->any_flags & node->flag))
		set_all(&node->lanes, false);
	else if (chunk->all_flags & node->flag)
		set_all(&node->lanes, true);
	else
		SET_EACH(&node->lanes, chunk->count, (chunk->flags[k] & node->flag) != 0);
}

static bool has_keyword(const struct store_chunk *chunk, uint32_t k, uint32_t keyword)
{
	uint32_t bit = keyword - STORE_KEYWORDS_IN_FLAGS;
	struct span more = chunk->more[k];

	return bit / 8 < more.n && ((unsigned char)more.p[bit / 8] >> bit % 8 & 1) != 0;
}

static void match_keyword(struct search_node *node, const struct store_chunk *chunk)
{
	if (chunk->more == NULL)
		set_all(&node->lanes, false);
	else
		SET_EACH(&node->lanes, chunk->count, has_keyword(chunk, k, node->keyword));
}

/* The set is not empty. The first range that may hold numbers from `number` on. */
static const struct range *range_from(const struct ranges *set, uint32_t number)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->list[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return set->list + low;
}

static bool range_holds(const struct range **range, const struct range *end, uint32_t number)
{
	while (*range < end && (*range)->last < number)
		(*range)++;
	return *range < end && (*range)->first <= number;
}

static void match_numbers(struct search_node *node, const struct store_chunk *chunk, uint32_t first)
{
	const struct range *range = range_from(&node->set, first), *end = node->set.list + node->set.count;

	SET_EACH(&node->lanes, chunk->count, range_holds(&range, end, first + k));
}

static void match_uids(struct search_node *node, const struct store_chunk *chunk)
{
	const struct range *range = range_from(&node->set, chunk->uid[0]), *end = node->set.list + node->set.count;

	SET_EACH(&node->lanes, chunk->count, range_holds(&range, end, chunk->uid[k]));
}

static void match_set(struct search_node *node, const struct store_chunk *chunk, uint32_t first)
{
	if (node->set.count == 0)
		set_all(&node->lanes, false);
	else if (node->kind == SEARCH_NUMBERS)
		match_numbers(node, chunk, first);
	else
		match_uids(node, chunk);
}

static bool is_between(const struct search_node *node, int64_t value)
{
	return value >= node->from && value < node->to;
}

static void match_modseq(struct search_node *node, const struct store_chunk *chunk)
{
	if (chunk->max_modseq < node->modseq)
		set_all(&node->lanes, false);
	else
		SET_EACH(&node->lanes, chunk->count, chunk->modseq[k] >= node->modseq);
}

static bool is_settled(const uint64_t *words)
{
	for (size_t i = 0; i < SEARCH_WORDS; i++)
		if (words[i] != UINT64_MAX)
			return false;
	return true;
}

static void match_and(struct search_node *node, const struct store_chunk *chunk, uint32_t first)
{
	set_all(&node->lanes, true);
	for (size_t c = 0; c < node->child_count && !is_settled(node->lanes.no); c++) {
		search_match_chunk(&node->child[c], chunk, first);
		for (size_t i = 0; i < SEARCH_WORDS; i++) {
			node->lanes.yes[i] &= node->child[c].lanes.yes[i];
			node->lanes.no[i] |= node->child[c].lanes.no[i];
		}
	}
}

static void match_or(struct search_node *node, const struct store_chunk *chunk, uint32_t first)
{
	set_all(&node->lanes, false);
	for (size_t c = 0; c < node->child_count && !is_settled(node->lanes.yes); c++) {
		search_match_chunk(&node->child[c], chunk, first);
		for (size_t i = 0; i < SEARCH_WORDS; i++) {
			node->lanes.yes[i] |= node->child[c].lanes.yes[i];
			node->lanes.no[i] &= node->child[c].lanes.no[i];
		}
	}
}

static void match_not(struct search_node *node, const struct store_chunk *chunk, uint32_t first)
{
	search_match_chunk(&node->child[0], chunk, first);
	memcpy(node->lanes.yes, node->child[0].lanes.no, sizeof node->lanes.yes);
	memcpy(node->lanes.no, node->child[0].lanes.yes, sizeof node->lanes.no);
}

void search_match_chunk(struct search_node *node, const struct store_chunk *chunk, uint32_t first)
{
	switch (node->kind) {
	case SEARCH_AND:
		match_and(node, chunk, first);
		return;
	case SEARCH_OR:
		match_or(node, chunk, first);
		return;
	case SEARCH_NOT:
		match_not(node, chunk, first);
		return;
	case SEARCH_FLAG:
		match_flag(node, chunk);
		return;
	case SEARCH_KEYWORD:
		match_keyword(node, chunk);
		return;
	case SEARCH_NUMBERS:
	case SEARCH_UIDS:
		match_set(node, chunk, first);
		return;
	case SEARCH_SIZE:
		SET_EACH(&node->lanes, chunk->count, is_between(node, chunk->size[k]));
		return;
	case SEARCH_LOCAL_DATE:
		SET_EACH(&node->lanes, chunk->count, is_between(node, chunk->date[k] + (int64_t)chunk->zone[k] * 60));
		return;
	case SEARCH_DATE:
		SET_EACH(&node->lanes, chunk->count, is_between(node, chunk->date[k]));
		return;
	case SEARCH_MODSEQ:
		match_modseq(node, chunk);
		return;
	case SEARCH_SENT_DAY:
	case SEARCH_HEADER:
	case SEARCH_BODY:
	case SEARCH_TEXT:
		set_unknown(&node->lanes);
		return;
	}
}

/* --- content
 * --------------------------------------------------------------------------------------------------------------------
 */

static bool contains(struct span in, struct span what)
{
	return what.n == 0 || (in.n >= what.n && memmem(in.p, in.n, what.p, what.n) != NULL);
}

/* header_text has a line "name:value" a field. */
static bool header_contains(struct span header_text, struct span field, struct span text)
{
	if (!contains(header_text, text))
		return false;
	while (header_text.n > 0) {
		size_t end = span_find_byte(header_text, '\n');
		struct span line = span_sub(header_text, 0, end);

		if (line.n > field.n && line.p[field.n] == ':' && span_starts_nocase(line, field) &&
		    contains(span_sub(line, field.n + 1, line.n), text))
			return true;
		if (end == SIZE_MAX)
			break;
		header_text = span_sub(header_text, end + 1, header_text.n);
	}
	return false;
}

static enum search_answer match_body(const struct search_node *node, const struct store_derived *content,
				     unsigned parts)
{
	if (!(parts & STORE_CONTENT_BODY_TEXT))
		return SEARCH_UNKNOWN;
	if (contains(content->body_text, node->text))
		return SEARCH_YES;
	return content->body_text_is_partial ? SEARCH_UNKNOWN : SEARCH_NO;
}

static enum search_answer match_text(const struct search_node *node, const struct store_derived *content,
				     unsigned parts)
{
	enum search_answer body;

	if ((parts & STORE_CONTENT_HEADER_TEXT) && contains(content->header_text, node->text))
		return SEARCH_YES;
	body = match_body(node, content, parts);
	return body == SEARCH_NO && !(parts & STORE_CONTENT_HEADER_TEXT) ? SEARCH_UNKNOWN : body;
}

static enum search_answer match_children(const struct search_node *node, uint32_t k,
					 const struct store_derived *content, unsigned parts,
					 enum search_answer decides)
{
	enum search_answer answer = decides == SEARCH_NO ? SEARCH_YES : SEARCH_NO;

	for (size_t i = 0; i < node->child_count; i++) {
		enum search_answer child = search_match_content(&node->child[i], k, content, parts);

		if (child == decides)
			return decides;
		if (child == SEARCH_UNKNOWN)
			answer = SEARCH_UNKNOWN;
	}
	return answer;
}

static enum search_answer match_opposite(const struct search_node *node, uint32_t k,
					 const struct store_derived *content, unsigned parts)
{
	enum search_answer child = search_match_content(&node->child[0], k, content, parts);

	if (child == SEARCH_UNKNOWN)
		return SEARCH_UNKNOWN;
	return child == SEARCH_YES ? SEARCH_NO : SEARCH_YES;
}

enum search_answer search_match_content(const struct search_node *node, uint32_t k, const struct store_derived *content,
					unsigned parts)
{
	uint64_t bit = (uint64_t)1 << k % 64;

	if (node->lanes.yes[k / 64] & bit)
		return SEARCH_YES;
	if (node->lanes.no[k / 64] & bit)
		return SEARCH_NO;
	switch (node->kind) {
	case SEARCH_AND:
		return match_children(node, k, content, parts, SEARCH_NO);
	case SEARCH_OR:
		return match_children(node, k, content, parts, SEARCH_YES);
	case SEARCH_NOT:
		return match_opposite(node, k, content, parts);
	case SEARCH_SENT_DAY:
		if (!(parts & STORE_CONTENT_SENT))
			return SEARCH_UNKNOWN;
		return content->sent_day != INT32_MIN && is_between(node, content->sent_day) ? SEARCH_YES : SEARCH_NO;
	case SEARCH_HEADER:
		if (!(parts & STORE_CONTENT_HEADER_TEXT))
			return SEARCH_UNKNOWN;
		return header_contains(content->header_text, node->field, node->text) ? SEARCH_YES : SEARCH_NO;
	case SEARCH_BODY:
		return match_body(node, content, parts);
	case SEARCH_TEXT:
		return match_text(node, content, parts);
	case SEARCH_FLAG:
	case SEARCH_KEYWORD:
	case SEARCH_NUMBERS:
	case SEARCH_UIDS:
	case SEARCH_SIZE:
	case SEARCH_LOCAL_DATE:
	case SEARCH_DATE:
	case SEARCH_MODSEQ:
		break; /* the lanes have said it */
	}
	return SEARCH_NO;
}
