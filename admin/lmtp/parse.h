/* The arguments of MAIL and RCPT (RFC 5321, 4.1.1.2, 4.1.1.3, 4.1.2). Any thread. */
#ifndef ADMIN_LMTP_PARSE_H
#define ADMIN_LMTP_PARSE_H

#include "common/base/buf.h"

enum { LMTP_PATH_MAX = 512 }; /* RFC 5321, 4.5.3.1.3 has 256; addresses in UTF-8 are longer */

struct lmtp_path {
	struct span text;   /* as it was written, without brackets and source route; borrowed */
	struct buf address; /* its quoting undone; the caller's to give to buf_done() */
};
/* Takes "FROM:" or "TO:" (blanks behind it are borne) and a path in brackets. PARSE_BAD: it is none, holds controls, or
 * is not UTF-8. */
enum parse lmtp_path_parse(struct span *in, const char *keyword, struct lmtp_path *path_r);

struct lmtp_parameter {
	struct span keyword, value; /* value: p NULL where there is none */
};
/* The next of the parameters behind a path. False: there are no more, or *is_bad_r. */
bool lmtp_parameter_next(struct span *in, struct lmtp_parameter *parameter_r, bool *is_bad_r);

#endif
