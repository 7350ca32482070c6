/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A link in one direction, for the simulator and for atcp-lab.  No input, no output and no
 * clock: the caller passes the time, in nanoseconds, and packets, and takes them out again.
 *
 * In this order: the policer; the limit of the queue; marks; the wait for the line; the time
 * on the line; loss; duplication; propagation, with jitter or reordering.  So a lost packet
 * has taken its time on the line.  Times are computed from one another, not from the times of
 * the calls: a caller that is late delays no later packet.
 */
#ifndef _ATCP_SIM_PATH_H
#define _ATCP_SIM_PATH_H

#include <stdbool.h>
#include <stdint.h>

#define PATH_NEVER	UINT64_MAX
#define PATH_LOSS_AT	64	/* ranges of packets to lose */

/**
 * struct path_conf - one direction of a link
 * @rate_bps:	bits a second of IP packets; 0: infinite
 * @delay_us:	propagation
 * @queue_pkts:	packets that wait for the line; more are dropped; 0: no limit
 * @queue_bytes:	likewise in bytes
 * @mark_pkts:	a packet that finds so many waiting gets CE, if it is ECT; 0: never
 * @loss_ppm:	all chances in parts per million
 * @gilbert_ppm:	from good to bad, from bad to good, loss while bad
 * @dup_ppm:	sent twice
 * @reorder_ppm:	held back by @reorder_us
 * @reorder_us:	see there
 * @jitter_us:	up to so much later, without reordering
 * @police_bps:	a token bucket of @police_bytes at the entrance; 0: none
 * @police_bytes:	see there
 */
struct path_conf {
	uint64_t rate_bps;
	uint64_t delay_us;
	uint64_t queue_pkts;
	uint64_t queue_bytes;
	uint64_t mark_pkts;
	uint64_t loss_ppm;
	uint64_t gilbert_ppm[3];
	uint64_t dup_ppm;
	uint64_t reorder_ppm;
	uint64_t reorder_us;
	uint64_t jitter_us;
	uint64_t police_bps;
	uint64_t police_bytes;
};

enum path_event {
	PATH_MARK, PATH_DROP_POLICE, PATH_DROP_QUEUE, PATH_DROP_LOSS, PATH_DUP, PATH_REORDER,
	PATH_EVENTS
};

/**
 * struct path_pkt - a packet; the caller allocates it, and may append to it
 * @next:	in a queue of the link
 * @when:	offered, then when it leaves the line, then when it has passed
 * @id:		the caller's
 * @size:	bytes, IP header included
 * @draw:	the random numbers it got as it was offered
 * @number:	its number on this link, from 1
 * @ect:	may be marked
 * @ce:		was marked
 */
struct path_pkt {
	struct path_pkt *next;
	uint64_t when;
	uint64_t id;
	uint32_t size;
	uint32_t draw[4];
	bool lost_in_burst;
	uint64_t number;
	bool ect;
	bool ce;
};

/**
 * struct path_link - its state
 * @name:	as in the scenario; the way back has ".back" behind it
 * @conf:	may be changed at any time
 * @loss_at:	first and last number of packets to lose
 * @note:	is told of each event with its time; a packet that is dropped goes to @drop
 * @drop:	frees a packet, or takes it
 * @copy:	makes a copy of a packet, or returns NULL
 * @arg:	for the three
 * @count:	events so far
 * @offered:	packets so far; @passed likewise
 * @pkts:	waiting for the line now; @bytes likewise
 * @inside:	waiting, on the line and in propagation
 * @sojourn:	how long the last packet waited that has begun its time on the line, in
 *		nanoseconds; PATH_NEVER: none has
 */
struct path_link {
	const char *name;
	struct path_conf conf;
	uint64_t loss_at[PATH_LOSS_AT][2];
	void (*note)(struct path_link *link, struct path_pkt *p, enum path_event what,
		     uint64_t when);
	void (*drop)(struct path_link *link, struct path_pkt *p);
	struct path_pkt *(*copy)(struct path_link *link, const struct path_pkt *p);
	void *arg;

	uint64_t count[PATH_EVENTS];
	uint64_t offered;
	uint64_t passed;
	uint64_t pkts;
	uint64_t bytes;
	uint64_t inside;
	uint64_t sojourn;

	/* The rest is path.c's. */
	uint64_t rand;
	bool bad;
	uint64_t tokens_at;
	double tokens;
	uint64_t free_at;	/* the line */
	uint64_t last_passes;
	struct path_pkt *line;
	struct path_pkt *waits, **waits_end;
	struct path_pkt *flies, *flies_last;
};

/* @number: of the link and direction, which with @seed makes its random numbers. */
void path_init(struct path_link *link, const char *name, uint64_t seed, uint32_t number);
/* Offers a packet at @now, which the link owns from here on. */
void path_offer(struct path_link *link, struct path_pkt *p, uint64_t now);
/* When the link next has something to do; PATH_NEVER: it is empty. */
uint64_t path_next(const struct path_link *link);
/* The next packet that has passed by @now, with its time in when; NULL: none. */
struct path_pkt *path_take(struct path_link *link, uint64_t now);
/* Drops since the beginning, for whatever reason. */
uint64_t path_drops(const struct path_link *link);
/* The next random number of a stream; 64 bits. */
uint64_t path_random(uint64_t *state);
/* Sets the key of a run description; false: unknown key or wrong value. */
bool path_set(struct path_link *link, const char *key, const char *value);

#endif /* _ATCP_SIM_PATH_H */
