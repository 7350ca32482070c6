// SPDX-License-Identifier: GPL-2.0
/*
 * The visible state of a program's sockets after each operation, read without changing
 * it: state, names, what poll() says, how much is queued, and the edges that epoll has
 * reported since.
 *
 * Time passes between operations and must not show: an acknowledgment that TCP may
 * delay has to be in before anything is recorded.  So all is quiet when nothing is in
 * flight that the other end will answer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "oracle.h"
#include "peer.h"

#define MOMENT	1	/* ms in which all that is runnable runs */
#define DELAY	250	/* ms, more than an ACK is ever delayed */

#define ALL_EVENTS	(POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | \
			 POLLRDBAND | POLLWRNORM | POLLWRBAND)

void observe_add(struct run *r, int slot)
{
	struct epoll_event ev = {
		.events = ALL_EVENTS | EPOLLET,
		.data.u32 = slot,
	};

	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->slot[slot].fd, &ev))
		net_die("epoll_ctl: %s", strerror(errno));
}

/* Waits until everything that was sent has arrived, unless it is lost. */
static void let_arrive(struct run *r)
{
	long long until = net_now() + DELAY, left;

	capture_read(r);
	while (capture_in_transit(r->capture) && (left = until - net_now()) > 0) {
		if (capture_wait(r->capture, left))
			capture_read(r);
	}
	capture_landed(r->capture);
}

/* Waits until no end sends any more. */
static void let_speak(struct run *r)
{
	do {
		let_arrive(r);
	} while (capture_wait(r->capture, MOMENT));
}

static void wait_quiet(struct run *r)
{
	long long until;

	let_speak(r);
	/* A crafted segment may be answered or not. */
	while (r->verbose && capture_wait(r->capture, DELAY))
		capture_read(r);
	until = net_now() + DELAY;
	while (capture_pending(r)) {
		long long left = until - net_now();

		if (left <= 0) {
			capture_give_up(r->capture);
			return;
		}
		if (capture_wait(r->capture, left))
			let_speak(r);
	}
}

static int queued(int fd, unsigned long cmd)
{
	int n = 0;

	return ioctl(fd, cmd, &n) ? -errno : n;
}

/* Each stack may decide how much a buffer holds: see do_fill(). */
static int few(const struct run *r, int n)
{
	return r->bulk && n > 0 ? 1 : n;
}

static void name_text(struct run *r, int fd, bool peer, char *buf, size_t size)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	if (peer ? getpeername(fd, (struct sockaddr *)&ss, &len) :
		   getsockname(fd, (struct sockaddr *)&ss, &len))
		snprintf(buf, size, "%s", errno_name(errno));
	else
		run_addr_text(r, &ss, len, buf, size);
}

static void look_at(struct run *r, int slot)
{
	struct slot *s = &r->slot[slot];
	struct pollfd pfd = { .fd = s->fd, .events = ALL_EVENTS };
	char events[128], local[96], remote[96], now[sizeof(s->seen)];
	uint8_t state = 0;
	socklen_t len = 1;
	int in, out, unsent;

	poll(&pfd, 1, 0);
	events_text(pfd.revents, events, sizeof(events));
	getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &state, &len);
	in = queued(s->fd, SIOCINQ);
	out = queued(s->fd, SIOCOUTQ);
	unsent = queued(s->fd, SIOCOUTQNSD);
	name_text(r, s->fd, false, local, sizeof(local));
	name_text(r, s->fd, true, remote, sizeof(remote));
	snprintf(now, sizeof(now), "%s %s %s %s", state_name(state), events, local,
		 remote);
	if (strcmp(now, s->seen)) {
		memcpy(s->seen, now, sizeof(now));
		say(r->t, "    %d: %s", slot, now);
	}
	/* The send queue of a closed socket means nothing. */
	if (state == ST_CLOSED)
		snprintf(now, sizeof(now), "in %d mark %d", few(r, in),
			 queued(s->fd, SIOCATMARK));
	else
		snprintf(now, sizeof(now), "in %d out %d unsent %d mark %d",
			 few(r, in), few(r, out), few(r, unsent),
			 queued(s->fd, SIOCATMARK));
	if (strcmp(now, s->queued)) {
		memcpy(s->queued, now, sizeof(now));
		say(r->t, "    %d: %s", slot, now);
	}
}

static void look_for_edges(struct run *r)
{
	struct epoll_event ev[SLOTS];
	int i, slot, n = epoll_wait(r->epoll, ev, SLOTS, 0);

	for (slot = 0; slot < SLOTS; slot++)
		for (i = 0; i < n; i++) {
			char events[128];

			/* How often a full buffer has room again may differ. */
			if (ev[i].data.u32 != slot || r->bulk)
				continue;
			events_text(ev[i].events, events, sizeof(events));
			say(r->t, "    %d: edge %s", slot, events);
		}
}

static volatile sig_atomic_t signals[65];

static void count_signal(int sig)
{
	signals[sig]++;
}

void observe_signals(void)
{
	signal(SIGIO, count_signal);
	signal(SIGURG, count_signal);
	signal(SIGPIPE, count_signal);
}

/*
 * The number depends on which of them coincided: only whether there was one is
 * recorded.
 */
static void look_for_signals(struct run *r)
{
	static const int which[] = { SIGIO, SIGURG, SIGPIPE };
	size_t i;

	for (i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		if (signals[which[i]]) {
			say(r->t, "    signal %s", sigabbrev_np(which[i]));
			signals[which[i]] = 0;
		}
}

void observe(struct run *r, bool wait)
{
	int i;

	/* What is sent arrives at once, unless the machine is busy. */
	if (!wait) {
		if (!r->peer)
			let_arrive(r);
		return;
	}
	if (r->peer) {
		peer_pass(r, OP_TIME);
		peer_say(r);
	} else {
		wait_quiet(r);
		capture_say(r);
	}
	look_for_edges(r);
	look_for_signals(r);
	for (i = 0; i < SLOTS; i++)
		if (r->slot[i].fd >= 0)
			look_at(r, i);
}
