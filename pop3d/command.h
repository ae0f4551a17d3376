/* The table of commands: what may be said when, with how many arguments, what runs it, and what CAPA says of it. */
#ifndef POP3D_COMMAND_H
#define POP3D_COMMAND_H

#include "pop3d/session.h"

enum { POP3_ARGUMENTS_MAX = 2 };

struct pop3_command {
	struct span arguments[POP3_ARGUMENTS_MAX]; /* borrowed from the line */
	size_t count;
};

typedef void pop3_run_fn(struct pop3_session *session, const struct pop3_command *command);

struct pop3_command_row {
	const char *name;
	pop3_run_fn *run;
	unsigned states; /* enum pop3_state */
	size_t arguments_min, arguments_max;
	bool takes_rest;  /* the last argument reaches to the end of the line, blanks and all (RFC 1939, 7: PASS) */
	bool has_secrets; /* masked in the trace */
};

extern const struct pop3_command_row pop3_commands[]; /* ends with a row of name NULL */

/* NULL: no such command. */
const struct pop3_command_row *pop3_command_find(struct span name);

/* A line in pieces. False: too many or too few arguments for the row. */
bool pop3_arguments_parse(const struct pop3_command_row *row, struct span rest, struct pop3_command *command_r);

pop3_run_fn pop3_capa_run, pop3_noop_run, pop3_quit_run, pop3_lang_run, pop3_utf8_run, pop3_stls_run;
pop3_run_fn pop3_user_run, pop3_pass_run, pop3_auth_run;
pop3_run_fn pop3_stat_run, pop3_list_run, pop3_uidl_run, pop3_dele_run, pop3_rset_run;
pop3_run_fn pop3_retr_run, pop3_top_run;

/* list.c, for the commands on messages: the message that an argument names, 0 with the answer given where there is
 * none; and whether octets and unique-ids are known, false with the answer given. */
uint32_t pop3_message_number(struct pop3_session *session, struct span argument);
bool pop3_needs_identities(struct pop3_session *session);

/* login.c: the client's next line of a SASL exchange; and the answer that waited for its delay. */
void pop3_login_line(struct pop3_session *session, struct span line);
void pop3_login_delay_over(struct pop3_session *session);

#endif
