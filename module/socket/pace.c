// SPDX-License-Identifier: GPL-2.0
/*
 * The fine timer.  A tick of 4 ms is too coarse for two things:
 *
 *   pacing         the core's next segment may go at a time to some microseconds
 *   small queues   more than about a millisecond's worth of a connection is never in the
 *                  device's queue, as in the kernel's TCP: the rest waits where it takes
 *                  nobody else's time.  When a packet has left the device, the next goes.
 *
 * In the second case the packet's destructor says so, sock_wfree().  It calls sk_write_space
 * only without SOCK_USE_WRITE_QUEUE, so that flag is off while the core waits for room.  The
 * call comes in any context and perhaps with the socket's lock held: the timer, at once,
 * takes it to softirq.
 *
 * A timer that is set holds one unit of sk_wmem_alloc, which keeps the socket's memory, as
 * a packet does.  It is never moved: what sets it while it is set finds @armed.
 *
 * Few connections need it, and have it from then on.
 */
#include <linux/hrtimer.h>

#include "compat/hrtimer.h"
#include "core/congestion.h"
#include "socket/pace.h"
#include "socket/sock.h"

#define ARMED	0

struct atcp_pace {
	struct hrtimer timer;
	struct sock *sk;
	unsigned long armed;		/* bit ARMED */
	u64 fires;			/* microseconds */
};

static enum hrtimer_restart pace_fires(struct hrtimer *timer)
{
	struct atcp_pace *p = container_of(timer, struct atcp_pace, timer);
	struct sock *sk = p->sk;

	clear_bit(ARMED, &p->armed);
	/* A kick from now on sets the timer again; one from before is seen below. */
	smp_mb__after_atomic();
	atcp_sock_fires(sk);
	sk_free(sk);
	return HRTIMER_NORESTART;
}

/* The timer, or NULL without memory. */
static struct atcp_pace *pace_of(struct sock *sk)
{
	struct atcp_sock *as = atcp_sk(sk);
	struct atcp_pace *p = as->pace;

	if (likely(p))
		return p;
	p = kzalloc(sizeof(*p), GFP_ATOMIC | __GFP_NOWARN);
	if (!p)
		return NULL;
	p->sk = sk;
	hrtimer_setup(&p->timer, pace_fires, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_SOFT);
	/* Pairs with atcp_pace_kick(), which holds no lock. */
	smp_store_release(&as->pace, p);
	return p;
}

static bool start(struct atcp_pace *p, u64 when)
{
	if (test_and_set_bit(ARMED, &p->armed))
		return false;
	WRITE_ONCE(p->fires, when);
	refcount_inc(&p->sk->sk_wmem_alloc);
	hrtimer_start(&p->timer, ns_to_ktime(when * NSEC_PER_USEC),
		      HRTIMER_MODE_ABS_PINNED_SOFT);
	return true;
}

bool atcp_pace_at(struct sock *sk, u64 when)
{
	struct atcp_pace *p = pace_of(sk);

	return p && (start(p, when) || READ_ONCE(p->fires) <= when);
}

/* --- small queues --- */

/*
 * Two segments may wait, so that one is there when the other has gone; and about a millisecond's
 * worth, or what the device's driver asks for instead (sk_pacing_shift).
 */
bool atcp_pace_room(struct sock *sk, u32 len)
{
	const struct atcp_tcb *c = &atcp_sk(sk)->tcb;
	u32 two = 2 * SKB_TRUESIZE(len);
	u64 most;

	/*
	 * Where nothing is in flight, no ACK would bring the next out; and a time-out sends
	 * whatever the device has kept.
	 */
	if (likely(refcount_read(&sk->sk_wmem_alloc) <= two) || !atcp_flight(c))
		return true;
	most = (u64)c->quantum << 10 >> READ_ONCE(sk->sk_pacing_shift);
	most = max_t(u64, most, two);
	if (refcount_read(&sk->sk_wmem_alloc) <= most || !pace_of(sk))
		return true;
	sock_reset_flag(sk, SOCK_USE_WRITE_QUEUE);
	/* A packet that is freed sees that, or what it has made free is seen here. */
	smp_mb();
	return refcount_read(&sk->sk_wmem_alloc) <= most;
}

bool atcp_pace_waited(struct sock *sk)
{
	bool waited = !sock_flag(sk, SOCK_USE_WRITE_QUEUE);

	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);
	return waited;
}

void atcp_pace_kick(struct sock *sk)
{
	/* Pairs with pace_of(). */
	struct atcp_pace *p = smp_load_acquire(&atcp_sk(sk)->pace);

	if (p)
		start(p, 0);
}

/* --- its end --- */

void atcp_pace_stop(struct sock *sk)
{
	struct atcp_pace *p = atcp_sk(sk)->pace;

	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);
	if (!p || hrtimer_try_to_cancel(&p->timer) != 1)
		return;
	clear_bit(ARMED, &p->armed);
	WARN_ON_ONCE(refcount_dec_and_test(&sk->sk_wmem_alloc));
}

void atcp_pace_free(struct sock *sk)
{
	kfree(atcp_sk(sk)->pace);
}
