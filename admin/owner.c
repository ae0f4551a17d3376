/* The store belongs to the user that the daemons run as, and root gives no file of his own to it. */
#include "admin/owner.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct owner {
	uid_t uid;
	gid_t gid;
	bool makes_folder;
};

static char *text_of(struct buf *line)
{
	(void)buf_cstr(line);
	return line->p;
}

/* Whose the store is, or will be. NULL, or a text about what is wrong. */
static char *find_owner(const struct config *config, struct owner *owner)
{
	const char *user = config_text(config, "process", "user"), *group = config_text(config, "process", "group");
	struct buf line = {0};
	struct passwd *pw;
	struct group *gr = NULL;
	struct stat st;

	*owner = (struct owner){0};
	if (stat(config_text(config, "store", "path"), &st) == 0) {
		owner->uid = st.st_uid;
		owner->gid = st.st_gid;
		return NULL;
	}
	if (errno != ENOENT || user[0] == '\0')
		return NULL;
	if ((pw = getpwnam(user)) == NULL)
		buf_printf(&line, "user '%s' in [process]: no such user", user);
	else if (group[0] != '\0' && (gr = getgrnam(group)) == NULL)
		buf_printf(&line, "group '%s' in [process]: no such group", group);
	else
		*owner = (struct owner){
			.uid = pw->pw_uid, .gid = gr == NULL ? pw->pw_gid : gr->gr_gid, .makes_folder = true};
	return line.n == 0 ? NULL : text_of(&line);
}

/* What root may read and write, his command may too: mail to be imported, a folder to export to. */
static bool keep_access(void)
{
	static const unsigned wanted = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i] = (struct __user_cap_data_struct){.permitted = data[i].permitted & (i == 0 ? wanted : 0)};
	data[0].effective = data[0].permitted;
	return syscall(SYS_capset, &header, data) == 0;
}

static bool become(const struct owner *owner)
{
	return prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) == 0 && setgroups(1, &owner->gid) == 0 &&
	       setresgid(owner->gid, owner->gid, owner->gid) == 0 &&
	       setresuid(owner->uid, owner->uid, owner->uid) == 0 && keep_access();
}

char *admin_become_owner(const struct config *config)
{
	const char *path = config_text(config, "store", "path");
	struct owner owner;
	struct buf line = {0};
	char *error;

	if (geteuid() != 0)
		return NULL;
	if ((error = find_owner(config, &owner)) != NULL || owner.uid == 0)
		return error;
	if (owner.makes_folder && (mkdir(path, 0700) != 0 || chown(path, owner.uid, owner.gid) != 0))
		buf_printf(&line, "cannot make the folder %s: %s", path, strerror(errno));
	else if (!become(&owner))
		buf_printf(&line, "cannot become the owner of %s: %s", path, strerror(errno));
	return line.n == 0 ? NULL : text_of(&line);
}
