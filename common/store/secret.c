/* A secret that all processes over a store have in common: made once, by whoever needs it first. */
#include "common/base/must.h"
#include "common/base/random.h"
#include "common/store/store_private.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static const char sql_read[] = "SELECT value FROM store_info WHERE name = 'secret'";
static const char sql_make[] = "INSERT INTO store_info (name, value) VALUES ('secret', ?)";

static enum store_status read_tx(struct store_tx *tx, void *arg)
{
	char *digits = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_read, &stmt);

	if (status == STORE_OK && (status = sql_step_one(stmt)) == STORE_OK) {
		struct span value = sql_span(stmt, 0);

		if (value.n != STORE_SECRET_DIGITS)
			status = store_fail(tx, STORE_BROKEN, "the store's secret has another length");
		else
			memcpy(digits, value.p, STORE_SECRET_DIGITS);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status make_tx(struct store_tx *tx, void *arg)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_make, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, span_from(arg, STORE_SECRET_DIGITS));
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status secret_load(struct store *store, char digits_r[STORE_SECRET_DIGITS + 1])
{
	enum store_status status = store_read(store, read_tx, digits_r);

	if (status == STORE_NOT_FOUND) {
		random_hex(digits_r, STORE_SECRET_DIGITS / 2);
		status = store_write(store, make_tx, digits_r);
		if (status == STORE_EXISTS) /* another one was faster */
			status = store_read(store, read_tx, digits_r);
	}
	digits_r[STORE_SECRET_DIGITS] = '\0';
	return status;
}

void store_secret(const struct store *store, const char *purpose, unsigned char secret_r[STORE_SECRET_BYTES])
{
	const unsigned char *done = HMAC(EVP_sha256(), store_secret_digits(store), STORE_SECRET_DIGITS,
					 (const unsigned char *)purpose, strlen(purpose), secret_r, NULL);

	must(done != NULL);
}
