/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options and structures of TCP for programs, as in the newest kernel's
 * include/uapi/linux/tcp.h: atcp offers all of them on older kernels, too.
 */
#ifndef _ATCP_COMPAT_TCP_UAPI_H
#define _ATCP_COMPAT_TCP_UAPI_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/tcp.h>

/* 6.9 */
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP		43
#endif
/* 6.15 */
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS		44
#endif
/* 6.16 */
#ifndef TCP_RTO_MIN_US
#define TCP_RTO_MIN_US		45
#endif
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US	46
#endif

/**
 * struct atcp_tcp_info - struct tcp_info, with the members that 6.2 to 7.0 have added
 *
 * Names, units and order are the kernel's.
 */
struct atcp_tcp_info {
	u8	tcpi_state;
	u8	tcpi_ca_state;
	u8	tcpi_retransmits;
	u8	tcpi_probes;
	u8	tcpi_backoff;
	u8	tcpi_options;
	u8	tcpi_snd_wscale : 4, tcpi_rcv_wscale : 4;
	u8	tcpi_delivery_rate_app_limited : 1, tcpi_fastopen_client_fail : 2;

	u32	tcpi_rto;
	u32	tcpi_ato;
	u32	tcpi_snd_mss;
	u32	tcpi_rcv_mss;

	u32	tcpi_unacked;
	u32	tcpi_sacked;
	u32	tcpi_lost;
	u32	tcpi_retrans;
	u32	tcpi_fackets;

	u32	tcpi_last_data_sent;
	u32	tcpi_last_ack_sent;
	u32	tcpi_last_data_recv;
	u32	tcpi_last_ack_recv;

	u32	tcpi_pmtu;
	u32	tcpi_rcv_ssthresh;
	u32	tcpi_rtt;
	u32	tcpi_rttvar;
	u32	tcpi_snd_ssthresh;
	u32	tcpi_snd_cwnd;
	u32	tcpi_advmss;
	u32	tcpi_reordering;

	u32	tcpi_rcv_rtt;
	u32	tcpi_rcv_space;

	u32	tcpi_total_retrans;

	u64	tcpi_pacing_rate;
	u64	tcpi_max_pacing_rate;
	u64	tcpi_bytes_acked;
	u64	tcpi_bytes_received;
	u32	tcpi_segs_out;
	u32	tcpi_segs_in;

	u32	tcpi_notsent_bytes;
	u32	tcpi_min_rtt;
	u32	tcpi_data_segs_in;
	u32	tcpi_data_segs_out;

	u64	tcpi_delivery_rate;

	u64	tcpi_busy_time;
	u64	tcpi_rwnd_limited;
	u64	tcpi_sndbuf_limited;

	u32	tcpi_delivered;
	u32	tcpi_delivered_ce;

	u64	tcpi_bytes_sent;
	u64	tcpi_bytes_retrans;
	u32	tcpi_dsack_dups;
	u32	tcpi_reord_seen;
	u32	tcpi_rcv_ooopack;
	u32	tcpi_snd_wnd;
	/* 6.2 */
	u32	tcpi_rcv_wnd;
	u32	tcpi_rehash;
	/* 6.7 */
	u16	tcpi_total_rto;
	u16	tcpi_total_rto_recoveries;
	u32	tcpi_total_rto_time;
	/* 6.18 and 7.0: ECN, which atcp does not have: all 0 */
	u32	tcpi_received_ce;
	u32	tcpi_delivered_e1_bytes;
	u32	tcpi_delivered_e0_bytes;
	u32	tcpi_delivered_ce_bytes;
	u32	tcpi_received_e1_bytes;
	u32	tcpi_received_e0_bytes;
	u32	tcpi_received_ce_bytes;
	u32	tcpi_ecn_mode : 2, tcpi_accecn_opt_seen : 2, tcpi_accecn_fail_mode : 4,
		tcpi_options2 : 24;
};

static_assert(sizeof(struct atcp_tcp_info) >= sizeof(struct tcp_info));
static_assert(offsetof(struct atcp_tcp_info, tcpi_pacing_rate) ==
	      offsetof(struct tcp_info, tcpi_pacing_rate));
static_assert(offsetof(struct atcp_tcp_info, tcpi_snd_wnd) ==
	      offsetof(struct tcp_info, tcpi_snd_wnd));

#endif /* _ATCP_COMPAT_TCP_UAPI_H */
