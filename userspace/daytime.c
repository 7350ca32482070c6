// SPDX-License-Identifier: GPL-2.0
/* daytime: asks a server for the time (RFC 867) and prints the answer. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daytime_common.h"
#include "family.h"

/* The exit codes, as the manual page lists them. */
enum {
	EXIT_OTHER = 1,
	EXIT_USAGE = 2,
	EXIT_NO_MODULE = 3,
	EXIT_REFUSED = 4,
	EXIT_UNREACHABLE = 5,
	EXIT_TIMED_OUT = 6,
	EXIT_CLOSED_EARLY = 7,
	EXIT_NO_HOST = 8,
};

#define DEFAULT_TIMEOUT	10	/* seconds, for all addresses together */
#define MAX_TIMEOUT	86400
#define MAX_ANSWER	512	/* bytes of an answer that are printed */

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Waits for events on fd; returns 0, or -1 with errno ETIMEDOUT or other. */
static int wait_for(int fd, short events, long long deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	for (;;) {
		long long left = deadline - now_ms();
		int n = poll(&pfd, 1, left > 0 ? left : 0);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0 && now_ms() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

/* Says what went wrong with the peer called name; returns the exit code. */
static int failed(const char *name, int err)
{
	switch (err) {
	case ECONNREFUSED:
		fprintf(stderr, "daytime: %s: connection refused: nothing listens there\n",
			name);
		return EXIT_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	/* This host has no source address for that destination. */
	case EADDRNOTAVAIL:
		fprintf(stderr, "daytime: %s: unreachable: %s\n", name,
			strerror(err));
		return EXIT_UNREACHABLE;
	/* A host without atcp answers with such ICMP errors, over IPv4 and over IPv6. */
	case ENOPROTOOPT:
	case EPROTO:
		fprintf(stderr, "daytime: %s: unreachable: the host does not speak this protocol\n",
			name);
		return EXIT_UNREACHABLE;
	case ETIMEDOUT:
		fprintf(stderr, "daytime: %s: timed out\n", name);
		return EXIT_TIMED_OUT;
	case ECONNRESET:
	case EPIPE:
		fprintf(stderr, "daytime: %s: closed early: %s\n", name,
			strerror(err));
		return EXIT_CLOSED_EARLY;
	default:
		fprintf(stderr, "daytime: %s: %s\n", name, strerror(err));
		return EXIT_OTHER;
	}
}

/* Connects within the deadline; returns 0, or -1 and sets errno. */
static int connect_by(int fd, const struct addrinfo *ai, long long deadline)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (!connect(fd, ai->ai_addr, ai->ai_addrlen))
		return 0;
	if (errno != EINPROGRESS)
		return -1;
	if (wait_for(fd, POLLOUT, deadline))
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -1;
	errno = err;
	return err ? -1 : 0;
}

/* Prints the server's answer up to its end; returns the exit code. */
static int print_answer(int fd, const char *name, long long deadline)
{
	char buf[MAX_ANSWER];
	size_t len = 0;
	ssize_t n = 1;
	int err = 0;

	while (len < sizeof(buf)) {
		if (wait_for(fd, POLLIN, deadline)) {
			err = errno;
			break;
		}
		n = recv(fd, buf + len, sizeof(buf) - len, 0);
		if (n == 0)
			break;
		if (n > 0) {
			len += n;
		} else if (errno != EAGAIN && errno != EINTR) {
			err = errno;
			break;
		}
	}
	if (fwrite(buf, 1, len, stdout) != len || fflush(stdout)) {
		fprintf(stderr, "daytime: standard output: %s\n",
			strerror(errno));
		return EXIT_OTHER;
	}
	if (err)
		return failed(name, err);
	/* RFC 867 allows several forms of the answer; each of them is one line. */
	if (len == 0 || buf[len - 1] != '\n') {
		fprintf(stderr, "daytime: %s: closed early: %s\n", name,
			len ? "the answer is not a whole line" :
			      "no answer");
		return EXIT_CLOSED_EARLY;
	}
	return 0;
}

static int ask(const struct addrinfo *ai, long long deadline,
	       enum stack stack)
{
	char name[128];
	int fd, ret;

	daytime_addr(ai->ai_addr, name, sizeof(name));
	fd = daytime_socket(ai->ai_family, SOCK_NONBLOCK | SOCK_CLOEXEC, stack);
	if (fd < 0) {
		if (daytime_no_ipv6(ai->ai_family, errno, stack)) {
			fprintf(stderr,
				"daytime: %s: unreachable: no IPv6 here\n",
				name);
			return EXIT_UNREACHABLE;
		}
		if (stack != STACK_TCP && daytime_no_module(errno)) {
			fprintf(stderr, "daytime: atcp.ko " ATCP_NOT_LOADED "\n");
			return EXIT_NO_MODULE;
		}
		if (daytime_gate_shut("daytime", errno, stack))
			return EXIT_OTHER;
		perror("daytime: socket");
		return EXIT_OTHER;
	}
	if (connect_by(fd, ai, deadline))
		ret = failed(name, errno);
	else
		ret = print_answer(fd, name, deadline);
	close(fd);
	return ret;
}

static int usage(FILE *to, int status)
{
	fputs("usage: daytime [-4 | -6] [-p PORT] [-t SECONDS] [-c CARRIER | --tcp] HOST\n"
	      "Asks HOST, a name or an address, for the time (RFC 867).\n"
	      "  -4, --ipv4             over IPv4 only\n"
	      "  -6, --ipv6             over IPv6 only\n"
	      "  -p, --port PORT        ask at PORT instead of 13\n"
	      "  -t, --timeout SECONDS  give up after SECONDS instead of 10\n"
	      "  -c, --carrier CARRIER  the IP protocol of atcp's segments: tcp, for which any\n"
	      "                         host can be the peer, or 253, which needs atcp there\n"
	      "      --tcp              over the kernel's TCP instead of atcp\n"
	      "      --help             show this\n",
	      to);
	return status;
}

/* Parses a number of seconds, a fraction allowed; returns ms, or -1. */
static long long parse_seconds(const char *text)
{
	char *end;
	double s;

	s = strtod(text, &end);
	if (end == text || *end || !isfinite(s) || s < 0.001 || s > MAX_TIMEOUT)
		return -1;
	return s * 1000;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ipv4", no_argument, NULL, '4' },
		{ "ipv6", no_argument, NULL, '6' },
		{ "port", required_argument, NULL, 'p' },
		{ "timeout", required_argument, NULL, 't' },
		{ "carrier", required_argument, NULL, 'c' },
		{ "tcp", no_argument, NULL, 'T' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	}, *list, *ai;
	long long timeout = DEFAULT_TIMEOUT * 1000, deadline;
	const char *port = "13";
	int c, err, stack = STACK_ATCP, ret = EXIT_OTHER;

	while ((c = getopt_long(argc, argv, "46p:t:c:h", options, NULL)) != -1) {
		switch (c) {
		case '4':
			hints.ai_family = AF_INET;
			break;
		case '6':
			hints.ai_family = AF_INET6;
			break;
		case 'p':
			if (daytime_parse_port(optarg) < 0) {
				fprintf(stderr, "daytime: bad port: %s\n",
					optarg);
				return EXIT_USAGE;
			}
			port = optarg;
			break;
		case 't':
			timeout = parse_seconds(optarg);
			if (timeout < 0) {
				fprintf(stderr, "daytime: bad time-out: %s\n",
					optarg);
				return EXIT_USAGE;
			}
			break;
		case 'c':
			stack = daytime_parse_carrier(optarg);
			if (stack < 0) {
				fprintf(stderr, "daytime: no such carrier: %s\n",
					optarg);
				return EXIT_USAGE;
			}
			break;
		case 'T':
			stack = STACK_TCP;
			break;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, EXIT_USAGE);
		}
	}
	if (argc - optind != 1)
		return usage(stderr, EXIT_USAGE);

	err = getaddrinfo(argv[optind], port, &hints, &list);
	if (err) {
		fprintf(stderr, "daytime: %s: %s\n", argv[optind],
			gai_strerror(err));
		return EXIT_NO_HOST;
	}
	/* All addresses of a name share one time-out. */
	deadline = now_ms() + timeout;
	for (ai = list; ai; ai = ai->ai_next) {
		ret = ask(ai, deadline, stack);
		/* The next address is tried only if this one could not be connected to. */
		if (ret != EXIT_REFUSED && ret != EXIT_UNREACHABLE)
			break;
	}
	freeaddrinfo(list);
	return ret;
}
