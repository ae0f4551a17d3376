/* What the files of common/directory share. */
#ifndef DIRECTORY_DIRECTORY_PRIVATE_H
#define DIRECTORY_DIRECTORY_PRIVATE_H

#include "common/directory/directory.h"

struct directory {
	struct store *store;
};

#endif
