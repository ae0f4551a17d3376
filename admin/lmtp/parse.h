/* The arguments of MAIL and RCPT (RFC 5321, 4.1.1.2, 4.1.1.3, 4.1.2). Any thread. */
#ifndef ADMIN_LMTP_PARSE_H
#define ADMIN_LMTP_PARSE_H

#include "common/base/span.h"

enum { LMTP_PATH_MAX = 512 }; /* RFC 5321, 4.5.3.1.3 has 256; addresses in UTF-8 are longer */

/* Takes "FROM:" or "TO:" (blanks behind it are borne) and a path in brackets. *path_r: as it was written, quoting and
 * all, without brackets and source route; borrowed. PARSE_BAD: it is none, is longer than LMTP_PATH_MAX, holds
 * controls, or is not UTF-8. */
enum parse lmtp_path_parse(struct span *in, const char *keyword, struct span *path_r);

struct lmtp_parameter {
	struct span keyword, value; /* value: p NULL where there is none */
};
/* The next of the parameters behind a path. False: there are no more, or *is_bad_r. */
bool lmtp_parameter_next(struct span *in, struct lmtp_parameter *parameter_r, bool *is_bad_r);

#endif
