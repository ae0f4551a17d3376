/* Long answers: a listing of the whole maildrop, or the bytes of a message. step() appends to the output until it is
 * full. */
#ifndef POP3D_ANSWER_H
#define POP3D_ANSWER_H

#include "pop3d/session.h"

enum pop3_step { POP3_STEP_DONE, POP3_STEP_MORE, POP3_STEP_FAILED /* the connection must close */ };

struct pop3_answer {
	enum pop3_step (*step)(struct pop3_answer *answer, struct pop3_session *session);
	void (*stop)(struct pop3_answer *answer); /* frees it; exactly once */
};

#endif
