/* libical's parser over a span. Its own reader of a string looks for each line end as far as the string's end, where
 * the checks of a sanitizer make that so, and wants a NUL there. */
#include "common/ical/ical_private.h"

#include <string.h>

/* As fgets() of a file: at most a line, at most size - 1 bytes, NULL at the end. */
static char *take_line(char *to, size_t size, void *arg)
{
	struct span *rest = arg;
	size_t end = span_find_byte(*rest, '\n');
	struct span line = span_sub(*rest, 0, end == SIZE_MAX ? rest->n : end + 1);

	if (line.n == 0)
		return NULL;
	if (line.n > size - 1)
		line.n = size - 1;
	memcpy(to, line.p, line.n);
	to[line.n] = '\0';
	*rest = span_sub(*rest, line.n, SIZE_MAX);
	return to;
}

icalcomponent *ical_parse(struct span text)
{
	icalparser *parser = icalparser_new();
	icalcomponent *root;

	if (parser == NULL)
		return NULL;
	(void)span_take_text(&text, "\xEF\xBB\xBF"); /* a byte order mark, as some programs begin a file */
	icalparser_set_gen_data(parser, &text);
	root = icalparser_parse(parser, take_line);
	icalparser_free(parser);
	return root;
}
