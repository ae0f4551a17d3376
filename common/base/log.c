/* The log. The target and the level are set at the start and by reload; everything else is stateless. */
#include "common/base/log.h"
#include "common/base/buf.h"
#include "common/base/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-journal.h>
#endif

static const char *log_program = "trivet";
static enum log_target log_to = LOG_TARGET_STDERR;
static _Atomic int log_up_to = LOG_LEVEL_INFO;

static const int syslog_levels[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
static const char *const level_words[] = {"error", "warning", "info", "debug"};

void log_open(const char *program, enum log_target target, enum log_level level)
{
	log_program = program;
	log_to = target;
	log_set_level(level);
	if (target != LOG_TARGET_STDERR)
		openlog(program, LOG_PID, LOG_MAIL);
}

void log_set_level(enum log_level level)
{
	atomic_store(&log_up_to, (int)level);
}

bool log_level_of(const char *word, enum log_level *level_r)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		if (strcmp(word, level_words[i]) == 0) {
			*level_r = (enum log_level)i;
			return true;
		}
	return false;
}

static void add_escaped(struct buf *line, struct span text)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= 0x20 && c < 0x7f)
			buf_byte(line, (char)c);
		else
			buf_printf(line, "\\x%c%c", hex[c >> 4], hex[c & 15]);
	}
}

static void add_about(struct buf *line, const struct log_about *about)
{
	if (about == NULL)
		return;
	if (about->session != 0)
		buf_printf(line, "session=%llu ", (unsigned long long)about->session);
	if (about->user != NULL) {
		buf_text(line, "user=");
		add_escaped(line, span_of(about->user));
		buf_byte(line, ' ');
	}
	if (about->remote != NULL)
		buf_printf(line, "remote=%s ", about->remote);
}

static void to_stderr(enum log_level level, struct buf *line)
{
	struct buf whole = {0};
	int64_t now = clock_now_ms();
	time_t seconds = (time_t)(now / 1000);
	struct tm tm;
	char stamp[32];

	gmtime_r(&seconds, &tm);
	(void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(&whole, "%s.%03dZ %s[%d] %s: ", stamp, (int)(now % 1000), log_program, (int)getpid(),
		   level_words[level]);
	buf_span(&whole, buf_view(line));
	buf_byte(&whole, '\n');
	(void)!write(STDERR_FILENO, whole.p, whole.n); /* one write, so that lines of threads do not mix */
	buf_done(&whole);
}

#ifdef HAVE_SYSTEMD
static void to_journal(enum log_level level, const struct log_about *about, struct buf *line)
{
	static const struct log_about nobody;

	if (about == NULL)
		about = &nobody;
	(void)sd_journal_send("MESSAGE=%s", buf_cstr(line), "PRIORITY=%d", syslog_levels[level], "SYSLOG_IDENTIFIER=%s",
			      log_program, "TRIVET_SESSION=%llu", (unsigned long long)about->session, "TRIVET_USER=%s",
			      about->user == NULL ? "" : about->user, "TRIVET_REMOTE=%s",
			      about->remote == NULL ? "" : about->remote, NULL);
}
#endif

void log_event(enum log_level level, const struct log_about *about, const char *fmt, ...)
{
	struct buf text = {0}, line = {0};
	va_list args, again;
	int n;

	if ((int)level > atomic_load(&log_up_to))
		return;
	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n > 0) {
		(void)vsnprintf(buf_room(&text, (size_t)n + 1), (size_t)n + 1, fmt, again);
		buf_added(&text, (size_t)n);
	}
	va_end(again);
	add_about(&line, about);
	add_escaped(&line, buf_view(&text));
	switch (log_to) {
	case LOG_TARGET_STDERR:
		to_stderr(level, &line);
		break;
	case LOG_TARGET_JOURNAL:
#ifdef HAVE_SYSTEMD
		to_journal(level, about, &line);
		break;
#endif
	case LOG_TARGET_SYSLOG:
		syslog(syslog_levels[level], "%s", buf_cstr(&line));
		break;
	}
	buf_done(&line);
	buf_done(&text);
}
