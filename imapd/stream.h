/* Large APPEND literals go to an upload of the store as they arrive (stream.c). */
#ifndef IMAPD_STREAM_H
#define IMAPD_STREAM_H

#include "imapd/session.h"

struct store_upload;

/* The framer has found a literal of `size` bytes to be streamed; `prefix` bytes of net.in lie in front of it. Worker.
 */
void imap_stream_begin(struct imap_session *session, size_t prefix, uint64_t size);
/* Takes what has arrived. True: the literal is complete, framing goes on behind it. Worker. */
bool imap_stream_take(struct imap_session *session);
/* Is there enough in net.in to hand the session to a worker? Loop. */
bool imap_stream_is_ready(const struct imap_session *session);

/* The first failure of an upload of this command: then the APPEND answers with it. */
enum store_status imap_stream_status(const struct imap_session *session);
/* The number-th (from 0) upload of the running APPEND. */
struct store_upload *imap_stream_upload(struct imap_session *session, size_t number);
/* The command has ended, or the client is gone: uploads that were not appended leave nothing behind. */
void imap_stream_done(struct imap_session *session);

#endif
