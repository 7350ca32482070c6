// SPDX-License-Identifier: GPL-2.0
/* The bytes that long transfers carry: see net.h. */
#include <pthread.h>
#include <string.h>

#include "net.h"

/* A prime period: no segment size or buffer size divides it. */
#define PERIOD	65521

static uint8_t bytes[2 * PERIOD];

static void make_pattern(void)
{
	uint32_t x = 0x2545f491;
	int i;

	for (i = 0; i < PERIOD; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		bytes[i] = x;
		bytes[i + PERIOD] = x;
	}
}

static const uint8_t *pattern(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_pattern);
	return bytes;
}

void pattern_fill(void *buf, size_t len, uint64_t offset)
{
	const uint8_t *p = pattern();
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < PERIOD ? len - done : PERIOD;

		memcpy((char *)buf + done, p + (offset + done) % PERIOD, n);
		done += n;
	}
}

size_t pattern_check(const void *buf, size_t len, uint64_t offset)
{
	const uint8_t *p = pattern(), *b = buf;
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < PERIOD ? len - done : PERIOD;

		if (memcmp(b + done, p + (offset + done) % PERIOD, n))
			break;
		done += n;
	}
	while (done < len && b[done] == p[(offset + done) % PERIOD])
		done++;
	return done;
}
