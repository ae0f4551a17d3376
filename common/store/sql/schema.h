/* The schema of the store and its migrations. */
#ifndef STORE_SQL_SCHEMA_H
#define STORE_SQL_SCHEMA_H

#include "common/store/sql/sql.h"

enum { SCHEMA_VERSION = 3 };

/* Makes the tables in an empty database, migrates an older store; refuses a newer one with one clear line in error_r.
 */
enum store_status schema_ensure(struct sql_db *db, bool create, char **error_r);

#endif
