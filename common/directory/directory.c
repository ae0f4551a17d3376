/* Users out of the store. */
#include "common/directory/directory_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/base/utf8.h"
#include "common/mime/mime.h"

#include <stdlib.h>

const struct config_key directory_keys[] = {
	{.section = "directory",
	 .name = "source",
	 .type = CONFIG_CHOICE,
	 .fallback = "store",
	 .choices = "store",
	 .help = "where users come from"},
	{.section = NULL},
};

struct directory *directory_create(const struct config *config, struct store *store)
{
	struct directory *directory = alloc_zero(1, sizeof *directory);

	must(span_is(span_of(config_text(config, "directory", "source")), "store")); /* the only choice there is */
	directory->store = store;
	return directory;
}

void directory_destroy(struct directory **directory)
{
	free(*directory);
	*directory = NULL;
}

bool directory_name_normalize(struct span name, struct buf *out)
{
	struct span trimmed = span_trim(name);
	size_t before = out->n;

	if (trimmed.n == 0 || trimmed.n > STORE_USER_NAME_MAX || !utf8_is_valid(trimmed))
		return false;
	mime_nfc(trimmed, out);
	for (size_t i = before; i < out->n; i++) {
		if ((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f)
			return false;
		out->p[i] = ascii_lower(out->p[i]);
	}
	return out->n - before <= STORE_USER_NAME_MAX;
}

enum directory_status directory_find(struct directory *directory, struct span name, struct arena *arena,
				     struct directory_user *user_r)
{
	struct store_user user;
	struct buf normal = {0};
	enum store_status status = STORE_NOT_FOUND;

	if (directory_name_normalize(name, &normal))
		status = store_user_find(directory->store, buf_view(&normal), arena, &user);
	buf_done(&normal);
	if (status == STORE_NOT_FOUND)
		return DIRECTORY_UNKNOWN;
	if (status != STORE_OK)
		return DIRECTORY_UNAVAILABLE;
	*user_r = (struct directory_user){.id = user.id,
					  .name = user.name,
					  .display_name = user.display_name,
					  .mail = user.mail,
					  .secrets = user.secrets,
					  .is_admin = user.is_admin,
					  .is_disabled = user.is_disabled};
	return DIRECTORY_OK;
}

void directory_secret(const struct directory *directory, const char *purpose,
		      unsigned char secret_r[STORE_SECRET_BYTES])
{
	store_secret(directory->store, purpose, secret_r);
}
