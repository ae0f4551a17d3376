/* Names of mailboxes from outside. */
#include "common/content/mailbox_name.h"
#include "common/base/utf8.h"
#include "common/mime/mime.h"

void content_mailbox_name(struct span name, struct buf *out)
{
	struct span first = span_sub(name, 0, 5);

	if (span_is_nocase(first, "INBOX") && (name.n == 5 || name.p[5] == '/')) {
		buf_text(out, "INBOX");
		name = span_sub(name, 5, SIZE_MAX);
	}
	if (utf8_is_valid(name))
		mime_nfc(name, out);
	else
		buf_span(out, name); /* which the store refuses */
}
