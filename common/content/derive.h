/* What mime makes of a message, in the words of the store: the one place where the two meet. Any thread. */
#ifndef CONTENT_DERIVE_H
#define CONTENT_DERIVE_H

#include "common/store/content.h"

/* Spans of the result lie in arena or in message, which must both stay. text_max: bytes of text kept for search. */
void content_derive(struct span message, size_t text_max, struct arena *arena, struct store_derived *derived_r);

#endif
