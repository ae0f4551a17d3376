/* Reading the files, by libinih, and asking for values. */
#include "common/config/config_private.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/must.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

enum { INCLUDE_DEPTH = 8, LINE_BYTES = 199 /* what libinih takes as one line */, DUMP_COLUMNS = 80 };

struct reading {
	struct config *config;
	const char *path;
	FILE *file;
	unsigned line, depth;
	bool is_indented;              /* the line begins with a blank: it goes on with the value before it … */
	struct config_value *previous; /* … which is this one; NULL at the beginning of a section */
	char *error;
	unsigned error_line;
};

static char *read_file(struct config *config, const char *path, unsigned depth, const char *from, unsigned from_line);

struct config_value *config_find(const struct config *config, struct span section, struct span name)
{
	for (size_t i = 0; i < config->count; i++)
		if (span_is(section, config->values[i].key->section) && span_is(name, config->values[i].key->name))
			return &config->values[i];
	return NULL;
}

static char *text_of(struct buf *line)
{
	(void)buf_cstr(line);
	return line->p;
}

static void fail(struct reading *reading, const char *fmt, const char *a, const char *b)
{
	struct buf line = {0};

	if (reading->error != NULL)
		return;
	buf_printf(&line, "%s:%u: ", reading->path, reading->line);
	buf_printf(&line, fmt, a, b); /* NOLINT: fmt is one of ours */
	reading->error = text_of(&line);
	reading->error_line = reading->line;
}

/* Like fgets(): at most size - 1 bytes, up to and with the line's end. How many; 0 at the end of the file, or where the
 * line is none of ours. */
static size_t take_line(struct reading *reading, char *to, size_t size)
{
	size_t n = 0;
	int c = 0;

	while (n < size - 1 && c != '\n' && (c = getc(reading->file)) != EOF) {
		if (n == 0)
			reading->line++;
		to[n++] = c == '\r' ? ' ' : (char)c;
		if ((c < ' ' && strchr("\t\r\n", c) == NULL) || c == '\0') {
			fail(reading, "there is a control character in the line%.0s%.0s", "", "");
			return 0;
		}
	}
	to[n] = '\0';
	if (n >= LINE_BYTES && c != '\n') {
		fail(reading, "the line is too long (go on in the next one, behind a blank)%.0s%.0s", "", "");
		return 0;
	}
	return n;
}

static char *read_line(char *to, int size, void *stream)
{
	struct reading *reading = stream;

	if (take_line(reading, to, (size_t)size) == 0)
		return NULL;
	reading->is_indented = *to == ' ' || *to == '\t';
	if (to[strspn(to, " \t")] == '[' && !(reading->is_indented && reading->previous != NULL))
		reading->previous = NULL;
	return to;
}

static char *beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	struct buf joined = {0};

	if (name[0] != '/' && slash != NULL)
		buf_bytes(&joined, path, (size_t)(slash - path) + 1);
	buf_text(&joined, name);
	return text_of(&joined);
}

/* libinih cuts a comment off a value, but not off the lines that go on with it. */
static size_t without_comment(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0' && !(text[n] == ';' && n > 0 && strchr(" \t", text[n - 1]) != NULL))
		n++;
	while (n > 0 && strchr(" \t", text[n - 1]) != NULL)
		n--;
	return n;
}

static void take(struct reading *reading, const char *section, const char *name, const char *text)
{
	struct config_value *value = config_find(reading->config, span_of(section), span_of(name));
	bool goes_on = value != NULL && reading->is_indented && reading->previous == value;
	struct buf whole = {0};
	char *wrong;

	if (value == NULL) {
		bool known = false;

		for (size_t i = 0; i < reading->config->count; i++)
			known |= strcmp(section, reading->config->values[i].key->section) == 0;
		if (known)
			fail(reading, "unknown key '%s' in [%s]", name, section);
		else
			fail(reading, "unknown section [%s]%.0s", section, "");
		return;
	}
	if (goes_on && value->text[0] != '\0')
		buf_printf(&whole, "%s ", value->text);
	buf_bytes(&whole, text, goes_on ? without_comment(text) : strlen(text));
	reading->previous = value;
	if ((wrong = config_value_set(value, buf_cstr(&whole))) != NULL)
		fail(reading, "%s %s", name, wrong);
	free(wrong);
	buf_done(&whole);
}

static int on_value(void *user, const char *section, const char *name, const char *text)
{
	struct reading *reading = user;

	if (reading->error != NULL)
		return 0;
	if (strcmp(name, "include") == 0 && *section == '\0') {
		char *path = beside(reading->path, text);

		reading->error = read_file(reading->config, path, reading->depth + 1, reading->path, reading->line);
		free(path);
	} else {
		take(reading, section, name, text);
	}
	return reading->error == NULL;
}

static char *read_file(struct config *config, const char *path, unsigned depth, const char *from, unsigned from_line)
{
	struct reading reading = {.config = config, .path = path, .depth = depth};
	struct buf line = {0};
	int rc;

	if (from != NULL)
		buf_printf(&line, "%s:%u: ", from, from_line);
	if (depth > INCLUDE_DEPTH) {
		buf_text(&line, "files include one another too deeply");
		return text_of(&line);
	}
	if ((reading.file = fopen(path, "re")) == NULL) {
		buf_printf(&line, "cannot read %s: %s", path, strerror(errno));
		return text_of(&line);
	}
	buf_done(&line);
	rc = ini_parse_stream(read_line, &reading, on_value, &reading);
	fclose(reading.file);
	if (rc > 0 && (reading.error == NULL || (unsigned)rc < reading.error_line)) { /* the first one counts */
		free(reading.error);
		reading.error = NULL;
		reading.line = (unsigned)rc;
		fail(&reading, "this is neither a section nor 'key = value'%.0s%.0s", "", "");
	}
	return reading.error;
}

static char *check_all_given(const struct config *config, const char *path)
{
	struct buf line = {0};

	for (size_t i = 0; i < config->count; i++)
		if (config->values[i].text == NULL) {
			buf_printf(&line, "%s: '%s' in [%s] is missing", path, config->values[i].key->name,
				   config->values[i].key->section);
			return text_of(&line);
		}
	return NULL;
}

struct config *config_load(const char *path, const struct config_key *const *tables, size_t table_count, char **error_r)
{
	struct config *config = alloc_zero(1, sizeof *config);
	size_t capacity = 0;

	*error_r = NULL;
	for (size_t t = 0; t < table_count; t++)
		for (const struct config_key *key = tables[t]; key->section != NULL; key++) {
			void *values = config->values;
			char *wrong;

			alloc_grow(&values, &capacity, config->count + 1, sizeof *config->values);
			config->values = values;
			config->values[config->count] = (struct config_value){.key = key};
			wrong = key->fallback == NULL ? NULL
						      : config_value_set(&config->values[config->count], key->fallback);
			must(wrong == NULL); /* a fallback is ours */
			config->count++;
		}
	if (path != NULL && (*error_r = read_file(config, path, 0, NULL, 0)) == NULL)
		*error_r = check_all_given(config, path);
	if (*error_r != NULL)
		config_destroy(&config);
	return config;
}

bool config_set(struct config *config, const char *setting, char **error_r)
{
	struct span all = span_of(setting);
	size_t dot = span_find_byte(all, '.'), equals = span_find_byte(all, '=');
	struct config_value *value = NULL;
	struct buf line = {0};
	char *wrong = NULL;

	*error_r = NULL;
	if (dot != SIZE_MAX && equals != SIZE_MAX && dot < equals)
		value = config_find(config, span_sub(all, 0, dot), span_sub(all, dot + 1, equals - dot - 1));
	if (value == NULL)
		buf_printf(&line, "%s: no such key (want section.key=value)", setting);
	else if ((wrong = config_value_set(value, setting + equals + 1)) != NULL)
		buf_printf(&line, "%s: %s", setting, wrong);
	free(wrong);
	if (line.n == 0)
		return true;
	*error_r = text_of(&line);
	return false;
}

void config_destroy(struct config **config)
{
	if (*config == NULL)
		return;
	for (size_t i = 0; i < (*config)->count; i++)
		config_value_done(&(*config)->values[i]);
	free((*config)->values);
	free(*config);
	*config = NULL;
}

static const struct config_value *get(const struct config *config, const char *section, const char *name)
{
	const struct config_value *value = config_find(config, span_of(section), span_of(name));

	must(value != NULL);
	return value;
}

const char *config_text(const struct config *config, const char *section, const char *name)
{
	return get(config, section, name)->text;
}

uint64_t config_number(const struct config *config, const char *section, const char *name)
{
	return get(config, section, name)->number;
}

bool config_bool(const struct config *config, const char *section, const char *name)
{
	return get(config, section, name)->number != 0;
}

size_t config_words(const struct config *config, const char *section, const char *name, const char *const **words_r)
{
	const struct config_value *value = get(config, section, name);

	*words_r = (const char *const *)value->words;
	return value->word_count;
}

/* A word that may begin a line of its own, and is parted from the one before it by a single blank, as reading joins
 * them. */
static bool may_break(const char *text, size_t at)
{
	return at > 0 && text[at] == ' ' && strchr(" \t", text[at - 1]) == NULL &&
	       strchr(" \t;#", text[at + 1]) == NULL;
}

/* The file's lines are short: what is longer goes on behind a blank. */
static void dump_text(const char *text, FILE *out)
{
	size_t column = 0;

	if (*text != ';') /* behind a blank it would begin a comment */
		fputc(' ', out);
	for (size_t i = 0; text[i] != '\0'; i++, column++)
		if (column >= DUMP_COLUMNS && may_break(text, i)) {
			fputs("\n\t", out);
			column = 0;
		} else {
			fputc(text[i], out);
		}
	fputc('\n', out);
}

void config_dump(const struct config *config, FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < config->count; i++) {
		const struct config_key *key = config->values[i].key;

		if (strcmp(section, key->section) != 0)
			fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", key->section);
		section = key->section;
		fprintf(out, "# %s%s\n%s =", key->help == NULL ? "" : key->help, key->reloadable ? " (reloadable)" : "",
			key->name);
		dump_text(config->values[i].text == NULL ? "" : config->values[i].text, out);
	}
}
