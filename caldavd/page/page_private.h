/* What the files of the pages share. A page is made whole, in memory, and every part of it is bounded. */
#ifndef CALDAVD_PAGE_PAGE_PRIVATE_H
#define CALDAVD_PAGE_PAGE_PRIVATE_H

#include "caldavd/page/page.h"
#include "caldavd/page/page_form.h"
#include "common/ical/zone.h"

enum { PAGE_NAME_MAX = 200, PAGE_CALENDARS_MAX = 100, PAGE_COLOUR_TEXT = 8 };

struct page {
	struct dav_request *r;
	struct buf body, style;
	char nonce[33];               /* of the style sheet */
	struct page_form query;       /* of the address */
	const struct page_form *form; /* what was sent and not taken: it stays in its fields; NULL: nothing */
	const char *problem;          /* why; NULL: there is none */
	const char *notice;           /* what was done; NULL: nothing is to be said */
	unsigned colours;             /* classes made so far */
	bool has_zones;               /* the list of time zones has been written */
};

/* --- page_write.c --- */

void page_init(struct page *page, struct dav_request *r);
void page_text(struct page *page, struct span text); /* the same, into the body */
void page_raw(struct page *page, const char *html);
/* The class whose --k is that colour, which page_colour_of() has given. */
unsigned page_colour_class(struct page *page, const char colour[PAGE_COLOUR_TEXT]);
/* The answer; the page is done with. title: not yet escaped. */
void page_answer(struct page *page, unsigned status, struct span title);
/* 303 to the path, which is an href of ours, with query ("done=…") behind it where it is not NULL. */
void page_see(struct dav_request *r, struct span href, const char *query);

/* --- page_guard.c: against forms of other sites --- */

/* A hidden field that says that the form for this address is ours, and this user's; good for some hours. */
void page_write_token(struct page *page, struct span href);
bool page_token_is_good(struct dav_request *r, struct span href, struct span token);
/* What the browser says of where the form was (Fetch Metadata, RFC 6454): false where it was elsewhere. */
bool page_origin_is_ours(struct dav_request *r);
/* "https://example.com" as the browser sees us; nothing where no good name is known. */
void page_write_site(struct dav_request *r, struct buf *out);

/* --- page_calendar.c --- */

struct page_calendar {
	struct dav_resource resource;
	struct span name;              /* as it is displayed */
	char colour[PAGE_COLOUR_TEXT]; /* "#rrggbb" */
	unsigned colour_class;
};
void page_calendar_init(struct page *page, const struct dav_resource *resource, struct page_calendar *calendar_r);
/* "#RRGGBB" or "#RRGGBBAA". */
bool page_colour_of(struct span text, char colour_r[PAGE_COLOUR_TEXT]);
/* The home of who asks. STORE_OK, BUSY, BROKEN. */
enum store_status page_home(struct dav_request *r, struct dav_resource *home_r);
void page_calendar_run(struct page *page, unsigned status); /* of r->resource */
void page_delete_run(struct page *page, unsigned status);   /* asks whether it shall go */

/* --- page_calendars.c --- */

void page_calendars_run(struct page *page, unsigned status); /* a home, or a folder */

/* --- page_parts.c: what several pages have --- */

/* A form for the address up to its first field; action says what page_post_run() does. */
void page_form_begin(struct page *page, struct span href, const char *action, bool has_file);
void page_form_end(struct page *page, const char *button);
/* Fields with a label. value: what stands there before; what was sent and not taken comes first. */
void page_field_name(struct page *page, const char *id, const char *action, struct span value);
void page_field_colour(struct page *page, const char *id, const char *action, struct span value);
void page_field_zone(struct page *page, const char *id, const char *action, struct span value);
/* An address to copy. */
void page_write_address(struct page *page, const char *id, const char *label, struct span path);
void page_details_begin(struct page *page, const char *summary, const char *action); /* open where action failed */
void page_details_end(struct page *page);

/* --- page_change.c, page_import.c: what forms do. NULL: done, and the answer is set; else why not, for the page. ---
 */

struct page_result {
	unsigned status; /* of the page that says it */
	const char *problem, *notice;
};
void page_create(struct dav_request *r, const struct page_form *form, struct page_result *result);
void page_settings(struct dav_request *r, const struct page_form *form, struct page_result *result);
void page_share(struct dav_request *r, bool shared, struct page_result *result);
void page_delete(struct dav_request *r, struct page_result *result);
void page_import(struct dav_request *r, const struct page_form *form, struct page_result *result);
void page_store_failed(enum store_status status, struct page_result *result); /* in words */

/* --- page_time.c: times on the wall, as the seconds since 1970 that they would be in UTC --- */

enum { PAGE_DAY = 86400, PAGE_OBSERVANCES_MAX = 64 };

int64_t page_day_of(int64_t year, int month, int day); /* since 1970-01-01 */
void page_day_split(int64_t day, int64_t *year_r, int *month_r, int *day_r);
int64_t page_day_at(int64_t wall); /* that the time lies in */

struct page_zone {
	struct ical_zone *zone; /* NULL: UTC */
	const char *name;       /* valid as long as the zone */
	size_t count;
	struct {
		int64_t onset;
		int offset;
	} list[PAGE_OBSERVANCES_MAX];
};
/* The zone of the first of the resources that has one; UTC where none has, or its zone is nobody else's. around: a time
 * that is to be shown, with about a year on either side. */
void page_zone_init(struct dav_request *r, const struct dav_resource *const *resources, size_t count, int64_t around,
		    struct page_zone *zone_r);
void page_zone_done(struct page_zone *zone);
int64_t page_wall_of(const struct page_zone *zone, int64_t seconds);
int64_t page_seconds_of(const struct page_zone *zone, int64_t wall);

/* --- page_events.c --- */

struct page_event {
	int64_t start, end; /* on the wall */
	struct span summary, location;
	unsigned colour_class;
	struct span calendar; /* its name; empty: the page has only one */
	bool has_time;        /* else it is a to-do for any day */
	bool is_all_day, is_todo, is_done, is_cancelled;
};

struct page_month {
	int64_t year, first, end; /* on the wall; end is not in it */
	int month;
	struct page_zone zone;
	struct page_event *events; /* by start */
	size_t count, capacity;
	size_t strange; /* objects that recur too often, or cannot be read */
	bool is_cut;    /* there are more */
};
/* What lies in the month, of the calendars. False: the store failed. */
bool page_events_gather(struct page *page, const struct page_calendar *calendars, size_t count,
			struct page_month *month);

/* --- page_month.c --- */

/* The month that the address names, or this one, of these calendars, with links to others. zones: see
 * page_zone_init(). False: the store failed. */
bool page_month_write(struct page *page, const struct page_calendar *calendars, size_t count,
		      const struct dav_resource *const *zones, size_t zone_count);

extern const char page_style[]; /* page_style.c */

#endif
