/* LIST, LSUB, XLIST (RFC 9051, 6.3.9; RFC 3501, 6.3.8, 6.3.9; RFC 5258; RFC 5819; RFC 6154; XLIST as old Outlooks know
 * it). The names are read once; what is answered is a walk over them, resumable at each. */
#include "imapd/list.h"
#include "imapd/imapd.h"

#include <stddef.h>
#include "common/base/must.h"

enum list_kind { LIST_PLAIN, LIST_LSUB, LIST_XLIST };

struct list {
	struct imap_generator generator;
	const struct imap_list *arg;
	enum list_kind kind;
	struct span *patterns; /* with the reference in front */
	struct store_mailbox *all;
	size_t count, next;
	struct store_mailbox *orphans; /* subscriptions without a mailbox */
	size_t orphan_count, next_orphan;
	bool selects_subscribed;
};

static bool matches_any(const struct list *list, struct span name)
{
	for (size_t i = 0; i < list->arg->pattern_count; i++)
		if (imap_list_matches(list->patterns[i], name))
			return true;
	return false;
}

static bool is_below(struct span name, struct span parent)
{
	return name.n > parent.n && name.p[parent.n] == '/' && span_starts(name, parent);
}

/* Is there a subscribed name below this one that the patterns do not match by themselves (5258, 3.5)? */
static bool has_hidden_child(const struct list *list, struct span parent, bool even_if_matched)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].is_subscribed && is_below(list->all[i].name, parent) &&
		    (even_if_matched || !matches_any(list, list->all[i].name)))
			return true;
	for (size_t i = 0; i < list->orphan_count; i++)
		if (is_below(list->orphans[i].name, parent) &&
		    (even_if_matched || !matches_any(list, list->orphans[i].name)))
			return true;
	return false;
}

static void add_attribute(struct out *out, bool *first, const char *name)
{
	if (!*first)
		out_byte(out, ' ');
	*first = false;
	out_text(out, name);
}

static void write_uses(const struct list *list, struct out *out, bool *first, const struct store_mailbox *mailbox)
{
	static const struct {
		unsigned use;
		const char *name;
	} uses[] = {{STORE_USE_ALL, "\\All"},       {STORE_USE_ARCHIVE, "\\Archive"},
		    {STORE_USE_DRAFTS, "\\Drafts"}, {STORE_USE_FLAGGED, "\\Flagged"},
		    {STORE_USE_JUNK, "\\Junk"},     {STORE_USE_SENT, "\\Sent"},
		    {STORE_USE_TRASH, "\\Trash"},   {STORE_USE_IMPORTANT, "\\Important"}};

	if (list->kind == LIST_XLIST && span_is(mailbox->name, "INBOX"))
		add_attribute(out, first, "\\Inbox");
	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
		if (mailbox->uses & uses[i].use)
			add_attribute(out, first,
				      list->kind == LIST_XLIST && uses[i].use == STORE_USE_JUNK ? "\\Spam"
												: uses[i].name);
}

static void write_entry(struct imap_session *session, const struct list *list, const struct store_mailbox *mailbox,
			bool is_matched, bool childinfo)
{
	struct out *out = &session->net.out;
	bool first = true;

	out_text(out, list->kind == LIST_LSUB ? "* LSUB (" : list->kind == LIST_XLIST ? "* XLIST (" : "* LIST (");
	if (list->arg->return_subscribed || list->selects_subscribed)
		if (mailbox->is_subscribed && is_matched && list->kind == LIST_PLAIN)
			add_attribute(out, &first, "\\Subscribed");
	if (mailbox->id == 0 && list->kind == LIST_PLAIN)
		add_attribute(out, &first, "\\NonExistent");
	else if (mailbox->id == 0 || !mailbox->is_selectable || (list->kind == LIST_LSUB && !is_matched))
		add_attribute(out, &first, "\\Noselect");
	if (mailbox->id != 0)
		add_attribute(out, &first, mailbox->has_children ? "\\HasChildren" : "\\HasNoChildren");
	write_uses(list, out, &first, mailbox);
	out_text(out, ") \"/\" ");
	imap_write_mailbox(session, mailbox->name);
	if (childinfo)
		out_text(out, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	out_text(out, "\r\n");
}

static enum store_status list_one(struct imap_session *session, struct list *list, const struct store_mailbox *mailbox)
{
	const struct imap_list *arg = list->arg;
	bool selected = (!list->selects_subscribed || mailbox->is_subscribed) &&
			(!(arg->select & IMAP_LIST_SPECIAL_USE) || mailbox->uses != 0);
	bool childinfo = false, parent = false;

	if (!matches_any(list, mailbox->name))
		return STORE_OK;
	if (list->selects_subscribed && (arg->select & IMAP_LIST_RECURSIVEMATCH))
		childinfo = has_hidden_child(list, mailbox->name, true);
	else if (list->kind == LIST_LSUB && !mailbox->is_subscribed)
		parent = has_hidden_child(list, mailbox->name, false);
	if (!selected && !childinfo && !parent)
		return STORE_OK;
	write_entry(session, list, mailbox, selected, childinfo);
	if (arg->return_status && selected && mailbox->id != 0 && mailbox->is_selectable)
		return imap_write_status(session, mailbox, &arg->status);
	return STORE_OK;
}

static enum imap_step list_step(struct imap_generator *generator, struct imap_session *session)
{
	struct list *list = container_of(generator, struct list, generator);
	enum store_status status = STORE_OK;

	for (; list->next < list->count && status == STORE_OK; list->next++) {
		if (out_is_full(&session->net.out))
			return IMAP_STEP_MORE;
		status = list_one(session, list, &list->all[list->next]);
	}
	for (; list->next_orphan < list->orphan_count && status == STORE_OK && list->selects_subscribed;
	     list->next_orphan++) {
		if (out_is_full(&session->net.out))
			return IMAP_STEP_MORE;
		status = list_one(session, list, &list->orphans[list->next_orphan]);
	}
	if (status != STORE_OK)
		imap_no_status(session, status, "mailbox");
	else
		imap_ok(session, list->kind == LIST_LSUB ? "LSUB completed" : "LIST completed");
	return IMAP_STEP_DONE;
}

static void list_stop(struct imap_generator *generator)
{
	(void)generator; /* all of it lies in the command's arena */
}

/* A pattern that begins with the separator is taken as it is, without it: there is one root. */
static struct span join(struct arena *arena, struct span reference, struct span pattern)
{
	struct span joined;

	if (pattern.n > 0 && pattern.p[0] == '/')
		return span_sub(pattern, 1, pattern.n - 1);
	if (reference.n == 0)
		return pattern;
	joined = arena_span(arena, (struct span){arena_printf(arena, "%.*s%.*s", (int)reference.n, reference.p,
							      (int)pattern.n, pattern.p),
						 reference.n + pattern.n});
	return joined;
}

static void run(struct imap_session *session, struct imap_command *command, enum list_kind kind)
{
	const struct imap_list *arg = &command->list;
	struct list *list = arena_new(command->arena, struct list);
	enum store_status status;

	if (!arg->is_extended && arg->pattern_count == 1 && arg->patterns[0].n == 0) {
		/* the special request for the separator (9051, 6.3.9) */
		out_text(&session->net.out, kind == LIST_LSUB    ? "* LSUB "
					    : kind == LIST_XLIST ? "* XLIST "
								 : "* LIST ");
		out_text(&session->net.out, "(\\Noselect) \"/\" \"\"\r\n");
		imap_ok(session, kind == LIST_LSUB ? "LSUB completed" : "LIST completed");
		return;
	}
	list->generator = (struct imap_generator){.step = list_step, .stop = list_stop};
	list->arg = arg;
	list->kind = kind;
	list->selects_subscribed = kind == LIST_LSUB || (arg->select & IMAP_LIST_SUBSCRIBED);
	list->patterns = arena_zero(command->arena, arg->pattern_count, sizeof *list->patterns);
	for (size_t i = 0; i < arg->pattern_count; i++)
		list->patterns[i] = join(command->arena, arg->reference, arg->patterns[i]);
	status = store_mailbox_list(session->imapd->service.store, session->actor, command->arena, &list->all,
				    &list->count, &list->orphans, &list->orphan_count);
	if (status != STORE_OK) {
		imap_no_status(session, status, "mailbox");
		return;
	}
	session->running->generator = &list->generator;
}

void imap_list_run(struct imap_session *session, struct imap_command *command)
{
	run(session, command, LIST_PLAIN);
}

void imap_lsub_run(struct imap_session *session, struct imap_command *command)
{
	run(session, command, LIST_LSUB);
}

void imap_xlist_run(struct imap_session *session, struct imap_command *command)
{
	run(session, command, LIST_XLIST);
}
