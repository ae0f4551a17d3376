/* Values: numbers, sizes, durations, truth, choices, lists. */
#include "common/config/config_private.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"

#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {{"", 1},           {"K", 1024},          {"M", 1048576},
					 {"G", 1073741824}, {"T", 1099511627776}, {"k", 1024},
					 {"m", 1048576},    {"g", 1073741824}};
static const struct unit duration_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

static char *problem(const char *what, const char *text)
{
	struct buf line = {0};

	buf_printf(&line, "%s, not '%s'", what, text);
	(void)buf_cstr(&line);
	return line.p;
}

static bool with_unit(const char *text, const struct unit *units, size_t count, uint64_t *number_r)
{
	struct span all = span_of(text);
	size_t digits = 0;
	uint64_t number;

	while (digits < all.n && ascii_is_digit(all.p[digits]))
		digits++;
	if (!span_to_u64(span_sub(all, 0, digits), UINT64_MAX, &number))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(text + digits, units[i].name) == 0)
			return !__builtin_mul_overflow(number, units[i].factor, number_r);
	return number == 0 && digits == all.n && (*number_r = 0, true); /* 0 needs no unit */
}

static bool truth(const char *text, uint64_t *number_r)
{
	static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < 4; i++)
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*number_r = strcasecmp(text, yes[i]) == 0;
			return true;
		}
	return false;
}

static bool is_choice(const char *choices, const char *text)
{
	struct span rest = span_of(choices), one;

	while (rest.n > 0) {
		size_t end = span_find_byte(rest, ' ');

		one = span_sub(rest, 0, end);
		if (span_is(one, text))
			return true;
		rest = end == SIZE_MAX ? (struct span){0} : span_sub(rest, end + 1, SIZE_MAX);
	}
	return false;
}

static void split(struct config_value *value, const char *text)
{
	size_t capacity = 0;
	char *rest, *word;

	free(value->words);
	free(value->words_text);
	value->words = NULL;
	value->word_count = 0;
	value->words_text = rest = alloc_text(text);
	while ((word = strsep(&rest, " \t")) != NULL) {
		void *words = value->words;

		if (*word == '\0')
			continue;
		alloc_grow(&words, &capacity, value->word_count + 1, sizeof *value->words);
		value->words = words;
		value->words[value->word_count++] = word;
	}
}

char *config_value_set(struct config_value *value, const char *text)
{
	const struct config_key *key = value->key;
	uint64_t number = 0;

	switch (key->type) {
	case CONFIG_TEXT:
		break;
	case CONFIG_WORDS:
		split(value, text);
		break;
	case CONFIG_NUMBER:
		if (!span_to_u64(span_of(text), UINT64_MAX, &number))
			return problem("must be a number", text);
		break;
	case CONFIG_SIZE:
		if (!with_unit(text, size_units, sizeof size_units / sizeof *size_units, &number))
			return problem("must be a size like 64K, 10M or 1G", text);
		break;
	case CONFIG_DURATION:
		if (!with_unit(text, duration_units, sizeof duration_units / sizeof *duration_units, &number))
			return problem("must be a time like 500ms, 30s, 10m, 1h or 2d", text);
		break;
	case CONFIG_BOOL:
		if (!truth(text, &number))
			return problem("must be yes or no", text);
		break;
	case CONFIG_CHOICE:
		if (!is_choice(key->choices, text)) {
			struct buf what = {0};
			char *line;

			buf_printf(&what, "must be one of: %s", key->choices);
			line = problem(buf_cstr(&what), text);
			buf_done(&what);
			return line;
		}
		break;
	}
	if ((key->min != 0 || key->max != 0) && (number < key->min || number > key->max)) {
		struct buf what = {0};
		char *line;

		buf_printf(&what, "must be from %llu to %llu", (unsigned long long)key->min,
			   (unsigned long long)key->max);
		line = problem(buf_cstr(&what), text);
		buf_done(&what);
		return line;
	}
	value->number = number;
	if (text != value->text) {
		free(value->text);
		value->text = alloc_text(text);
	}
	return NULL;
}

void config_value_done(struct config_value *value)
{
	free(value->text);
	free(value->words);
	free(value->words_text);
}
