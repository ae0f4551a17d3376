/* SEARCH (RFC 9051, 6.4.4 and 9; RFC 4731, RFC 5182 for RETURN; RFC 7162, 3.1.5 for MODSEQ; RFC 5032 for YOUNGER and
 * OLDER): the program becomes a tree, its texts UTF-8, folded. A row of keys[] says what a word's arguments are and
 * what it becomes. */
#include "imapd/parse_private.h"
#include "common/base/utf8.h"
#include "common/mime/mime.h"

enum argument {
	ARG_NONE,
	ARG_FLAG, /* the flag itself is meant */
	ARG_NOT_FLAG,
	ARG_NOT_RECENT,
	ARG_NEW,
	ARG_KEYWORD,
	ARG_NOT_KEYWORD,
	ARG_SET,
	ARG_NUMBER,
	ARG_NZ_NUMBER,
	ARG_DATE,
	ARG_TEXT,
	ARG_FIELD,  /* a text, in the field that .field names */
	ARG_HEADER, /* a field's name, and a text */
	ARG_MODSEQ,
	ARG_KEY,
	ARG_TWO_KEYS,
};

/* clang-format off */
static const struct key_word {
	const char *name;
	enum argument argument;
	enum imap_search_kind kind;
	unsigned flag;
	const char *field;
} keys[] = {
	{ "ALL",        ARG_NONE,        IMAP_SEARCH_AND,        0,             NULL },
	{ "ANSWERED",   ARG_FLAG,        IMAP_SEARCH_FLAG,       IMAP_ANSWERED, NULL },
	{ "BCC",        ARG_FIELD,       IMAP_SEARCH_HEADER,     0,             "Bcc" },
	{ "BEFORE",     ARG_DATE,        IMAP_SEARCH_BEFORE,     0,             NULL },
	{ "BODY",       ARG_TEXT,        IMAP_SEARCH_BODY,       0,             NULL },
	{ "CC",         ARG_FIELD,       IMAP_SEARCH_HEADER,     0,             "Cc" },
	{ "DELETED",    ARG_FLAG,        IMAP_SEARCH_FLAG,       IMAP_DELETED,  NULL },
	{ "DRAFT",      ARG_FLAG,        IMAP_SEARCH_FLAG,       IMAP_DRAFT,    NULL },
	{ "FLAGGED",    ARG_FLAG,        IMAP_SEARCH_FLAG,       IMAP_FLAGGED,  NULL },
	{ "FROM",       ARG_FIELD,       IMAP_SEARCH_HEADER,     0,             "From" },
	{ "HEADER",     ARG_HEADER,      IMAP_SEARCH_HEADER,     0,             NULL },
	{ "KEYWORD",    ARG_KEYWORD,     IMAP_SEARCH_KEYWORD,    0,             NULL },
	{ "LARGER",     ARG_NUMBER,      IMAP_SEARCH_LARGER,     0,             NULL },
	{ "MODSEQ",     ARG_MODSEQ,      IMAP_SEARCH_MODSEQ,     0,             NULL },
	{ "NEW",        ARG_NEW,         IMAP_SEARCH_AND,        0,             NULL },
	{ "NOT",        ARG_KEY,         IMAP_SEARCH_NOT,        0,             NULL },
	{ "OLD",        ARG_NOT_RECENT,  IMAP_SEARCH_NOT,        0,             NULL },
	{ "OLDER",      ARG_NZ_NUMBER,   IMAP_SEARCH_OLDER,      0,             NULL },
	{ "ON",         ARG_DATE,        IMAP_SEARCH_ON,         0,             NULL },
	{ "OR",         ARG_TWO_KEYS,    IMAP_SEARCH_OR,         0,             NULL },
	{ "RECENT",     ARG_NONE,        IMAP_SEARCH_RECENT,     0,             NULL },
	{ "SEEN",       ARG_FLAG,        IMAP_SEARCH_FLAG,       IMAP_SEEN,     NULL },
	{ "SENTBEFORE", ARG_DATE,        IMAP_SEARCH_SENTBEFORE, 0,             NULL },
	{ "SENTON",     ARG_DATE,        IMAP_SEARCH_SENTON,     0,             NULL },
	{ "SENTSINCE",  ARG_DATE,        IMAP_SEARCH_SENTSINCE,  0,             NULL },
	{ "SINCE",      ARG_DATE,        IMAP_SEARCH_SINCE,      0,             NULL },
	{ "SMALLER",    ARG_NUMBER,      IMAP_SEARCH_SMALLER,    0,             NULL },
	{ "SUBJECT",    ARG_FIELD,       IMAP_SEARCH_HEADER,     0,             "Subject" },
	{ "TEXT",       ARG_TEXT,        IMAP_SEARCH_TEXT,       0,             NULL },
	{ "TO",         ARG_FIELD,       IMAP_SEARCH_HEADER,     0,             "To" },
	{ "UID",        ARG_SET,         IMAP_SEARCH_UID,        0,             NULL },
	{ "UNANSWERED", ARG_NOT_FLAG,    IMAP_SEARCH_NOT,        IMAP_ANSWERED, NULL },
	{ "UNDELETED",  ARG_NOT_FLAG,    IMAP_SEARCH_NOT,        IMAP_DELETED,  NULL },
	{ "UNDRAFT",    ARG_NOT_FLAG,    IMAP_SEARCH_NOT,        IMAP_DRAFT,    NULL },
	{ "UNFLAGGED",  ARG_NOT_FLAG,    IMAP_SEARCH_NOT,        IMAP_FLAGGED,  NULL },
	{ "UNKEYWORD",  ARG_NOT_KEYWORD, IMAP_SEARCH_NOT,        0,             NULL },
	{ "UNSEEN",     ARG_NOT_FLAG,    IMAP_SEARCH_NOT,        IMAP_SEEN,     NULL },
	{ "YOUNGER",    ARG_NZ_NUMBER,   IMAP_SEARCH_YOUNGER,    0,             NULL },
};
/* clang-format on */

struct program { /* what all steps need */
	struct imap_parse_context *context;
	struct imap_search *search;
	struct span charset; /* empty: none was given, texts are UTF-8 */
};

static bool take_key(struct program *program, struct span *at, unsigned depth, struct imap_search_key **key_r);

static struct imap_search_key *new_key(struct program *program, enum imap_search_kind kind)
{
	struct imap_search_key *key = arena_new(program->context->arena, struct imap_search_key);

	key->kind = kind;
	return key;
}

static struct imap_search_key *add_child(struct program *program, struct imap_search_key *parent,
					 enum imap_search_kind kind)
{
	struct imap_search_key *child = new_key(program, kind);

	child->next = parent->child;
	parent->child = child;
	return child;
}

static bool is_utf8_or_ascii(struct span charset)
{
	return charset.n == 0 || span_is_nocase(charset, "UTF-8") || span_is_nocase(charset, "US-ASCII");
}

static bool take_text(struct program *program, struct span *at, struct span *text_r)
{
	struct imap_parse_context *context = program->context;
	struct buf converted = {0}, folded = {0};
	struct span raw;

	if (!imap_take(at, ' ') || !imap_borrow_string(context, at, IMAP_ASTRING_CHAR, &raw))
		return false;
	if (program->search->bad_charset) /* the answer will be NO [BADCHARSET]; only the grammar matters */
		return true;
	if (is_utf8_or_ascii(program->charset)) {
		if (!utf8_is_valid(raw)) {
			(void)imap_fail(context, "That text is not valid UTF-8");
			return false;
		}
	} else {
		(void)mime_to_utf8(program->charset, raw, &converted);
		raw = buf_view(&converted);
	}
	mime_fold(raw, &folded);
	buf_done(&converted);
	*text_r = imap_keep_buf(context, &folded);
	return true;
}

/* "MODSEQ" ["/flags/name" (priv | shared | all)] modseq: the entry names a flag whose own modseq we do not keep */
static bool take_modseq(struct program *program, struct span *at, struct imap_search_key *key)
{
	struct span entry;

	program->search->uses_modseq = true;
	if (!imap_take(at, ' '))
		return false;
	if (imap_next_is(at, '"') &&
	    (!imap_borrow_string(program->context, at, 0, &entry) || !imap_take(at, ' ') ||
	     !(imap_take_word(at, "priv") || imap_take_word(at, "shared") || imap_take_word(at, "all")) ||
	     !imap_take(at, ' ')))
		return false;
	return imap_take_u64(at, INT64_MAX, &key->number);
}

static bool take_keyword(struct program *program, struct span *at, struct imap_search_key *key)
{
	return imap_take(at, ' ') && imap_take_atom(program->context, at, &key->text);
}

/* One operand of NOT or OR, put behind what the key has. */
static bool take_operand(struct program *program, struct span *at, unsigned depth, struct imap_search_key *key)
{
	struct imap_search_key **last = &key->child;

	while (*last != NULL)
		last = &(*last)->next;
	return imap_take(at, ' ') && take_key(program, at, depth + 1, last);
}

static bool take_argument(struct program *program, struct span *at, unsigned depth, const struct key_word *word,
			  struct imap_search_key *key)
{
	struct imap_parse_context *context = program->context;

	switch (word->argument) {
	case ARG_NONE:
		return true;
	case ARG_FLAG:
		key->flag = word->flag;
		return true;
	case ARG_NOT_FLAG:
		add_child(program, key, IMAP_SEARCH_FLAG)->flag = word->flag;
		return true;
	case ARG_NOT_RECENT:
		(void)add_child(program, key, IMAP_SEARCH_RECENT);
		return true;
	case ARG_NEW:
		add_child(program, add_child(program, key, IMAP_SEARCH_NOT), IMAP_SEARCH_FLAG)->flag = IMAP_SEEN;
		(void)add_child(program, key, IMAP_SEARCH_RECENT);
		return true;
	case ARG_KEYWORD:
		return take_keyword(program, at, key);
	case ARG_NOT_KEYWORD:
		return take_keyword(program, at, add_child(program, key, IMAP_SEARCH_KEYWORD));
	case ARG_SET:
		return imap_take(at, ' ') && imap_take_set(context, at, &key->set);
	case ARG_NUMBER:
		return imap_take(at, ' ') && imap_take_u64(at, INT64_MAX, &key->number);
	case ARG_NZ_NUMBER:
		return imap_take(at, ' ') && imap_take_u64(at, INT64_MAX, &key->number) && key->number > 0;
	case ARG_DATE:
		return imap_take(at, ' ') && imap_take_date(at, &key->day);
	case ARG_FIELD:
		key->field = span_of(word->field);
		return take_text(program, at, &key->text);
	case ARG_TEXT:
		return take_text(program, at, &key->text);
	case ARG_HEADER:
		return imap_take(at, ' ') && imap_take_astring(context, at, &key->field) &&
		       take_text(program, at, &key->text);
	case ARG_MODSEQ:
		return take_modseq(program, at, key);
	case ARG_KEY:
		return take_operand(program, at, depth, key);
	case ARG_TWO_KEYS:
		if (!take_operand(program, at, depth, key))
			return false;
		return take_operand(program, at, depth, key);
	}
	return false;
}

static bool take_word_key(struct program *program, struct span *at, unsigned depth, struct imap_search_key **key_r)
{
	struct span name = imap_take_run(at, IMAP_ATOM_CHAR);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (span_is_nocase(name, keys[i].name)) {
			*key_r = new_key(program, keys[i].kind);
			if (take_argument(program, at, depth, &keys[i], *key_r))
				return true;
			(void)imap_fail(program->context, "The argument of a search key cannot be understood");
			return false;
		}
	(void)imap_fail(program->context, "Unknown search key");
	return false;
}

/* "(key key ...)" behind its '(' */
static bool take_group(struct program *program, struct span *at, unsigned depth, struct imap_search_key **key_r)
{
	struct imap_search_key **last = &(*key_r = new_key(program, IMAP_SEARCH_AND))->child;
	bool first = true, bad;

	while (imap_list_goes_on(at, &first, &bad)) {
		if (!take_key(program, at, depth + 1, last))
			return false;
		last = &(*last)->next;
	}
	return !bad && (*key_r)->child != NULL;
}

static bool take_key(struct program *program, struct span *at, unsigned depth, struct imap_search_key **key_r)
{
	if (depth > program->context->max_search_depth) {
		(void)imap_fail(program->context, "That search program is nested too deeply");
		return false;
	}
	if (imap_take(at, '('))
		return take_group(program, at, depth, key_r);
	if (at->n > 0 && (ascii_is_digit(at->p[0]) || at->p[0] == '*' || at->p[0] == '$')) {
		*key_r = new_key(program, IMAP_SEARCH_SEQUENCE);
		return imap_take_set(program->context, at, &(*key_r)->set);
	}
	return take_word_key(program, at, depth, key_r);
}

static bool take_return(struct span *at, struct imap_search *search)
{
	static const struct {
		const char *name;
		unsigned option;
	} known[] = {{"MIN", IMAP_RETURN_MIN},
		     {"MAX", IMAP_RETURN_MAX},
		     {"ALL", IMAP_RETURN_ALL},
		     {"COUNT", IMAP_RETURN_COUNT},
		     {"SAVE", IMAP_RETURN_SAVE}};
	bool first = true, bad;

	search->has_return = true;
	if (!imap_take(at, ' ') || !imap_take(at, '('))
		return false;
	while (imap_list_goes_on(at, &first, &bad)) {
		struct span name = imap_take_run(at, IMAP_ATOM_CHAR);
		unsigned option = 0;

		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (span_is_nocase(name, known[i].name))
				option = known[i].option;
		if (option == 0)
			return false;
		search->returns |= option;
	}
	if (search->returns == 0)
		search->returns = IMAP_RETURN_ALL;
	return !bad && imap_take(at, ' ');
}

static bool take_charset(struct program *program, struct span *at)
{
	if (!imap_take(at, ' ') || !imap_borrow_string(program->context, at, IMAP_ASTRING_CHAR, &program->charset) ||
	    !imap_take(at, ' '))
		return false;
	program->search->bad_charset = !is_utf8_or_ascii(program->charset) && !mime_charset_is_known(program->charset);
	return true;
}

enum parse imap_search_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_search *search = &command->search;
	struct program program = {.context = context, .search = search};
	struct imap_search_key **last;
	struct span at = *in;

	*search = (struct imap_search){0};
	if (!imap_take(&at, ' '))
		return imap_fail(context, "A search key is expected");
	if (imap_take_word(&at, "RETURN") && !take_return(&at, search))
		return imap_fail(context, "That RETURN list cannot be understood");
	if (imap_take_word(&at, "CHARSET") && !take_charset(&program, &at))
		return imap_fail(context, "A charset is expected");
	last = &(search->key = new_key(&program, IMAP_SEARCH_AND))->child;
	do {
		if (!take_key(&program, &at, 1, last))
			return imap_fail(context, "A search key is expected");
		last = &(*last)->next;
	} while (imap_take(&at, ' '));
	return imap_parsed(context, at, in);
}
