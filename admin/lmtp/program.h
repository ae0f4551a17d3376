/* The configuration that `trivet lmtp` and `trivet deliver` share. */
#ifndef ADMIN_LMTP_PROGRAM_H
#define ADMIN_LMTP_PROGRAM_H

#include "common/config/config.h"

#define LMTP_DEFAULT_CONFIG "/etc/trivet/lmtp.conf"

extern const struct config_key lmtp_keys[], lmtp_listen_keys[];

#endif
