/* trivet check and trivet gc. */
#include "admin/command.h"
#include "common/content/derive.h"
#include "common/mime/mime.h"
#include "common/store/maintain.h"

#include <getopt.h>
#include <string.h>

enum { TEXT_MAX = 1024 * 1024, GRACE_S = 3600, TOMBSTONE_S = 90 * 86400 };

struct report {
	const struct admin *admin;
	bool any;
};

static void derive(struct span message, struct arena *arena, struct store_derived *derived_r)
{
	content_derive(message, TEXT_MAX, arena, derived_r);
}

static void on_problem(void *arg, const char *kind, const char *text, bool repaired)
{
	struct report *report = arg;

	if (!report->admin->json) {
		printf("%s: %s%s\n", kind, text, repaired ? " (repaired)" : "");
		return;
	}
	fputs(report->any ? ",\n" : "", stdout);
	report->any = true;
	fputs("{\"kind\":", stdout);
	admin_json_string(stdout, span_of(kind));
	fputs(",\"text\":", stdout);
	admin_json_string(stdout, span_of(text));
	printf(",\"repaired\":%s}", repaired ? "true" : "false");
}

int admin_check(struct admin *admin, int argc, char **argv)
{
	static const struct option longs[] = {
		{"repair", no_argument, NULL, 'r'}, {"quick", no_argument, NULL, 'q'}, {NULL, 0, NULL, 0}};
	struct report report = {.admin = admin};
	struct store_check check = {
		.derived_version = MIME_DERIVED_VERSION, .derive = derive, .problem = on_problem, .arg = &report};
	uint64_t problems = 0;
	enum store_status status;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'r')
			check.repair = true;
		else if (c == 'q')
			check.skip_content = true;
		else
			return admin_usage(admin, "what is that?");
	}
	if (admin->json)
		putchar('[');
	status = store_check(admin->store, &check, &problems);
	if (admin->json)
		puts("]");
	if (status != STORE_OK)
		return admin_fail_status(admin, status, "the store");
	if (!admin->json)
		printf("%llu problems\n", (unsigned long long)problems);
	return problems == 0 ? EX_OK : EX_DATAERR;
}

/* "30d", "12h", "10m", "45s" in seconds. */
static bool seconds_of(const char *text, int64_t *seconds_r)
{
	static const char units[] = "smhd";
	static const int64_t factors[] = {1, 60, 3600, 86400};
	struct span all = span_of(text);
	const char *unit = all.n > 0 ? strchr(units, all.p[all.n - 1]) : NULL;
	uint64_t number;

	if (unit == NULL || *unit == '\0' || !span_to_u64(span_sub(all, 0, all.n - 1), 1000000000, &number))
		return false;
	*seconds_r = (int64_t)number * factors[unit - units];
	return true;
}

int admin_gc(struct admin *admin, int argc, char **argv)
{
	static const struct option longs[] = {{"grace", required_argument, NULL, 'g'},
					      {"tombstones", required_argument, NULL, 't'},
					      {NULL, 0, NULL, 0}};
	int64_t grace_s = GRACE_S, tombstone_s = TOMBSTONE_S;
	struct store_collected collected = {0};
	enum store_status status;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if ((c != 'g' || !seconds_of(optarg, &grace_s)) && (c != 't' || !seconds_of(optarg, &tombstone_s)))
			return admin_usage(admin, "want times like 1h or 90d");
	status = store_collect(admin->store, grace_s, tombstone_s, &collected);
	if (status != STORE_OK)
		return admin_fail_status(admin, status, "the store");
	printf(admin->json ? "{\"contents\":%llu,\"bytes\":%llu,\"tombstones\":%llu}\n"
			   : "%llu contents, %llu bytes, %llu tombstones\n",
	       (unsigned long long)collected.blobs, (unsigned long long)collected.bytes,
	       (unsigned long long)collected.tombstones);
	return EX_OK;
}
