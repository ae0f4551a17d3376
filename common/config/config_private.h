/* What the files of common/config share. */
#ifndef CONFIG_CONFIG_PRIVATE_H
#define CONFIG_CONFIG_PRIVATE_H

#include "common/config/config.h"

struct config_value {
	const struct config_key *key;
	char *text;      /* as written, or the fallback */
	uint64_t number; /* of numbers, sizes, durations, booleans */
	char **words;    /* of lists; they lie in words_text */
	char *words_text;
	size_t word_count;
};

struct config {
	struct config_value *values;
	size_t count;
};

struct config_value *config_find(const struct config *config, struct span section, struct span name);

/* Takes text as the key's value. NULL, or what is wrong with it (heap). */
char *config_value_set(struct config_value *value, const char *text);
void config_value_done(struct config_value *value);

#endif
