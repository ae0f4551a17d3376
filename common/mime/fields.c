/* Picks the fields that structure and envelope are made of out of a header block. */
#include "common/mime/mime_private.h"

/* In the order of enum mime_field, which is by length: a name is compared with those of its own length alone. */
static const struct span names[MIME_FIELD_COUNT] = {
	[MIME_TO] = {"To", 2},
	[MIME_CC] = {"Cc", 2},
	[MIME_BCC] = {"Bcc", 3},
	[MIME_DATE] = {"Date", 4},
	[MIME_FROM] = {"From", 4},
	[MIME_SENDER] = {"Sender", 6},
	[MIME_SUBJECT] = {"Subject", 7},
	[MIME_REPLY_TO] = {"Reply-To", 8},
	[MIME_MESSAGE_ID] = {"Message-ID", 10},
	[MIME_CONTENT_ID] = {"Content-ID", 10},
	[MIME_IN_REPLY_TO] = {"In-Reply-To", 11},
	[MIME_CONTENT_MD5] = {"Content-MD5", 11},
	[MIME_CONTENT_TYPE] = {"Content-Type", 12},
	[MIME_CONTENT_LANGUAGE] = {"Content-Language", 16},
	[MIME_CONTENT_LOCATION] = {"Content-Location", 16},
	[MIME_CONTENT_DESCRIPTION] = {"Content-Description", 19},
	[MIME_CONTENT_DISPOSITION] = {"Content-Disposition", 19},
	[MIME_CONTENT_TRANSFER_ENCODING] = {"Content-Transfer-Encoding", 25},
};

/* The first name of a length, plus one; 0: none has this length. */
static const unsigned char first_of_length[26] = {
	[2] = MIME_TO + 1,
	[3] = MIME_BCC + 1,
	[4] = MIME_DATE + 1,
	[6] = MIME_SENDER + 1,
	[7] = MIME_SUBJECT + 1,
	[8] = MIME_REPLY_TO + 1,
	[10] = MIME_MESSAGE_ID + 1,
	[11] = MIME_IN_REPLY_TO + 1,
	[12] = MIME_CONTENT_TYPE + 1,
	[16] = MIME_CONTENT_LANGUAGE + 1,
	[19] = MIME_CONTENT_DESCRIPTION + 1,
	[25] = MIME_CONTENT_TRANSFER_ENCODING + 1,
};

static unsigned field_of(struct span name)
{
	if (name.n >= sizeof first_of_length || first_of_length[name.n] == 0)
		return MIME_FIELD_COUNT;
	for (unsigned i = first_of_length[name.n] - 1u; i < MIME_FIELD_COUNT && names[i].n == name.n; i++)
		if (span_equal_nocase(names[i], name))
			return i;
	return MIME_FIELD_COUNT;
}

void mime_fields_read(struct span header, struct mime_fields *fields_r)
{
	struct span name, value, rest = header;

	*fields_r = (struct mime_fields){.header = header};
	while (mime_header_next(&rest, &name, &value)) {
		unsigned field = field_of(name);

		if (field == MIME_FIELD_COUNT)
			continue;
		if (fields_r->value[field].p == NULL)
			fields_r->value[field] = value;
		else
			fields_r->repeated |= 1u << field;
	}
}
