/* The frame of every page: head, style, header and footer, and the fields of the answer that keep it to itself. */
#include "caldavd/page/page_private.h"
#include "common/base/random.h"

void page_init(struct page *page, struct dav_request *r)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char random[16];

	*page = (struct page){.r = r};
	random_bytes(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++) {
		page->nonce[2 * i] = hex[random[i] >> 4];
		page->nonce[2 * i + 1] = hex[random[i] & 15];
	}
	if (!page_query_parse(r->target.query, r->arena, &page->query))
		page->query.count = 0;
}

void page_text(struct page *page, struct span text)
{
	xml_write_text(text, &page->body);
}

void page_raw(struct page *page, const char *html)
{
	buf_text(&page->body, html);
}

unsigned page_colour_class(struct page *page, const char colour[PAGE_COLOUR_TEXT])
{
	buf_printf(&page->style, ".k%u{--k:%s}\n", page->colours, colour);
	return page->colours++;
}

static void write_frame(const struct page *page, struct span title, struct buf *out)
{
	const struct dav_user *user = &page->r->user;

	buf_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
	xml_write_text(title, out);
	buf_text(out,
		 "</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n");
	buf_printf(out, "<style nonce=\"%s\">\n", page->nonce);
	buf_text(out, page_style);
	buf_span(out, buf_view(&page->style));
	buf_text(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n"
		      "<header class=\"top\"><a href=\"");
	dav_write_home(page->r, user->name, out);
	buf_text(out, "\">Calendars</a><span><span class=\"quiet\">logged in as</span> <bdi>");
	xml_write_text(user->display_name.n > 0 ? user->display_name : user->name, out);
	buf_text(out, "</bdi></span></header>\n<main id=\"main\">\n");
	if (page->problem != NULL) {
		buf_text(out, "<p class=\"problem\" role=\"alert\"><strong>That did not work.</strong> ");
		xml_write_text(span_of(page->problem), out);
		buf_text(out, "</p>\n");
	}
	if (page->notice != NULL) {
		buf_text(out, "<p class=\"notice\" role=\"status\">");
		xml_write_text(span_of(page->notice), out);
		buf_text(out, "</p>\n");
	}
	buf_span(out, buf_view(&page->body));
	buf_text(out, "</main>\n</body>\n</html>\n");
}

static void write_fields(struct http_exchange *x)
{
	http_field(x, "Cache-Control", "no-store");
	http_field(x, "Referrer-Policy", "no-referrer");
	http_field(x, "X-Content-Type-Options", "nosniff");
	http_field(x, "Cross-Origin-Opener-Policy", "same-origin");
	http_field(x, "Cross-Origin-Resource-Policy", "same-origin");
}

void page_answer(struct page *page, unsigned status, struct span title)
{
	struct http_exchange *x = page->r->x;
	struct buf out = {0};

	write_frame(page, title, &out);
	write_fields(x);
	http_field(
		x, "Content-Security-Policy",
		"default-src 'none'; style-src 'nonce-%s'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		page->nonce);
	http_answer(x, status, "text/html; charset=utf-8", buf_view(&out));
	buf_done(&out);
	buf_done(&page->body);
	buf_done(&page->style);
}

void page_see(struct dav_request *r, struct span href, const char *query)
{
	struct buf location = {0};

	buf_span(&location, href);
	if (query != NULL) {
		buf_byte(&location, '?');
		buf_text(&location, query);
	}
	write_fields(r->x);
	http_field_span(r->x, "Location", buf_view(&location));
	http_answer_text(r->x, 303, "Done");
	buf_done(&location);
}
