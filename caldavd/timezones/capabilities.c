/* The actions that there are (RFC 7808, 5.1 and 6.1), printed from a table. Zones are not truncated, so there is no
 * "truncated" and "get" has no parameters. */
#include "caldavd/timezones/timezones_private.h"
#include "common/base/must.h"

static const struct action {
	const char *name, *template;
	const char *parameters[2];
	bool is_required;
} actions[] = {
	{"capabilities", "capabilities", {NULL, NULL}, false},
	{"list", "zones{?changedsince}", {"changedsince", NULL}, false},
	{"get", "zones{/tzid}", {NULL, NULL}, false},
	{"expand", "zones{/tzid}/observances{?start,end}", {"start", "end"}, true},
	{"find", "zones{?pattern}", {"pattern", NULL}, true},
	{"leapseconds", "leapseconds", {NULL, NULL}, false},
};

static void write_action(const struct dav_request *r, const struct action *action, struct buf *out)
{
	buf_printf(out, "{\"name\":\"%s\",\"uri-template\":", action->name);
	timezones_json_string(span_of(arena_printf(r->arena, "%.*s/timezones/%s", (int)r->daemon->options.base_path.n,
						   r->daemon->options.base_path.p, action->template)),
			      out);
	buf_text(out, ",\"parameters\":[");
	for (size_t i = 0; i < array_count(action->parameters) && action->parameters[i] != NULL; i++)
		buf_printf(out, "%s{\"name\":\"%s\",\"required\":%s,\"multi\":false}", i > 0 ? "," : "",
			   action->parameters[i], action->is_required ? "true" : "false");
	buf_text(out, "]}");
}

void timezones_capabilities(struct dav_request *r)
{
	struct buf body = {0};

	buf_text(&body, "{\"version\":1,\"info\":{\"primary-source\":");
	timezones_json_string(span_of(arena_printf(r->arena, TIMEZONES_PUBLISHER ":%s", ical_zone_version())), &body);
	buf_text(&body, ",\"formats\":[\"text/calendar\"]},\"actions\":[");
	for (size_t i = 0; i < array_count(actions); i++) {
		if (span_is(span_of(actions[i].name), "leapseconds") && !timezones_has_leapseconds())
			continue;
		if (i > 0)
			buf_byte(&body, ',');
		write_action(r, &actions[i], &body);
	}
	buf_text(&body, "]}\n");
	r->x->may_compress = true;
	timezones_json(r, buf_view(&body));
	buf_done(&body);
}
