/* The tables. Everything is compared binary; integers are 64 bits; names are bytes (BLOB), so that no engine collates them.
 *
 * message.id is mailbox << 32 | uid: one integer key clusters a mailbox's rows in the order of their UIDs in every engine.
 * The narrow row is in message; what is derived from the bytes hangs on the content (blob.id), shared by all copies. */
#include "common/store/sql/schema.h"
#include "common/base/alloc.h"

#include <stdio.h>

static const char *const schema_script =
	"CREATE TABLE store_info (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);"

	"CREATE TABLE user ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, display_name BLOB NOT NULL, mail BLOB NOT NULL,"
	" secrets BLOB NOT NULL, quota_bytes INTEGER NOT NULL, used_bytes INTEGER NOT NULL, used_messages INTEGER NOT NULL,"
	" is_admin INTEGER NOT NULL, is_disabled INTEGER NOT NULL, created_at INTEGER NOT NULL);"

	"CREATE TABLE mailbox ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, name BLOB NOT NULL, uidvalidity INTEGER NOT NULL,"
	" uidnext INTEGER NOT NULL, modseq INTEGER NOT NULL, messages INTEGER NOT NULL, unseen INTEGER NOT NULL,"
	" deleted INTEGER NOT NULL, bytes INTEGER NOT NULL, deleted_bytes INTEGER NOT NULL, recent_from INTEGER NOT NULL,"
	" uses INTEGER NOT NULL, is_selectable INTEGER NOT NULL,"
	" removed_floor INTEGER NOT NULL," /* tombstones of modseqs up to here were collected */
	" UNIQUE (owner, name));"

	"CREATE TABLE subscription (owner INTEGER NOT NULL, name BLOB NOT NULL, PRIMARY KEY (owner, name)) WITHOUT ROWID;"

	"CREATE TABLE keyword (mailbox INTEGER NOT NULL, number INTEGER NOT NULL, name BLOB NOT NULL,"
	" PRIMARY KEY (mailbox, number)) WITHOUT ROWID;"

	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL, modseq INTEGER NOT NULL, flags INTEGER NOT NULL,"
	" size INTEGER NOT NULL, date INTEGER NOT NULL, zone INTEGER NOT NULL, blob INTEGER NOT NULL, more BLOB);"
	"CREATE INDEX message_modseq ON message (mailbox, modseq);"

	"CREATE TABLE removed (mailbox INTEGER NOT NULL, modseq INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" removed_at INTEGER NOT NULL, PRIMARY KEY (mailbox, modseq, uid)) WITHOUT ROWID;"

	"CREATE TABLE blob ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, refs INTEGER NOT NULL,"
	" place INTEGER NOT NULL,"     /* enum blob_place */
	" freed_at INTEGER NOT NULL);" /* since when refs is 0; 0 while it is not */
	"CREATE INDEX blob_freed ON blob (freed_at) WHERE freed_at > 0;"
	"CREATE TABLE blob_data (id INTEGER PRIMARY KEY, data BLOB NOT NULL);" /* blob << 20 | number of the chunk */

	"CREATE TABLE content_head (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, sent_at INTEGER NOT NULL,"
	" sent_day INTEGER NOT NULL, envelope BLOB NOT NULL, bodystructure BLOB NOT NULL, parts BLOB NOT NULL,"
	" header BLOB NOT NULL);"
	"CREATE TABLE content_text (id INTEGER PRIMARY KEY, is_partial INTEGER NOT NULL, header_text BLOB NOT NULL,"
	" body_text BLOB NOT NULL);";
