/* Asking the running daemons (see control.h). */
#include "common/net/control.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static bool ask_one(const char *path, const char *request, struct buf *answer)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 2};
	struct buf line = {0};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = false;
	ssize_t got;

	if (fd < 0 || strlen(path) >= sizeof address.sun_path)
		goto out;
	memcpy(address.sun_path, path, strlen(path) + 1);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		goto out;
	buf_printf(&line, "%s\n", request);
	if (send(fd, line.p, line.n, MSG_NOSIGNAL) != (ssize_t)line.n)
		goto out;
	while ((got = recv(fd, buf_room(answer, 65536), 65536, 0)) > 0)
		buf_added(answer, (size_t)got);
	ok = answer->n > 0 && answer->p[answer->n - 1] == '\n';
out:
	if (fd >= 0)
		close(fd);
	buf_done(&line);
	return ok;
}

/* "trivet-imapd.4711.ctl" */
static bool parse_name(const char *name, struct span *program_r, struct span *pid_r)
{
	struct span all = span_of(name);
	size_t dot;

	if (all.n < 5 || !span_is(span_sub(all, all.n - 4, 4), ".ctl"))
		return false;
	all.n -= 4;
	if ((dot = span_find_byte(all, '.')) == SIZE_MAX)
		return false;
	*program_r = span_sub(all, 0, dot);
	*pid_r = span_sub(all, dot + 1, SIZE_MAX);
	return true;
}

static void add_lines(struct span answer, struct span program, struct span pid, struct buf *out)
{
	while (answer.n > 0) {
		size_t end = span_find_byte(answer, '\n');
		struct span line = span_sub(answer, 0, end);

		if (line.n > 0)
			buf_printf(out, "%.*s\t%.*s\t%.*s\n", (int)program.n, program.p, (int)pid.n, pid.p, (int)line.n,
				   line.p);
		answer = end == SIZE_MAX ? (struct span){0} : span_sub(answer, end + 1, SIZE_MAX);
	}
}

unsigned control_ask(const char *folder, const char *request, struct buf *out)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned answered = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct buf path = {0}, answer = {0};
		struct span program, pid;

		if (!parse_name(entry->d_name, &program, &pid))
			continue;
		buf_printf(&path, "%s/%s", folder, entry->d_name);
		if (ask_one(buf_cstr(&path), request, &answer)) {
			answered++;
			add_lines(buf_view(&answer), program, pid, out);
		}
		buf_done(&answer);
		buf_done(&path);
	}
	if (dir != NULL)
		closedir(dir);
	return answered;
}
