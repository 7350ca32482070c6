/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two hosts and the sockets in them.
 *
 *	 namespace CLIENT              namespace SERVER
 *	+----------------+            +----------------+
 *	|       10.0.0.1 | v0 ---- v1 | 10.0.0.2       |
 *	|        fd00::1 |            | fd00::2        |
 *	|        fe80::1 |            | fe80::2        |
 *	+----------------+            +----------------+
 *
 * The namespaces have no names and die with the process that made them.  A
 * helper that cannot do its work ends the test with a message (net_die()), so that
 * the callers check only what they are about.
 *
 * A test runs over IPv4, or over IPv6 if the program's name ends in _ipv6 or
 * ATCP_TEST_IP=6 is in the environment.  Sockets, addresses and crafted and captured
 * segments follow, and a test uses ip46() where it must name an address.
 *
 * ATCP_TEST_STACK=tcp in the environment runs everything over the kernel's own
 * TCP, the oracle for what these tests expect of atcp.  ATCP_TEST_CARRIER=tcp has
 * atcp's segments carried as TCP's, and ATCP_TEST_PEER=client or server makes that
 * side the kernel's TCP, so that each is the other's peer.
 */
#ifndef ATCP_SELFTEST_NET_H
#define ATCP_SELFTEST_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

#define AF_ATCP_DEFAULT	22
#define PROTO_ATCP	253
#define KIND_IPV6	0x100	/* ATCP_IPV6 of module/uapi/atcp.h */
#define SO_PROTOCOL_TCP	0x206	/* ATCP_PROTOCOL_TCP of that */

enum { CLIENT, SERVER };

struct net {
	int ns[2];		/* descriptors of the namespaces */
	const char *dev[2];	/* the device that joins each to the other */
	int ifindex[2];
	uint8_t mac[2][6];
	const char *ip[2];	/* addresses of the family under test */
};

/* A connection with both its ends in this process. */
struct conn {
	int end[2];		/* CLIENT's and SERVER's socket */
	int listener;
	uint16_t port;
};

/* Prints "# message" and ends the test as failed. */
__attribute__((noreturn, format(printf, 1, 2)))
void net_die(const char *fmt, ...);

/* Skips the program: all its tests. */
__attribute__((noreturn))
void net_skip(const char *why);

/*
 * Skips the program where @cond is true, before its first test: the harness of 6.1 runs
 * tests whose FIXTURE_SETUP() has skipped them.
 */
#define SKIP_PROGRAM_IF(cond, reason) \
	__attribute__((constructor)) static void skip_program(void) \
	{ \
		if (cond) \
			net_skip(reason); \
	} \
	void net_skip(const char *why)

/* True when the tests run over the kernel's TCP. */
bool stack_is_tcp(void);
/* True of a side that is the kernel's TCP, and when one of them is. */
bool side_is_tcp(int side);
bool stack_has_tcp(void);
/* True when atcp's segments are TCP's on the wire. */
bool stack_on_tcp(void);
/* True when they run over IPv6. */
bool stack_is_ipv6(void);
/* Which of the two is of the IP version under test. */
#define ip46(v4, v6) (stack_is_ipv6() ? (v6) : (v4))
/* The IP protocol of the stack under test. */
int stack_proto(void);
/* What SO_PROTOCOL says of the stack's sockets. */
int stack_so_protocol(void);
/*
 * What socket() takes for it: the family, and a third argument for the stack's
 * own protocol (also or'ed to another protocol where that is tried).
 */
int stack_family(void);
int stack_kind(void);
/* The length of an IP header, and what that leaves of 1500 bytes for an MSS. */
int stack_ip_header(void);
int stack_mss(void);

/* Makes the picture above; net_open_lo() has both ends on one lo. */
void net_open(struct net *net);
void net_open_lo(struct net *net);
/* Makes the devices and addresses of the picture, should they be gone. */
void net_link(struct net *net);

/*
 * Waits until an IPv6 address of a side can be used, which is a moment after it
 * was given ("nodad", too).
 */
void net_wait_address(const struct net *net, int side, const char *ip);

/* Enters a namespace for good. */
void net_enter(const struct net *net, int side);
/* Enters it for a while: net_leave() takes what net_visit() returned. */
int net_visit(const struct net *net, int side);
void net_leave(int old);

/* fork(), with nothing buffered that both would print. */
pid_t net_fork(void);

/* Runs a shell command in a namespace and returns its exit status. */
__attribute__((format(printf, 3, 4)))
int net_try(const struct net *net, int side, const char *fmt, ...);
/* The same, but a failure of the command ends the test. */
__attribute__((format(printf, 3, 4)))
void net_run(const struct net *net, int side, const char *fmt, ...);
/* Writes a sysctl by its path below /proc/sys. */
void net_sysctl(const struct net *net, int side, const char *path,
		const char *value);

/* The same of the stack: net.ipv4.tcp_NAME, or net.atcp.NAME. */
void net_stack_sysctl(const struct net *net, int side, const char *name,
		      const char *value);
/* The time-outs of a SYN back off from the first on, in a stack that has others. */
void net_syn_backs_off(const struct net *net, int side);
/* No segment of either side has timestamps any more: crafted ones have none. */
void net_no_timestamps(const struct net *net);

/*
 * Drops, where side receives them, the first count segments, or all if count is 0.
 * Their control bits are exactly flags, and they have min to max bytes with an IPv4
 * header (over IPv6: with its longer one). net_drop_end() stops all dropping.
 */
void net_drop(const struct net *net, int side, uint8_t flags, int min, int max,
	      int count);
void net_drop_end(const struct net *net, int side);

/* Drops for good what comes to a side by the net's device. */
void net_deaf(const struct net *net, int side);

/* A counter of /proc/net/atcp_stat, summed over all rows that match. */
long net_stat(const struct net *net, int side, const char *name);
/* The sum of all counters whose names contain one of the words. */
long net_stat_like(const struct net *net, int side, const char *words);

/* The states as /proc/net/tcp and /proc/net/atcp (or tcp6, atcp6) number them. */
enum {
	ST_NONE,		/* no such connection */
	ST_ESTABLISHED,
	ST_SYN_SENT,
	ST_SYN_RECEIVED,
	ST_FIN_WAIT_1,
	ST_FIN_WAIT_2,
	ST_TIME_WAIT,
	ST_CLOSED,
	ST_CLOSE_WAIT,
	ST_LAST_ACK,
	ST_LISTEN,
	ST_CLOSING,
};

/*
 * The state of the connection between a local and a remote port, as /proc
 * shows it; net_wait_state() waits for it.  The wire alone does not tell that
 * a segment which has been seen has also been received.
 */
int net_state(const struct net *net, int side, uint16_t local,
	      uint16_t remote);
void net_wait_state(const struct net *net, int side, uint16_t local,
		    uint16_t remote, int state);
/* How many rows are in this state, any if ST_NONE. */
int net_count_state(const struct net *net, int side, int state);
/* True if nothing but TIME-WAIT is left on either side of a net; for net_until(). */
bool net_only_time_wait(void *net);

/* An address as the calls of a socket want it. */
struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

/* An address of either family from its text ("fe80::1%2": on interface 2). */
struct addr addr_of(const char *ip, uint16_t port);
/* That of a side, and the one that stands for all. */
struct addr addr_side(const struct net *net, int side, uint16_t port);
struct addr addr_any(uint16_t port);
uint16_t addr_port(const struct addr *addr);
/* The IP address alone; IPv4's is mapped into IPv6. */
struct in6_addr addr_ip(const struct addr *addr);
/* True if both are the same IP address, whatever the ports. */
bool addr_same_ip(const struct addr *a, const struct addr *b);

/* The calls of these names: what they return, and errno. */
int addr_bind(int fd, struct addr addr);
int addr_connect(int fd, struct addr addr);
/* getsockname() and getpeername() of a socket that has them. */
struct addr addr_local(int fd);
struct addr addr_peer(int fd);

/* A socket of any kind in a namespace, or the end of the test. */
int net_socket(const struct net *net, int side, int family, int type,
	       int protocol);

/* A socket of the stack under test; -1 and errno as socket() does. */
int sock_try(const struct net *net, int side, int flags);
int sock_open(const struct net *net, int side, int flags);
int sock_listen(const struct net *net, int side, uint16_t port, int backlog);
int sock_connect(const struct net *net, int side, const char *ip,
		 uint16_t port);
/* Waits for a connection and accepts it. */
int sock_accept(int listener);
uint16_t sock_port(int fd);
void sock_set(int fd, int level, int option, int value);
int sock_get(int fd, int level, int option);
/* SO_RCVTIMEO and SO_SNDTIMEO; what is the option's name. */
void sock_timeo(int fd, int option, int ms);
void sock_nonblock(int fd, bool on);

/* Waits until poll() reports one of events; false after ms. */
bool sock_wait(int fd, short events, int ms);
/* The events that poll() reports right now. */
short sock_events(int fd, short events);
/* Sends or receives exactly len bytes or ends the test. */
void sock_send(int fd, const void *buf, size_t len);
void sock_recv(int fd, void *buf, size_t len);
/* Waits for the peer's end: recv() returns 0. */
void sock_recv_end(int fd);

/* CLIENT connects to a listener in SERVER. */
void conn_open(const struct net *net, uint16_t port, struct conn *conn);
void conn_close(struct conn *conn);
/* A new connection carries 20000 bytes each way and ends; or the test does. */
void conn_works(const struct net *net, uint16_t port);

/* Time of CLOCK_MONOTONIC in ms. */
long long net_now(void);
/*
 * The same as of the last tick, which is what schedule_timeout() counts from.  On a busy
 * host a guest's tick is late, and a wait in the kernel seems short by net_now().
 */
long long net_ticks(void);

/* Calls true_yet(arg) until it returns true; false after ms. */
bool net_until(bool (*true_yet)(void *arg), void *arg, int ms);

/* The time that something may take which takes none on an idle machine. */
#define PATIENCE	20000	/* ms; emulated machines are slow */

/* The bytes that long transfers carry: a pattern that never repeats early. */
void pattern_fill(void *buf, size_t len, uint64_t offset);
/* Returns the offset in buf of the first wrong byte, or len. */
size_t pattern_check(const void *buf, size_t len, uint64_t offset);

#endif /* ATCP_SELFTEST_NET_H */
