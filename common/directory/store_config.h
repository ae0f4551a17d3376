/* The configuration of the store, shared by the daemons and the trivet command. */
#ifndef DIRECTORY_STORE_CONFIG_H
#define DIRECTORY_STORE_CONFIG_H

#include "common/config/config.h"
#include "common/store/store.h"

extern const struct config_key store_keys[]; /* [store] */

/* Texts are borrowed from config. */
void store_options_from(const struct config *config, struct store_options *options_r);

#endif
