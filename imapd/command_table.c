/* All commands, and what CAPABILITY says (RFC 9051, 6.1.1). */
#include "imapd/command_table.h"
#include "imapd/idle.h"
#include "imapd/imapd.h"
#include "imapd/list.h"
#include "imapd/login.h"
#include "imapd/mailbox.h"
#include "imapd/message.h"
#include "imapd/select.h"
#include "imapd/simple.h"

#define ANY_STATE   (IMAP_NOT_AUTHENTICATED | IMAP_AUTHENTICATED | IMAP_SELECTED)
#define BEFORE_AUTH IMAP_NOT_AUTHENTICATED
#define AFTER_AUTH  (IMAP_AUTHENTICATED | IMAP_SELECTED)
#define SELECTED    IMAP_SELECTED

#define QUIET     IMAP_TELLS_NOTHING
#define BY_NUMBER IMAP_TELLS_NO_EXPUNGE
#define BY_UID    IMAP_BY_UID
#define CHANGES   IMAP_CHANGES
#define SECRET    IMAP_SECRET_ARGS
#define KEEPS_BAD IMAP_KEEPS_BAD_STREAK

/* clang-format off */
const struct imap_command_row imap_commands[] = {
	/* name            parse                    run                    allowed in   traits                      announced as */
	{ "CAPABILITY",    imap_args_none,          imap_capability_run,   ANY_STATE,   KEEPS_BAD,                  NULL },
	{ "NOOP",          imap_args_none,          imap_noop_run,         ANY_STATE,   KEEPS_BAD,                  NULL },
	{ "LOGOUT",        imap_args_none,          imap_logout_run,       ANY_STATE,   QUIET,                      NULL },
	{ "ID",            imap_id_parse,           imap_id_run,           ANY_STATE,   QUIET,                      "ID" },
	{ "STARTTLS",      imap_args_none,          imap_starttls_run,     BEFORE_AUTH, QUIET,                      NULL },
	{ "LOGIN",         imap_login_parse,        imap_login_run,        BEFORE_AUTH, QUIET | SECRET,             NULL },
	{ "AUTHENTICATE",  imap_authenticate_parse, imap_authenticate_run, BEFORE_AUTH, QUIET | SECRET,             "SASL-IR" },
	{ "ENABLE",        imap_enable_parse,       imap_enable_run,       AFTER_AUTH,  0,                          "ENABLE" },
	{ "SELECT",        imap_select_parse,       imap_select_run,       AFTER_AUTH,  QUIET,                      NULL },
	{ "EXAMINE",       imap_select_parse,       imap_examine_run,      AFTER_AUTH,  QUIET,                      NULL },
	{ "CREATE",        imap_create_parse,       imap_create_run,       AFTER_AUTH,  0,                          "CREATE-SPECIAL-USE" },
	{ "DELETE",        imap_mailbox_parse,      imap_delete_run,       AFTER_AUTH,  0,                          NULL },
	{ "RENAME",        imap_rename_parse,       imap_rename_run,       AFTER_AUTH,  0,                          NULL },
	{ "SUBSCRIBE",     imap_mailbox_parse,      imap_subscribe_run,    AFTER_AUTH,  0,                          NULL },
	{ "UNSUBSCRIBE",   imap_mailbox_parse,      imap_unsubscribe_run,  AFTER_AUTH,  0,                          NULL },
	{ "LIST",          imap_list_parse,         imap_list_run,         AFTER_AUTH,  0,                          "LIST-EXTENDED" },
	{ "LSUB",          imap_lsub_parse,         imap_lsub_run,         AFTER_AUTH,  0,                          NULL },
	{ "XLIST",         imap_lsub_parse,         imap_xlist_run,        AFTER_AUTH,  0,                          "XLIST" },
	{ "NAMESPACE",     imap_args_none,          imap_namespace_run,    AFTER_AUTH,  0,                          "NAMESPACE" },
	{ "STATUS",        imap_status_parse,       imap_status_run,       AFTER_AUTH,  0,                          "STATUS=SIZE" },
	{ "APPEND",        imap_append_parse,       imap_append_run,       AFTER_AUTH,  QUIET,                      "MULTIAPPEND" },
	{ "IDLE",          imap_args_none,          imap_idle_run,         AFTER_AUTH,  QUIET,                      "IDLE" },
	{ "COMPRESS",      imap_compress_parse,     imap_compress_run,     AFTER_AUTH,  QUIET,                      "COMPRESS=DEFLATE" },
	{ "CHECK",         imap_args_none,          imap_check_run,        SELECTED,    0,                          NULL },
	{ "CLOSE",         imap_args_none,          imap_close_run,        SELECTED,    QUIET,                      NULL },
	{ "UNSELECT",      imap_args_none,          imap_unselect_run,     SELECTED,    QUIET,                      "UNSELECT" },
	{ "EXPUNGE",       imap_args_none,          imap_expunge_run,      SELECTED,    QUIET | CHANGES,            NULL },
	{ "UID EXPUNGE",   imap_expunge_parse,      imap_expunge_run,      SELECTED,    QUIET | BY_UID | CHANGES,   "UIDPLUS" },
	{ "SEARCH",        imap_search_parse,       imap_search_run,       SELECTED,    QUIET | BY_NUMBER,          "ESEARCH" },
	{ "UID SEARCH",    imap_search_parse,       imap_search_run,       SELECTED,    QUIET | BY_UID,             "SEARCHRES" },
	{ "FETCH",         imap_fetch_parse,        imap_fetch_run,        SELECTED,    QUIET | BY_NUMBER,          "BINARY" },
	{ "UID FETCH",     imap_fetch_parse,        imap_fetch_run,        SELECTED,    QUIET | BY_UID,             NULL },
	{ "STORE",         imap_store_parse,        imap_store_run,        SELECTED,    QUIET | BY_NUMBER | CHANGES, "CONDSTORE" },
	{ "UID STORE",     imap_store_parse,        imap_store_run,        SELECTED,    QUIET | BY_UID | CHANGES,   "QRESYNC" },
	{ "COPY",          imap_copy_parse,         imap_copy_run,         SELECTED,    QUIET,                      NULL },
	{ "UID COPY",      imap_copy_parse,         imap_copy_run,         SELECTED,    QUIET | BY_UID,             NULL },
	{ "MOVE",          imap_copy_parse,         imap_move_run,         SELECTED,    QUIET | CHANGES,            "MOVE" },
	{ "UID MOVE",      imap_copy_parse,         imap_move_run,         SELECTED,    QUIET | BY_UID | CHANGES,   NULL },
	{ NULL,            NULL,                    NULL,                  0,           0,                          NULL },
};

/* What no single command stands for. */
static const char *const imap_features[] = { "LITERAL+", "LIST-STATUS", "SPECIAL-USE", "CHILDREN" };

/* Said before log-in too: BlackBerrys switch push off where IDLE is missing in the greeting (CLIENTS.md, IMAP 15). */
static const char *const imap_features_before_login[] = { "LITERAL+", "SASL-IR", "ENABLE", "ID", "IDLE" };
/* clang-format on */

const struct imap_command_row *imap_command_find(struct span name)
{
	for (const struct imap_command_row *row = imap_commands; row->name != NULL; row++)
		if (span_is(name, row->name))
			return row;
	return NULL;
}

static void write_before_login(struct imap_session *session)
{
	struct out *out = &session->net.out;
	struct auth_peer peer = {
		.remote = session->net.remote, .is_trusted = session->net.is_trusted, .is_tls = session->net.is_tls};
	struct login_peer whole = {0};

	for (size_t i = 0; i < sizeof imap_features_before_login / sizeof *imap_features_before_login; i++) {
		out_byte(out, ' ');
		out_text(out, imap_features_before_login[i]);
	}
	if (!session->net.is_tls && net_can_start_tls(session->net.daemon))
		out_text(out, " STARTTLS");
	if (!session->net.is_trusted)
		out_text(out, " LOGINDISABLED");
	if (session->net.is_tls) {
		login_peer_init(&whole, &session->net, '\0');
		peer = whole.peer;
	}
	out_byte(out, ' ');
	auth_mechanisms(session->imapd->service.auth, &peer, "AUTH=", &out->bytes);
	login_peer_done(&whole);
}

void imap_write_capabilities(struct imap_session *session)
{
	struct out *out = &session->net.out;

	out_text(out, "IMAP4rev1 IMAP4rev2");
	if (session->state == IMAP_NOT_AUTHENTICATED) {
		write_before_login(session);
		return;
	}
	for (size_t i = 0; i < sizeof imap_features / sizeof *imap_features; i++) {
		out_byte(out, ' ');
		out_text(out, imap_features[i]);
	}
	for (const struct imap_command_row *row = imap_commands; row->name != NULL; row++)
		if (row->announced_as != NULL) {
			out_byte(out, ' ');
			out_text(out, row->announced_as);
		}
	out_printf(out, " APPENDLIMIT=%zu", session->imapd->limits.message);
}
