/* The Maildir++ layout. */
#include "admin/maildir.h"
#include "common/base/mutf7.h"
#include "common/store/snapshot.h"

static const struct {
	char letter;
	unsigned flag;
} letters[] = {{'D', STORE_FLAG_DRAFT},
	       {'F', STORE_FLAG_FLAGGED},
	       {'R', STORE_FLAG_ANSWERED},
	       {'S', STORE_FLAG_SEEN},
	       {'T', STORE_FLAG_DELETED}};

/* A level; dots in it were written as runs of their own, which may stand beside another run. */
static void level_decode(struct span level, struct buf *name)
{
	const struct span dot = SPAN("&AC4-");
	size_t at;

	do {
		struct span piece;

		at = span_find(level, dot);
		piece = span_sub(level, 0, at);
		if (!mutf7_decode(piece, name))
			buf_span(name, piece);
		if (at != SIZE_MAX) {
			buf_byte(name, '.');
			level = span_sub(level, at + dot.n, SIZE_MAX);
		}
	} while (at != SIZE_MAX);
}

bool maildir_folder_decode(struct span folder, struct buf *name)
{
	size_t dot;

	if (folder.n < 2 || folder.p[0] != '.' || folder.p[1] == '.' || folder.p[folder.n - 1] == '.' ||
	    span_find(folder, SPAN("..")) != SIZE_MAX || span_find_byte(folder, '/') != SIZE_MAX)
		return false;
	folder = span_sub(folder, 1, SIZE_MAX);
	do {
		dot = span_find_byte(folder, '.');
		level_decode(span_sub(folder, 0, dot), name);
		if (dot != SIZE_MAX) {
			buf_byte(name, '/');
			folder = span_sub(folder, dot + 1, SIZE_MAX);
		}
	} while (dot != SIZE_MAX);
	return true;
}

void maildir_folder_encode(struct span name, struct buf *folder)
{
	buf_byte(folder, '.');
	while (name.n > 0) {
		size_t end = 0;

		while (end < name.n && name.p[end] != '/' && name.p[end] != '.')
			end++;
		mutf7_encode(span_sub(name, 0, end), folder);
		if (end < name.n)
			buf_text(folder, name.p[end] == '/' ? "." : "&AC4-");
		name = span_sub(name, end + 1, SIZE_MAX);
	}
}

void maildir_name_parse(struct span file, struct maildir_name *name_r)
{
	size_t info = span_find(file, SPAN(":2,"));
	struct span given = info == SIZE_MAX ? (struct span){0} : span_sub(file, info + 3, SIZE_MAX);

	*name_r = (struct maildir_name){.base = span_sub(file, 0, info)};
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (span_find_byte(given, letters[i].letter) != SIZE_MAX)
			name_r->flags |= letters[i].flag;
	name_r->is_forwarded = span_find_byte(given, 'P') != SIZE_MAX;
	for (size_t i = 0; i < given.n; i++)
		if (given.p[i] >= 'a' && given.p[i] <= 'z')
			name_r->keywords |= 1U << (given.p[i] - 'a');
}

void maildir_flags_write(unsigned flags, bool is_forwarded, uint32_t keywords, struct buf *out)
{
	buf_text(out, ":2,");
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		if (letters[i].letter == 'R' && is_forwarded)
			buf_byte(out, 'P');
		if ((flags & letters[i].flag) != 0)
			buf_byte(out, letters[i].letter);
	}
	for (int i = 0; i < MAILDIR_KEYWORDS; i++)
		if ((keywords & 1U << i) != 0)
			buf_byte(out, (char)('a' + i));
}

void maildir_keywords_parse(struct span file, struct span names[MAILDIR_KEYWORDS])
{
	while (file.n > 0) {
		size_t end = span_find_byte(file, '\n');
		struct span line = span_sub(file, 0, end);
		size_t blank = span_find_byte(line, ' ');
		uint64_t number;

		if (blank != SIZE_MAX && blank + 1 < line.n &&
		    span_to_u64(span_sub(line, 0, blank), MAILDIR_KEYWORDS - 1, &number))
			names[number] = span_sub(line, blank + 1, SIZE_MAX);
		file = end == SIZE_MAX ? (struct span){0} : span_sub(file, end + 1, SIZE_MAX);
	}
}
