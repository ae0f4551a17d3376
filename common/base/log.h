/* The log: one line an event, to the journal with fields, to syslog, or to standard error. Any thread.
 *
 * Never a secret: no password, no SASL response, no token goes through here. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_target {
	LOG_TARGET_STDERR,
	LOG_TARGET_SYSLOG,
	LOG_TARGET_JOURNAL, /* where libsystemd is present; else syslog */
};

/* Whom an event is about; every pointer is borrowed for the call. Empty parts are left out of the line. */
struct log_about {
	uint64_t session;   /* 0: none */
	const char *user;   /* NULL: nobody yet */
	const char *remote; /* "192.0.2.1:4711", "unix", NULL */
};

void log_open(const char *program, enum log_target target, enum log_level level); /* once, before the threads start */
void log_set_level(enum log_level level);                                         /* also while running */
bool log_level_of(const char *word, enum log_level *level_r); /* "error", "warning", "info", "debug" */

/* One line. about may be NULL. Bytes outside printable ASCII that come in by %s are written as \xNN, so that nobody
 * forges a line. */
void log_event(enum log_level level, const struct log_about *about, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(about, ...)   log_event(LOG_LEVEL_ERROR, about, __VA_ARGS__)
#define log_warning(about, ...) log_event(LOG_LEVEL_WARNING, about, __VA_ARGS__)
#define log_info(about, ...)    log_event(LOG_LEVEL_INFO, about, __VA_ARGS__)
#define log_debug(about, ...)   log_event(LOG_LEVEL_DEBUG, about, __VA_ARGS__)

#endif
