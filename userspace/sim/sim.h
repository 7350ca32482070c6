/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A deterministic simulated network whose hosts run module/core/.
 *
 * Time is virtual: sim_run() takes the earliest event, sets the clock to it and
 * calls it.  All chance comes from one seed, so that a run can be repeated
 * exactly.  There is one world at a time in a process (the core asks for the
 * time without an argument), reached by the variable sim.
 *
 * The flow: sim_send() -> core -> atcp_host_transmit() (host.c) -> sim_wire_send()
 * (link.c) -> an event later sim_rx() (rx.c) -> core -> atcp_host_deliver() ->
 * the wake callback -> sim_recv().  After each event check.c looks at every
 * connection that was touched.
 */
#ifndef _ATCP_SIM_SIM_H
#define _ATCP_SIM_SIM_H

#include "core.h"
#include "path.h"
#include "seq.h"

#define SIM_MAX_HOSTS	250	/* the last octet of their addresses */
#define SIM_PROTO	253
#define SIM_IPV6_MTU_MIN	1280u

#define sim_container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* --- events (world.c) --- */

struct sim_event {
	u64 when;
	u64 order;		/* equal times: first set, first called */
	u32 pos;		/* place in the heap, from 1; 0: not set */
	void (*fn)(struct sim_event *ev);
};

void sim_event_set(struct sim_event *ev, u64 when);
void sim_event_cancel(struct sim_event *ev);
/* Drops all events but the @n in @kept; the memory of the others may be gone. */
void sim_event_keep(struct sim_event **kept, u32 n);

/* --- chance (world.c): splitmix64 streams --- */

u64 sim_rand(u64 *state);
/* A number below @n; 0 for n = 0. */
u32 sim_below(u64 *state, u32 n);
/* True in @ppm of a million cases. */
bool sim_chance(u64 *state, u32 ppm);

/* --- segments (seg.c) --- */

enum sim_seg_owner {
	SIM_SEG_LOOSE = 1,	/* made for sending, or received, not charged */
	SIM_SEG_SENT,		/* in a send queue, charged */
	SIM_SEG_RCVD,		/* admitted to a receive buffer, charged */
};

struct sim_buf {
	u32 refs;
	u32 size;
	u8 bytes[];
};

struct atcp_seg *sim_seg_new(u32 room);
struct atcp_seg *sim_seg_from(const u8 *bytes, u32 len);
struct atcp_seg *sim_seg_ref(struct atcp_seg *seg);
void sim_seg_free(struct atcp_seg *seg);
/* Room for more payload behind the present one; 0 if the buffer is shared. */
u32 sim_seg_tailroom(const struct atcp_seg *seg);

/* --- the wire (link.c) --- */

/**
 * struct sim_link_conf - one direction of a link
 * @delay:	propagation, microseconds
 * @jitter:	up to this much more, without reordering
 * @rate:	bytes a second; 0: infinite
 * @queue:	packets that wait for the line; more are dropped; 0: no limit
 * @mtu:	bytes, IP header included
 * @loss:	all chances in parts per million
 * @dup:	sent twice
 * @reorder:	held back by up to four delays and a millisecond
 * @corrupt:	one bit flipped
 * @whole:	large sends are not cut at the MSS, as over veth and lo; with a @rate they are,
 *		since a line carries packets of the MTU
 * @path_mtu:	MTU of a later hop: a larger packet is reported by ICMP instead; 0: none
 * @black_hole:	the same without ICMP: a larger packet is lost; 0: none
 * @police:	a token bucket of @burst bytes that fills with so many bytes a second; what it
 *		has not enough for is lost; 0: none
 * @burst:	see there
 * @batch:	what arrives within so many microseconds comes together, as from a radio that
 *		sends several packets in one frame; 0: each by itself
 * @thin:	chance of an ACK without data to be dropped, since another follows
 */
struct sim_link_conf {
	u64 delay;
	u64 jitter;
	u64 rate;
	u32 queue;
	u32 mtu;
	u32 loss;
	u32 dup;
	u32 reorder;
	u32 corrupt;
	u32 path_mtu;
	u32 black_hole;
	u32 police;
	u32 burst;
	u32 batch;
	u32 thin;
	bool whole;
};

#define SIM_MAX_ROUTE	16

struct sim_link {
	struct sim_link_conf conf;
	u8 route[SIM_MAX_ROUTE];	/* then it takes these shared links (net.c) */
	u8 nroute;
	u64 busy_until;		/* the line is taken by earlier packets */
	u64 fraction;		/* and for this part of a microsecond more, times the rate */
	struct sim_pkt *wait_first;	/* those that wait for the line */
	struct sim_pkt *wait_last;
	u32 waiting;
	u64 last_arrival;
	u64 tokens;		/* of the policer, bytes times 1000000 */
	u64 tokens_at;		/* when there were so many; 0: it is full */
	bool down;		/* drops everything */
	u64 sent;
	u64 lost;
};

struct sim_pkt {
	struct sim_event ev;
	struct sim_pkt *next;	/* all in flight */
	struct sim_pkt **pprev;
	struct sim_pkt *wait_next;	/* behind it in the queue for the line */
	u64 turn;		/* when the line begins with it */
	struct path_pkt hop;	/* on a shared link */
	u8 leg;			/* which of its route */
	u8 src;
	u8 dst;
	u32 rec;		/* index into the trace, plus 1 */
	u32 len;		/* TCP header and payload */
	u8 bytes[];
};

struct sim_host;
struct sim_conn;
struct sim_listener;

/*
 * struct sim_sent - digest of all segments that have been sent
 * @hash:	over each segment's time, source, destination, length and header
 * @segs:	number of segments
 *
 * It is kept from world to world until it is set to zero.  Two builds of the core that
 * send the same segments have the same hash.  Duplicates that a link makes and segments
 * that tests inject are not in it.
 */
struct sim_sent {
	u64 hash;
	u64 segs;
};

extern struct sim_sent sim_sent;

void sim_wire_send(u8 src, u8 dst, const u8 *bytes, u32 len, u32 hlen, u32 mss);
void sim_wire_inject(u8 src, u8 dst, const u8 *bytes, u32 len);
void sim_wire_inject_raw(u8 src, u8 dst, const u8 *bytes, u32 len);
/* What is no TCP segment: neither cut nor given a checksum. For hosts that are raw. */
void sim_wire_datagram(u8 src, u8 dst, const u8 *bytes, u32 len);
u16 sim_checksum(u8 src, u8 dst, const u8 *bytes, u32 len);
/* For net.c: a second packet of the same bytes; the end of one; its arrival. */
struct sim_pkt *sim_pkt_copy(const struct sim_pkt *p);
void sim_pkt_free(struct sim_pkt *p);
void sim_pkt_deliver(struct sim_event *ev);

/* --- links that several pairs of hosts share (net.c) --- */

/**
 * struct sim_net - the shared links
 * @link:	the caller's; set up by path_init() and path_set()
 * @nlinks:	directions of links
 * @work:	when one of them has something to do
 * @onward:	packets that have passed each one and were given to the next or to a host
 *
 * A packet first takes the link of its own between its two hosts, then that one's route.
 */
struct sim_net {
	struct path_link *link;
	u32 nlinks;
	struct sim_event work;
	u64 onward[256];
};

/* Makes @links the shared links of this world; before the first packet. */
void sim_net_begin(struct path_link *links, u32 nlinks);
/* Packets from @src to @dst take these shared links, in this order. */
void sim_net_route(u8 src, u8 dst, const u8 *links, u32 n);
/* Does all that the links have to do by now: before they are looked at, or set. */
void sim_net_run(void);
/* Fails the run unless each link has every packet that it was given, or lost it. */
void sim_net_check(void);
/* For link.c: @p comes to the first link of its route. */
void sim_net_enter(struct sim_pkt *p);

/* --- what a recorder is told (all of it, if there is one) --- */

struct sim_conn;

/**
 * struct sim_watch - who writes down what happens
 * @sent:	a host sends a packet
 * @arrived:	a packet arrives at its host
 * @on_link:	something happens to a packet on a shared link
 * @state:	a connection was in state @old
 * @resent:	@len bytes of sequence space were sent again
 * @recovery:	c.recovery was @old
 * @dropped:	a segment was refused
 */
struct sim_watch {
	void (*sent)(struct sim_pkt *p);
	void (*arrived)(const struct sim_pkt *p);
	void (*on_link)(const struct path_link *link, struct sim_pkt *p, enum path_event what);
	void (*state)(struct sim_conn *conn, u8 old);
	void (*resent)(struct sim_conn *conn, u32 seq, u32 len, enum atcp_resend kind);
	void (*recovery)(struct sim_conn *conn, u8 old);
	void (*dropped)(struct sim_conn *conn, struct atcp_seg *seg, enum atcp_drop why);
};

/* --- the trace (trace.c) --- */

enum sim_fate { SIM_PASSED, SIM_LOST, SIM_CORRUPTED, SIM_QUEUE_FULL, SIM_TOO_BIG, SIM_COPY,
		SIM_FORGED };

struct sim_rec {
	u64 sent;
	u64 arrives;
	struct atcp_hdr h;
	u32 len;		/* payload */
	u8 src;
	u8 dst;
	u8 fate;
	u8 raw[ATCP_HDR_MAX];	/* the header as it was sent */
};

u32 sim_trace_add(u8 src, u8 dst, const u8 *bytes, u32 len);
/* Prints the trace of hosts @a (left) and @b (right), the last @max segments. */
void sim_ladder(u8 a, u8 b, u32 max);
/* "SYN", "SYN-ACK", "PSH-ACK" ... into @out. */
void sim_flag_names(u8 flags, char out[40]);
const char *sim_state_name(u8 state);

/* --- hosts, listeners, connections --- */

/* Calls that can be made to fail: the core's to its host, and the host's own work. */
enum sim_call {
	SIM_ALLOC,
	SIM_CLONE,
	SIM_TRANSMIT,
	SIM_MAY_SPLIT,
	SIM_SPLIT,
	SIM_MAY_JOIN,
	SIM_JOIN,
	SIM_ADMIT,
	SIM_COALESCE,
	SIM_REHASH,
	SIM_ASIDE,
	SIM_TIME_WAIT,
	SIM_SEND,		/* a segment for the user's data */
	SIM_REQUEST,		/* the request that a SYN creates */
	SIM_SYNACK,		/* the SYN-ACK of a request or cookie */
	SIM_CHILD,		/* the connection that a request becomes */
	SIM_REPLY,		/* an answer that belongs to no connection */
	SIM_CC,			/* the memory of a congestion control */
	SIM_CALLS
};

struct sim_fault {
	u32 ppm;		/* chance of each failure; 0: none */
	u32 nth;		/* fail the nth from now, once; 0: none */
	u64 failed;
};

/* What a route asks for: fields of struct atcp_tcb, 0 if it does not. */
struct sim_route {
	u16 wnd_first;
	u16 cwnd_first;
	u16 cwnd_max;
	u16 ssthresh_first;
	u16 reordering;
	bool quick;
	u32 rto_min;
	u32 wnd_clamp;
};

/**
 * struct sim_sockopt - what a connection or listener is made with
 * @rcvbuf:	receive buffer, payload bytes
 * @sndbuf:	send buffer, payload bytes
 * @rcvbuf_max:	up to which the core may enlarge them; 0: it may not
 * @sndbuf_max:	likewise
 * @room:	payload that one queued segment can hold
 * @nodelay:	TCP_NODELAY
 * @keepalive:	SO_KEEPALIVE
 * @tight:	the receive buffer charges an overhead a segment, and counts
 *		out-of-order data, as the kernel's does
 * @no_quick:	delay ACKs from the start
 * @pace:	most bytes a second, 0: not paced
 * @route:	of the way to the peer
 * @cc:		the congestion control, NULL: reno, which it is for want of memory, too
 */
struct sim_sockopt {
	u32 rcvbuf;
	u32 sndbuf;
	u32 rcvbuf_max;
	u32 sndbuf_max;
	u32 room;
	u16 mss_user;
	bool nodelay;
	bool keepalive;
	bool tight;
	bool no_quick;
	u64 pace;
	u64 user_timeout;
	u64 keep_time;
	u64 keep_intvl;
	u8 keep_probes;
	u64 linger2;
	struct sim_route route;
	const struct atcp_cc_ops *cc;
};

extern const struct sim_sockopt sim_sockopt_default;

/* The largest receive window that a connection with @opt may ever offer. */
static inline u32 sim_rcv_full(const struct sim_sockopt *opt)
{
	u32 most = max(opt->rcvbuf, opt->rcvbuf_max);

	return opt->tight ? most / 2 : most;
}

typedef void (*sim_wake_fn)(struct sim_conn *conn, u32 what, void *arg);

#define SIM_WAKE_CLOSED	0x100	/* atcp_host_closed() was called */

/* What check.c keeps of a connection from one event to the next. */
struct sim_seen {
	u8 state;
	bool ready;
	u32 rcv_nxt;
	u32 snd_una;
	u32 snd_nxt;
	u32 right_edge;		/* of the receive window, by the control block */
	u32 wire_edge;		/* the same, as it was put on the wire */
	u32 peer_edge;		/* furthest byte that the peer has allowed */
	u32 last_seq;		/* of the latest segment from the peer */
	u32 last_end;
	bool may_dsack;		/* nothing was told of that as having come twice */
	bool peer_edge_known;
	bool wire_edge_known;
	u32 deliver_next;
};

struct sim_conn {
	struct atcp_tcb c;
	struct sim_host *host;
	struct sim_conn *next;		/* of its host */
	struct sim_conn *wake_next;
	struct sim_conn *dirty_next;
	struct sim_conn *accept_next;
	struct sim_listener *listener;	/* in whose accept queue it is, or NULL */
	struct sim_sockopt opt;
	struct atcp_tuple tuple;
	struct sim_event timer;
	u64 due;			/* the deadline that the core has set, for a wheel */
	u64 armed;			/* the one that the timer was set for */
	bool fine;			/* @due is to be kept to the microsecond */
	bool no_room;			/* what the core is told of the device's queue */
	u8 peer;			/* host index of the other end */
	bool in_device;			/* what was sent has not left the host */
	bool closed;			/* atcp_host_closed() was called */
	bool released;			/* the user has closed it */
	bool waking;
	bool dirty;
	bool connected;
	bool fin;			/* the peer will send no more */
	bool urgent;
	bool starved;			/* sim_send() has found the buffer full */
	bool shut_snd;
	bool shut_rcv;
	int err;			/* pending error, reported once */
	int close_err;			/* what atcp_host_closed() said */
	u32 wake_what;
	struct atcp_seg *rcv_first;	/* delivered, not yet read */
	struct atcp_seg *rcv_last;
	u32 rcv_queued;			/* bytes of these */
	u32 rmem;			/* bytes charged, out-of-order data included */
	u32 wmem;			/* bytes charged */
	u64 delivered;			/* bytes handed over by the core, in all */
	u64 accepted;			/* bytes taken by sim_send(), in all */
	u64 read;			/* bytes taken by sim_recv(), in all */
	u32 nsent;			/* segments in the send queue */
	u32 routes_doubted;		/* atcp_host_doubt_route() calls */
	u32 rehashed;			/* atcp_host_rehash() calls */
	u32 told;			/* atcp_host_acked() calls */
	sim_wake_fn wake;
	void *wake_arg;
	void *app;
	struct sim_seen seen;
};

struct sim_req {
	struct atcp_req r;
	struct sim_listener *listener;
	struct sim_req *next;
	struct sim_event timer;
	struct atcp_tuple tuple;
	u8 peer;
};

struct sim_tw {
	struct atcp_tw tw;
	struct sim_host *host;
	struct sim_tw *next;
	struct sim_event timer;
	u8 peer;
};

struct sim_listener {
	struct sim_host *host;
	struct sim_listener *next;
	u16 port;
	u32 backlog;			/* accept queue */
	u32 syn_backlog;		/* most requests; further SYNs get cookies */
	bool cookies;			/* every SYN gets a cookie */
	bool closed;
	struct sim_sockopt opt;
	struct sim_req *reqs;
	u32 nreqs;
	struct sim_conn *accept_first;
	struct sim_conn *accept_last;
	u32 naccept;
	void (*ready)(struct sim_listener *l, void *arg);
	void *arg;
};

struct sim_host {
	u8 id;
	struct atcp_space space;
	u64 stat[ATCP_STAT_COUNT];
	struct sim_conn *conns;
	struct sim_listener *listeners;
	struct sim_tw *tws;
	u32 ntw;
	u32 max_tw;
	u16 next_port;
	u64 timer_slack;		/* timers come up to this much late */
	u32 spurious_timer;		/* ppm: an arrival also calls the timer */
	struct sim_fault fault;
	bool off;			/* sends nothing */
	bool raw;			/* no TCP here: segments go to raw_rx */
	void (*raw_rx)(struct sim_host *h, const struct sim_pkt *p);
	void *raw_arg;
	/* Called with each packet before the link takes it; false: it is lost. */
	bool (*tap)(struct sim_host *h, const struct atcp_hdr *hdr, u32 len, void *arg);
	void *tap_arg;
};

struct sim_host *sim_host(u8 id);
/* Whether @call of @h must fail now; @state: of the connection, request or the like. */
bool sim_fault(struct sim_host *h, enum sim_call call, u8 state);
void sim_host_send_hdr(struct sim_host *h, u8 dst, struct atcp_hdr *hdr);
void sim_tuple(struct atcp_tuple *t, u8 local, u8 remote, u16 lport, u16 rport);
/* Frees all connections and listeners and sends nothing, as a power cut does. */
void sim_host_reboot(struct sim_host *h);

/* listen.c */
struct sim_listener *sim_listen(struct sim_host *h, u16 port, u32 backlog,
				const struct sim_sockopt *opt);
struct sim_conn *sim_accept(struct sim_listener *l);
void sim_listener_close(struct sim_listener *l);
struct sim_listener *sim_listener_find(struct sim_host *h, u16 port);
void sim_listener_syn(struct sim_listener *l, const struct sim_pkt *p, const struct atcp_hdr *h,
		      const struct atcp_tw *old);
struct sim_conn *sim_listener_child(struct sim_listener *l, const struct atcp_req *r,
				    const struct atcp_tuple *t, u8 peer);
struct sim_req *sim_req_find(struct sim_host *h, u8 peer, u16 lport, u16 rport,
			     struct sim_listener **l);
void sim_req_free(struct sim_req *req);
void sim_req_send(struct sim_req *req);
bool sim_accept_full(const struct sim_listener *l);

/* timewait.c */
struct sim_tw *sim_tw_find(struct sim_host *h, u8 peer, u16 lport, u16 rport);
void sim_tw_set(struct sim_tw *tw);
void sim_tw_free(struct sim_tw *tw);
void sim_tw_new(struct sim_conn *conn);

/* rx.c */
void sim_rx(struct sim_pkt *p);
struct sim_conn *sim_conn_find(struct sim_host *h, u8 peer, u16 lport, u16 rport);

/* socket.c: results are those of the system calls, errors as negative errno */
struct sim_conn *sim_conn_new(struct sim_host *h, const struct sim_sockopt *opt,
			      u8 peer, u16 lport, u16 rport);
void sim_conn_set_up(struct sim_conn *conn);
struct sim_conn *sim_connect(struct sim_host *h, u8 peer, u16 lport, u16 rport,
			     const struct sim_sockopt *opt);
#define SIM_MORE	1	/* sim_send(): MSG_MORE */
#define SIM_OOB		2	/* sim_send(): MSG_OOB */
#define SIM_SHUT_RD	1
#define SIM_SHUT_WR	2
int sim_send(struct sim_conn *conn, const void *data, u32 len, u32 flags);
int sim_recv(struct sim_conn *conn, void *data, u32 len);
int sim_shutdown(struct sim_conn *conn, int how);
/* TCP_CONGESTION. Any state. Return: 0 or -ENOMEM. */
int sim_set_cc(struct sim_conn *conn, const struct atcp_cc_ops *ops);
void sim_close(struct sim_conn *conn);
void sim_abort(struct sim_conn *conn);
void sim_conn_free(struct sim_conn *conn);
void sim_conn_dirty(struct sim_conn *conn);
void sim_conn_wake(struct sim_conn *conn, u32 what);

/* cc.c */
#define SIM_CC_MAX	16	/* algorithms of congestion control */
/* The algorithm of that name; NULL: there is none. */
const struct atcp_cc_ops *sim_cc_find(const char *name);
/*
 * Loads the algorithm of a shared object, which stays.  Return: false: none was taken, and
 * @why, of @size bytes, says why.
 */
bool sim_cc_load(const char *file, char *why, size_t size);

/* check.c */
void sim_check_conn(struct sim_conn *conn);
void sim_check_transmit(struct sim_conn *conn, const u8 *hdr, u32 hlen, u32 len, u32 mss);
/* A segment with @len bytes of payload is about to be handed to the core. */
void sim_check_arrival(struct sim_conn *conn, const struct atcp_hdr *h, u32 len);
void sim_check_state(struct sim_conn *conn, u8 old);

/* --- the world (world.c) --- */

struct sim {
	u64 now;
	u64 seed;
	u64 net_rand;			/* random stream of the links */
	u64 host_rand;			/* random stream of the core and its host */
	u64 order;
	struct sim_event **heap;
	u32 nheap;
	u32 heap_room;
	u64 nevents;
	u64 max_events;
	bool wheel;			/* connections' timers are as late as a kernel's */
	u32 nhosts;
	struct sim_host *host;
	struct sim_link *link[SIM_MAX_HOSTS];	/* [from][to] */
	struct sim_net *net;		/* shared links, or NULL */
	const struct sim_watch *watch;	/* or NULL */
	struct sim_conn *wake_first;
	struct sim_conn *wake_last;
	struct sim_conn *dirty;
	struct sim_pkt *pkts;
	u32 segs;			/* segments alive */
	u32 bufs;
	bool tracing;
	bool ipv6;			/* over IPv6, with addresses fd00::(host + 1) */
	bool stopped;			/* a check failed */
	bool lenient;			/* a scripted peer may break the rules */
	char failure[512];
	struct sim_rec *trace;
	u32 ntrace;
	u32 trace_room;
};

extern struct sim *sim;

/* Bytes of the IP header, counted against the MTU. */
static inline u32 sim_ip_overhead(void)
{
	return sim->ipv6 ? 40 : 20;
}

/* Makes a world of @nhosts hosts joined by perfect links of 1 ms, MTU 1500. */
void sim_begin(u64 seed, u32 nhosts);
/* Frees everything.  A leak by the core is a failure, if the run has not failed before. */
void sim_end(void);
/* Runs until nothing is left to do or the clock would pass @until. */
void sim_run(u64 until);
void sim_run_for(u64 us);
bool sim_step(u64 until);
/* Does the checks and wake-ups that calls from outside an event have left pending. */
void sim_run_pending(void);
void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sim_link_both(u8 a, u8 b, const struct sim_link_conf *conf);
/* The failure of the latest world, also after sim_end(); NULL: none. */
const char *sim_failure(void);

#define SIM_CHECK(cond, ...)			\
	do {					\
		if (!(cond))			\
			sim_fail(__VA_ARGS__);	\
	} while (0)

#endif /* _ATCP_SIM_SIM_H */
