/* SEARCH programs against rows and content: the three answers, the order of looking, and what needs which part. */
#include "imapd/search_private.h"
#include "common/base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { ROWS = 130 }; /* more than two words of bits, and not a multiple of 64 */

/* Row k: UID 10 * k + 10, size 100 * k, date day k at noon UTC in a zone of k hours east, modseq 1000 + k; \Seen on
 * even k, keyword 0 on multiples of 3, keyword 60 on multiples of 5. */
struct fixture {
	struct arena *arena;
	struct store_chunk chunk;
	struct store_chunk *chunks[1];
	uint32_t first[1];
	struct span names[61];
	struct store_keyword_list keywords;
	struct store_snapshot view;
	struct ranges saved;
};

static void fill_row(struct fixture *f, uint32_t k)
{
	struct store_chunk *chunk = &f->chunk;

	chunk->uid[k] = 10 * k + 10;
	chunk->size[k] = 100 * k;
	chunk->zone[k] = (int16_t)(k % 24 * 60);
	chunk->date[k] = (int64_t)k * 86400 + 43200;
	chunk->flags[k] =
		(k % 2 == 0 ? STORE_FLAG_SEEN : 0) | (k % 3 == 0 ? (uint64_t)1 << STORE_FLAG_KEYWORD_SHIFT : 0);
	chunk->modseq[k] = 1000 + k;
	chunk->more[k] = k % 5 == 0 ? span_from("\x10", 1) : (struct span){0};
	chunk->any_flags |= chunk->flags[k];
	chunk->all_flags &= chunk->flags[k];
}

static int set_up(void **state)
{
	struct fixture *f = alloc_zero(1, sizeof *f);

	f->arena = arena_create();
	f->chunk.count = ROWS;
	f->chunk.all_flags = UINT64_MAX;
	f->chunk.max_modseq = 1000 + ROWS - 1;
	f->chunk.uid = alloc_zero(ROWS, sizeof *f->chunk.uid);
	f->chunk.size = alloc_zero(ROWS, sizeof *f->chunk.size);
	f->chunk.zone = alloc_zero(ROWS, sizeof *f->chunk.zone);
	f->chunk.date = alloc_zero(ROWS, sizeof *f->chunk.date);
	f->chunk.flags = alloc_zero(ROWS, sizeof *f->chunk.flags);
	f->chunk.modseq = alloc_zero(ROWS, sizeof *f->chunk.modseq);
	f->chunk.more = alloc_zero(ROWS, sizeof *f->chunk.more);
	for (uint32_t k = 0; k < ROWS; k++)
		fill_row(f, k);
	for (size_t i = 0; i < array_count(f->names); i++)
		f->names[i] = i == 0    ? SPAN("$Work")
			      : i == 60 ? SPAN("$Far")
					: span_of(arena_printf(f->arena, "k%zu", i));
	f->keywords = (struct store_keyword_list){.refs = 1, .count = array_count(f->names), .names = f->names};
	f->chunks[0] = &f->chunk;
	f->view = (struct store_snapshot){.refs = 1,
					  .uidnext = 10 * ROWS + 1,
					  .count = ROWS,
					  .chunk_count = 1,
					  .chunks = f->chunks,
					  .first = f->first,
					  .keywords = &f->keywords};
	ranges_add(&f->saved, 20, 30);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->chunk.uid);
	free(f->chunk.size);
	free(f->chunk.zone);
	free(f->chunk.date);
	free(f->chunk.flags);
	free(f->chunk.modseq);
	free(f->chunk.more);
	ranges_done(&f->saved);
	arena_destroy(&f->arena);
	free(f);
	return 0;
}

static void compile(struct fixture *f, const struct imap_search_key *key, struct search_program *program_r)
{
	struct search_context context = {.arena = f->arena,
					 .view = &f->view,
					 .saved = &f->saved,
					 .recent_from = 1201,
					 .now = (int64_t)ROWS * 86400};

	search_program_init(program_r, &context, key);
	search_match_chunk(&program_r->root, &f->chunk, 1);
}

static enum search_answer narrow_answer(const struct search_program *program, uint32_t k)
{
	uint64_t bit = (uint64_t)1 << k % 64;

	assert_false(program->root.lanes.yes[k / 64] & program->root.lanes.no[k / 64] & bit);
	if (program->root.lanes.yes[k / 64] & bit)
		return SEARCH_YES;
	return program->root.lanes.no[k / 64] & bit ? SEARCH_NO : SEARCH_UNKNOWN;
}

/* The numbers that the narrow rows answer with yes, as a sequence set; all others must be a clear no. */
static void check_numbers(struct fixture *f, const struct imap_search_key *key, const char *want)
{
	struct search_program program;
	struct ranges got = {0};
	struct buf text = {0};

	compile(f, key, &program);
	assert_int_equal(program.needs, 0);
	for (uint32_t k = 0; k < ROWS; k++) {
		enum search_answer answer = narrow_answer(&program, k);

		assert_int_not_equal(answer, SEARCH_UNKNOWN);
		if (answer == SEARCH_YES)
			ranges_add(&got, k + 1, k + 1);
	}
	ranges_write(&got, &text);
	assert_string_equal(buf_cstr(&text), want);
	buf_done(&text);
	ranges_done(&got);
	search_program_done(&program);
}

static void test_narrow_keys(void **state)
{
	struct imap_range some[] = {{2, 4}, {IMAP_STAR, 129}, {900, 500}}, uids[] = {{15, 45}, {IMAP_STAR, IMAP_STAR}};
	struct {
		struct imap_search_key key;
		const char *want;
	} cases[] = {
		{{.kind = IMAP_SEARCH_AND}, "1:130"},
		{{.kind = IMAP_SEARCH_OR}, ""},
		{{.kind = IMAP_SEARCH_SEQUENCE, .set = {some, 3, false}}, "2:4,129:130"},
		{{.kind = IMAP_SEARCH_SEQUENCE, .set = {.is_saved = true}}, "2:3"},
		{{.kind = IMAP_SEARCH_UID, .set = {uids, 2, false}}, "2:4,130"},
		{{.kind = IMAP_SEARCH_UID, .set = {.is_saved = true}}, "2:3"},
		{{.kind = IMAP_SEARCH_RECENT}, "121:130"},
		{{.kind = IMAP_SEARCH_LARGER, .number = 12700}, "129:130"},
		{{.kind = IMAP_SEARCH_LARGER, .number = UINT64_MAX}, ""},
		{{.kind = IMAP_SEARCH_SMALLER, .number = 200}, "1:2"},
		{{.kind = IMAP_SEARCH_SMALLER, .number = 0}, ""},
		{{.kind = IMAP_SEARCH_BEFORE, .day = 2}, "1:2"},
		{{.kind = IMAP_SEARCH_ON, .day = 11}, "12"},
		{{.kind = IMAP_SEARCH_ON, .day = 13}, "13"}, /* noon of day 12, which is day 13 in its zone */
		{{.kind = IMAP_SEARCH_SINCE, .day = 129}, "130"},
		{{.kind = IMAP_SEARCH_MODSEQ, .number = 1128}, "129:130"},
		{{.kind = IMAP_SEARCH_MODSEQ, .number = 5000}, ""},
		{{.kind = IMAP_SEARCH_YOUNGER, .number = 86400}, "130"},
		{{.kind = IMAP_SEARCH_OLDER, .number = (uint64_t)129 * 86400}, "1"},
		{{.kind = IMAP_SEARCH_KEYWORD, .text = SPAN("nobody")}, ""},
		{{.kind = IMAP_SEARCH_FLAG, .flag = IMAP_DELETED}, ""},
	};

	for (size_t i = 0; i < array_count(cases); i++)
		check_numbers(*state, &cases[i].key, cases[i].want);
}

static void test_trees(void **state)
{
	struct imap_range ten[] = {{1, 10}};
	struct imap_search_key in_ten = {.kind = IMAP_SEARCH_SEQUENCE, .set = {ten, 1, false}};
	struct imap_search_key seen = {.kind = IMAP_SEARCH_FLAG, .flag = IMAP_SEEN, .next = &in_ten};
	struct imap_search_key work = {.kind = IMAP_SEARCH_KEYWORD, .text = SPAN("$work"), .next = &in_ten};
	struct imap_search_key far = {.kind = IMAP_SEARCH_KEYWORD, .text = SPAN("$Far"), .next = &in_ten};
	struct imap_search_key one = {.kind = IMAP_SEARCH_FLAG, .flag = IMAP_SEEN};
	struct imap_search_key not_seen = {.kind = IMAP_SEARCH_NOT, .child = &one, .next = &in_ten};
	struct imap_search_key and = {.kind = IMAP_SEARCH_AND}, not_and = {.kind = IMAP_SEARCH_NOT, .child = &and};
	struct imap_search_key or = {.kind = IMAP_SEARCH_OR};

	and.child = &seen;
	check_numbers(*state, &and, "1,3,5,7,9");
	and.child = &not_seen;
	check_numbers(*state, &and, "2,4,6,8,10");
	check_numbers(*state, &not_and, "1,3,5,7,9,11:130");
	and.child = &work;
	check_numbers(*state, &and, "1,4,7,10");
	and.child = &far;
	check_numbers(*state, &and, "1,6");
	or.child = &not_seen;
	check_numbers(*state, & or,
		      "1:10,12,14,16,18,20,22,24,26,28,30,32,34,36,38,40,42,44,46,48,50,52,54,56,58,60,62,64,66,"
		      "68,70,72,74,76,78,80,82,84,86,88,90,92,94,96,98,100,102,104,106,108,110,112,114,116,118,120,122,"
		      "124,126,128,130");
}

static const struct store_derived letter = {
	.header_text = {"subject:lunch on friday\nfrom:anna <anna@example.com>\nx-empty:\nto:bert <bert@example.com>\n",
			84},
	.body_text = {"we eat at noon", 14},
	.sent_day = 100,
};

static enum search_answer answer_of(struct fixture *f, const struct imap_search_key *key, unsigned parts,
				    const struct store_derived *content)
{
	struct search_program program;
	enum search_answer answer;

	compile(f, key, &program);
	assert_int_equal(narrow_answer(&program, 7), SEARCH_UNKNOWN);
	answer = search_match_content(&program.root, 7, content, parts);
	search_program_done(&program);
	return answer;
}

enum {
	SENT = STORE_CONTENT_SENT,
	HEAD = STORE_CONTENT_HEADER_TEXT,
	BODY = STORE_CONTENT_BODY_TEXT,
	ALL = SENT | HEAD | BODY
};

static void test_content_keys(void **state)
{
	struct {
		struct imap_search_key key;
		unsigned parts;
		enum search_answer want;
	} cases[] = {
		{{.kind = IMAP_SEARCH_HEADER, .field = SPAN("Subject"), .text = SPAN("friday")}, ALL, SEARCH_YES},
		{{.kind = IMAP_SEARCH_HEADER, .field = SPAN("SUBJECT"), .text = SPAN("anna")}, ALL, SEARCH_NO},
		{{.kind = IMAP_SEARCH_HEADER, .field = SPAN("sub"), .text = SPAN("friday")}, ALL, SEARCH_NO},
		{{.kind = IMAP_SEARCH_HEADER, .field = SPAN("x-empty"), .text = SPAN("")}, ALL, SEARCH_YES},
		{{.kind = IMAP_SEARCH_HEADER, .field = SPAN("cc"), .text = SPAN("")}, ALL, SEARCH_NO},
		{{.kind = IMAP_SEARCH_HEADER, .field = SPAN("to"), .text = SPAN("bert@")}, SENT | BODY, SEARCH_UNKNOWN},
		{{.kind = IMAP_SEARCH_BODY, .text = SPAN("at noon")}, ALL, SEARCH_YES},
		{{.kind = IMAP_SEARCH_BODY, .text = SPAN("lunch")}, ALL, SEARCH_NO},
		{{.kind = IMAP_SEARCH_BODY, .text = SPAN("lunch")}, HEAD, SEARCH_UNKNOWN},
		{{.kind = IMAP_SEARCH_TEXT, .text = SPAN("lunch")}, HEAD, SEARCH_YES},
		{{.kind = IMAP_SEARCH_TEXT, .text = SPAN("noon")}, HEAD, SEARCH_UNKNOWN},
		{{.kind = IMAP_SEARCH_TEXT, .text = SPAN("noon")}, ALL, SEARCH_YES},
		{{.kind = IMAP_SEARCH_TEXT, .text = SPAN("dinner")}, BODY, SEARCH_UNKNOWN},
		{{.kind = IMAP_SEARCH_TEXT, .text = SPAN("dinner")}, ALL, SEARCH_NO},
		{{.kind = IMAP_SEARCH_SENTON, .day = 100}, SENT, SEARCH_YES},
		{{.kind = IMAP_SEARCH_SENTBEFORE, .day = 100}, SENT, SEARCH_NO},
		{{.kind = IMAP_SEARCH_SENTSINCE, .day = 100}, SENT, SEARCH_YES},
		{{.kind = IMAP_SEARCH_SENTSINCE, .day = 100}, HEAD, SEARCH_UNKNOWN},
	};

	for (size_t i = 0; i < array_count(cases); i++)
		assert_int_equal(answer_of(*state, &cases[i].key, cases[i].parts, &letter), cases[i].want);
}

static void test_undated_and_cut_off(void **state)
{
	struct store_derived content = letter;
	struct imap_search_key before = {.kind = IMAP_SEARCH_SENTBEFORE, .day = 1};
	struct imap_search_key body = {.kind = IMAP_SEARCH_BODY, .text = SPAN("dinner")};

	content.sent_day = INT32_MIN;
	content.body_text_is_partial = true;
	assert_int_equal(answer_of(*state, &before, ALL, &content), SEARCH_NO);
	assert_int_equal(answer_of(*state, &body, ALL, &content), SEARCH_UNKNOWN);
	body.text = SPAN("noon");
	assert_int_equal(answer_of(*state, &body, ALL, &content), SEARCH_YES);
}

/* Row 7 is unseen, and the letter is what it says. */
static void test_passes(void **state)
{
	struct fixture *f = *state;
	struct imap_search_key seen = {.kind = IMAP_SEARCH_FLAG, .flag = IMAP_SEEN};
	struct imap_search_key subject = {
		.kind = IMAP_SEARCH_HEADER, .field = SPAN("subject"), .text = SPAN("lunch"), .next = &seen};
	struct imap_search_key body = {.kind = IMAP_SEARCH_BODY, .text = SPAN("noon"), .next = &subject};
	struct imap_search_key all = {.kind = IMAP_SEARCH_OR, .child = &body},
			       not = {.kind = IMAP_SEARCH_NOT, .child = &all};
	struct search_program program;

	compile(f, &all, &program);
	assert_int_equal(program.needs, HEAD | BODY);
	assert_int_equal(program.needs_first, HEAD);
	assert_int_equal(program.root.child[0].kind, SEARCH_FLAG);
	assert_int_equal(program.root.child[1].kind, SEARCH_HEADER);
	assert_int_equal(program.root.child[2].kind, SEARCH_BODY);
	assert_int_equal(narrow_answer(&program, 8), SEARCH_YES);
	assert_int_equal(search_match_content(&program.root, 8, &letter, 0), SEARCH_YES);
	search_program_done(&program);

	assert_int_equal(answer_of(f, &not, HEAD, &letter), SEARCH_NO);
	subject.text = SPAN("dinner");
	assert_int_equal(answer_of(f, &not, HEAD, &letter), SEARCH_UNKNOWN);
	assert_int_equal(answer_of(f, &not, HEAD | BODY, &letter), SEARCH_NO);
	subject.next = NULL;
	all.kind = IMAP_SEARCH_AND;
	assert_int_equal(answer_of(f, &all, HEAD, &letter), SEARCH_NO);
	assert_int_equal(answer_of(f, &not, HEAD, &letter), SEARCH_YES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_narrow_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_trees, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_content_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_undated_and_cut_off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_passes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
