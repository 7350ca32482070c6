// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options of SOL_TCP, with the meaning, limits and errors of the kernel's
 * TCP.  Those of IP are in sockopt_ip.c.
 */
#include <linux/tcp.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "core/cc.h"
#include "netns.h"
#include "sock.h"

static bool live(const struct atcp_tcb *c)
{
	return ATCP_IN(c->state, ~(ATCP_S(CLOSED) | ATCP_S(LISTEN)));
}

static void set_bool(struct atcp_tcb *c, u16 flag, bool on)
{
	WRITE_ONCE(c->flags, on ? c->flags | flag : c->flags & ~flag);
}

static int set_keepalive(struct sock *sk, u64 *field, int seconds)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	if (seconds < 1 || seconds > MAX_TCP_KEEPIDLE)
		return -EINVAL;
	WRITE_ONCE(*field, seconds * ATCP_SEC);
	if (live(c) && sock_flag(sk, SOCK_KEEPOPEN))
		atcp_set_keepalive(c, true);
	return 0;
}

static int set_maxseg(struct atcp_tcb *c, int val)
{
	if (val && (val < TCP_MIN_MSS || val > MAX_TCP_WINDOW))
		return -EINVAL;
	WRITE_ONCE(c->mss_user, val);
	if (live(c) && c->state != ATCP_SYN_SENT)
		atcp_mss_changed(c);
	return 0;
}

static int set_linger2(struct sock *sk, int seconds)
{
	struct atcp_sock *as = atcp_sk(sk);
	const int most = TCP_FIN_TIMEOUT_MAX / HZ;

	WRITE_ONCE(as->linger2_none, seconds < 0);
	WRITE_ONCE(as->tcb.linger2, seconds < 0 ? 0 : min(seconds, most) * ATCP_SEC);
	return 0;
}

static int set_tcp(struct sock *sk, int optname, int val)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tcb *c = &as->tcb;

	switch (optname) {
	case TCP_MAXSEG:
		return set_maxseg(c, val);
	case TCP_NODELAY:
		set_bool(c, ATCP_F_NODELAY, val);
		if (val && live(c))
			atcp_push(c, true);
		return 0;
	case TCP_CORK:
		as->corked = val;
		set_bool(c, ATCP_F_CORK, val);
		if (!val && live(c))
			atcp_push(c, true);
		return 0;
	case TCP_QUICKACK:
		c->interactive = !val;
		return 0;
	case TCP_KEEPIDLE:
		return set_keepalive(sk, &c->keep_time, val);
	case TCP_KEEPINTVL:
		return set_keepalive(sk, &c->keep_intvl, val);
	case TCP_KEEPCNT:
		if (val < 1 || val > MAX_TCP_KEEPCNT)
			return -EINVAL;
		WRITE_ONCE(c->keep_probes, val);
		return 0;
	case TCP_USER_TIMEOUT:
		if (val < 0)
			return -EINVAL;
		WRITE_ONCE(c->user_timeout, val * ATCP_MSEC);
		return 0;
	case TCP_LINGER2:
		return set_linger2(sk, val);
	}
	return -ENOPROTOOPT;
}

/* There is one algorithm yet. */
static int set_congestion(sockptr_t optval, unsigned int optlen)
{
	char name[TCP_CA_NAME_MAX];
	int len;

	if (optlen < 1)
		return -EINVAL;
	len = strncpy_from_sockptr(name, optval, min_t(long, TCP_CA_NAME_MAX - 1, optlen));
	if (len < 0)
		return -EFAULT;
	name[len] = 0;
	return strcmp(name, atcp_cc_newreno.name) ? -ENOENT : 0;
}

int atcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	int val, err;

	if (level != SOL_TCP)
		return atcp_setsockopt_ip(sk, level, optname, optval, optlen);
	if (optname == TCP_CONGESTION)
		return set_congestion(optval, optlen);
	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;

	lock_sock(sk);
	err = set_tcp(sk, optname, val);
	release_sock(sk);
	return err;
}

static u32 to_seconds(u64 us)
{
	return div_u64(us, ATCP_SEC);
}

static u8 ca_state(const struct atcp_tcb *c)
{
	switch (c->recovery) {
	case ATCP_FAST:
		return TCP_CA_Recovery;
	case ATCP_LOSS:
		return TCP_CA_Loss;
	}
	return c->dupacks ? TCP_CA_Disorder : TCP_CA_Open;
}

static void get_info(struct sock *sk, struct tcp_info *info)
{
	const struct atcp_sock *as = atcp_sk(sk);
	const struct atcp_tcb *c = &as->tcb;
	u64 now = atcp_host_now();

	memset(info, 0, sizeof(*info));
	info->tcpi_state = inet_sk_state_load(sk);
	if (info->tcpi_state == TCP_LISTEN) {
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	info->tcpi_ca_state = ca_state(c);
	info->tcpi_retransmits = c->retries;
	info->tcpi_probes = c->probes;
	info->tcpi_backoff = c->backoff;
	if (c->ts_on)
		info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if (c->sack_on)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (c->wscale_on) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = c->snd_wscale;
		info->tcpi_rcv_wscale = c->rcv_wscale;
	}
	info->tcpi_rto = min_t(u64, atcp_rto(c), U32_MAX);
	info->tcpi_snd_mss = c->mss;
	info->tcpi_rcv_mss = c->rcv_mss;
	info->tcpi_advmss = c->adv_mss;
	info->tcpi_pmtu = as->pmtu;
	info->tcpi_unacked = DIV_ROUND_UP(c->snd_nxt - c->snd_una, max_t(u32, c->mss, 1));
	if (c->last_snd)
		info->tcpi_last_data_sent = div_u64(now - c->last_snd, ATCP_MSEC);
	if (c->last_rcv) {
		info->tcpi_last_data_recv = div_u64(now - c->last_rcv, ATCP_MSEC);
		info->tcpi_last_ack_recv = info->tcpi_last_data_recv;
	}
	info->tcpi_rtt = c->srtt >> 3;
	info->tcpi_rttvar = c->rttvar >> 2;
	info->tcpi_snd_cwnd = c->cwnd / max_t(u32, c->mss, 1);
	info->tcpi_snd_ssthresh = c->ssthresh == U32_MAX ? 0x7fffffff :
				  c->ssthresh / max_t(u32, c->mss, 1);
	info->tcpi_rcv_space = as->tune_space;
	info->tcpi_rcv_ssthresh = atcp_win_from_space(sk->sk_rcvbuf);
	info->tcpi_total_retrans = c->total_retrans;
	info->tcpi_bytes_acked = c->bytes_acked;
	info->tcpi_bytes_received = c->bytes_received;
	info->tcpi_segs_out = c->segs_out;
	info->tcpi_segs_in = c->segs_in;
	info->tcpi_notsent_bytes = c->write_seq - c->snd_nxt;
	info->tcpi_snd_wnd = c->snd_wnd;
}

static int get_tcp(struct sock *sk, int optname, int *val)
{
	const struct atcp_sock *as = atcp_sk(sk);
	const struct atcp_tcb *c = &as->tcb;
	const struct atcp_conf *conf = &c->space->conf;

	switch (optname) {
	case TCP_MAXSEG:
		*val = c->mss_user && !live(c) ? c->mss_user : c->mss;
		return 0;
	case TCP_NODELAY:
		*val = !!(c->flags & ATCP_F_NODELAY);
		return 0;
	case TCP_CORK:
		*val = as->corked;
		return 0;
	case TCP_QUICKACK:
		*val = !c->interactive;
		return 0;
	case TCP_KEEPIDLE:
		*val = to_seconds(c->keep_time ?: conf->keepalive_time);
		return 0;
	case TCP_KEEPINTVL:
		*val = to_seconds(c->keep_intvl ?: conf->keepalive_intvl);
		return 0;
	case TCP_KEEPCNT:
		*val = c->keep_probes ?: conf->keepalive_probes;
		return 0;
	case TCP_USER_TIMEOUT:
		*val = div_u64(c->user_timeout, ATCP_MSEC);
		return 0;
	case TCP_LINGER2:
		*val = as->linger2_none ? -1 : to_seconds(c->linger2 ?: conf->fin_timeout);
		return 0;
	}
	return -ENOPROTOOPT;
}

int atcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen)
{
	const char *name = atcp_cc_newreno.name;
	struct tcp_info info;
	const void *from;
	int len, val, err;

	if (level != SOL_TCP)
		return atcp_getsockopt_ip(sk, level, optname, optval, optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;

	switch (optname) {
	case TCP_INFO:
		lock_sock(sk);
		get_info(sk, &info);
		release_sock(sk);
		from = &info;
		len = min_t(unsigned int, len, sizeof(info));
		break;
	case TCP_CONGESTION:
		from = name;
		len = min_t(unsigned int, len, strlen(name) + 1);
		break;
	default:
		lock_sock(sk);
		err = get_tcp(sk, optname, &val);
		release_sock(sk);
		if (err)
			return err;
		from = &val;
		len = min_t(unsigned int, len, sizeof(int));
	}
	if (put_user(len, optlen) || copy_to_user(optval, from, len))
		return -EFAULT;
	return 0;
}
