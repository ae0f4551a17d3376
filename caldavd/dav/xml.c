/* XML over libxml2. */
#include "caldavd/dav/xml.h"
#include "common/base/utf8.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>

enum {
	PROBLEM_MAX = 300,
	ATTRIBUTES_MAX = 64,   /* of an element */
	MARKUP_MAX = 200000,   /* tags and the like: each becomes some 100 bytes of a tree */
	UNSCANNED_MAX = 65536, /* bytes in another encoding than UTF-8 */
};

/* --- before the parser sees it ---
 *
 * The parser compares every attribute of an element with every other one, which takes it minutes for a million bytes of
 * them. So tags are looked through here, strictly enough that no other reading is possible: wherever this and the
 * parser could come to see different tags, the text is not well-formed. */

static bool has_strange_characters(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
			return true;
		if (c == 0xef && span_starts(span_sub(text, i, SIZE_MAX), SPAN("\xef\xbf")) && i + 2 < text.n &&
		    (unsigned char)text.p[i + 2] >= 0xbe) /* U+FFFE, U+FFFF */
			return true;
	}
	return false;
}

/* Behind "<": up to and with ">". */
static bool take_tag(struct span *in)
{
	size_t attributes = 0, i = 0;

	for (; i < in->n && in->p[i] != '>'; i++) {
		size_t end;

		if (in->p[i] == '<')
			return false;
		if (in->p[i] != '"' && in->p[i] != '\'')
			continue;
		end = span_find_byte(span_sub(*in, i + 1, SIZE_MAX), in->p[i]);
		if (end == SIZE_MAX || ++attributes > ATTRIBUTES_MAX ||
		    span_find_byte(span_sub(*in, i + 1, end), '<') != SIZE_MAX)
			return false;
		i += end + 1;
	}
	if (i == in->n)
		return false;
	*in = span_sub(*in, i + 1, SIZE_MAX);
	return true;
}

/* begin … end, as far as it is there. -1: it has no end. */
static int take_between(struct span *in, struct span begin, struct span end, struct span *inner_r)
{
	size_t at;

	if (!span_starts(*in, begin))
		return 0;
	at = span_find(span_sub(*in, begin.n, SIZE_MAX), end);
	if (at == SIZE_MAX)
		return -1;
	*inner_r = span_sub(*in, begin.n, at);
	*in = span_sub(*in, begin.n + at + end.n, SIZE_MAX);
	return 1;
}

static bool is_name_start(struct span in)
{
	unsigned char c = in.n == 0 ? 0 : (unsigned char)in.p[0];

	return ascii_lower((char)c) != ascii_upper((char)c) || c == '_' || c == ':' || c >= 0x80;
}

/* What stands between "<" and ">", whatever it is. */
static bool take_markup(struct span *in, bool is_in_content)
{
	struct span inner;
	int taken = take_between(in, SPAN("!--"), SPAN("-->"), &inner);

	if (taken == 0 && is_in_content)
		taken = take_between(in, SPAN("![CDATA["), SPAN("]]>"), &inner);
	if (taken != 0)
		return taken > 0;
	taken = take_between(in, SPAN("?"), SPAN("?>"), &inner);
	if (taken != 0)
		return taken > 0 && is_name_start(inner) && span_find_byte(inner, '<') == SIZE_MAX;
	return is_name_start(span_sub(*in, span_starts(*in, SPAN("/")), SIZE_MAX)) && take_tag(in);
}

/* text is UTF-8. */
static bool may_be_parsed(struct span text)
{
	bool is_in_content = false;
	size_t count = 0, at;

	if (has_strange_characters(text))
		return false;
	while ((at = span_find_byte(text, '<')) != SIZE_MAX) {
		text = span_sub(text, at + 1, SIZE_MAX);
		if (!is_in_content && span_starts(text, SPAN("!DOCTYPE")))
			return true; /* the parser goes no further */
		is_in_content |= is_name_start(text);
		if (!take_markup(&text, is_in_content) || ++count > MARKUP_MAX)
			return false;
	}
	return true;
}

/* --- parsing --- */

/* A document type declares entities, and nobody needs one. */
static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	xmlParserCtxt *parser = context;

	(void)name;
	(void)external;
	(void)system;
	parser->userData = NULL; /* says why, below */
	xmlStopParser(parser);
}

static void no_message(void *context, const xmlError *error)
{
	(void)context;
	(void)error;
}

static const char *problem_of(const xmlParserCtxt *parser, struct arena *arena)
{
	struct buf text = {0};
	const char *copy;

	if (parser->userData == NULL)
		return "a document type is not allowed";
	if (parser->lastError.message == NULL)
		return "it is not well-formed";
	for (const char *p = parser->lastError.message; *p != '\0' && text.n < PROBLEM_MAX; p++)
		buf_byte(&text, (unsigned char)*p < ' ' || (unsigned char)*p > 126 ? ' ' : *p);
	copy = arena_printf(arena, "line %d: %s", parser->lastError.line, buf_cstr(&text));
	buf_done(&text);
	return copy;
}

xmlDoc *xml_parse(struct span text, struct arena *arena, const char **problem_r)
{
	xmlParserCtxt *parser = xmlNewParserCtxt();
	bool is_utf8 = utf8_is_valid(text) && span_find_byte(text, '\0') == SIZE_MAX;
	xmlDoc *doc = NULL;

	*problem_r = "it is empty";
	if (parser == NULL || text.n == 0 || text.n > INT32_MAX)
		goto out;
	*problem_r =
		is_utf8 ? "a tag is malformed, or there are too many of them or their attributes" : "it is no UTF-8";
	if (is_utf8 ? !may_be_parsed(text) : text.n > UNSCANNED_MAX)
		goto out;
	parser->sax->internalSubset = refuse_doctype;
	parser->sax->serror = (xmlStructuredErrorFunc)(void (*)(void))no_message;
	doc = xmlCtxtReadMemory(parser, text.p, (int)text.n, NULL, NULL,
				XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT |
					(is_utf8 ? XML_PARSE_IGNORE_ENC : 0));
	if (doc != NULL && (!parser->wellFormed || !parser->nsWellFormed || xmlDocGetRootElement(doc) == NULL)) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	if (doc == NULL)
		*problem_r = problem_of(parser, arena);
out:
	xmlFreeParserCtxt(parser);
	return doc;
}

struct span xml_name(const xmlNode *node)
{
	return span_of((const char *)node->name);
}

struct span xml_namespace(const xmlNode *node)
{
	return node->ns == NULL ? SPAN("") : span_of((const char *)node->ns->href);
}

bool xml_is(const xmlNode *node, const char *ns, const char *name)
{
	return node != NULL && node->type == XML_ELEMENT_NODE && span_is(xml_name(node), name) &&
	       span_is(xml_namespace(node), ns);
}

static xmlNode *element_from(xmlNode *node)
{
	while (node != NULL && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

xmlNode *xml_first(const xmlNode *node)
{
	return node == NULL ? NULL : element_from(node->children);
}

xmlNode *xml_next(const xmlNode *node)
{
	return element_from(node->next);
}

xmlNode *xml_child(const xmlNode *node, const char *ns, const char *name)
{
	xmlNode *child = xml_first(node);

	while (child != NULL && !xml_is(child, ns, name))
		child = xml_next(child);
	return child;
}

struct span xml_text(const xmlNode *node, struct arena *arena)
{
	xmlChar *text = xmlNodeGetContent(node);
	struct span copy = arena_span(arena, span_of((const char *)text));

	xmlFree(text);
	return copy;
}

struct span xml_attribute(const xmlNode *node, const char *name, struct arena *arena)
{
	xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)name);
	struct span copy = {0};

	if (text != NULL)
		copy = arena_span(arena, span_of((const char *)text));
	xmlFree(text);
	return copy;
}

void xml_write_node(const xmlNode *node, struct buf *out)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *copy = xmlDocCopyNode((xmlNode *)(uintptr_t)node, doc, 1); /* brings the namespaces it uses along */
	xmlChar *language = xmlNodeGetLang(node); /* of an element around it, too (RFC 4918, 4.3) */
	xmlBuffer *text = xmlBufferCreate();

	xmlDocSetRootElement(doc, copy);
	if (language != NULL)
		xmlNodeSetLang(copy, language);
	xmlFree(language);
	(void)xmlReconciliateNs(doc, copy);
	(void)xmlNodeDump(text, doc, copy, 0, 0);
	buf_bytes(out, xmlBufferContent(text), (size_t)xmlBufferLength(text));
	xmlBufferFree(text);
	xmlFreeDoc(doc);
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' ? c != '&' && c != '<' && c != '>' && c != '"' && c != 0x7f : c == '\t' || c == '\n';
}

static void write_escaped(struct span text, struct buf *out)
{
	size_t from = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_plain(c))
			continue;
		buf_bytes(out, text.p + from, i - from);
		from = i + 1;
		switch (c) {
		case '&':
			buf_text(out, "&amp;");
			break;
		case '<':
			buf_text(out, "&lt;");
			break;
		case '>':
			buf_text(out, "&gt;");
			break;
		case '"':
			buf_text(out, "&quot;");
			break;
		case '\r': /* a parser would make it a line feed */
			buf_text(out, "&#13;");
			break;
		case 0x7f:
			buf_text(out, "&#127;");
			break;
		default:
			buf_text(out, "\xef\xbf\xbd");
			break;
		}
	}
	buf_bytes(out, text.p + from, text.n - from);
}

void xml_write_text(struct span text, struct buf *out)
{
	struct buf valid = {0};

	if (text.n == 0)
		return;
	if (utf8_is_valid(text)) {
		write_escaped(text, out);
		return;
	}
	utf8_clean(text, &valid);
	write_escaped(buf_view(&valid), out);
	buf_done(&valid);
}
