/* Judging what is put into a calendar. */
#include "common/calendar/judge.h"
#include "common/base/utf8.h"

_Static_assert((int)ICAL_KIND_EVENT == (int)STORE_EVENTS && (int)ICAL_KIND_TODO == (int)STORE_TODOS &&
		       (int)ICAL_KIND_JOURNAL == (int)STORE_JOURNALS &&
		       (int)ICAL_KIND_FREEBUSY == (int)STORE_FREEBUSY &&
		       (int)ICAL_KIND_AVAILABILITY == (int)STORE_AVAILABILITY,
	       "the kinds of objects have the same bits everywhere");

enum ical_verdict calendar_judge(struct span bytes, unsigned components, struct arena *arena,
				 struct store_object_facts *facts_r, const char **problem_r)
{
	struct ical_object *object = NULL;
	struct ical_summary summary;
	enum ical_verdict verdict;

	*problem_r = "it is no UTF-8";
	if (!utf8_is_valid(bytes))
		return ICAL_MALFORMED;
	verdict = ical_object_open(bytes, arena, &object, &summary, problem_r);
	ical_object_close(&object);
	if (verdict != ICAL_GOOD)
		return verdict;
	*facts_r = (struct store_object_facts){.uid = summary.uid,
					       .component = (unsigned)summary.kind,
					       .first = summary.first,
					       .last = summary.last,
					       .flags = (summary.is_plain ? CALENDAR_PLAIN : 0) |
							(summary.is_transparent ? CALENDAR_TRANSPARENT : 0) |
							(summary.is_tentative ? CALENDAR_TENTATIVE : 0)};
	if (components == 0 || (components & facts_r->component))
		return ICAL_GOOD;
	*problem_r = "this calendar takes other kinds of components";
	return ICAL_NOT_SUPPORTED;
}
