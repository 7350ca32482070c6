// SPDX-License-Identifier: GPL-2.0
/*
 * Timestamps of sent data, reported on the error queue (SO_TIMESTAMPING): when it was
 * sent and when it was acknowledged.  Timestamps of received data, passed with the data
 * (SO_TIMESTAMP and the like): when it arrived.
 *
 * The kernel itself reports the queueing discipline (SCHED) and the device (SND), from
 * the skb_shared_info that all clones of a segment share.  The report of the ACK is
 * made here.
 */
#include <linux/errqueue.h>
#include <linux/file.h>
#include <linux/net_tstamp.h>
#include <linux/user_namespace.h>
#include <net/netlink.h>
#include <net/tcp_states.h>

#include "compat/tcp_uapi.h"
#include "core/queue.h"
#include "core/seq.h"
#include "socket/info.h"
#include "socket/stamp.h"

/* --- sending --- */

void atcp_stamp_base(struct sock *sk, u32 tsflags)
{
	struct atcp_sock *as = atcp_sk(sk);

	if (!(tsflags & SOF_TIMESTAMPING_OPT_ID)) {
		as->stamp_ids = false;
	} else if (!as->stamp_ids) {
		as->stamp_ids = true;
		as->stamp_base = as->tcb.write_seq;
	}
}

void atcp_stamp_sent(struct sock *sk, u32 tsflags)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_seg *seg = atcp_queue_last(&as->tcb);
	struct skb_shared_info *shinfo;

	if (!seg)
		return;
	/* The report is about the last octet of the message. */
	shinfo = skb_shinfo(atcp_skb(seg));
	__sock_tx_timestamp(tsflags, &shinfo->tx_flags);
	if (tsflags & SOF_TIMESTAMPING_TX_ACK)
		atcp_seg_cb(seg)->sent |= ATCP_SENT_TELL;
	if (tsflags & SOF_TIMESTAMPING_TX_RECORD_MASK)
		shinfo->tskey = atcp_seg_cb(seg)->end_seq - 1 - as->stamp_base;
}

void atcp_stamp_split(struct sock *sk, struct sk_buff *skb, struct sk_buff *rest, u32 len)
{
	struct atcp_cb *cb = atcp_seg_cb(atcp_seg(skb));
	struct skb_shared_info *from = skb_shinfo(skb);
	struct skb_shared_info *to = skb_shinfo(rest);

	if (seq_lt(from->tskey + atcp_sk(sk)->stamp_base, cb->seq + len))
		return;
	to->tskey = from->tskey;
	to->tx_flags |= from->tx_flags & SKBTX_ANY_TSTAMP;
	from->tx_flags &= ~SKBTX_ANY_TSTAMP;
	atcp_seg_cb(atcp_seg(rest))->sent |= cb->sent & ATCP_SENT_TELL;
	cb->sent &= ~ATCP_SENT_TELL;
}

/* Whether a report may contain the packet beside its time, as skb_may_tx_timestamp(). */
static bool may_return_packet(struct sock *sk)
{
	struct socket *sock;
	struct file *file;
	bool may = false;

	if (atcp_tstamp_allow_data(sk))
		return true;
	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	file = sock ? READ_ONCE(sock->file) : NULL;
	if (file)
		may = file_ns_capable(file, &init_user_ns, CAP_NET_RAW);
	rcu_read_unlock();
	return may;
}

/* The statistics that SOF_TIMESTAMPING_OPT_STATS adds to a report, or NULL. */
static struct sk_buff *connection_stats(struct sock *sk)
{
	const struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	struct atcp_tcp_info i;
	struct sk_buff *skb;

	skb = alloc_skb(9 * nla_total_size_64bit(sizeof(u64)) + 15 * nla_total_size(sizeof(u32)),
			GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	atcp_get_info(sk, &i);
	nla_put_u64_64bit(skb, TCP_NLA_BUSY, i.tcpi_busy_time, TCP_NLA_PAD);
	nla_put_u64_64bit(skb, TCP_NLA_RWND_LIMITED, i.tcpi_rwnd_limited, TCP_NLA_PAD);
	nla_put_u64_64bit(skb, TCP_NLA_SNDBUF_LIMITED, i.tcpi_sndbuf_limited, TCP_NLA_PAD);
	nla_put_u64_64bit(skb, TCP_NLA_DATA_SEGS_OUT, i.tcpi_data_segs_out, TCP_NLA_PAD);
	nla_put_u64_64bit(skb, TCP_NLA_TOTAL_RETRANS, i.tcpi_total_retrans, TCP_NLA_PAD);
	nla_put_u64_64bit(skb, TCP_NLA_PACING_RATE, i.tcpi_pacing_rate, TCP_NLA_PAD);
	nla_put_u64_64bit(skb, TCP_NLA_DELIVERY_RATE, i.tcpi_delivery_rate, TCP_NLA_PAD);
	nla_put_u32(skb, TCP_NLA_SND_CWND, i.tcpi_snd_cwnd);
	nla_put_u32(skb, TCP_NLA_REORDERING, i.tcpi_reordering);
	nla_put_u32(skb, TCP_NLA_MIN_RTT, i.tcpi_min_rtt);
	nla_put_u8(skb, TCP_NLA_RECUR_RETRANS, i.tcpi_retransmits);
	nla_put_u8(skb, TCP_NLA_DELIVERY_RATE_APP_LMT, i.tcpi_delivery_rate_app_limited);
	nla_put_u32(skb, TCP_NLA_SND_SSTHRESH, i.tcpi_snd_ssthresh);
	nla_put_u32(skb, TCP_NLA_DELIVERED, i.tcpi_delivered);
	nla_put_u32(skb, TCP_NLA_DELIVERED_CE, i.tcpi_delivered_ce);
	nla_put_u32(skb, TCP_NLA_SNDQ_SIZE, atcp_unacked(c));
	nla_put_u8(skb, TCP_NLA_CA_STATE, i.tcpi_ca_state);
	nla_put_u64_64bit(skb, TCP_NLA_BYTES_SENT, i.tcpi_bytes_sent, TCP_NLA_PAD);
	nla_put_u64_64bit(skb, TCP_NLA_BYTES_RETRANS, i.tcpi_bytes_retrans, TCP_NLA_PAD);
	nla_put_u32(skb, TCP_NLA_DSACK_DUPS, i.tcpi_dsack_dups);
	nla_put_u32(skb, TCP_NLA_REORD_SEEN, i.tcpi_reord_seen);
	nla_put_u32(skb, TCP_NLA_SRTT, i.tcpi_rtt);
	nla_put_u16(skb, TCP_NLA_TIMEOUT_REHASH, i.tcpi_rehash);
	nla_put_u32(skb, TCP_NLA_BYTES_NOTSENT, i.tcpi_notsent_bytes);
	return skb;
}

/*
 * Queues the report of an ACK, as __skb_tstamp_tx(), which would take skb->cb for that of
 * the kernel's TCP.  Unread reports count in sk_rmem_alloc: sk_rcvbuf bounds them.
 */
void atcp_host_acked(struct atcp_tcb *c, struct atcp_seg *seg)
{
	struct sock *sk = atcp_tcb_sk(c);
	struct sk_buff *from = atcp_skb(seg), *skb;
	u32 tsflags = READ_ONCE(sk->sk_tsflags);
	bool stats = false;
	struct sock_exterr_skb *serr;

	if (tsflags & SOF_TIMESTAMPING_OPT_TSONLY) {
		stats = tsflags & SOF_TIMESTAMPING_OPT_STATS;
		skb = stats ? connection_stats(sk) : alloc_skb(0, GFP_ATOMIC | __GFP_NOWARN);
	} else {
		if (!may_return_packet(sk))
			return;
		skb = skb_clone(from, GFP_ATOMIC | __GFP_NOWARN);
		if (skb && skb_orphan_frags_rx(skb, GFP_ATOMIC | __GFP_NOWARN)) {
			kfree_skb(skb);
			return;
		}
	}
	if (!skb)
		return;
	skb_mark_not_on_list(skb);
	skb->dev = NULL;
	__net_timestamp(skb);
	serr = SKB_EXT_ERR(skb);
	memset(serr, 0, sizeof(*serr));
	serr->ee.ee_errno = ENOMSG;
	serr->ee.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
	serr->ee.ee_info = SCM_TSTAMP_ACK;
	serr->opt_stats = stats;
	if (tsflags & SOF_TIMESTAMPING_OPT_ID)
		serr->ee.ee_data = skb_shinfo(from)->tskey;
	if (sock_queue_err_skb(sk, skb))
		kfree_skb(skb);
}

/* --- receiving --- */

void atcp_stamp_put(struct msghdr *msg, struct sock *sk, struct atcp_stamp *stamp)
{
	const bool fresh = sock_flag(sk, SOCK_TSTAMP_NEW);
	u32 tsflags = READ_ONCE(sk->sk_tsflags);
	struct scm_timestamping_internal tss = { 0 };
	struct timespec64 ts = ktime_to_timespec64(stamp->software);

	if (stamp->software && sock_flag(sk, SOCK_RCVTSTAMP)) {
		if (sock_flag(sk, SOCK_RCVTSTAMPNS) && fresh) {
			struct __kernel_timespec v = { ts.tv_sec, ts.tv_nsec };

			put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_NEW, sizeof(v), &v);
		} else if (sock_flag(sk, SOCK_RCVTSTAMPNS)) {
			struct __kernel_old_timespec v = { ts.tv_sec, ts.tv_nsec };

			put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_OLD, sizeof(v), &v);
		} else if (fresh) {
			struct __kernel_sock_timeval v = {
				ts.tv_sec, ts.tv_nsec / NSEC_PER_USEC
			};

			put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_NEW, sizeof(v), &v);
		} else {
			struct __kernel_old_timeval v = {
				ts.tv_sec, ts.tv_nsec / NSEC_PER_USEC
			};

			put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_OLD, sizeof(v), &v);
		}
	}

	if (!(tsflags & SOF_TIMESTAMPING_SOFTWARE) ||
	    (tsflags & SOF_TIMESTAMPING_OPT_RX_FILTER &&
	     !(tsflags & SOF_TIMESTAMPING_RX_SOFTWARE)))
		stamp->software = 0;
	if (!(tsflags & SOF_TIMESTAMPING_RAW_HARDWARE) ||
	    (tsflags & SOF_TIMESTAMPING_OPT_RX_FILTER &&
	     !(tsflags & SOF_TIMESTAMPING_RX_HARDWARE)))
		stamp->hardware = 0;
	if (!stamp->software && !stamp->hardware)
		return;
	tss.ts[0] = atcp_scm_time(stamp->software);
	tss.ts[2] = atcp_scm_time(stamp->hardware);
	if (fresh)
		put_cmsg_scm_timestamping64(msg, &tss);
	else
		put_cmsg_scm_timestamping(msg, &tss);
}
