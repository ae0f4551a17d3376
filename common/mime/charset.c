/* Charsets to UTF-8: ASCII, UTF-8 and Latin-1 by hand, everything else through iconv.
 *
 * Opening a converter costs more than most of the texts that go through it, so each thread keeps its last few. This is
 * the one thing in the module that outlives a call: a cache, invisible to callers, freed when its thread ends. */
#include "common/mime/mime_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/base/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_SIZE = 40, KEPT = 4 };

/* Names that mail uses wrongly, or that mean a smaller charset than the one the bytes turn out to be in. */
static const struct {
	const char *name, *means;
} aliases[] = {
	{"utf8", "utf-8"},
	{"utf-8-mac", "utf-8"},
	{"unicode-1-1-utf-8", "utf-8"},
	{"x-unicode-2-0-utf-8", "utf-8"},
	{"ascii", "us-ascii"},
	{"ansi_x3.4-1968", "us-ascii"},
	{"iso646-us", "us-ascii"},
	{"iso_646.irv:1991", "us-ascii"},
	{"us", "us-ascii"},
	{"cp367", "us-ascii"},
	{"646", "us-ascii"},
	{"iso8859-1", "iso-8859-1"},
	{"iso_8859-1", "iso-8859-1"},
	{"iso88591", "iso-8859-1"},
	{"latin1", "iso-8859-1"},
	{"latin-1", "iso-8859-1"},
	{"l1", "iso-8859-1"},
	{"windows-1252", "iso-8859-1"},
	{"cp1252", "iso-8859-1"},
	{"cp-1252", "iso-8859-1"},
	{"x-cp1252", "iso-8859-1"},
	{"ansi", "iso-8859-1"},
	{"iso-8859-8-i", "iso-8859-8"},
	{"iso-8859-8-e", "iso-8859-8"},
	{"iso-8859-6-i", "iso-8859-6"},
	{"iso-8859-6-e", "iso-8859-6"},
	{"iso-8859-9", "windows-1254"},
	{"iso-8859-11", "cp874"},
	{"tis-620", "cp874"},
	{"windows-874", "cp874"},
	{"dos-874", "cp874"},
	{"gb2312", "gb18030"},
	{"gbk", "gb18030"},
	{"x-gbk", "gb18030"},
	{"gb_2312-80", "gb18030"},
	{"cp936", "gb18030"},
	{"hz-gb-2312", "hz"},
	{"big5", "cp950"},
	{"x-x-big5", "cp950"},
	{"euc-kr", "cp949"},
	{"ks_c_5601-1987", "cp949"},
	{"ks_c_5601", "cp949"},
	{"ksc5601", "cp949"},
	{"ksc_5601", "cp949"},
	{"korean", "cp949"},
	{"windows-949", "cp949"},
	{"shift_jis", "cp932"},
	{"shift-jis", "cp932"},
	{"sjis", "cp932"},
	{"x-sjis", "cp932"},
	{"windows-31j", "cp932"},
	{"x-euc-jp", "euc-jp"},
	{"iso-2022-jp-ms", "iso-2022-jp-3"},
	{"koi8-ru", "koi8-u"},
	{"x-mac-roman", "macintosh"},
	{"x-mac-cyrillic", "mac-cyrillic"},
	{"unicode-1-1-utf-7", "utf-7"},
};

/* The code points of the bytes 0x80 … 0x9f in windows-1252: mail that says iso-8859-1 never means the controls that
 * Latin-1 has there. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

struct converter {
	char name[NAME_MAX_SIZE + 1]; /* empty: unused */
	iconv_t iconv;
};

struct converters {
	struct converter list[KEPT];
	size_t oldest;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void close_all(void *p)
{
	struct converters *kept = p;

	for (size_t i = 0; i < KEPT; i++)
		if (kept->list[i].name[0] != '\0')
			(void)iconv_close(kept->list[i].iconv);
	free(kept);
}

static void make_key(void)
{
	must(pthread_key_create(&key, close_all) == 0);
}

static struct converters *converters_of_thread(void)
{
	struct converters *kept;

	must(pthread_once(&once, make_key) == 0);
	kept = pthread_getspecific(key);
	if (kept == NULL) {
		kept = alloc_zero(1, sizeof *kept);
		must(pthread_setspecific(key, kept) == 0);
	}
	return kept;
}

/* NULL: iconv does not know it. */
static iconv_t *converter_of(const char *name)
{
	struct converters *kept = converters_of_thread();
	struct converter *slot;
	iconv_t opened;

	for (size_t i = 0; i < KEPT; i++)
		if (strcmp(kept->list[i].name, name) == 0)
			return &kept->list[i].iconv;
	opened = iconv_open("UTF-8", name);
	if (opened == (iconv_t)-1)
		return NULL;
	slot = &kept->list[kept->oldest];
	kept->oldest = (kept->oldest + 1) % KEPT;
	if (slot->name[0] != '\0')
		(void)iconv_close(slot->iconv);
	memcpy(slot->name, name, strlen(name) + 1);
	slot->iconv = opened;
	return &slot->iconv;
}

/* The name in lower case, wrong names put right. False: it cannot be one. A '/' would be an instruction to iconv, and a
 * few names that iconv has mean "whatever this process uses". */
static bool normalise(struct span charset, char name_r[NAME_MAX_SIZE + 1])
{
	charset = mime_trim(charset);
	if (charset.n == 0 || charset.n > NAME_MAX_SIZE)
		return false;
	for (size_t i = 0; i < charset.n; i++) {
		char c = ascii_lower(charset.p[i]);

		if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z') && memchr("-_.:+", c, 5) == NULL)
			return false;
		name_r[i] = c;
	}
	name_r[charset.n] = '\0';
	for (size_t i = 0; i < array_count(aliases); i++)
		if (strcmp(aliases[i].name, name_r) == 0) {
			memcpy(name_r, aliases[i].means, strlen(aliases[i].means) + 1);
			break;
		}
	return strcmp(name_r, "char") != 0 && strcmp(name_r, "wchar_t") != 0 && strcmp(name_r, "internal") != 0;
}

static void put_latin1(struct span bytes, struct buf *out)
{
	while (bytes.n > 0) {
		size_t n = utf8_ascii_prefix(bytes);

		buf_bytes(out, bytes.p, n);
		mime_step(&bytes, n);
		for (; bytes.n > 0 && (unsigned char)bytes.p[0] >= 0x80; mime_step(&bytes, 1)) {
			unsigned char c = (unsigned char)bytes.p[0];

			utf8_put(out, c < 0xa0 ? windows_1252[c - 0x80] : c);
		}
	}
}

static void put_ascii(struct span bytes, struct buf *out)
{
	while (bytes.n > 0) {
		size_t n = utf8_ascii_prefix(bytes);

		buf_bytes(out, bytes.p, n);
		mime_step(&bytes, n);
		for (; bytes.n > 0 && (unsigned char)bytes.p[0] >= 0x80; mime_step(&bytes, 1))
			utf8_put(out, UTF8_REPLACEMENT);
	}
}

static void put_converted(iconv_t converter, struct span bytes, struct buf *out)
{
	char *from = (char *)(uintptr_t)bytes.p; /* iconv() reads through a pointer that is not const */
	size_t left = bytes.n;

	(void)iconv(converter, NULL, NULL, NULL, NULL);
	while (left > 0) {
		char *start = buf_room(out, left + left / 2 + 16), *to = start;
		size_t room = out->capacity - out->n;
		size_t r = iconv(converter, &from, &left, &to, &room);
		int error = errno;

		buf_added(out, (size_t)(to - start));
		if (r == (size_t)-1 && error != E2BIG) { /* undefined, or cut off at the end */
			utf8_put(out, UTF8_REPLACEMENT);
			from++;
			left--;
		}
	}
}

bool mime_to_utf8(struct span charset, struct span bytes, struct buf *out)
{
	char name[NAME_MAX_SIZE + 1];
	bool is_name = normalise(charset, name);
	iconv_t *converter;

	if (is_name && strcmp(name, "utf-8") == 0) {
		utf8_clean(bytes, out);
	} else if (is_name && strcmp(name, "iso-8859-1") == 0) {
		put_latin1(bytes, out);
	} else if (is_name && strcmp(name, "us-ascii") == 0) {
		put_ascii(bytes, out);
	} else if (is_name && (converter = converter_of(name)) != NULL) {
		put_converted(*converter, bytes, out);
	} else {
		put_ascii(bytes, out);
		return false;
	}
	return true;
}

bool mime_charset_is_known(struct span charset)
{
	char name[NAME_MAX_SIZE + 1];

	return normalise(charset, name) && (strcmp(name, "utf-8") == 0 || strcmp(name, "iso-8859-1") == 0 ||
					    strcmp(name, "us-ascii") == 0 || converter_of(name) != NULL);
}
