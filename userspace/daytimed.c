// SPDX-License-Identifier: GPL-2.0
/*
 * daytimed: answers each connection with the time (RFC 867) and closes it.
 *
 * One thread with one epoll set serves all.  A client gets its 22 bytes and the server's
 * FIN at once.  Its socket is kept until the client has closed, too, or for LINGER_MS.
 * So if the client sends something (RFC 867: "thrown away"), no reset follows, which
 * could overtake the answer.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daytime_common.h"
#include "family.h"

#define MAX_CLIENTS	1000	/* more wait in the accept queue */
#define LINGER_MS	2000	/* how long a client may take to close */
#define RETRY_MS	100	/* before accepting again after a shortage */
#define BACKLOG		1024

/* A client that has been answered; the list is in the order of deadlines. */
struct client {
	struct client *next;
	struct client *prev;
	long long deadline;	/* ms of CLOCK_MONOTONIC */
	int fd;
};

struct server {
	int epoll;
	int listener;
	int signals;
	bool listening;		/* the listener is in the epoll set */
	long long retry_at;	/* when to listen again after a shortage */
	unsigned int count;	/* clients in the list */
	struct client head;	/* oldest first, a ring */
};

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Writes the answer without its NUL; the month does not follow the locale. */
static void daytime_text(char text[DAYTIME_LEN + 1])
{
	static const char month[12][4] = {
		"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
		"JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
	};
	time_t now = time(NULL);
	char buf[128];
	struct tm tm;

	gmtime_r(&now, &tm);
	snprintf(buf, sizeof(buf), "%02d %s %02d %02d:%02d:%02d Z\r\n",
		 tm.tm_mday, month[tm.tm_mon], tm.tm_year % 100,
		 tm.tm_hour, tm.tm_min, tm.tm_sec);
	memcpy(text, buf, DAYTIME_LEN);
	text[DAYTIME_LEN] = '\0';
}

static int watch(struct server *srv, int fd, void *ptr)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = ptr };

	return epoll_ctl(srv->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void set_listening(struct server *srv, bool on)
{
	if (on == srv->listening)
		return;
	if (on ? watch(srv, srv->listener, &srv->listener) :
		 epoll_ctl(srv->epoll, EPOLL_CTL_DEL, srv->listener, NULL))
		return;
	srv->listening = on;
}

static void drop_client(struct server *srv, struct client *c)
{
	c->prev->next = c->next;
	c->next->prev = c->prev;
	close(c->fd);
	free(c);
	srv->count--;
	set_listening(srv, true);
}

/* Reads and throws away what a client sends; drops the client at its end. */
static void drain_client(struct server *srv, struct client *c)
{
	char junk[4096];
	ssize_t n;

	n = recv(c->fd, junk, sizeof(junk), MSG_DONTWAIT);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	drop_client(srv, c);
}

static void keep_client(struct server *srv, int fd)
{
	struct client *c = malloc(sizeof(*c));

	if (!c || watch(srv, fd, c)) {
		free(c);
		close(fd);
		return;
	}
	c->fd = fd;
	c->deadline = now_ms() + LINGER_MS;
	c->next = &srv->head;
	c->prev = srv->head.prev;
	c->prev->next = c;
	srv->head.prev = c;
	if (++srv->count >= MAX_CLIENTS)
		set_listening(srv, false);
}

static void answer(struct server *srv, int fd, const struct sockaddr *peer)
{
	char text[DAYTIME_LEN + 1], name[128];
	ssize_t n;

	daytime_text(text);
	daytime_addr(peer, name, sizeof(name));
	/* A new connection's send buffer always has room for 22 bytes. */
	n = send(fd, text, DAYTIME_LEN, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == DAYTIME_LEN && !shutdown(fd, SHUT_WR)) {
		printf("daytimed: %s: %.*s\n", name, DAYTIME_LEN - 2, text);
		keep_client(srv, fd);
		return;
	}
	printf("daytimed: %s: not answered: %s\n", name,
	       n < 0 ? strerror(errno) : "short write");
	close(fd);
}

/* Accepts one connection for each call, so that a flood does not starve the clients. */
static void accept_client(struct server *srv)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int fd;

	memset(&peer, 0, sizeof(peer));
	fd = accept4(srv->listener, (struct sockaddr *)&peer, &len,
		     SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		answer(srv, fd, (struct sockaddr *)&peer);
		return;
	}
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		/* The connection stays queued: polling it again at once would only spin. */
		set_listening(srv, false);
		srv->retry_at = now_ms() + RETRY_MS;
		break;
	default:
		break;
	}
}

/* Drops clients whose time is over; returns the time to wait, -1 for ever. */
static int expire(struct server *srv)
{
	long long now = now_ms(), wait = -1;

	while (srv->head.next != &srv->head) {
		struct client *c = srv->head.next;

		if (c->deadline > now) {
			wait = c->deadline - now;
			break;
		}
		drop_client(srv, c);
	}
	if (!srv->listening && srv->count < MAX_CLIENTS) {
		if (srv->retry_at <= now)
			set_listening(srv, true);
		else if (wait < 0 || wait > srv->retry_at - now)
			wait = srv->retry_at - now;
	}
	return wait;
}

/* Returns the signal that ended the service, or -1. */
static int serve(struct server *srv)
{
	for (;;) {
		struct epoll_event ev[64];
		int i, n;

		n = epoll_wait(srv->epoll, ev, 64, expire(srv));
		if (n < 0 && errno != EINTR) {
			perror("daytimed: epoll_wait");
			return -1;
		}
		for (i = 0; i < n; i++) {
			struct signalfd_siginfo si;

			if (ev[i].data.ptr == &srv->listener) {
				accept_client(srv);
			} else if (ev[i].data.ptr != &srv->signals) {
				drain_client(srv, ev[i].data.ptr);
			} else if (read(srv->signals, &si, sizeof(si)) ==
				   sizeof(si)) {
				return si.ssi_signo;
			}
		}
	}
}

/*
 * Opens the listener on address, a name or a number; without one, on all addresses of the
 * host.  With AF_UNSPEC these are IPv6's and, through the same socket, IPv4's.  Prints why
 * and returns -1 if it fails.
 */
static int open_listener(const char *address, const char *port, int family,
			 enum stack stack)
{
	static const char *const names[] = {
		[STACK_ATCP] = "atcp",
		[STACK_ATCP_TCP] = "atcp, as TCP",
		[STACK_TCP] = "the kernel's TCP",
	};
	struct addrinfo hints = {
		.ai_family = address || family ? family : AF_INET6,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	}, *ai;
	int fd, err, one = 1, only = family == AF_INET6;
	char name[128];

	err = getaddrinfo(address, port, &hints, &ai);
	if (err) {
		fprintf(stderr, "daytimed: %s: %s\n", address ?: "any address",
			gai_strerror(err));
		return -1;
	}
	fd = daytime_socket(ai->ai_family, SOCK_NONBLOCK | SOCK_CLOEXEC, stack);
	if (fd < 0) {
		err = errno;
		freeaddrinfo(ai);
		if (daytime_no_ipv6(hints.ai_family, err, stack)) {
			/* Without IPv6 all addresses are IPv4's. */
			if (!address && !family)
				return open_listener(NULL, port, AF_INET, stack);
			fprintf(stderr, "daytimed: no IPv6 here\n");
		} else if (stack != STACK_TCP && daytime_no_module(err)) {
			fprintf(stderr, "daytimed: atcp.ko " ATCP_NOT_LOADED "\n");
		} else if (!daytime_gate_shut("daytimed", err, stack)) {
			fprintf(stderr, "daytimed: socket: %s\n",
				strerror(err));
		}
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if ((ai->ai_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only))) ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, BACKLOG)) {
		err = errno;
		fprintf(stderr, "daytimed: %s: %s\n",
			daytime_addr(ai->ai_addr, name, sizeof(name)), strerror(err));
		if (err == EADDRINUSE && stack != STACK_ATCP)
			fprintf(stderr, "daytimed: " ATCP_PORT_TAKEN "\n");
		close(fd);
		fd = -1;
	} else {
		printf("daytimed: listening on %s over %s\n",
		       daytime_addr(ai->ai_addr, name, sizeof(name)),
		       names[stack]);
	}
	freeaddrinfo(ai);
	return fd;
}

static int usage(FILE *to, int status)
{
	fputs("usage: daytimed [-4 | -6] [-p PORT] [-c CARRIER | --tcp] [ADDRESS]\n"
	      "Answers every connection with the time in UTC (RFC 867).\n"
	      "  -4, --ipv4       over IPv4 only\n"
	      "  -6, --ipv6       over IPv6 only\n"
	      "  -p, --port PORT  listen on PORT instead of 13\n"
	      "  -c, --carrier CARRIER  the IP protocol of atcp's segments: tcp, for which\n"
	      "                   any host can be the peer, or 253, which needs atcp there\n"
	      "      --tcp        over the kernel's TCP instead of atcp\n"
	      "      --help       show this\n"
	      "ADDRESS is the local address to listen on, by default all of IPv6 and IPv4.\n",
	      to);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ipv4", no_argument, NULL, '4' },
		{ "ipv6", no_argument, NULL, '6' },
		{ "port", required_argument, NULL, 'p' },
		{ "carrier", required_argument, NULL, 'c' },
		{ "tcp", no_argument, NULL, 'T' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct server srv = { .head = { .next = &srv.head, .prev = &srv.head } };
	const char *port = "13";
	sigset_t set;
	int c, sig, family = AF_UNSPEC, stack = STACK_ATCP;

	while ((c = getopt_long(argc, argv, "46p:c:h", options, NULL)) != -1) {
		switch (c) {
		case '4':
			family = AF_INET;
			break;
		case '6':
			family = AF_INET6;
			break;
		case 'p':
			if (daytime_parse_port(optarg) < 0) {
				fprintf(stderr, "daytimed: bad port: %s\n",
					optarg);
				return 2;
			}
			port = optarg;
			break;
		case 'c':
			stack = daytime_parse_carrier(optarg);
			if (stack < 0) {
				fprintf(stderr, "daytimed: no such carrier: %s\n",
					optarg);
				return 2;
			}
			break;
		case 'T':
			stack = STACK_TCP;
			break;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 2);
		}
	}
	if (argc - optind > 1)
		return usage(stderr, 2);

	/* A reader of the log through a pipe gets each line at once. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* When that reader ends, the service goes on. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);

	srv.listener = open_listener(argv[optind], port, family, stack);
	if (srv.listener < 0)
		return 1;
	srv.signals = signalfd(-1, &set, SFD_CLOEXEC);
	srv.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (srv.epoll < 0 || srv.signals < 0 ||
	    watch(&srv, srv.signals, &srv.signals)) {
		perror("daytimed");
		return 1;
	}
	set_listening(&srv, true);

	sig = serve(&srv);
	while (srv.head.next != &srv.head)
		drop_client(&srv, srv.head.next);
	if (sig < 0)
		return 1;
	printf("daytimed: stopped by SIG%s\n", sigabbrev_np(sig));
	return 0;
}
