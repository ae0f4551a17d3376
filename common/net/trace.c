/* Protocol traces: what one user's sessions say and hear, in a file of the user's, secrets masked by the protocol. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct trace {
	pthread_mutex_t lock;
	char *folder;
	char **users;
	size_t count, capacity;
};

struct trace *trace_create(const struct config *config)
{
	struct trace *trace = alloc_zero(1, sizeof *trace);
	pthread_mutex_init(&trace->lock, NULL);
	trace->folder = alloc_text(config_text(config, "log", "trace_folder"));
	trace_reload(trace, config);
	return trace;
}

void trace_reload(struct trace *trace, const struct config *config)
{
	const char *const *words;
	size_t count = config_words(config, "log", "trace_users", &words);

	pthread_mutex_lock(&trace->lock);
	for (size_t i = 0; i < trace->count; i++)
		free(trace->users[i]);
	trace->count = 0;
	pthread_mutex_unlock(&trace->lock);
	for (size_t i = 0; i < count; i++)
		trace_set(trace, words[i], true);
}

void trace_destroy(struct trace **trace)
{
	if (*trace == NULL)
		return;
	for (size_t i = 0; i < (*trace)->count; i++)
		free((*trace)->users[i]);
	free((*trace)->users);
	free((*trace)->folder);
	pthread_mutex_destroy(&(*trace)->lock);
	free(*trace);
	*trace = NULL;
}

static size_t find(const struct trace *trace, const char *user)
{
	size_t i = 0;

	while (i < trace->count && strcmp(trace->users[i], user) != 0)
		i++;
	return i;
}

void trace_set(struct trace *trace, const char *user, bool on)
{
	size_t at;

	pthread_mutex_lock(&trace->lock);
	at = find(trace, user);
	if (on && at == trace->count) {
		void *users = trace->users;

		alloc_grow(&users, &trace->capacity, trace->count + 1, sizeof *trace->users);
		trace->users = users;
		trace->users[trace->count++] = alloc_text(user);
	} else if (!on && at < trace->count) {
		free(trace->users[at]);
		trace->users[at] = trace->users[--trace->count];
	}
	pthread_mutex_unlock(&trace->lock);
}

bool trace_has(struct trace *trace, const char *user)
{
	bool has;

	pthread_mutex_lock(&trace->lock);
	has = trace->folder[0] != '\0' && find(trace, user) < trace->count;
	pthread_mutex_unlock(&trace->lock);
	return has;
}

void trace_write(struct trace *trace, const struct net_session *session, char direction, struct span bytes)
{
	struct buf path = {0}, text = {0};
	int64_t now = clock_now_ms();
	int fd;

	buf_printf(&path, "%s/", trace->folder);
	for (const char *p = session->user; *p != '\0'; p++)
		buf_byte(&path, *p == '/' || *p == '.' ? '_' : *p);
	buf_printf(&path, ".%d.trace", (int)getpid());
	fd = open(buf_cstr(&path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		buf_printf(&text, "%lld.%03d %llu %c: ", (long long)(now / 1000), (int)(now % 1000),
			   (unsigned long long)session->number, direction);
		buf_span(&text, bytes);
		if (text.p[text.n - 1] != '\n')
			buf_byte(&text, '\n');
		(void)!write(fd, text.p, text.n);
		close(fd);
	}
	buf_done(&text);
	buf_done(&path);
}
