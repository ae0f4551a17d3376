/* Every message of the corpus of real mail: what is derived holds together, with the line ends of the source and with
 * CRLF, in time that grows with the bytes. Skipped where the corpus is not there. */
#include "tests/unit/mime/mime_test.h"
#include "common/base/clock.h"

#include <dirent.h>
#include <stdio.h>

static const char *folder(void)
{
	const char *given = getenv("TRIVET_CORPUS");

	return given != NULL ? given : "../shared/corpus";
}

static bool read_file(const char *name, struct buf *bytes)
{
	struct buf path = {0};
	FILE *file;
	size_t got;

	buf_printf(&path, "%s/mail/%s", folder(), name);
	file = fopen(buf_cstr(&path), "rb");
	buf_done(&path);
	if (file == NULL)
		return false;
	while ((got = fread(buf_room(bytes, 65536), 1, 65536, file)) > 0)
		buf_added(bytes, got);
	(void)fclose(file);
	return true;
}

static void with_crlf(struct span from, struct buf *to)
{
	for (size_t i = 0; i < from.n; i++) {
		if (from.p[i] == '\n' && (i == 0 || from.p[i - 1] != '\r'))
			buf_byte(to, '\r');
		buf_byte(to, from.p[i]);
	}
}

static void check_message(struct span bytes, struct arena *arena)
{
	struct span exact = test_span(bytes.p, bytes.n);
	int64_t start = clock_uptime_ms();

	check_derived(exact, SIZE_MAX, arena);
	assert_true(clock_uptime_ms() - start < 1000 + (int64_t)(bytes.n / 1000)); /* even under a sanitizer */
	arena_reset(arena);
	test_span_free(exact);
}

static void corpus(void **state)
{
	struct arena *arena = arena_create();
	struct buf path = {0};
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	(void)state;
	buf_printf(&path, "%s/mail", folder());
	dir = opendir(buf_cstr(&path));
	buf_done(&path);
	if (dir == NULL) {
		arena_destroy(&arena);
		skip();
	}
	while ((entry = readdir(dir)) != NULL) {
		size_t n = strlen(entry->d_name);
		struct buf bytes = {0}, crlf = {0};

		if (n < 4 || strcmp(entry->d_name + n - 4, ".eml") != 0 || !read_file(entry->d_name, &bytes))
			continue;
		with_crlf(buf_view(&bytes), &crlf);
		check_message(buf_view(&bytes), arena);
		check_message(buf_view(&crlf), arena);
		count++;
		buf_done(&bytes);
		buf_done(&crlf);
	}
	closedir(dir);
	assert_true(count > 0);
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(corpus)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
