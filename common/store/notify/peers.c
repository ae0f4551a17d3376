/* Sockets are reached as /proc/self/fd/N/NAME, so that a long path of the store fits into an address. The list of
 * the folder is kept for a second, unless the folder says that it has changed. */
#include "common/store/notify/peers.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"
#include "common/base/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { NAME_BYTES = 64, TOUCHES_MAX = 256, LIST_LIFE_MS = 1000 };

struct peers {
	struct watch_table *table;
	int folder, sender; /* file descriptors */
	int receiver;       /* -1: nobody listens */
	char own_name[NAME_BYTES];
	pthread_t thread;
	_Atomic bool is_closing;

	pthread_mutex_t lock; /* over what follows */
	char (*names)[NAME_BYTES];
	size_t count, capacity;
	struct timespec folder_changed;
	int64_t listed_ms;
};

static struct sockaddr_un address_of(const struct peers *peers, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", peers->folder, name);
	return address;
}

/* --- sending
 * -------------------------------------------------------------------------------------------------------------- */

static bool is_peer(const struct peers *peers, const char *name)
{
	size_t n = strlen(name);

	return n > 5 && n < NAME_BYTES && strcmp(name + n - 5, ".sock") == 0 && strcmp(name, peers->own_name) != 0;
}

static void list_again(struct peers *peers)
{
	int fd = openat(peers->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	peers->count = 0;
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (!is_peer(peers, entry->d_name))
			continue;
		alloc_grow((void **)&peers->names, &peers->capacity, peers->count + 1, sizeof(*peers->names));
		memcpy(peers->names[peers->count++], entry->d_name,
		       strlen(entry->d_name) + 1); /* is_peer() has measured it */
	}
	closedir(dir);
}

static void refresh(struct peers *peers)
{
	int64_t now_ms = clock_uptime_ms();
	struct stat st;

	if (fstat(peers->folder, &st) != 0)
		return;
	if (now_ms - peers->listed_ms < LIST_LIFE_MS && st.st_mtim.tv_sec == peers->folder_changed.tv_sec &&
	    st.st_mtim.tv_nsec == peers->folder_changed.tv_nsec)
		return;
	peers->folder_changed = st.st_mtim;
	peers->listed_ms = now_ms;
	list_again(peers);
}

static void send_to(struct peers *peers, const char *name, const struct store_touch *list, size_t count)
{
	struct sockaddr_un address = address_of(peers, name);
	ssize_t sent = sendto(peers->sender, list, count * sizeof(*list), MSG_DONTWAIT | MSG_NOSIGNAL,
			      (const struct sockaddr *)&address, sizeof(address));

	if (sent < 0 && errno == ECONNREFUSED) /* its process has ended without closing the store */
		(void)unlinkat(peers->folder, name, 0);
}

void peers_send(struct peers *peers, const struct store_touched *touched)
{
	pthread_mutex_lock(&peers->lock);
	refresh(peers);
	for (size_t i = 0; i < peers->count; i++) {
		for (size_t from = 0; from < touched->count; from += TOUCHES_MAX) {
			size_t n = touched->count - from < TOUCHES_MAX ? touched->count - from : TOUCHES_MAX;

			send_to(peers, peers->names[i], touched->list + from, n);
		}
	}
	pthread_mutex_unlock(&peers->lock);
}

/* --- receiving
 * ------------------------------------------------------------------------------------------------------------ */

static void *receive(void *arg)
{
	struct peers *peers = arg;
	struct store_touch list[TOUCHES_MAX];
	ssize_t n;

	while (!atomic_load(&peers->is_closing)) {
		if ((n = recv(peers->receiver, list, sizeof(list), 0)) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(*list); i++)
			watch_tell(peers->table, list[i].mailbox, list[i].modseq);
	}
	return NULL;
}

bool peers_listen(struct peers *peers)
{
	struct sockaddr_un address;

	must(peers->receiver < 0);
	peers->receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (peers->receiver < 0)
		return false;
	pthread_mutex_lock(&peers->lock);
	snprintf(peers->own_name, sizeof(peers->own_name), "%ld-%016llx.sock", (long)getpid(),
		 (unsigned long long)random_u64());
	peers->listed_ms = -LIST_LIFE_MS;
	pthread_mutex_unlock(&peers->lock);
	address = address_of(peers, peers->own_name);
	if (bind(peers->receiver, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		if ((errno = pthread_create(&peers->thread, NULL, receive, peers)) == 0)
			return true;
		(void)unlinkat(peers->folder, peers->own_name, 0);
	}
	close(peers->receiver);
	peers->receiver = -1;
	return false;
}

/* --- opening and closing
 * -------------------------------------------------------------------------------------------------- */

enum store_status peers_open(const char *folder, struct watch_table *table, struct peers **peers_r, char **error_r)
{
	struct peers *peers = alloc_zero(1, sizeof(*peers));
	char text[512];

	peers->table = table;
	peers->receiver = -1;
	peers->listed_ms = -LIST_LIFE_MS;
	peers->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	peers->sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pthread_mutex_init(&peers->lock, NULL);
	*peers_r = peers;
	if (peers->folder >= 0 && peers->sender >= 0)
		return STORE_OK;
	snprintf(text, sizeof(text), "cannot open %s: %s", folder, strerror(errno));
	*error_r = alloc_text(text);
	peers_close(peers_r);
	return STORE_BROKEN;
}

void peers_close(struct peers **peers)
{
	struct peers *gone = *peers;

	*peers = NULL;
	if (gone == NULL)
		return;
	if (gone->receiver >= 0) {
		atomic_store(&gone->is_closing, true);
		shutdown(gone->receiver, SHUT_RD); /* wakes the thread */
		pthread_join(gone->thread, NULL);
		(void)unlinkat(gone->folder, gone->own_name, 0);
		close(gone->receiver);
	}
	if (gone->folder >= 0)
		close(gone->folder);
	if (gone->sender >= 0)
		close(gone->sender);
	pthread_mutex_destroy(&gone->lock);
	free(gone->names);
	free(gone);
}
