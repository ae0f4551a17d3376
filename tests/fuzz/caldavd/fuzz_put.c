/* A calendar object that is put, and all that reads it afterwards: as it is, expanded, by filters, as free and busy
 * times, as a whole calendar and as a page. What was taken comes back byte by byte. */
#include "tests/fuzz/caldavd/offline.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define CALENDAR "/calendars/u1/calendar/"
#define RANGE    "start=\"20250101T000000Z\" end=\"20270101T000000Z\"/>"

static const struct {
	const char *method, *target, *more, *body;
} readers[] = {
	{"GET", CALENDAR, "", ""},
	{"GET", CALENDAR, "Accept: text/html\r\n", ""},
	{"REPORT", CALENDAR, "Depth: 1\r\n",
	 "<C:calendar-query xmlns=\"DAV:\" "
	 "xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><prop><C:calendar-data><C:expand " RANGE
	 "</C:calendar-data></prop><C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter "
	 "name=\"VEVENT\"><C:time-range " RANGE "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"},
	{"REPORT", CALENDAR, "Depth: 1\r\n",
	 "<C:calendar-query xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><prop><getetag/><C:calendar-data>"
	 "<C:comp name=\"VCALENDAR\"><C:comp name=\"VEVENT\"><C:prop name=\"UID\"/><C:prop name=\"SUMMARY\" "
	 "novalue=\"yes\"/></C:comp>"
	 "</C:comp><C:limit-recurrence-set " RANGE
	 "</C:calendar-data></prop><C:filter><C:comp-filter name=\"VCALENDAR\">"
	 "<C:comp-filter name=\"VEVENT\"><C:prop-filter name=\"ATTENDEE\"><C:text-match "
	 "collation=\"i;unicode-casemap\">\xc3\x84</C:text-match>"
	 "<C:param-filter "
	 "name=\"PARTSTAT\"><C:is-not-defined/></C:param-filter></C:prop-filter></C:comp-filter></C:comp-filter></"
	 "C:filter>"
	 "</C:calendar-query>"},
	{"REPORT", CALENDAR, "Depth: 1\r\n",
	 "<C:free-busy-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><C:time-range " RANGE "</C:free-busy-query>"},
};

static bool request(const char *method, const char *target, const char *more, struct span body)
{
	struct buf bytes = {0};
	bool goes_on;

	buf_printf(&bytes, "%s %s HTTP/1.1\r\nHost: example.org\r\n" OFFLINE_LOGIN "%sContent-Length: %zu\r\n\r\n",
		   method, target, more, body.n);
	buf_span(&bytes, body);
	goes_on = offline_send(buf_view(&bytes));
	buf_done(&bytes);
	return goes_on;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct span object = span_from(data, size);
	size_t before;

	if (offline == NULL)
		offline_open();
	offline_connect();
	must(request("PUT", CALENDAR "new.ics", "", object));
	if (span_starts(buf_view(&offline->out), SPAN("HTTP/1.1 201"))) {
		before = offline->out.n;
		must(request("GET", CALENDAR "new.ics", "", SPAN("")));
		must(offline->out.n - before > object.n &&
		     span_equal(span_sub(buf_view(&offline->out), offline->out.n - object.n, object.n), object));
		for (size_t i = 0; i < array_count(readers); i++)
			must(request(readers[i].method, readers[i].target, readers[i].more, span_of(readers[i].body)));
	}
	offline_disconnect();
	return 0;
}
