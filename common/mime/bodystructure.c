/* BODYSTRUCTURE with its extension data (RFC 9051, 7.5.2). Types, parameters and encodings stand as the message has
 * them, in its own case and, where it uses RFC 2231 or encoded-words, still encoded: decoding is the client's. */
#include "common/mime/mime_private.h"

struct writer {
	const struct mime_fields *next; /* parts and their fields are met in one order: parents first */
	struct arena *arena;
	struct buf *out;
};

static void write_part(struct writer *w, const struct mime_part *part);

static void put(struct writer *w, const char *text)
{
	buf_text(w->out, text);
}

static bool write_param_list(struct writer *w, const struct mime_content *content)
{
	for (size_t i = 0; i < content->param_count; i++) {
		put(w, i == 0 ? " (" : " ");
		mime_write_string(content->params[i].name, w->out);
		put(w, " ");
		mime_write_string(content->params[i].value, w->out);
	}
	return content->param_count > 0;
}

static void write_params(struct writer *w, const struct mime_content *content)
{
	put(w, write_param_list(w, content) ? ")" : " NIL");
}

/* A text without a charset is in US-ASCII (RFC 2045, 5.2), and clients are used to be told so. */
static void write_text_params(struct writer *w, const struct mime_content *content)
{
	if (mime_content_param(content, "charset").p != NULL) {
		write_params(w, content);
		return;
	}
	put(w, write_param_list(w, content) ? " " : " (");
	put(w, "\"charset\" \"us-ascii\")");
}

/* A field that is one string; an empty one says as little as none. */
static void write_field(struct writer *w, const struct mime_fields *fields, enum mime_field field)
{
	struct span value = fields->value[field];

	if (value.p != NULL)
		value = mime_unfold(value, w->arena);
	put(w, " ");
	mime_write_nstring(value.n == 0 ? (struct span){0} : value, w->out);
}

static void write_disposition(struct writer *w, const struct mime_fields *fields)
{
	struct mime_content disposition = {0};

	if (fields->value[MIME_CONTENT_DISPOSITION].p != NULL)
		mime_content_parse(fields->value[MIME_CONTENT_DISPOSITION], false, w->arena, &disposition);
	if (disposition.type.n == 0) {
		put(w, " NIL");
		return;
	}
	put(w, " (");
	mime_write_string(disposition.type, w->out);
	write_params(w, &disposition);
	put(w, ")");
}

static void write_languages(struct writer *w, const struct mime_fields *fields)
{
	struct span at = fields->value[MIME_CONTENT_LANGUAGE];
	bool any = false;

	while (at.n > 0) {
		struct span tag;

		mime_skip(&at, NULL);
		tag = mime_take_run(&at, MIME_TOKEN);
		if (tag.n > 0) {
			put(w, any ? " " : " (");
			mime_write_string(tag, w->out);
			any = true;
		} else if (at.n > 0) {
			mime_step(&at, 1);
		}
	}
	put(w, any ? ")" : " NIL");
}

/* What multiparts have behind their parameters, and other parts behind their MD5. */
static void write_extension(struct writer *w, const struct mime_fields *fields)
{
	write_disposition(w, fields);
	write_languages(w, fields);
	write_field(w, fields, MIME_CONTENT_LOCATION);
	put(w, ")");
}

static void write_multipart(struct writer *w, const struct mime_part *part, const struct mime_fields *fields)
{
	for (uint32_t i = 0; i < part->child_count; i++)
		write_part(w, &part->child[i]);
	put(w, " ");
	mime_write_string(fields->content.subtype, w->out);
	write_params(w, &fields->content);
	write_extension(w, fields);
}

static void write_encoding(struct writer *w, const struct mime_fields *fields)
{
	struct span at = fields->value[MIME_CONTENT_TRANSFER_ENCODING], token;

	mime_skip(&at, NULL);
	token = mime_take_run(&at, MIME_TOKEN);
	put(w, " ");
	mime_write_string(token.n > 0 ? token : SPAN("7bit"), w->out);
}

/* The body of an embedded message. Where it is still encoded its inside is not known: an empty message stands there,
 * so that the part keeps its type and the grammar its form. */
static void write_message(struct writer *w, const struct mime_part *part)
{
	put(w, " ");
	if (part->kind == MIME_MESSAGE) {
		mime_write_envelope(w->next, w->arena, w->out);
		put(w, " ");
		write_part(w, &part->child[0]);
	} else {
		put(w, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
		       " (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)");
	}
	put(w, " ");
	buf_u64(w->out, part->body_lines);
}

static bool is_message(const struct mime_content *content)
{
	return span_is_nocase(content->type, "message") &&
	       (span_is_nocase(content->subtype, "rfc822") || span_is_nocase(content->subtype, "global"));
}

static void write_single(struct writer *w, const struct mime_part *part, const struct mime_fields *fields)
{
	mime_write_string(fields->is_opaque ? SPAN("application") : fields->content.type, w->out);
	put(w, " ");
	mime_write_string(fields->is_opaque ? SPAN("octet-stream") : fields->content.subtype, w->out);
	if (part->is_text)
		write_text_params(w, &fields->content);
	else
		write_params(w, &fields->content);
	write_field(w, fields, MIME_CONTENT_ID);
	write_field(w, fields, MIME_CONTENT_DESCRIPTION);
	write_encoding(w, fields);
	put(w, " ");
	buf_u64(w->out, part->body_size);
	if (!fields->is_opaque && is_message(&fields->content)) {
		write_message(w, part);
	} else if (part->is_text) {
		put(w, " ");
		buf_u64(w->out, part->body_lines);
	}
	write_field(w, fields, MIME_CONTENT_MD5);
	write_extension(w, fields);
}

static void write_part(struct writer *w, const struct mime_part *part)
{
	const struct mime_fields *fields = w->next++;

	put(w, "(");
	if (part->kind == MIME_MULTIPART)
		write_multipart(w, part, fields);
	else
		write_single(w, part, fields);
}

void mime_write_bodystructure(const struct mime_tree *tree, struct arena *arena, struct buf *out)
{
	struct writer w = {.next = tree->fields, .arena = arena, .out = out};

	write_part(&w, tree->root);
}
