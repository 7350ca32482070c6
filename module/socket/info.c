// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_INFO: a connection's state for the program.  Every field of struct tcp_info has
 * the meaning that the kernel's TCP gives it.  Fields of what atcp does not have (ECN,
 * fast open) stay 0.
 */
#include <linux/inet_diag.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "compat/tcp_uapi.h"
#include "atcp.h"
#include "core/queue.h"
#include "socket/info.h"

static u8 ca_state(const struct atcp_tcb *c)
{
	switch (c->recovery) {
	case ATCP_FAST:
		return TCP_CA_Recovery;
	case ATCP_LOSS:
		return TCP_CA_Loss;
	}
	return c->dupacks || c->sacked ? TCP_CA_Disorder : TCP_CA_Open;
}

static u32 segments(const struct atcp_tcb *c, u32 bytes)
{
	return DIV_ROUND_UP(bytes, max_t(u32, c->mss, 1));
}

/*
 * Counts the segments in flight.  What was lost and is sent again counts among both, as in
 * the kernel's TCP.
 */
static void count_flight(const struct atcp_tcb *c, struct atcp_tcp_info *info)
{
	u32 again = c->rack || c->recovery != ATCP_OPEN ? c->resent_segs : 0;
	struct atcp_seg *seg;

	for (seg = atcp_queue_sent(c); seg; seg = atcp_queue_next_sent(c, seg))
		info->tcpi_unacked += segments(c, atcp_seg_len(seg));
	info->tcpi_retrans = again;
	if (c->rack) {
		info->tcpi_sacked = c->sacked_segs;
		info->tcpi_lost = c->lost_segs + (c->recovery == ATCP_OPEN ? 0 : again);
	}
	/* A SYN or a FIN alone is in flight, which is no segment of the queue. */
	if (!info->tcpi_unacked && c->snd_nxt != c->snd_una)
		info->tcpi_unacked = 1;
}

static void get_negotiated(const struct atcp_tcb *c, struct atcp_tcp_info *info)
{
	info->tcpi_snd_mss = c->mss;
	info->tcpi_advmss = c->adv_mss;
	if (c->state == ATCP_CLOSED) {
		/* Without a peer there is no estimate; an unanswered SYN leaves the minimum. */
		info->tcpi_rcv_mss = c->syn_sent_at ? TCP_MIN_MSS : 0;
		return;
	}
	if (c->state == ATCP_SYN_SENT) {
		info->tcpi_rcv_mss = TCP_MIN_MSS;
		return;
	}
	info->tcpi_rcv_mss = c->rcv_mss;
	if (c->ts_on)
		info->tcpi_advmss -= TCPOLEN_TSTAMP_ALIGNED;
	if (c->ts_on)
		info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if (c->sack_on)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (c->wscale_on) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = c->snd_wscale;
		info->tcpi_rcv_wscale = c->rcv_wscale;
	}
}

static void get_flight(const struct atcp_tcb *c, struct atcp_tcp_info *info)
{
	info->tcpi_ca_state = ca_state(c);
	info->tcpi_retransmits = c->retries;
	info->tcpi_probes = c->probes;
	info->tcpi_backoff = c->backoff;
	count_flight(c, info);
	if (!c->rack) {
		info->tcpi_sacked = min_t(u32, c->dupacks, info->tcpi_unacked);
		if (c->recovery == ATCP_FAST)
			info->tcpi_lost = 1;
		else if (c->recovery == ATCP_LOSS)
			info->tcpi_lost = min(segments(c, c->recover - c->snd_una),
					      info->tcpi_unacked);
	}
	info->tcpi_snd_ssthresh = c->cc.ssthresh == U32_MAX ? TCP_INFINITE_SSTHRESH :
				  c->cc.ssthresh / max_t(u32, c->mss, 1);
	info->tcpi_snd_wnd = c->snd_wnd;
	info->tcpi_notsent_bytes = c->write_seq - c->snd_nxt;
}

static void get_times(const struct atcp_tcb *c, u64 now, struct atcp_tcp_info *info)
{
	u32 ms = div_u64(now, ATCP_MSEC);

	info->tcpi_rto = min_t(u64, atcp_rto(c), U32_MAX);
	if (c->last_data_in)
		info->tcpi_ato = atcp_ack_delay(c);
	if (c->last_snd)
		info->tcpi_last_data_sent = div_u64(now - c->last_snd, ATCP_MSEC);
	if (c->last_rcv)
		info->tcpi_last_ack_recv = div_u64(now - c->last_rcv, ATCP_MSEC);
	info->tcpi_last_data_recv = c->last_data_in ? ms - c->last_data_in :
				    info->tcpi_last_ack_recv;
	info->tcpi_rtt = c->srtt >> 3;
	info->tcpi_rttvar = c->srtt ? c->rttvar >> 2 : ATCP_SEC / 4;
	info->tcpi_min_rtt = c->min_rtt ?: U32_MAX;
	info->tcpi_rcv_rtt = c->rcv_rtt >> 3;

	info->tcpi_total_rto = c->rto_count;
	info->tcpi_total_rto_recoveries = c->rto_recoveries;
	info->tcpi_total_rto_time = c->rto_time;
	if (c->rto_since)
		info->tcpi_total_rto_time += ms - c->rto_since;
}

static void get_counts(const struct atcp_tcb *c, struct atcp_tcp_info *info)
{
	info->tcpi_total_retrans = c->total_retrans;
	info->tcpi_bytes_acked = c->bytes_acked;
	info->tcpi_bytes_received = c->bytes_received;
	info->tcpi_bytes_sent = c->bytes_sent;
	info->tcpi_bytes_retrans = c->bytes_retrans;
	info->tcpi_segs_out = c->segs_out;
	info->tcpi_segs_in = c->segs_in;
	info->tcpi_data_segs_out = c->data_segs_out;
	info->tcpi_data_segs_in = c->data_segs_in;
	info->tcpi_dsack_dups = c->dsack_dups;
	info->tcpi_rcv_ooopack = c->rcv_ooopack;
	info->tcpi_rehash = c->rehash;
	info->tcpi_delivered = c->delivered;
	info->tcpi_delivery_rate_app_limited = c->rate_app_limited;
	if (c->rate_interval)
		info->tcpi_delivery_rate = div_u64((u64)c->rate_delivered * c->mss * ATCP_SEC,
						   c->rate_interval);
}

/* How long the sender was busy and what limited it, up to now, in microseconds. */
static void get_limits(const struct atcp_tcb *c, u64 now, struct atcp_tcp_info *info)
{
	u64 time[] = { c->chrono_time[0], c->chrono_time[1], c->chrono_time[2] };

	if (c->chrono)
		time[c->chrono - 1] += (u32)div_u64(now, ATCP_MSEC) - c->chrono_since;
	info->tcpi_rwnd_limited = time[ATCP_RWND_LIMITED - 1] * ATCP_MSEC;
	info->tcpi_sndbuf_limited = time[ATCP_SNDBUF_LIMITED - 1] * ATCP_MSEC;
	info->tcpi_busy_time = time[ATCP_BUSY - 1] * ATCP_MSEC + info->tcpi_rwnd_limited +
			       info->tcpi_sndbuf_limited;
}

static void get_pacing(const struct sock *sk, struct atcp_tcp_info *info)
{
	unsigned long most = READ_ONCE(sk->sk_max_pacing_rate);

	info->tcpi_max_pacing_rate = most == ~0UL ? ~0ULL : most;
	info->tcpi_pacing_rate = min(atcp_pacing_rate(&atcp_sk(sk)->tcb),
				     info->tcpi_max_pacing_rate);
}

static_assert(sizeof_field(union atcp_cc_info, bbr) == sizeof(struct tcp_bbr_info));

u32 atcp_get_cc_info(struct sock *sk, union atcp_cc_info *info, int *attr)
{
	const struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	memset(info, 0, sizeof(*info));
	if (!c->cc_started || !c->cc_ops->info)
		return 0;
	switch (c->cc_ops->info(&c->cc, info)) {
	case ATCP_CC_INFO_BBR:
		*attr = INET_DIAG_BBRINFO;
		return sizeof(info->bbr);
	case ATCP_CC_INFO_NONE:
		break;
	}
	return 0;
}

void atcp_get_info(struct sock *sk, struct atcp_tcp_info *info)
{
	const struct atcp_sock *as = atcp_sk(sk);
	const struct atcp_tcb *c = &as->tcb;
	u64 now = atcp_host_now();

	memset(info, 0, sizeof(*info));
	info->tcpi_state = inet_sk_state_load(sk);
	get_pacing(sk, info);
	info->tcpi_reordering = c->reordering ?: c->space->conf.reordering;
	info->tcpi_reord_seen = c->reord_seen;
	info->tcpi_snd_cwnd = c->cc.cwnd / max_t(u32, c->mss, 1);
	if (info->tcpi_state == TCP_LISTEN) {
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	get_negotiated(c, info);
	get_flight(c, info);
	get_times(c, now, info);
	get_counts(c, info);
	get_limits(c, now, info);
	info->tcpi_pmtu = as->pmtu;
	info->tcpi_rcv_space = c->tune_space;
	info->tcpi_rcv_ssthresh = atcp_host_rcv_limit(&atcp_sk(sk)->tcb);
	info->tcpi_rcv_wnd = c->rcv_wnd;
}
