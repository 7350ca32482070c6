// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options of SOL_TCP, with the meaning, limits and errors of the kernel's
 * TCP.  Those of IP are in sockopt_ip.c, TCP_INFO is in info.c.
 *
 * Not implemented are fast open, repair, MD5, TCP-AO, upper-layer protocols and
 * receiving into mapped pages.  The errors are those of TCP where such a feature is
 * switched off or not permitted, so that programs go on without it.
 */
#include <linux/tcp.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "compat/tcp_uapi.h"
#include "atcp.h"
#include "cc_registry.h"
#include "netns.h"
#include "socket/info.h"
#include "socket/sock.h"
#include "socket/sockopt.h"

static bool live(const struct atcp_tcb *c)
{
	return ATCP_IN(c->state, ~(ATCP_S(CLOSED) | ATCP_S(LISTEN)));
}

static void set_bool(struct atcp_tcb *c, u16 flag, bool on)
{
	WRITE_ONCE(c->flags, on ? c->flags | flag : c->flags & ~flag);
}

/* --- options with an effect of their own --- */

/* Pushes queued data once even if corked; the cork stays for later data. */
static void set_nodelay(struct sock *sk, bool on)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tcb *c = &as->tcb;

	set_bool(c, ATCP_F_NODELAY, on);
	if (!on || !live(c))
		return;
	set_bool(c, ATCP_F_CORK, false);
	atcp_push(c, true);
	set_bool(c, ATCP_F_CORK, as->corked);
}

static void set_cork(struct sock *sk, bool on)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	atcp_sk(sk)->corked = on;
	set_bool(c, ATCP_F_CORK, on);
	if (!on && live(c))
		atcp_push(c, true);
}

/*
 * 0 allows delayed ACKs.  Any other @val sends a pending ACK now; if it is odd, ACKs are
 * quick until the connection turns out to be interactive.
 */
static void set_quickack(struct sock *sk, int val)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	c->interactive = !val;
	if (!val || !ATCP_IN(c->state, ATCP_CAN_SEND) || !c->ack_pending)
		return;
	if (!atomic_read(&sk->sk_rmem_alloc))
		atcp_ack_now(c);
	if (!(val & 1))
		c->interactive = true;
}

static int set_keepidle(struct sock *sk, int seconds)
{
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;

	if (seconds < 1 || seconds > MAX_TCP_KEEPIDLE)
		return -EINVAL;
	WRITE_ONCE(c->keep_time, seconds);
	if (live(c) && sock_flag(sk, SOCK_KEEPOPEN))
		atcp_set_keepalive(c, true);
	return 0;
}

static void set_linger2(struct sock *sk, int seconds)
{
	const int most = TCP_FIN_TIMEOUT_MAX / HZ;

	WRITE_ONCE(atcp_sk(sk)->tcb.linger2, seconds < 0 ? -1 : min(seconds, most));
}

static int set_window_clamp(struct atcp_tcb *c, int val)
{
	if (!val && c->state != ATCP_CLOSED)
		return -EINVAL;
	WRITE_ONCE(c->wnd_clamp, val ? max_t(int, SOCK_MIN_RCVBUF / 2, val) : 0);
	return 0;
}

/*
 * TCP_DEFER_ACCEPT is given in seconds and kept as the number of SYN-ACK time-outs that
 * take so long.
 */
static u8 timeouts_of(int seconds)
{
	int period = TCP_TIMEOUT_INIT / HZ, sum = period;
	u8 n = 1;

	if (seconds <= 0)
		return 0;
	while (sum < seconds && n < U8_MAX) {
		period = min_t(int, 2 * period, TCP_RTO_MAX / HZ);
		sum += period;
		n++;
	}
	return n;
}

static int seconds_of(u8 timeouts)
{
	int period = TCP_TIMEOUT_INIT / HZ, sum = 0;

	for (; timeouts; timeouts--) {
		sum += period;
		period = min_t(int, 2 * period, TCP_RTO_MAX / HZ);
	}
	return sum;
}

static void set_defer_accept(struct sock *sk, int seconds)
{
	struct atcp_sock *as = atcp_sk(sk);

	WRITE_ONCE(as->defer_accept, timeouts_of(seconds));
	/* For a client it means that the handshake's ACK can wait for data. */
	if (!ATCP_IN(as->tcb.state, ATCP_SYNCHRONIZED))
		set_bool(&as->tcb, ATCP_F_LAZY_ACK, as->defer_accept);
}

/* Sets *@field, in microseconds, to whole jiffies, in which TCP keeps such options. */
static int set_ticks(u32 *field, unsigned int ticks, unsigned int most)
{
	if (ticks > most || ticks < TCP_TIMEOUT_MIN)
		return -EINVAL;
	WRITE_ONCE(*field, jiffies_to_usecs(ticks));
	return 0;
}

static int set_tx_delay(struct sock *sk, int val)
{
	if (val < 0 || val >= 1 << (31 - 3))
		return -EINVAL;
	WRITE_ONCE(atcp_sk(sk)->tx_delay, val);
	return 0;
}

/* Sets *@field, a bool or small number, to @val. */
static int set_small(u8 *field, int val, int most)
{
	if (val < 0 || val > most)
		return -EINVAL;
	WRITE_ONCE(*field, val);
	return 0;
}

/* --- options that are refused --- */

/* Fast open is off: 0 succeeds. */
static int refuse_fastopen(const struct sock *sk, int optname, int val)
{
	bool early = (1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN);

	if (val < 0 || (val > 1 && optname != TCP_FASTOPEN))
		return -EINVAL;
	if (!early && optname != TCP_FASTOPEN_CONNECT)
		return -EINVAL;
	return val || optname == TCP_FASTOPEN_CONNECT ? -EOPNOTSUPP : 0;
}

/* Fails as for a socket that is not under repair, without CAP_NET_ADMIN. */
static int refuse_repair(const struct sock *sk, int optname)
{
	switch (optname) {
	case TCP_REPAIR_OPTIONS:
		return -EINVAL;
	case TCP_QUEUE_SEQ:
		return sk->sk_state == TCP_CLOSE ? -EINVAL : -EPERM;
	default:
		return -EPERM;
	}
}

/* Upper-layer protocols (such as tls) need a socket of the kernel's TCP: none is found. */
static int set_ulp(sockptr_t optval, unsigned int optlen)
{
	char name[TCP_ULP_NAME_MAX];

	if (optlen < 1)
		return -EINVAL;
	if (strncpy_from_sockptr(name, optval, min_t(long, TCP_ULP_NAME_MAX - 1, optlen)) < 0)
		return -EFAULT;
	return -ENOENT;
}

static int set_fastopen_key(sockptr_t optval, unsigned int optlen)
{
	u8 key[TCP_FASTOPEN_KEY_BUF_LENGTH];

	if (optlen != TCP_FASTOPEN_KEY_LENGTH && optlen != TCP_FASTOPEN_KEY_BUF_LENGTH)
		return -EINVAL;
	if (copy_from_sockptr(key, optval, optlen))
		return -EFAULT;
	return -EOPNOTSUPP;
}

/* --- setsockopt() --- */

/* The lock is taken once a module has been loaded: that may last. */
static int set_congestion(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct atcp_sock *as = atcp_sk(sk);
	const struct atcp_cc_ops *ops;
	char name[ATCP_CC_NAME_MAX];
	int len, err;
	bool allowed;

	if (optlen < 1)
		return -EINVAL;
	len = strncpy_from_sockptr(name, optval, min_t(long, ATCP_CC_NAME_MAX - 1, optlen));
	if (len < 0)
		return -EFAULT;
	name[len] = 0;
	ops = atcp_cc_get(name, &allowed);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	allowed = allowed || ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN);

	lock_sock(sk);
	if (ops == as->cc || !allowed || as->cc_locked) {
		err = ops == as->cc && !as->cc_locked ? 0 : -EPERM;
		atcp_cc_put(ops);
	} else {
		err = atcp_sock_change_cc(sk, ops, GFP_KERNEL_ACCOUNT);
	}
	if (!err)
		WRITE_ONCE(as->cc_chosen, true);
	release_sock(sk);
	return err;
}

/* Sets an option whose value is a number. Locked. */
static int set_tcp(struct sock *sk, int optname, int val)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tcb *c = &as->tcb;

	switch (optname) {
	case TCP_NODELAY:
		set_nodelay(sk, val);
		return 0;
	case TCP_CORK:
		set_cork(sk, val);
		return 0;
	case TCP_QUICKACK:
		set_quickack(sk, val);
		return 0;
	case TCP_MAXSEG:
		/* It counts for the handshake; after that the MSS does not change. */
		if (val && (val < TCP_MIN_MSS || val > MAX_TCP_WINDOW))
			return -EINVAL;
		WRITE_ONCE(c->mss_user, val);
		return 0;
	case TCP_KEEPIDLE:
		return set_keepidle(sk, val);
	case TCP_KEEPINTVL:
		if (val < 1 || val > MAX_TCP_KEEPINTVL)
			return -EINVAL;
		WRITE_ONCE(c->keep_intvl, val);
		return 0;
	case TCP_KEEPCNT:
		return val < 1 ? -EINVAL : set_small(&c->keep_probes, val, MAX_TCP_KEEPCNT);
	case TCP_SYNCNT:
		return val < 1 ? -EINVAL : set_small(&c->syn_retries, val, MAX_TCP_SYNCNT);
	case TCP_USER_TIMEOUT:
		if (val < 0)
			return -EINVAL;
		WRITE_ONCE(c->user_timeout, val);
		atcp_user_timeout_changed(c);
		return 0;
	case TCP_LINGER2:
		set_linger2(sk, val);
		return 0;
	case TCP_WINDOW_CLAMP:
		return set_window_clamp(c, val);
	case TCP_DEFER_ACCEPT:
		set_defer_accept(sk, val);
		return 0;
	case TCP_NOTSENT_LOWAT:
		WRITE_ONCE(as->notsent_lowat, val);
		sk->sk_write_space(sk);
		return 0;
	case TCP_SAVE_SYN:
		return set_small(&as->save_syn, val, 2);
	case TCP_INQ:
		return set_small(&as->recv_inq, val, 1);
	case TCP_TX_DELAY:
		return set_tx_delay(sk, val);
	case TCP_THIN_LINEAR_TIMEOUTS:
		if (val < 0 || val > 1)
			return -EINVAL;
		set_bool(c, ATCP_F_THIN, val);
		return 0;
	case TCP_THIN_DUPACK:		/* does nothing in TCP either, since 4.11 */
		return val < 0 || val > 1 ? -EINVAL : 0;
	case TCP_RTO_MAX_MS:
		if (val < MSEC_PER_SEC)
			return -EINVAL;
		return set_ticks(&c->rto_max, msecs_to_jiffies(val), TCP_RTO_MAX);
	case TCP_RTO_MIN_US:
		return set_ticks(&c->rto_min, usecs_to_jiffies(val), TCP_RTO_MIN);
	case TCP_DELACK_MAX_US:
		return set_ticks(&c->delack_max, usecs_to_jiffies(val), TCP_DELACK_MAX);
	case TCP_FASTOPEN:
	case TCP_FASTOPEN_CONNECT:
	case TCP_FASTOPEN_NO_COOKIE:
		return refuse_fastopen(sk, optname, val);
	case TCP_REPAIR:
	case TCP_REPAIR_QUEUE:
	case TCP_QUEUE_SEQ:
	case TCP_REPAIR_OPTIONS:
	case TCP_REPAIR_WINDOW:
	case TCP_TIMESTAMP:
		return refuse_repair(sk, optname);
	}
	return -ENOPROTOOPT;
}

int atcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	int val, err;

	if (level != SOL_TCP)
		return atcp_setsockopt_ip(sk, level, optname, optval, optlen);
	switch (optname) {
	case TCP_CONGESTION:
		return set_congestion(sk, optval, optlen);
	case TCP_ULP:
		return set_ulp(optval, optlen);
	case TCP_FASTOPEN_KEY:
		return set_fastopen_key(optval, optlen);
	}
	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;

	lock_sock(sk);
	err = set_tcp(sk, optname, val);
	release_sock(sk);
	return err;
}

/* --- getsockopt() --- */

static void get_congestion(const struct sock *sk, char *name)
{
	rcu_read_lock();
	strscpy(name, READ_ONCE(atcp_sk(sk)->cc)->name, ATCP_CC_NAME_MAX);
	rcu_read_unlock();
}

static u32 to_seconds(u64 us)
{
	return div_u64(us, ATCP_SEC);
}

/* Our timestamp clock, as the peer sees it; bit 0 would stand for a microsecond clock. */
static u32 timestamp(const struct atcp_tcb *c)
{
	return ((u32)div_u64(atcp_host_now(), ATCP_MSEC) + c->ts_offset) & ~1;
}

/* Reads an option whose value is a number. Locked. */
static int get_tcp(struct sock *sk, int optname, int *val)
{
	const struct atcp_sock *as = atcp_sk(sk);
	struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	const struct atcp_conf *conf = &c->space->conf;

	switch (optname) {
	case TCP_NODELAY:
		*val = !!(c->flags & ATCP_F_NODELAY);
		return 0;
	case TCP_CORK:
		*val = as->corked;
		return 0;
	case TCP_QUICKACK:
		*val = !c->interactive;
		return 0;
	case TCP_MAXSEG:
		*val = c->mss_user && !live(c) ? c->mss_user : c->mss;
		return 0;
	case TCP_KEEPIDLE:
		*val = c->keep_time ?: to_seconds(conf->keepalive_time);
		return 0;
	case TCP_KEEPINTVL:
		*val = c->keep_intvl ?: to_seconds(conf->keepalive_intvl);
		return 0;
	case TCP_KEEPCNT:
		*val = c->keep_probes ?: conf->keepalive_probes;
		return 0;
	case TCP_SYNCNT:
		*val = c->syn_retries ?: conf->syn_retries;
		return 0;
	case TCP_USER_TIMEOUT:
		*val = c->user_timeout;
		return 0;
	case TCP_LINGER2:
		*val = c->linger2 ?: to_seconds(conf->fin_timeout);
		return 0;
	case TCP_WINDOW_CLAMP:
		*val = c->wnd_clamp;
		if (!*val && live(c))
			*val = atcp_host_rcv_full(c);
		return 0;
	case TCP_DEFER_ACCEPT:
		*val = seconds_of(as->defer_accept);
		return 0;
	case TCP_NOTSENT_LOWAT:
		*val = as->notsent_lowat;
		return 0;
	case TCP_SAVE_SYN:
		*val = as->save_syn;
		return 0;
	case TCP_INQ:
		*val = as->recv_inq;
		return 0;
	case TCP_TX_DELAY:
		*val = as->tx_delay;
		return 0;
	case TCP_THIN_LINEAR_TIMEOUTS:
		*val = !!(c->flags & ATCP_F_THIN);
		return 0;
	case TCP_TIMESTAMP:
		*val = timestamp(c);
		return 0;
	case TCP_RTO_MAX_MS:
		*val = div_u64(c->rto_max ?: conf->rto_max, ATCP_MSEC);
		return 0;
	case TCP_RTO_MIN_US:
		*val = c->rto_min ?: conf->rto_min;
		return 0;
	case TCP_DELACK_MAX_US:
		*val = c->delack_max ?: jiffies_to_usecs(TCP_DELACK_MAX);
		return 0;
	case TCP_THIN_DUPACK:
	case TCP_FASTOPEN:
	case TCP_FASTOPEN_CONNECT:
	case TCP_FASTOPEN_NO_COOKIE:
	case TCP_REPAIR:
	case TCP_IS_MPTCP:
		*val = 0;
		return 0;
	case TCP_REPAIR_QUEUE:
	case TCP_QUEUE_SEQ:
		return -EINVAL;
	}
	return -ENOPROTOOPT;
}

/* Copies the length to the user before the value. */
static int put(char __user *optval, int __user *optlen, const void *from, int len)
{
	if (put_user(len, optlen) || copy_to_user(optval, from, len))
		return -EFAULT;
	return 0;
}

/*
 * TCP_SAVED_SYN: the SYN's headers can be read once.  With too small a buffer it fails
 * and *@optlen is set to the size that is needed.
 */
static int get_saved_syn(struct sock *sk, char __user *optval, int __user *optlen, int len)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_saved_syn *syn;
	int err;

	lock_sock(sk);
	syn = as->saved_syn;
	if (!syn) {
		err = put_user(0, optlen) ? -EFAULT : 0;
	} else if (len < syn->len) {
		err = put_user((int)syn->len, optlen) ? -EFAULT : -EINVAL;
	} else {
		err = put(optval, optlen, syn->data, syn->len);
		if (!err) {
			as->saved_syn = NULL;
			kfree(syn);
		}
	}
	release_sock(sk);
	return err;
}

int atcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen)
{
	char name[ATCP_CC_NAME_MAX] = {};
	union atcp_cc_info cc_info;
	struct atcp_tcp_info info;
	int len, val, err;
	u32 size;

	if (level != SOL_TCP)
		return atcp_getsockopt_ip(sk, level, optname, optval, optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;

	switch (optname) {
	case TCP_INFO:
		lock_sock(sk);
		atcp_get_info(sk, &info);
		release_sock(sk);
		return put(optval, optlen, &info, min_t(unsigned int, len, sizeof(info)));
	case TCP_CONGESTION:
		get_congestion(sk, name);
		return put(optval, optlen, name, min_t(unsigned int, len, sizeof(name)));
	case TCP_CC_INFO:
		lock_sock(sk);
		size = atcp_get_cc_info(sk, &cc_info, &val);
		release_sock(sk);
		return put(optval, optlen, &cc_info, min_t(unsigned int, len, size));
	case TCP_ULP:			/* none is set */
	case TCP_FASTOPEN_KEY:		/* none is set */
		return put_user(0, optlen) ? -EFAULT : 0;
	case TCP_SAVED_SYN:
		return get_saved_syn(sk, optval, optlen, len);
	case TCP_ZEROCOPY_RECEIVE:	/* a socket of atcp cannot be mapped */
		return -EINVAL;
	case TCP_REPAIR_WINDOW:
		return len == sizeof(struct tcp_repair_window) ? -EPERM : -EINVAL;
	}
	lock_sock(sk);
	err = get_tcp(sk, optname, &val);
	release_sock(sk);
	return err ? err : put(optval, optlen, &val, min_t(unsigned int, len, sizeof(int)));
}
