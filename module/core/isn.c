// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers that an outsider must not be able to guess: initial sequence numbers
 * (RFC 9293 section 3.4.1, RFC 6528) and the offset of the timestamp clock
 * (RFC 7323 section 5.4).
 */
#include "core/core.h"

/* Fills a key with random bits. */
static void draw_key(u64 key[2])
{
	int i;

	for (i = 0; i < 2; i++)
		key[i] = (u64)atcp_host_random() << 32 | atcp_host_random();
}

void atcp_space_init(struct atcp_space *space)
{
	memset(space, 0, sizeof(*space));
	space->conf = (struct atcp_conf) {
		.rto_min = 200 * ATCP_MSEC,
		.rto_max = 120 * ATCP_SEC,
		.msl2 = 60 * ATCP_SEC,
		.fin_timeout = 60 * ATCP_SEC,
		.keepalive_time = 7200 * ATCP_SEC,
		.keepalive_intvl = 75 * ATCP_SEC,
		.challenge_interval = 500 * ATCP_MSEC,
		.keepalive_probes = 9,
		.syn_linear_timeouts = 4,
		.syn_retries = 7,	/* 251 s; R2 of a SYN is at least 180 s, MUST-23 */
		.synack_retries = 5,
		.retries1 = 3,
		.retries2 = 15,
		.initial_window = 10,
		.min_snd_mss = 48,
		.min_rtt_wlen = 300,
		.tw_reuse_delay = ATCP_SEC,
		.timestamps = 1,
		.mtu_probing = 1,
		.base_mss = 1024,	/* RFC 4821 section 7.2 */
		.mtu_probe_floor = 48,
		.probe_threshold = 8,
		.probe_interval = 600 * ATCP_SEC,	/* RFC 4821 section 7.6.4, RFC 1191 */
		.tolerate_missing_ts = true,
		.cc = &atcp_cc_cubic,
		.window_scaling = true,
		.sack = true,
		.recovery = true,
		.early_retrans = 3,
		.frto = 2,
		.reordering = 3,
		.dsack = true,
		.slow_start_after_idle = true,
	};
	draw_key(space->isn_key);
	draw_key(space->ts_key);
	draw_key(space->cookie_key);
}

/* ISN = M + F(localip, localport, remoteip, remoteport, secretkey) */
u32 atcp_isn(const struct atcp_space *space, const struct atcp_tuple *t)
{
	if (unlikely(space->conf.debug_isn))
		return space->conf.debug_isn;
	return (u32)(atcp_host_now() / 4) +
	       (u32)atcp_host_siphash(t, sizeof(*t), space->isn_key);
}

/*
 * The offset depends on all of the tuple.  If all connections of two hosts shared one,
 * a user who may open one of them could find out about the others, and about other
 * users of his address (CVE-2026-23247).  From one connection to the next with the same
 * ends timestamps still grow, which is all that TIME-WAIT reuse needs (RFC 6191).
 */
u32 atcp_ts_offset(const struct atcp_space *space, const struct atcp_tuple *t)
{
	if (space->conf.timestamps != 1)
		return 0;
	return (u32)atcp_host_siphash(t, sizeof(*t), space->ts_key);
}
