/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct tcp_info as the newest kernels have it: libc's headers are older.  What
 * a kernel does not fill in yet stays 0.
 */
#ifndef ATCP_SELFTEST_INFO_H
#define ATCP_SELFTEST_INFO_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct info {
	uint8_t state, ca_state, retransmits, probes, backoff, options;
	uint8_t snd_wscale : 4, rcv_wscale : 4;
	uint8_t app_limited : 1, fastopen_fail : 2;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd;
	uint32_t advmss, reordering, rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt;
	uint32_t data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
	uint32_t rcv_wnd, rehash;			/* 6.2 */
	uint16_t total_rto, total_rto_recoveries;	/* 6.7 */
	uint32_t total_rto_time;
	uint32_t ecn[8];				/* 6.18, 7.0 */
};

/* Returns its length as the kernel says it, or -1. */
static inline int info_get(int fd, struct info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len))
		return -1;
	return len;
}

#endif /* ATCP_SELFTEST_INFO_H */
