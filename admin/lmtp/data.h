/* The bytes behind DATA (RFC 5321, 4.1.1.4, 4.5.2): only CRLF "." CRLF ends them, only CRLF ends a line. A bare CR, a
 * bare LF and a NUL are bytes like others, kept as they came: so no two servers can disagree about where a message
 * ends. */
#ifndef ADMIN_LMTP_DATA_H
#define ADMIN_LMTP_DATA_H

#include "common/base/span.h"

struct delivery_message;

struct lmtp_data {
	bool is_line_start; /* the last bytes were CRLF, or nothing has come */
	char last;
};
void lmtp_data_init(struct lmtp_data *data);

/* Takes what can be taken of in, undoes the stuffing, and writes it to `to`. Returns how many bytes are used up: those
 * that are left may be the start of the end. *is_end_r: the end has come, and is used up. */
size_t lmtp_data_take(struct lmtp_data *data, struct span in, struct delivery_message *to, bool *is_end_r);

/* Is the end in these bytes? *scanned: how many were looked at before; kept by the caller while the front stays. */
bool lmtp_data_has_end(const struct lmtp_data *data, struct span in, size_t *scanned);

#endif
