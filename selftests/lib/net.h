/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two hosts and the sockets in them.
 *
 *	 namespace CLIENT              namespace SERVER
 *	+----------------+            +----------------+
 *	|       10.0.0.1 | v0 ---- v1 | 10.0.0.2       |
 *	+----------------+            +----------------+
 *
 * The namespaces have no names and die with the process that made them.  A
 * helper that cannot do its work ends the test with a message (net_die()):
 * the callers test what they mean to test and nothing else.
 *
 * ATCP_TEST_STACK=tcp in the environment runs everything over the kernel's own
 * TCP, the oracle for what these tests expect of atcp.
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

enum { CLIENT, SERVER };

struct net {
	int ns[2];		/* descriptors of the namespaces */
	const char *dev[2];	/* the device that joins each to the other */
	const char *ip[2];
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

/* True when the tests run over the kernel's TCP. */
bool stack_is_tcp(void);
/* The family and the IP protocol of the stack under test. */
int stack_family(void);
int stack_proto(void);

/* Makes the picture above; net_open_lo() has both ends on one lo. */
void net_open(struct net *net);
void net_open_lo(struct net *net);

/* Enters a namespace for good. */
void net_enter(const struct net *net, int side);

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

/*
 * Drops, where side receives them, the first count segments whose control
 * bits are exactly flags and whose IP length is from min to max, all of them
 * if count is 0; net_drop_end() stops all dropping.
 */
void net_drop(const struct net *net, int side, uint8_t flags, int min, int max,
	      int count);
void net_drop_end(const struct net *net, int side);

/* A counter of /proc/net/atcp_stat, summed over all rows that match. */
long net_stat(const struct net *net, int side, const char *name);
/* The sum of all counters whose names contain one of the words. */
long net_stat_like(const struct net *net, int side, const char *words);

/* The states as /proc/net/tcp and /proc/net/atcp number them. */
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

struct sockaddr_in net_addr(const char *ip, uint16_t port);

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
/* What poll() reports right now. */
short sock_events(int fd, short events);
/* Sends or receives exactly len bytes or ends the test. */
void sock_send(int fd, const void *buf, size_t len);
void sock_recv(int fd, void *buf, size_t len);
/* Waits for the peer's end: recv() returns 0. */
void sock_recv_end(int fd);

/* CLIENT connects to a listener in SERVER. */
void conn_open(const struct net *net, uint16_t port, struct conn *conn);
void conn_close(struct conn *conn);

/* Time of CLOCK_MONOTONIC in ms. */
long long net_now(void);

/* Calls true_yet(arg) until it returns true; false after ms. */
bool net_until(bool (*true_yet)(void *arg), void *arg, int ms);

/* How long something may take that takes no time on an idle machine. */
#define PATIENCE	20000	/* ms; emulated machines are slow */

/* The bytes that long transfers carry: a pattern that never repeats early. */
void pattern_fill(void *buf, size_t len, uint64_t offset);
/* Returns the offset in buf of the first wrong byte, or len. */
size_t pattern_check(const void *buf, size_t len, uint64_t offset);

#endif /* ATCP_SELFTEST_NET_H */
