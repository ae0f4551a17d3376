/* Plays the files (and the files of the folders) named on the command line to a fuzz target, for builds without
 * libFuzzer. Prints how many there were. */
#include "common/base/alloc.h"
#include "common/base/buf.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static unsigned long replay_file(const char *path)
{
	struct buf bytes = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *exact;
	ssize_t got;

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	while ((got = read(fd, buf_room(&bytes, 65536), 65536)) > 0)
		buf_added(&bytes, (size_t)got);
	close(fd);
	exact = alloc_bytes(bytes.n); /* a block of exactly that size, so that the sanitizer sees a read too far */
	if (bytes.n > 0)
		memcpy(exact, bytes.p, bytes.n);
	(void)LLVMFuzzerTestOneInput(exact, bytes.n);
	free(exact);
	buf_done(&bytes);
	return 1;
}

static unsigned long replay(const char *path)
{
	unsigned long count = 0;
	struct stat st;
	struct dirent *entry;
	DIR *dir;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return replay_file(path);
	if ((dir = opendir(path)) == NULL) {
		perror(path);
		exit(1);
	}
	while ((entry = readdir(dir)) != NULL) {
		struct buf child = {0};

		if (entry->d_name[0] == '.')
			continue;
		buf_printf(&child, "%s/%s", path, entry->d_name);
		count += replay(buf_cstr(&child));
		buf_done(&child);
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	unsigned long count = 0;

	for (int i = 1; i < argc; i++)
		count += replay(argv[i]);
	printf("%lu inputs\n", count);
	return 0;
}
