/* What a test's daemon says outside its connections: in its log, in other files, on its control socket. */
#ifndef TESTS_UNIT_NET_NET_SAID_H
#define TESTS_UNIT_NET_NET_SAID_H

#include "net_test.h"

/* What is in that file of the test's folder; until the next call. */
static inline const char *said(const struct net_test *t, const char *name)
{
	static char text[32768];
	char path[128];
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "%s/%s", t->folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

/* The answer of the control socket; until the next call. */
static inline const char *ask(const struct net_test *t, const char *request)
{
	static char text[8192];
	char folder[128];
	struct buf out = {0};
	unsigned answered = 0;

	snprintf(folder, sizeof folder, "%s/control", t->folder);
	for (int i = 0; i < 500 && answered == 0; i++) { /* a daemon listens before it has its control socket */
		answered = control_ask(folder, request, &out);
		if (answered == 0)
			usleep(10000);
	}
	assert_int_equal(answered, 1);
	snprintf(text, sizeof text, "%s", buf_cstr(&out));
	buf_done(&out);
	return text;
}

#endif
