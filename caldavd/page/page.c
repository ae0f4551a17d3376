/* Pages. */
#include "caldavd/page/page.h"

void page_get_run(struct dav_request *r)
{
	http_answer_text(r->x, 200, "This is a CalDAV server");
}

bool page_is_form(const struct dav_request *r)
{
	(void)r;
	return false;
}

void page_post_run(struct dav_request *r)
{
	http_answer_text(r->x, 403, "Nothing can be posted here");
}
