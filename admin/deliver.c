/* `trivet deliver`: one message on standard input, for mailbox_command, procmail and fetchmail's mda. What cannot be
 * done now is EX_TEMPFAIL, so that the caller keeps the message and tries again. */
#include "admin/command.h"
#include "common/delivery/delivery.h"
#include "common/base/must.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 65536 };

struct deliver {
	struct admin *admin;
	struct delivery_options options;
	struct directory *directory;
	struct arena *arena;
	struct span sender;
	struct delivery_recipient *recipients;
	size_t count;
	struct delivery_message message;
};

/* Undoes what a pipe does to mail: LF alone becomes CRLF, and the "From " line of an mbox in front is left out. */
struct pipe_text {
	char last;
	bool is_first_line, is_from_line;
	struct buf first; /* the first bytes, until they show whether it is one */
};

static void write_lines(struct pipe_text *text, struct span bytes, struct delivery_message *message)
{
	const char *from = bytes.p, *end = bytes.p + bytes.n, *at = from, *lf;

	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		char before = lf > bytes.p ? lf[-1] : text->last;

		at = lf + 1;
		if (text->is_from_line) {
			text->is_from_line = false;
			from = at;
		} else if (before != '\r') {
			delivery_message_write(message, span_from(from, (size_t)(lf - from)));
			delivery_message_write(message, SPAN("\r"));
			from = lf;
		}
	}
	if (!text->is_from_line && end > from)
		delivery_message_write(message, span_from(from, (size_t)(end - from)));
	if (bytes.n > 0)
		text->last = end[-1];
}

/* The line is recognized by its first five bytes, which may come in two reads. */
static void write_text(struct pipe_text *text, struct span bytes, bool is_end, struct delivery_message *message)
{
	if (!text->is_first_line) {
		write_lines(text, bytes, message);
		return;
	}
	buf_span(&text->first, bytes);
	if (text->first.n < 5 && !is_end)
		return;
	text->is_first_line = false;
	text->is_from_line = span_starts(buf_view(&text->first), SPAN("From "));
	write_lines(text, buf_view(&text->first), message);
	buf_done(&text->first);
}

static int read_message(struct deliver *job)
{
	struct pipe_text text = {.is_first_line = true};
	char piece[READ_BYTES];
	ssize_t n;
	int rc = EX_OK;

	do {
		n = read(STDIN_FILENO, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = admin_fail(job->admin, EX_TEMPFAIL, "standard input: %s", strerror(errno));
		else
			write_text(&text, span_from(piece, (size_t)n), n == 0, &job->message);
	} while (rc == EX_OK && n != 0);
	buf_done(&text.first);
	return rc;
}

static int exit_status(const struct deliver *job, enum delivery_outcome outcome)
{
	switch (outcome) {
	case DELIVERY_DONE:
		return EX_OK;
	case DELIVERY_UNKNOWN:
		return EX_NOUSER;
	case DELIVERY_OVER_QUOTA:
		return job->options.over_quota_is_temporary ? EX_TEMPFAIL : EX_CANTCREAT;
	case DELIVERY_TOO_LARGE:
		return EX_DATAERR;
	case DELIVERY_NO_SPACE:
	case DELIVERY_LATER:
		break;
	}
	return EX_TEMPFAIL;
}

/* One exit status for all: what makes the caller try again comes first. */
static int worse(int a, int b)
{
	if (a == EX_TEMPFAIL || b == EX_TEMPFAIL)
		return EX_TEMPFAIL;
	return a == EX_OK ? b : a;
}

static int resolve(struct deliver *job, char **addresses, size_t count)
{
	int rc = EX_OK;

	job->recipients = arena_zero(job->arena, count, sizeof *job->recipients);
	for (size_t i = 0; i < count; i++) {
		struct delivery_recipient *to = &job->recipients[job->count];
		enum delivery_outcome outcome =
			delivery_resolve(job->directory, &job->options, span_of(addresses[i]), job->arena, to);

		if (outcome == DELIVERY_DONE)
			job->count++;
		else
			rc = worse(rc, admin_fail(job->admin, exit_status(job, outcome), "%s: %s", addresses[i],
						  outcome == DELIVERY_UNKNOWN ? "there is no such user"
									      : "users cannot be looked up"));
	}
	return rc;
}

static int deliver(struct deliver *job, char **addresses, size_t count)
{
	int rc = resolve(job, addresses, count), read_rc;
	struct span only = job->count == 1 && count == 1 ? job->recipients[0].address : (struct span){0};

	if (rc == EX_TEMPFAIL || job->count == 0)
		return rc; /* nobody gets it before everybody can */
	delivery_message_init(&job->message, job->admin->store, job->options.message_max);
	delivery_message_trace(&job->message, job->sender, only);
	if ((read_rc = read_message(job)) == EX_OK) {
		delivery_deliver(job->admin->store, &job->options, &job->message, job->sender, job->recipients,
				 job->count, job->arena);
		for (size_t i = 0; i < job->count; i++)
			rc = worse(rc, exit_status(job, job->recipients[i].outcome));
	} else {
		rc = read_rc;
	}
	delivery_message_done(&job->message);
	return rc;
}

/* Without recipients: who runs it. */
static int run(struct deliver *job, int argc, char **argv)
{
	struct passwd *self = argc == 0 ? getpwuid(getuid()) : NULL;

	if (argc > 0)
		return deliver(job, argv, (size_t)argc);
	if (self == NULL)
		return admin_usage(job->admin, "want a RECIPIENT");
	return deliver(job, &self->pw_name, 1);
}

static bool has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

int admin_deliver(struct admin *admin, int argc, char **argv)
{
	struct deliver job = {.admin = admin};
	int c, rc;

	while ((c = getopt(argc, argv, "+f:d")) != -1) {
		if (c == 'f')
			job.sender = span_of(optarg);
		else if (c != 'd') /* -d as other delivery commands have it: recipients follow */
			return EX_USAGE;
	}
	if (span_starts(job.sender, SPAN("<")) && job.sender.n >= 2) /* as fetchmail and procmail may write it */
		job.sender = span_sub(job.sender, 1, job.sender.n - 2);
	if (has_control(job.sender))
		return admin_usage(admin, "a SENDER holds no control characters");
	delivery_options_from(admin->config, &job.options);
	job.options.is_all_or_none =
		true; /* there is one exit status: else a second try would give some a second copy */
	job.arena = arena_create();
	job.directory = directory_create(admin->config, admin->store);
	rc = run(&job, argc - optind, argv + optind);
	directory_destroy(&job.directory);
	arena_destroy(&job.arena);
	return rc;
}
