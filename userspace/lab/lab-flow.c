// SPDX-License-Identifier: GPL-2.0
/*
 * lab-flow RUN BEGIN PREFIX: makes the traffic of a run description between the network
 * namespaces that lab-link joins, and samples it.  BEGIN is what lab-link has printed.
 *
 * One process has both ends of all flows, so that one clock and one thread serve them.  Flow
 * N has the addresses 10.77.0.N and 10.78.0.N, or fd77::N and fd78::N, port 5000 + N where it
 * is served and 40000 + N at the client.  Samples stay in memory until the time is over.  Then
 * they are printed: rows of samples.csv, and after an empty line rows of events.csv.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../module/uapi/atcp.h"
#include "family.h"
#include "run.h"

#define US		1000ULL
#define CHUNK		65536		/* a write */
#define TURN		4		/* writes or reads before others have their turn */
#define REQUEST		100		/* bytes */
#define SYN_SENT	2		/* of tcpi_state */

/* The sockets of a flow: of the sender, the receiver and the listener. */
enum role { SENDER, RECEIVER, LISTENER, ROLES };

/**
 * struct flow - a flow while it runs
 * @fd:		by role; -1: not open
 * @next:	when the next thing is to do: begin, a request, a ping
 * @to_send:	bytes left of this answer or of all
 * @to_recv:	bytes left of this answer
 * @asked:	when the request was made
 * @delivered:	payload read by the receiver
 */
struct flow {
	const struct run_flow *conf;
	int number;
	int fd[ROLES];
	bool begun, connected, stopped, ended;
	uint64_t next, stop;
	uint64_t to_send, to_recv, asked, delivered;
	uint64_t pings;
};

/* @t: since the beginning, in nanoseconds; @rtt_us: of a ping. */
struct sample {
	uint64_t t;
	uint64_t delivered;
	uint64_t rtt_us;
	struct flow *flow;
	struct tcp_info info;
};

struct event {
	uint64_t t;
	struct flow *flow;
	const char *what;
	uint64_t len, us;
};

static struct run run;
static struct flow flows[RUN_FLOWS];
static uint64_t begin;
static const char *prefix;
static struct sample *samples;
static struct event *events;
static size_t n_samples, n_events;
static uint8_t buffer[4 * CHUNK];

static void *grown(void *list, size_t n, size_t size)
{
	if (n % 4096)
		return list;
	list = realloc(list, (n + 4096) * size);
	if (!list)
		run_die("memory");
	return list;
}

static void note(struct flow *f, const char *what, uint64_t len, uint64_t us)
{
	events = grown(events, n_events, sizeof(*events));
	events[n_events++] = (struct event){ run_now() - begin, f, what, len, us };
}

static bool is_tcp(const struct flow *f)
{
	return f->conf->kind == RUN_BULK || f->conf->kind == RUN_ANSWER;
}

/* --- sockets --- */

/* The address of flow @f at the left or right host, with @port. Return: its length. */
static socklen_t address(const struct flow *f, bool right, int port, struct sockaddr_in6 *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	char text[32];

	memset(to, 0, sizeof(*to));
	if (run.ipv6) {
		snprintf(text, sizeof(text), "fd7%d::%x", 7 + right, f->number);
		to->sin6_family = AF_INET6;
		to->sin6_port = htons(port);
		inet_pton(AF_INET6, text, &to->sin6_addr);
		return sizeof(*to);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	v4->sin_addr.s_addr = htonl(0x0a4d0000 + (right << 16) + f->number);
	return sizeof(*v4);
}

static void set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		run_die("setsockopt");
}

static void options(const struct flow *f, int fd)
{
	const struct run_flow *c = f->conf;
	int i;

	if (c->cc[0] && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, c->cc, strlen(c->cc)))
		run_die(c->cc);
	if (c->sndbuf)
		set(fd, SOL_SOCKET, SO_SNDBUF, c->sndbuf);
	if (c->rcvbuf)
		set(fd, SOL_SOCKET, SO_RCVBUF, c->rcvbuf);
	for (i = 0; i < c->opts; i++)
		set(fd, c->opt[i][0], c->opt[i][1], c->opt[i][2]);
}

/* A socket of the flow at a host, bound to @port. */
static int open_socket(const struct flow *f, bool right, int port)
{
	const struct run_flow *c = f->conf;
	int domain = run.ipv6 ? AF_INET6 : AF_INET, fd;
	struct sockaddr_in6 me;
	socklen_t len = address(f, right, port, &me);

	run_enter(prefix, right ? 'r' : 'l', c->hosts);
	if (!is_tcp(f))
		fd = socket(domain, SOCK_DGRAM, 0);
	else if (c->kernel)
		fd = socket(domain, SOCK_STREAM, 0);
	else
		fd = socket(atcp_loaded_family(), SOCK_STREAM,
			    c->carrier | (run.ipv6 ? ATCP_IPV6 : 0));
	if (fd < 0)
		run_die(c->kernel || !is_tcp(f) ? "socket" : "socket of atcp");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (is_tcp(f)) {
		set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		options(f, fd);
	}
	if (bind(fd, (struct sockaddr *)&me, len))
		run_die("bind");
	return fd;
}

static bool client_is_right(const struct flow *f)
{
	return f->conf->kind == RUN_ANSWER ? !f->conf->back : f->conf->back;
}

static enum role client_role(const struct flow *f)
{
	return f->conf->kind == RUN_ANSWER ? RECEIVER : SENDER;
}

static void serve(struct flow *f)
{
	int fd = open_socket(f, !client_is_right(f), 5000 + f->number);

	f->fd[is_tcp(f) ? LISTENER : RECEIVER] = fd;
	if (is_tcp(f) && listen(fd, 1))
		run_die("listen");
}

static void start(struct flow *f)
{
	bool right = client_is_right(f);
	int fd = open_socket(f, right, 40000 + f->number);
	struct sockaddr_in6 to;
	socklen_t len = address(f, !right, 5000 + f->number, &to);

	f->begun = true;
	f->fd[client_role(f)] = fd;
	note(f, "start", 0, 0);
	if (connect(fd, (struct sockaddr *)&to, len) && errno != EINPROGRESS)
		run_die("connect");
	f->connected = !is_tcp(f);
	f->next = is_tcp(f) ? PATH_NEVER : run_now();
	f->to_send = f->conf->kind == RUN_BULK ? (f->conf->bytes ?: UINT64_MAX) : 0;
}

/* --- traffic --- */

static void fail(struct flow *f, const char *what)
{
	fprintf(stderr, "lab-flow: %s: %s: %s\n", f->conf->name, what, strerror(errno));
	exit(1);
}

static void finish(struct flow *f)
{
	f->ended = true;
	f->next = PATH_NEVER;
	note(f, "end", f->delivered, 0);
}

static void ask(struct flow *f)
{
	f->asked = run_now();
	f->to_recv = f->conf->answer_bytes;
	f->next = PATH_NEVER;
	if (send(f->fd[RECEIVER], buffer, REQUEST, MSG_NOSIGNAL) != REQUEST)
		fail(f, "request");
}

static void ping(struct flow *f)
{
	uint64_t now = run_now();

	memcpy(buffer, &now, sizeof(now));
	/* A full queue of the host's would be a loss outside of the links: it shows. */
	if (send(f->fd[SENDER], buffer, f->conf->size, 0) < 0)
		fail(f, "ping");
	f->next += f->conf->every_us * US;
}

static void send_more(struct flow *f)
{
	int i;

	for (i = 0; i < TURN && f->to_send; i++) {
		ssize_t n = send(f->fd[SENDER], buffer,
				 f->to_send < CHUNK ? f->to_send : CHUNK, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			fail(f, "send");
		f->to_send -= n;
	}
	if (!f->to_send && f->conf->kind == RUN_BULK)
		shutdown(f->fd[SENDER], SHUT_WR);
}

/* A request has come, or the server's end of the connection has ended. */
static void requested(struct flow *f)
{
	ssize_t n = recv(f->fd[SENDER], buffer, sizeof(buffer), 0);

	if (n > 0 && f->conf->kind == RUN_ANSWER)
		f->to_send += f->conf->answer_bytes * n / REQUEST;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		fail(f, "recv");
}

static void receive(struct flow *f)
{
	int i;

	for (i = 0; i < TURN; i++) {
		ssize_t n = recv(f->fd[RECEIVER], buffer, sizeof(buffer), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			fail(f, "recv");
		if (!n) {
			finish(f);
			return;
		}
		f->delivered += n;
		if (f->conf->kind != RUN_ANSWER)
			continue;
		f->to_recv -= n;
		if (!f->to_recv) {
			note(f, "answer", f->conf->answer_bytes, (run_now() - f->asked) / US);
			if (!f->stopped)
				f->next = run_now() + f->conf->think_us * US;
		}
	}
}

static struct sample *sample_new(struct flow *f, uint64_t t)
{
	samples = grown(samples, n_samples, sizeof(*samples));
	samples[n_samples] = (struct sample){ .t = t, .flow = f, .delivered = f->delivered };
	return &samples[n_samples++];
}

/* Sends a ping back, or takes its answer. */
static void echo(struct flow *f, enum role role)
{
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(f->fd[role], buffer, CHUNK, 0, (struct sockaddr *)&from, &len);
	uint64_t sent;

	if (n <= 0)
		return;
	if (role == RECEIVER) {
		sendto(f->fd[role], buffer, n, 0, (struct sockaddr *)&from, len);
		return;
	}
	memcpy(&sent, buffer, sizeof(sent));
	f->delivered++;
	sample_new(f, run_now() - begin)->rtt_us = (run_now() - sent) / US;
}

static void ready(struct flow *f, enum role it, short what)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (!is_tcp(f)) {
		echo(f, it);
		return;
	}
	if (it == LISTENER) {
		f->fd[client_role(f) == SENDER ? RECEIVER : SENDER] =
			accept4(f->fd[LISTENER], NULL, NULL, SOCK_NONBLOCK);
		close(f->fd[LISTENER]);
		f->fd[LISTENER] = -1;
		return;
	}
	if (!f->connected && it == client_role(f)) {
		getsockopt(f->fd[it], SOL_SOCKET, SO_ERROR, &err, &len);
		errno = err;
		if (err)
			fail(f, "connect");
		f->connected = true;
		if (it == RECEIVER)
			f->next = run_now();
		return;
	}
	if (it == RECEIVER) {
		receive(f);
		return;
	}
	if (what & (POLLIN | POLLHUP | POLLERR))
		requested(f);
	if (what & POLLOUT)
		send_more(f);
}

static short wanted(const struct flow *f, enum role role)
{
	if (!f->connected && role == client_role(f))
		return POLLOUT;
	if (role != SENDER || !is_tcp(f))
		return POLLIN;
	return (f->to_send ? POLLOUT : 0) | (f->conf->kind == RUN_ANSWER ? POLLIN : 0);
}

/* What is due at its time: beginnings, requests, pings, the end of sending. */
static void due(struct flow *f, uint64_t now)
{
	if (f->stop <= now && f->begun) {
		f->stopped = true;
		f->stop = PATH_NEVER;
		f->next = PATH_NEVER;
		if (f->conf->kind == RUN_BULK) {
			f->to_send = 0;
			shutdown(f->fd[SENDER], SHUT_WR);
		}
	}
	if (f->next > now || f->ended)
		return;
	if (!f->begun)
		start(f);
	else if (f->conf->kind == RUN_ANSWER)
		ask(f);
	else if (f->conf->kind == RUN_UDP_PING)
		ping(f);
}

static void sample_all(uint64_t t)
{
	int i;

	for (i = 0; i < run.flows; i++) {
		struct flow *f = &flows[i];
		socklen_t len = sizeof(struct tcp_info);

		if (is_tcp(f) && f->fd[SENDER] >= 0 && !f->ended)
			getsockopt(f->fd[SENDER], IPPROTO_TCP, TCP_INFO, &sample_new(f, t)->info,
				   &len);
	}
}

static void work(uint64_t end)
{
	static struct pollfd fds[RUN_FLOWS * ROLES];
	static int who[RUN_FLOWS * ROLES];
	uint64_t now, next, next_sample = begin;
	int i, n;

	while ((now = run_now()) < end) {
		if (now >= next_sample) {
			sample_all(next_sample - begin);
			next_sample += run.sample_us * US;
		}
		next = next_sample;
		for (n = i = 0; i < run.flows * ROLES; i++) {
			struct flow *f = &flows[i / ROLES];

			if (i % ROLES == 0) {
				due(f, now);
				next = f->next < next && !f->ended ? f->next : next;
				next = f->stop < next ? f->stop : next;
			}
			if (f->fd[i % ROLES] < 0 || f->ended || !wanted(f, i % ROLES))
				continue;
			who[n] = i;
			fds[n++] = (struct pollfd){ f->fd[i % ROLES], wanted(f, i % ROLES), 0 };
		}
		next = next < end ? next : end;
		if (run_wait(fds, n, next) <= 0)
			continue;
		for (i = 0; i < n; i++)
			if (fds[i].revents)
				ready(&flows[who[i] / ROLES], who[i] % ROLES, fds[i].revents);
	}
}

/* --- what is printed --- */

/* A cell: empty if the value is not known. */
static void cell(bool known, uint64_t value)
{
	if (known)
		printf(",%llu", (unsigned long long)value);
	else
		printf(",");
}

static void print_sample(const struct sample *s)
{
	static const char *const states[] = {
		"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
		"CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
	};
	static const char *const ca[] = { "Open", "Disorder", "CWR", "Recovery", "Loss" };
	const struct tcp_info *t = &s->info;
	int64_t flight = (int64_t)t->tcpi_unacked - t->tcpi_sacked - t->tcpi_lost +
			 t->tcpi_retrans;

	printf("%.6f,%s", s->t / 1e9, s->flow->conf->name);
	if (!is_tcp(s->flow)) {
		printf(",ping,,,,,,,%llu,,,,,%llu,,,,,,\n", (unsigned long long)s->rtt_us,
		       (unsigned long long)s->delivered);
		return;
	}
	printf(",info,%s,%s", states[t->tcpi_state % 12], ca[t->tcpi_ca_state % 5]);
	cell(true, (uint64_t)t->tcpi_snd_cwnd * t->tcpi_snd_mss);
	cell(true, t->tcpi_snd_cwnd);
	cell(t->tcpi_snd_ssthresh < 0x7fffffff, (uint64_t)t->tcpi_snd_ssthresh * t->tcpi_snd_mss);
	cell(true, flight > 0 ? flight * t->tcpi_snd_mss : 0);
	cell(t->tcpi_rtt, t->tcpi_rtt);
	cell(t->tcpi_rtt, t->tcpi_rttvar);
	cell(t->tcpi_min_rtt && t->tcpi_min_rtt != UINT32_MAX, t->tcpi_min_rtt);
	cell(t->tcpi_pacing_rate && ~t->tcpi_pacing_rate, t->tcpi_pacing_rate);
	cell(t->tcpi_delivery_rate, t->tcpi_delivery_rate);
	cell(true, s->delivered);
	cell(true, t->tcpi_bytes_acked);
	cell(true, t->tcpi_sacked);
	cell(true, t->tcpi_lost);
	cell(true, t->tcpi_total_retrans);
	cell(t->tcpi_state != SYN_SENT, t->tcpi_snd_wnd);
	cell(true, t->tcpi_delivery_rate_app_limited);
	printf("\n");
}

static void print_event(const struct event *e)
{
	printf("%.6f,%s,%s,%s,,", e->t / 1e9, e->flow->conf->name,
	       strcmp(e->what, "start") ? "rcv" : "snd", e->what);
	if (!strcmp(e->what, "answer"))
		printf("%llu,%llu us\n", (unsigned long long)e->len, (unsigned long long)e->us);
	else
		printf(",\n");
}

int main(int argc, char **argv)
{
	size_t i;
	int role;

	if (argc != 4) {
		fprintf(stderr, "usage: lab-flow RUN BEGIN PREFIX\n");
		return 2;
	}
	run_read(&run, argv[1]);
	begin = strtoull(argv[2], NULL, 10);
	prefix = argv[3];
	prctl(PR_SET_TIMERSLACK, 1);
	for (i = 0; i < (size_t)run.flows; i++) {
		flows[i].conf = &run.flow[i];
		flows[i].number = i + 1;
		for (role = 0; role < ROLES; role++)
			flows[i].fd[role] = -1;
		flows[i].next = begin + run.flow[i].start_us * US;
		flows[i].stop = run.flow[i].stop_us >= run.time_us ? PATH_NEVER :
				begin + run.flow[i].stop_us * US;
		if (run.flow[i].kind == RUN_COMMAND)
			flows[i].ended = true;
		else
			serve(&flows[i]);
	}
	if (run_now() > begin) {
		fprintf(stderr, "lab-flow: the hosts were not ready as the run began\n");
		return 1;
	}
	work(begin + run.time_us * US);
	for (i = 0; i < n_samples; i++)
		print_sample(&samples[i]);
	printf("\n");
	for (i = 0; i < n_events; i++)
		print_event(&events[i]);
	return 0;
}
