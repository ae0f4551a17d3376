/* Content codings of answers (RFC 9110, 8.4): zstd, gzip, deflate, as a stream. One thread at a time. */
#ifndef CALDAVD_HTTP_ENCODE_H
#define CALDAVD_HTTP_ENCODE_H

#include "common/base/buf.h"

struct http_encoder;

/* The best one that Accept-Encoding takes. NULL: none. */
struct http_encoder *http_encoder_create(struct span accept_encoding);
void http_encoder_destroy(struct http_encoder **encoder); /* NULL is accepted */
const char *http_encoder_name(const struct http_encoder *encoder);
/* Appends what comes out. is_last: nothing follows. False: the library failed. */
bool http_encode(struct http_encoder *encoder, struct span bytes, bool is_last, struct buf *out);

#endif
