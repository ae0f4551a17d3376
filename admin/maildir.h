/* The Maildir++ layout: names of folders, names of files. Any thread. */
#ifndef ADMIN_MAILDIR_H
#define ADMIN_MAILDIR_H

#include "common/base/buf.h"

enum { MAILDIR_KEYWORDS = 26 }; /* letters a … z of a file name */

/* ".A.B&AOk-" (a folder beside cur, new and tmp) is "A/Bé". Modified UTF-7, where it is correct; else UTF-8 as it is.
 * "&AC4-" stands for a dot inside a level: a folder's name has no other way to hold one. False, and nothing appended:
 * no name of a folder. */
bool maildir_folder_decode(struct span folder, struct buf *name);
void maildir_folder_encode(struct span name, struct buf *folder);

struct maildir_name {
	struct span base;  /* what names the message however its flags change */
	unsigned flags;    /* STORE_FLAG_… of the letters R, S, T, D, F */
	bool is_forwarded; /* P */
	uint32_t keywords; /* bit i: the letter 'a' + i */
};
/* "1700000000.M1P2.host,S=1234:2,FS" */
void maildir_name_parse(struct span file, struct maildir_name *name_r);

/* Appends ":2," and the letters in the order of their bytes. */
void maildir_flags_write(unsigned flags, bool is_forwarded, uint32_t keywords, struct buf *out);

/* A file `dovecot-keywords`, lines "NUMBER NAME": names[i] becomes what letter 'a' + i stands for, or stays as it is.
 * The spans lie in file. */
void maildir_keywords_parse(struct span file, struct span names[MAILDIR_KEYWORDS]);

#endif
