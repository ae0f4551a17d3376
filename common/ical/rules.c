/* Are the rules of an object such that they can be followed? Asked once, when it comes, so that no query has to fail
 * later because of it. */
#include "common/ical/recurrence_private.h"

enum {
	RULES_MAX = 32,         /* of a component; one is usual */
	OBSERVANCES_MAX = 5000, /* of an object's time zones; one that spells out its history has some 200 */
	ZONE_RULES_MAX = 100,   /* each of them goes on for centuries */
};

static const char *rule_problem(const struct icalrecurrencetype *rule, struct icaltimetype start, uint64_t *work)
{
	struct ical_recurrence *recurrence;
	enum ical_next next;
	int64_t wall;

	if (rule->freq > ICAL_YEARLY_RECURRENCE)
		return "it has a rule that cannot be understood";
	recurrence = ical_recurrence_create(rule, start, false, work);
	if (recurrence == NULL)
		return "it has a rule in a calendar that nobody knows";
	next = ical_recurrence_next(recurrence, &wall);
	ical_recurrence_destroy(&recurrence);
	if (next == ICAL_NEXT_TOO_MUCH)
		return "it has a rule whose instances are too hard to find";
	/* UNTIL may have ended it before anything came: that is how clients end a series. */
	if (next == ICAL_NEXT_END && rule->count != 1 && icaltime_is_null_time(rule->until))
		return "it has a rule that no day fits";
	return NULL;
}

const char *ical_rules_problem(icalcomponent *component, struct icaltimetype start, uint64_t *work)
{
	const char *problem = NULL;
	unsigned count = 0;

	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_ANY_PROPERTY);
	     p != NULL && problem == NULL; p = icalcomponent_get_next_property(component, ICAL_ANY_PROPERTY)) {
		icalproperty_kind kind = icalproperty_isa(p);
		struct icalrecurrencetype rule;

		if (kind != ICAL_RRULE_PROPERTY && kind != ICAL_EXRULE_PROPERTY)
			continue;
		if (++count > RULES_MAX)
			return "it has too many rules";
		rule = kind == ICAL_RRULE_PROPERTY ? icalproperty_get_rrule(p) : icalproperty_get_exrule(p);
		if (!icaltime_is_null_time(start))
			problem = rule_problem(&rule, start, work);
	}
	return problem;
}

static bool has_several(const short *by)
{
	return by[0] != ICAL_RECURRENCE_ARRAY_MAX && by[1] != ICAL_RECURRENCE_ARRAY_MAX;
}

static bool is_of_a_zone(const struct icalrecurrencetype *rule)
{
	return (rule->freq == ICAL_YEARLY_RECURRENCE || rule->freq == ICAL_MONTHLY_RECURRENCE) &&
	       rule->rscale == NULL && rule->by_set_pos[0] == ICAL_RECURRENCE_ARRAY_MAX &&
	       !has_several(rule->by_second) && !has_several(rule->by_minute) && !has_several(rule->by_hour);
}

static const char *zone_problem(icalcomponent *vtimezone, unsigned *observances, unsigned *rules)
{
	for (icalcomponent *c = icalcomponent_get_first_component(vtimezone, ICAL_ANY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(vtimezone, ICAL_ANY_COMPONENT)) {
		*observances += 1 + (unsigned)icalcomponent_count_properties(c, ICAL_RDATE_PROPERTY);
		for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY); p != NULL;
		     p = icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY)) {
			struct icalrecurrencetype rule = icalproperty_get_rrule(p);

			++*rules;
			if (!is_of_a_zone(&rule))
				return "it has a time zone with a rule that is none of a time zone";
		}
	}
	return *observances > OBSERVANCES_MAX || *rules > ZONE_RULES_MAX ? "its time zones have too many rules" : NULL;
}

const char *ical_zones_problem(icalcomponent *root)
{
	const char *problem = NULL;
	unsigned observances = 0, rules = 0;

	for (icalcomponent *c = icalcomponent_get_first_component(root, ICAL_VTIMEZONE_COMPONENT);
	     c != NULL && problem == NULL; c = icalcomponent_get_next_component(root, ICAL_VTIMEZONE_COMPONENT))
		problem = zone_problem(c, &observances, &rules);
	return problem;
}
