/* Values of CalDAV's properties. */
#include "caldavd/dav/property_table.h"
#include "common/base/must.h"
#include "common/ical/ical.h"
#include "common/ical/zone.h"

static void write_href(struct span href, struct buf *out)
{
	buf_text(out, "<D:href>");
	xml_write_text(href, out);
	buf_text(out, "</D:href>");
}

/* --- principals --- */

static void write_home(struct dav_subject *subject, struct span user, const char *below, struct buf *out)
{
	struct buf href = {0};

	dav_write_home(subject->r, user, &href);
	buf_text(&href, below);
	write_href(buf_view(&href), out);
	buf_done(&href);
}

bool property_home_set(struct dav_subject *subject, struct buf *out)
{
	write_home(subject, subject->resource->owner.id != 0 ? subject->resource->owner.name : subject->r->user.name,
		   "", out);
	return true;
}

bool property_inbox_url(struct dav_subject *subject, struct buf *out)
{
	write_home(subject, subject->resource->owner.name, "inbox/", out);
	return subject->resource->owner.id == subject->r->user.id;
}

bool property_outbox_url(struct dav_subject *subject, struct buf *out)
{
	write_home(subject, subject->resource->owner.name, "outbox/", out);
	return subject->resource->owner.id == subject->r->user.id;
}

static bool mail_of(struct dav_subject *subject, struct buf *mail)
{
	const struct dav_user *user = &subject->resource->owner;
	struct span domain = subject->r->daemon->options.mail_domain;

	if (user->mail.n > 0) {
		buf_span(mail, user->mail);
	} else if (span_find_byte(user->name, '@') != SIZE_MAX) {
		buf_span(mail, user->name);
	} else if (domain.n > 0) {
		buf_span(mail, user->name);
		buf_byte(mail, '@');
		buf_span(mail, domain);
	}
	return mail->n > 0;
}

/* Apple takes the first, Thunderbird the last, others what is marked as preferred (quirk 9): all are the mail address.
 */
bool property_user_addresses(struct dav_subject *subject, struct buf *out)
{
	struct buf mail = {0}, principal = {0};
	bool has_mail = mail_of(subject, &mail);

	dav_write_principal(subject->r, subject->resource->owner.name, &principal);
	if (has_mail) {
		buf_text(out, "<D:href preferred=\"1\">mailto:");
		xml_write_text(buf_view(&mail), out);
		buf_text(out, "</D:href>");
	}
	write_href(buf_view(&principal), out);
	if (has_mail) {
		buf_text(out, "<D:href preferred=\"1\">mailto:");
		xml_write_text(buf_view(&mail), out);
		buf_text(out, "</D:href>");
	}
	buf_done(&mail);
	buf_done(&principal);
	return true;
}

bool property_mail_addresses(struct dav_subject *subject, struct buf *out)
{
	struct buf mail = {0};
	bool has_mail = mail_of(subject, &mail);

	if (has_mail) {
		buf_text(out, "<CS:email-address>");
		xml_write_text(buf_view(&mail), out);
		buf_text(out, "</CS:email-address>");
	}
	buf_done(&mail);
	return has_mail;
}

bool property_user_type(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, "INDIVIDUAL");
	return true;
}

/* --- scheduling's place --- */

bool property_default_calendar(struct dav_subject *subject, struct buf *out)
{
	write_home(subject, subject->resource->owner.name, "calendar/", out);
	return true;
}

bool property_free_busy_set(struct dav_subject *subject, struct buf *out)
{
	write_home(subject, subject->resource->owner.name, "calendar/", out);
	return true;
}

bool property_transparency(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, "<C:opaque/>");
	return true;
}

const char *property_check_transparency(struct dav_request *r, const xmlNode *value)
{
	(void)r;
	return xml_child(value, NS_CALDAV, "opaque") != NULL || xml_child(value, NS_CALDAV, "transparent") != NULL
		       ? NULL
		       : "D:cannot-modify-protected-property";
}

bool property_schedule_tag(struct dav_subject *subject, struct buf *out)
{
	if (subject->resource->object.schedule_tag.n == 0)
		return false;
	xml_write_text(subject->resource->object.schedule_tag, out);
	return true;
}

/* The zone is stored in whichever of the two ways it was set last; the other one follows from it (RFC 7809, 3.1.5). */
bool property_timezone(struct dav_subject *subject, struct buf *out)
{
	struct span name = dav_stored_text(subject, NS_CALDAV, "calendar-timezone-id");
	struct buf text = {0};
	bool ok = name.n > 0 && ical_zone_write(name, &text);

	if (ok)
		xml_write_text(buf_view(&text), out);
	buf_done(&text);
	return ok;
}

bool property_timezone_id(struct dav_subject *subject, struct buf *out)
{
	struct span text = dav_stored_text(subject, NS_CALDAV, "calendar-timezone");
	const char *problem;
	struct ical_zone *zone = text.n > 0 ? ical_zone_parse(text, &problem) : NULL;
	bool ok = zone != NULL;

	if (ok)
		xml_write_text(span_of(ical_zone_name(zone)), out);
	ical_zone_destroy(&zone);
	return ok;
}

/* --- what may be set --- */

const char *property_check_timezone(struct dav_request *r, const xmlNode *value)
{
	const char *problem;
	struct ical_zone *zone = ical_zone_parse(xml_text(value, r->arena), &problem);
	bool ok = zone != NULL;

	ical_zone_destroy(&zone);
	return ok ? NULL : "C:valid-calendar-data";
}

const char *property_check_timezone_id(struct dav_request *r, const xmlNode *value)
{
	struct ical_zone *zone = ical_zone_of_name(xml_text(value, r->arena));
	bool ok = zone != NULL;

	ical_zone_destroy(&zone);
	return ok ? NULL : "C:valid-timezone";
}

const char *property_check_availability(struct dav_request *r, const xmlNode *value)
{
	struct ical_object *object;
	struct ical_summary summary;
	const char *problem;
	enum ical_verdict verdict = ical_object_open(xml_text(value, r->arena), r->arena, &object, &summary, &problem);

	if (verdict == ICAL_GOOD)
		ical_object_close(&object);
	return verdict == ICAL_GOOD && summary.kind == ICAL_KIND_AVAILABILITY ? NULL : "C:valid-calendar-data";
}

/* --- limits --- */

static const struct {
	unsigned bit;
	const char *name;
} components[] = {
	{STORE_EVENTS, "VEVENT"},
	{STORE_TODOS, "VTODO"},
	{STORE_JOURNALS, "VJOURNAL"},
	{STORE_FREEBUSY, "VFREEBUSY"},
	{STORE_AVAILABILITY, "VAVAILABILITY"},
};

unsigned dav_component_of(struct span name)
{
	for (size_t i = 0; i < array_count(components); i++)
		if (span_is_nocase(name, components[i].name))
			return components[i].bit;
	return 0;
}

const char *dav_component_name(unsigned bit)
{
	for (size_t i = 0; i < array_count(components); i++)
		if (bit == components[i].bit)
			return components[i].name;
	return "";
}

bool property_components(struct dav_subject *subject, struct buf *out)
{
	unsigned taken = subject->resource->collection.components;

	for (size_t i = 0; i < array_count(components); i++)
		if (taken == 0 || (taken & components[i].bit))
			buf_printf(out, "<C:comp name=\"%s\"/>", components[i].name);
	return true;
}

/* What MKCALENDAR may ask for: each kind by itself, or any together. */
bool property_component_sets(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	for (size_t i = 0; i < 3; i++)
		buf_printf(out,
			   "<C:supported-calendar-component-set><C:comp "
			   "name=\"%s\"/></C:supported-calendar-component-set>",
			   components[i].name);
	return true;
}

bool property_calendar_data(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, "<C:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>");
	return true;
}

bool property_max_resource_size(struct dav_subject *subject, struct buf *out)
{
	buf_u64(out, subject->r->daemon->options.resource_max);
	return true;
}

bool property_min_date_time(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, CALDAV_MIN_DATE_TIME);
	return true;
}

bool property_max_date_time(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, CALDAV_MAX_DATE_TIME);
	return true;
}

bool property_max_instances(struct dav_subject *subject, struct buf *out)
{
	buf_u64(out, subject->r->daemon->options.instances_max);
	return true;
}

bool property_max_attendees(struct dav_subject *subject, struct buf *out)
{
	buf_u64(out, subject->r->daemon->options.attendees_max);
	return true;
}

bool property_collations(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, "<C:supported-collation>i;ascii-casemap</C:supported-collation>"
		      "<C:supported-collation>i;octet</C:supported-collation>"
		      "<C:supported-collation>i;unicode-casemap</C:supported-collation>");
	return true;
}

bool property_timezone_services(struct dav_subject *subject, struct buf *out)
{
	buf_text(out, "<D:href>");
	xml_write_text(subject->r->daemon->options.base_path, out);
	buf_text(out, "/timezones</D:href>");
	return true;
}
