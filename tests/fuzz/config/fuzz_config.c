/* Configuration files: what is taken can be dumped, and what is dumped is taken again and says the same. */
#include "common/base/must.h"
#include "common/config/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const struct config_key keys[] = {
	{"a", "words", CONFIG_WORDS, "", 0, 0, NULL, false, "words"},
	{"a", "number", CONFIG_NUMBER, "5", 1, 100, NULL, true, NULL},
	{"a", "size", CONFIG_SIZE, "64K", 0, 0, NULL, false, "a size"},
	{"b", "time", CONFIG_DURATION, "30m", 0, 0, NULL, false, "a time"},
	{"b", "choice", CONFIG_CHOICE, "x", 0, 0, "x yy", false, "a choice"},
	{"b", "bool", CONFIG_BOOL, "no", 0, 0, NULL, false, "a bool"},
	{"b", "text", CONFIG_TEXT, "", 0, 0, NULL, false, "a text"},
	{NULL, NULL, CONFIG_TEXT, NULL, 0, 0, NULL, false, NULL},
};
static const struct config_key *const tables[] = {keys};

static struct config *load(const void *bytes, size_t n, char **error_r)
{
	char path[32];
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config *config;

	must(fd >= 0 && (n == 0 || write(fd, bytes, n) == (ssize_t)n));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	config = config_load(path, tables, 1, error_r);
	close(fd);
	must((config == NULL) == (*error_r != NULL));
	return config;
}

static char *dump(const struct config *config, size_t *n_r)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, n_r);

	must(out != NULL);
	config_dump(config, out);
	fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *error = NULL, *first, *second;
	size_t first_n, second_n;
	struct config *config, *again;

	if (memmem(data, size, "include", 7) != NULL) /* other files are not the fuzzer's business */
		return 0;
	config = load(data, size, &error);
	if (config == NULL) {
		free(error);
		return 0;
	}
	first = dump(config, &first_n);
	again = load(first, first_n, &error);
	if (again != NULL) {
		second = dump(again, &second_n);
		must(first_n == second_n && memcmp(first, second, first_n) == 0);
		free(second);
	}
	free(error);
	free(first);
	config_destroy(&again);
	config_destroy(&config);
	return 0;
}
