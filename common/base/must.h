/* must(): states what only a bug of ours can break; it stays in release builds. */
#ifndef BASE_MUST_H
#define BASE_MUST_H

_Noreturn void must_fail(const char *what, const char *file, int line);

#define must(condition)                                                                                                \
	do {                                                                                                           \
		if (__builtin_expect(!(condition), 0))                                                                 \
			must_fail(#condition, __FILE__, __LINE__);                                                     \
	} while (0)

#define container_of(member_pointer, type, member) ((type *)((char *)(member_pointer)-offsetof(type, member)))
#define array_count(a)                             (sizeof(a) / sizeof((a)[0]))

#endif
