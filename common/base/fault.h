/* Faults that tests inject: a commit that is busy, a disk that is full. Compiled away without TRIVET_FAULTS.
 *
 * Where the environment names a file in TRIVET_TEST_FAULTS, it is mapped shared and holds one native int32_t for each
 * point below, in this order: how many of the next passes fail. The dialogue runner's line `fault commit busy 1` sets
 * FAULT_COMMIT_BUSY to 1. Any thread. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

enum fault_point {
	FAULT_COMMIT_BUSY,   /* the next commits find the database locked */
	FAULT_COMMIT_FULL,   /* ... the disk full */
	FAULT_COMMIT_BROKEN, /* ... an I/O error */
	FAULT_READ_BROKEN,   /* the next database reads meet an I/O error */
	FAULT_BLOB_FULL,     /* the next blob writes meet ENOSPC */
	FAULT_BLOB_BROKEN,   /* the next blob writes meet EIO */
	FAULT_BLOB_MISSING,  /* the next blob opened for reading is not there */
	FAULT_POINT_COUNT,
};

#ifdef TRIVET_FAULTS
bool fault_strikes(enum fault_point point); /* true: fail now; counts down */
#else
static inline bool fault_strikes(enum fault_point point)
{
	(void)point;
	return false;
}
#endif

#endif
