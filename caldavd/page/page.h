/* Pages for people who open an address in a browser: their calendars, this month's events, addresses to copy, and forms
 * to create, rename, colour, import and delete. They work without JavaScript. */
#ifndef CALDAVD_PAGE_PAGE_H
#define CALDAVD_PAGE_PAGE_H

#include "caldavd/dav/dav.h"

/* GET on anything that is no object. */
void page_get_run(struct dav_request *r);
/* POST of a form. */
void page_post_run(struct dav_request *r);
/* Is the body of this request a form of ours? */
bool page_is_form(const struct dav_request *r);

#endif
