/* What a browser sends of a form: application/x-www-form-urlencoded (URL Standard, 5), and multipart/form-data
 * (RFC 7578) for files. Strict, for only browsers send these to us: what they would not write is malformed. */
#ifndef CALDAVD_PAGE_PAGE_FORM_H
#define CALDAVD_PAGE_PAGE_FORM_H

#include "common/base/arena.h"
#include "common/base/span.h"

enum {
	PAGE_FIELDS_MAX = 16,
	PAGE_FIELD_NAME_MAX = 64,
	PAGE_FIELD_MAX = 4096, /* bytes of a field that is no file */
	PAGE_PART_HEAD_MAX = 4096,
};

struct page_field {
	struct span name, value; /* in the arena; of a file its bytes as they came, borrowed from the body */
	bool is_file;
};
struct page_form {
	struct page_field list[PAGE_FIELDS_MAX];
	size_t count;
};

bool page_form_is_type(struct span content_type);
/* False: malformed; a field comes twice; a field that is no file is no UTF-8, or too long. */
bool page_form_parse(struct span content_type, struct span body, struct arena *arena, struct page_form *form_r);
bool page_query_parse(struct span query, struct arena *arena, struct page_form *form_r);
/* p NULL: there is no such field. */
struct span page_form_value(const struct page_form *form, const char *name);
struct span page_form_file(const struct page_form *form, const char *name);

#endif
