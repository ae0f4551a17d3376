/* The control socket of a daemon, [control] folder/NAME.PID.ctl: who is there, kick, trace. Used by `trivet who` and
 * `trivet kick`; one request a line, answers in lines, an empty line ends them.
 *
 *   who                       number TAB protocol TAB user TAB remote TAB tls|plain TAB seconds TAB what
 *   kick NUMBER|user=NAME     the number of sessions ended
 *   trace NAME on|off
 *   status                    NAME VALUE lines: sessions, accepted, logins, bytes_in, bytes_out, healthy
 */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include "common/base/buf.h"

/* Asks every daemon whose socket is in the folder; answers are appended to out, each line led by "PROGRAM TAB PID TAB".
 * Returns how many daemons answered; dead sockets are skipped. Blocks (with a time limit of 2 s each). */
unsigned control_ask(const char *folder, const char *request, struct buf *out);

#endif
