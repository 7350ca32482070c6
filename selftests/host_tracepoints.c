// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints atcp:*, read through tracefs: each fires, with the values that the
 * wire and the sockets show.  Everything is recorded in a tracing instance of its own,
 * so that other events neither mix with these nor are changed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/net.h"
#include "lib/wire.h"

#define TRACING	"/sys/kernel/tracing"
#define PORT	20000

static char instance[64];
static char byte[8];

static const char *const events[] = {
	"atcp_drop", "atcp_listen", "atcp_mtu", "atcp_rcv", "atcp_recovery",
	"atcp_retransmit", "atcp_snd", "atcp_state",
};

/* Mounts tracefs if that is needed, and possible. */
static bool has_tracepoints(void)
{
	if (access(TRACING "/instances", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	return !access(TRACING "/events/atcp", F_OK);
}

SKIP_PROGRAM_IF(stack_is_tcp() || !has_tracepoints(), "needs atcp's tracepoints");

FIXTURE(trace)
{
	struct net net;
	char *text;		/* what was recorded, by record() */
};

static int put(const char *file, const char *value)
{
	char path[160];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", instance, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : -1;
	close(fd);
	return ret;
}

static void forget(void)
{
	rmdir(instance);
}

FIXTURE_SETUP(trace)
{
	snprintf(instance, sizeof(instance), TRACING "/instances/atcp-%d",
		 getpid());
	ASSERT_EQ(0, mkdir(instance, 0700));
	atexit(forget);
	net_open(&self->net);
	ASSERT_EQ(0, put("events/atcp/enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	free(self->text);
	put("events/atcp/enable", "0");
	forget();
}

/* Reads all that was recorded so far. */
static void record(char **text)
{
	size_t room = 1 << 22, len = 0;
	char path[160];
	ssize_t n;
	int fd;

	free(*text);
	*text = malloc(room);
	snprintf(path, sizeof(path), "%s/trace", instance);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!*text || fd < 0)
		net_die("%s: %s", path, strerror(errno));
	while ((n = read(fd, *text + len, room - 1 - len)) > 0)
		len += n;
	close(fd);
	(*text)[len] = '\0';
}

/* The first line after *at with an event and all of the words; *at moves behind it. */
static bool find(const char **at, const char *event, ...)
{
	static char line[1024];
	const char *word, *end;

	while (**at) {
		va_list words;
		bool all;

		end = strchrnul(*at, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - *at), at[0]);
		end += *end == '\n';
		snprintf(line + strlen(line), 2, " ");	/* every word ends in one */
		all = strstr(line, event);
		va_start(words, event);
		while (all && (word = va_arg(words, const char *)))
			all = strstr(line, word);
		va_end(words);
		*at = end;
		if (all)
			return true;
	}
	return false;
}

/* find(), which prints what was recorded where the answer is not the one @wanted. */
#define seen(text, at, wanted, ...) \
	shown(text, find(at, __VA_ARGS__, NULL), wanted, #__VA_ARGS__)

static bool shown(const char *text, bool found, bool wanted, const char *what)
{
	if (found != wanted)
		printf("# %s: %s\n# --- recorded\n%s# ---\n",
		       found ? "found" : "not found", what, text);
	return found;
}

#define EXPECT_EVENT(at, ...) \
	EXPECT_TRUE(seen(self->text, &(at), true, __VA_ARGS__))
#define EXPECT_NO_EVENT(at, ...) \
	EXPECT_FALSE(seen(self->text, &(at), false, __VA_ARGS__))

/* "src=... dest=... " as an event of one side prints it. */
static const char *ends(const struct net *net, int side, uint16_t sport,
			uint16_t dport)
{
	static char text[4][160];
	static int turn;
	char *to = text[turn++ % 4];
	const char *fmt = strchr(net->ip[0], ':') ?
			  "src=[%s]:%u dest=[%s]:%u " : "src=%s:%u dest=%s:%u ";

	snprintf(to, sizeof(text[0]), fmt, net->ip[side], sport,
		 net->ip[!side], dport);
	return to;
}

/* "name=value " */
static const char *field(const char *name, long long value)
{
	static char text[8][64];
	static int turn;
	char *to = text[turn++ % 8];

	snprintf(to, sizeof(text[0]), "%s=%lld ", name, value);
	return to;
}

/* This test knows all events; each has the ends in the same form. */
TEST_F(trace, formats)
{
	char path[160], text[16384];
	size_t i, j, n;
	FILE *f;
	static const char *const fields[] = {
		"u64 cookie;", "u16 family;", "u16 sport;", "u16 dport;",
		"saddr_v6[16];", "daddr_v6[16];", "src=%pISpc dest=%pISpc",
	};

	f = popen("ls " TRACING "/events/atcp | grep atcp_ | tr '\\n' ' '", "r");
	ASSERT_NE(NULL, f);
	ASSERT_NE(NULL, fgets(text, sizeof(text), f));
	pclose(f);
	for (i = n = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		EXPECT_EQ(0, strncmp(text + n, events[i], strlen(events[i])))
			TH_LOG("%s", text);
		n += strlen(events[i]) + 1;
	}
	EXPECT_EQ(n, strlen(text));
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		snprintf(path, sizeof(path), TRACING "/events/atcp/%s/format",
			 events[i]);
		f = fopen(path, "re");
		ASSERT_NE(NULL, f);
		n = fread(text, 1, sizeof(text) - 1, f);
		text[n] = '\0';
		fclose(f);
		for (j = 0; j < sizeof(fields) / sizeof(fields[0]); j++) {
			EXPECT_NE(NULL, strstr(text, fields[j]))
				TH_LOG("%s: %s", events[i], fields[j]);
		}
		/* A name left in the format is one that no tool can print. */
		EXPECT_EQ(NULL, strstr(text, "{ ATCP_"))
			TH_LOG("%s: %s", events[i], text);
	}
}

/* A connection from the first SYN to the end of TIME-WAIT. */
TEST_F(trace, connection)
{
	const char *at, *c2s, *s2c, *cs, *ss;
	struct wire *wire = wire_open(&self->net, CLIENT, PORT);
	const struct seg *syn, *synack, *data;
	uint32_t iss, irs;
	uint16_t port;
	struct conn c;
	char buf[8];

	net_stack_sysctl(&self->net, CLIENT, "time_wait", "1");
	conn_open(&self->net, PORT, &c);
	syn = wire_wait(wire, "> S 0 - 0");
	iss = syn->raw_seq;
	port = syn->sport;
	synack = wire_wait(wire, "< SA 0 1 0");
	irs = synack->raw_seq;
	wire_wait(wire, "> A 1 1 0");
	sock_send(c.end[CLIENT], "hello", 5);
	data = wire_wait(wire, "> PA 1 1 5");
	EXPECT_EQ(iss + 1, data->raw_seq);
	sock_recv(c.end[SERVER], buf, 5);
	shutdown(c.end[CLIENT], SHUT_WR);
	sock_recv_end(c.end[SERVER]);
	close(c.end[SERVER]);
	sock_recv_end(c.end[CLIENT]);
	close(c.end[CLIENT]);
	net_wait_state(&self->net, CLIENT, port, PORT, ST_NONE);
	close(c.listener);
	record(&self->text);
	cs = ends(&self->net, CLIENT, port, PORT);
	ss = ends(&self->net, SERVER, PORT, port);

	/* The client's states. */
	at = self->text;
	EXPECT_EVENT(at, "atcp_state: ", cs, "oldstate=CLOSED ", "newstate=SYN_SENT ");
	EXPECT_EVENT(at, "atcp_state: ", cs, "oldstate=SYN_SENT ",
		     "newstate=ESTABLISHED ");
	EXPECT_EVENT(at, "atcp_state: ", cs, "oldstate=ESTABLISHED ",
		     "newstate=FIN_WAIT_1 ");
	EXPECT_EVENT(at, "atcp_state: ", cs, "oldstate=FIN_WAIT_1 ",
		     "newstate=FIN_WAIT_2 ");
	EXPECT_EVENT(at, "atcp_state: ", cs, "oldstate=FIN_WAIT_2 ",
		     "newstate=TIME_WAIT ");
	EXPECT_EVENT(at, "atcp_state: ", cs, "oldstate=TIME_WAIT ",
		     "newstate=CLOSED ", "sock_cookie=0 ");
	EXPECT_NO_EVENT(at, "atcp_state: ", cs);

	/* The server's. */
	at = self->text;
	EXPECT_EVENT(at, "atcp_state: ", "oldstate=CLOSED ", "newstate=LISTEN ");
	EXPECT_EVENT(at, "atcp_listen: ", ss, "decision=REQUEST ", "backlog=");
	EXPECT_EVENT(at, "atcp_listen: ", ss, "decision=ACCEPTED ");
	EXPECT_EVENT(at, "atcp_state: ", ss, "oldstate=SYN_RECEIVED ",
		     "newstate=ESTABLISHED ");
	EXPECT_EVENT(at, "atcp_state: ", ss, "oldstate=ESTABLISHED ",
		     "newstate=CLOSE_WAIT ");
	EXPECT_EVENT(at, "atcp_state: ", ss, "oldstate=CLOSE_WAIT ",
		     "newstate=LAST_ACK ");
	EXPECT_EVENT(at, "atcp_state: ", ss, "oldstate=LAST_ACK ", "newstate=CLOSED ");
	EXPECT_EVENT(at, "atcp_state: ", "oldstate=LISTEN ", "newstate=CLOSED ");

	/* Segments, with their numbers, at both ends. */
	c2s = cs;
	s2c = ss;
	at = self->text;
	EXPECT_EVENT(at, "atcp_snd: ", c2s, " SYN ", field("seq", iss), "ack=0 ",
		     "len=0 ", "state=SYN_SENT ");
	EXPECT_EVENT(at, "atcp_rcv: ", s2c, " SYN ", field("seq", iss), "state=LISTEN ");
	EXPECT_EVENT(at, "atcp_snd: ", s2c, " SYN|ACK ", field("seq", irs),
		     field("ack", iss + 1), field("window", synack->window));
	EXPECT_EVENT(at, "atcp_rcv: ", c2s, " SYN|ACK ", field("seq", irs),
		     field("ack", iss + 1), "state=SYN_SENT ", field("snd_nxt", iss + 1));
	EXPECT_EVENT(at, "atcp_snd: ", c2s, " PSH|ACK ", field("seq", iss + 1),
		     field("ack", irs + 1), "len=5 ", "state=ESTABLISHED ",
		     field("snd_una", iss + 1), field("rcv_nxt", irs + 1),
		     field("window", data->window));
	EXPECT_EVENT(at, "atcp_rcv: ", s2c, " PSH|ACK ", field("seq", iss + 1), "len=5 ",
		     field("rcv_nxt", iss + 1));
	EXPECT_EVENT(at, "atcp_snd: ", s2c, " ACK ", field("ack", iss + 6), "len=0 ");
	EXPECT_EVENT(at, "atcp_snd: ", c2s, " FIN|ACK ", field("seq", iss + 6));
	wire_close(wire);
}

/* SO_COOKIE tells the sockets apart. */
TEST_F(trace, cookie)
{
	unsigned long long cookie;
	socklen_t len = sizeof(cookie);
	struct conn c;
	const char *at;
	char word[64];
	int side;

	conn_open(&self->net, PORT, &c);
	for (side = CLIENT; side <= SERVER; side++) {
		ASSERT_EQ(0, getsockopt(c.end[side], SOL_SOCKET, SO_COOKIE,
					&cookie, &len));
		snprintf(word, sizeof(word), "sock_cookie=%llx ", cookie);
		record(&self->text);
		at = self->text;
		EXPECT_EVENT(at, "atcp_state: ", word, "newstate=ESTABLISHED ");
	}
	conn_close(&c);
}

/* Retransmissions of what the wire loses, each with its reason. */
TEST_F_TIMEOUT(trace, retransmissions, 120)
{
	const char *at, *cs;
	struct conn c;
	char buf[16];
	int fd, l;

	/* A SYN is retransmitted. */
	l = sock_listen(&self->net, SERVER, PORT, 8);
	net_drop(&self->net, SERVER, TH_SYN, 0, 65535, 1);
	c.end[CLIENT] = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	fd = sock_accept(l);
	net_drop_end(&self->net, SERVER);
	cs = ends(&self->net, CLIENT, sock_port(c.end[CLIENT]), PORT);
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "atcp_retransmit: ", cs, "kind=SYN ", "state=SYN_SENT ", "retries=1 ");
	EXPECT_EVENT(at, "atcp_snd: ", cs, " SYN ");

	/* A lone segment is retransmitted by a probe, and by the time-out. */
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 0, 65535, 2);
	sock_send(c.end[CLIENT], "lost", 4);
	sock_recv(fd, buf, 4);
	net_drop_end(&self->net, SERVER);
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "atcp_retransmit: ", cs, "kind=TAIL ", "len=4 ", "retries=0 ");
	EXPECT_EVENT(at, "atcp_recovery: ", cs, "oldstate=OPEN ", "newstate=LOSS ");
	EXPECT_EVENT(at, "atcp_retransmit: ", cs, "kind=TIMEOUT ", "len=4 ",
		     "state=ESTABLISHED ", "retries=1 ");
	EXPECT_EVENT(at, "atcp_snd: ", cs, " PSH|ACK ", "len=4 ");
	EXPECT_EVENT(at, "atcp_recovery: ", cs, "oldstate=LOSS ", "newstate=OPEN ");
	close(fd);
	close(c.end[CLIENT]);
	close(l);
}

/* Duplicate ACKs cause a fast retransmission. */
TEST_F(trace, fast_retransmit)
{
	struct conn c;
	const char *at, *cs;
	char buf[16];
	int i;

	conn_open(&self->net, PORT, &c);
	sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_NODELAY, 1);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 0, 65535, 1);
	for (i = 0; i < 5; i++)
		sock_send(c.end[CLIENT], "x", 1);
	sock_recv(c.end[SERVER], buf, 5);
	net_drop_end(&self->net, SERVER);
	cs = ends(&self->net, CLIENT, sock_port(c.end[CLIENT]), PORT);
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "atcp_recovery: ", cs, "oldstate=OPEN ", "newstate=FAST ");
	EXPECT_EVENT(at, "atcp_retransmit: ", cs, "kind=FAST ", "len=1 ");
	conn_close(&c);
}

/* What is lost again and again may be too large for the path. */
TEST_F_TIMEOUT(trace, path_mtu, 60)
{
	static char buf[1400];
	const char *at, *cs;
	struct conn c;

	conn_open(&self->net, PORT, &c);
	net_drop(&self->net, SERVER, TH_PSH | TH_ACK, 1400, 1500, 0);
	sock_send(c.end[CLIENT], buf, sizeof(buf));
	sock_recv(c.end[SERVER], buf, sizeof(buf));
	net_drop_end(&self->net, SERVER);
	cs = ends(&self->net, CLIENT, sock_port(c.end[CLIENT]), PORT);
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "atcp_mtu: ", cs, "what=REDUCED ", ip46("size=1036 ", "size=1220 "),
		     "retries=2 ");
	EXPECT_EVENT(at, "atcp_retransmit: ", cs, "kind=TIMEOUT ",
		     ip46("len=1024 ", "len=1208 "));
	conn_close(&c);
}

/* Keep-alive and zero-window probes. */
TEST_F_TIMEOUT(trace, probes, 90)
{
	static char block[65536];
	const char *at, *cs;
	struct conn c;

	c.listener = sock_listen(&self->net, SERVER, PORT, 1);
	sock_set(c.listener, SOL_SOCKET, SO_RCVBUF, 4096);
	c.end[CLIENT] = sock_connect(&self->net, CLIENT, self->net.ip[SERVER], PORT);
	c.end[SERVER] = sock_accept(c.listener);
	cs = ends(&self->net, CLIENT, sock_port(c.end[CLIENT]), PORT);
	sock_set(c.end[CLIENT], IPPROTO_TCP, TCP_KEEPIDLE, 1);
	sock_set(c.end[CLIENT], SOL_SOCKET, SO_KEEPALIVE, 1);
	usleep(1500000);
	sock_nonblock(c.end[CLIENT], true);
	while (send(c.end[CLIENT], block, sizeof(block), 0) > 0)
		;
	usleep(1500000);
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "atcp_retransmit: ", cs, "kind=KEEPALIVE ", "len=0 ");
	EXPECT_EVENT(at, "atcp_retransmit: ", cs, "kind=PROBE ", "retries=1 ");
	conn_close(&c);
}

struct wanted {
	char **text;
	const char *ends;
	const char *reason;
};

static bool was_dropped(void *arg)
{
	const struct wanted *w = arg;
	const char *at;

	record(w->text);
	at = *w->text;
	return find(&at, "atcp_drop: ", w->ends, w->reason, NULL);
}

/* True if a segment of these ends is dropped for that reason, now or soon. */
static bool dropped(char **text, const char *ends, const char *reason)
{
	struct wanted w = { text, ends, reason };

	if (net_until(was_dropped, &w, PATIENCE))
		return true;
	printf("# no %s\n# --- recorded\n%s# ---\n", reason, *text);
	return false;
}

/* Crafted segments, each dropped for its own reason. */
TEST_F(trace, drops)
{
	struct wire *wire;
	const char *at, *ss;
	uint32_t seq, ack;
	uint16_t port;
	int i, bound;
	struct conn c;
	/* Sequence numbers from the next one on, acknowledgments likewise. */
	struct {
		const char *reason;
		struct craft craft;
	} bad[] = {
		{ "reason=WINDOW ", { .flags = TH_ACK, .seq = 50000000 } },
		{ "reason=BLIND_RST ", { .flags = TH_RST, .seq = 1 } },
		{ "reason=BLIND_SYN ", { .flags = TH_SYN, .seq = 2 } },
		{ "reason=NO_ACK ", { .flags = TH_PSH, .data = "x", .len = 1 } },
		{ "reason=BAD_ACK ", { .flags = TH_ACK, .ack = 1000000 } },
		{ "reason=OLD_ACK ", { .flags = TH_ACK, .ack = -1000000000 } },
		{ "reason=DUPLICATE ", { .flags = TH_ACK, .seq = -1,
					 .data = "x", .len = 1 } },
		{ "reason=BAD_CHECKSUM ", { .flags = TH_ACK, .bad_sum = true } },
	};

	net_no_timestamps(&self->net);
	wire = wire_open(&self->net, CLIENT, PORT);
	conn_open(&self->net, PORT, &c);
	seq = wire_wait(wire, "> S 0 - 0")->raw_seq + 1;
	ack = wire_wait(wire, "< SA 0 1 0")->raw_seq + 1;
	/* The byte that the duplicate repeats. */
	sock_send(c.end[CLIENT], "x", 1);
	sock_recv(c.end[SERVER], byte, 1);
	seq++;
	port = sock_port(c.end[CLIENT]);
	ss = ends(&self->net, SERVER, PORT, port);
	for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); i++) {
		struct craft *b = &bad[i].craft;

		b->sport = port;
		b->dport = PORT;
		b->seq += seq;
		if (b->flags & TH_ACK)
			b->ack += ack;
		wire_send(&self->net, CLIENT, b);
	}
	/* Good data comes through, which shows that all before it has come. */
	sock_send(c.end[CLIENT], "y", 1);
	sock_recv(c.end[SERVER], byte, 1);
	record(&self->text);
	for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); i++) {
		at = self->text;
		EXPECT_EVENT(at, "atcp_drop: ", ss, bad[i].reason,
			     field("seq", bad[i].craft.seq),
			     field("len", bad[i].craft.len),
			     strstr(bad[i].reason, "SUM") ? "state=CLOSED " :
			     "state=ESTABLISHED ");
	}
	/* No listener is there, though the port is taken. */
	bound = sock_open(&self->net, SERVER, 0);
	ASSERT_EQ(0, addr_bind(bound, addr_side(&self->net, SERVER, PORT + 1)));
	wire_send(&self->net, CLIENT, &(struct craft){
		.sport = 999, .dport = PORT + 1, .seq = 7, .flags = TH_SYN });
	usleep(200000);
	record(&self->text);
	ss = ends(&self->net, SERVER, PORT + 1, 999);
	at = self->text;
	EXPECT_EVENT(at, "atcp_rcv: ", ss, " SYN ", "seq=7 ", "state=CLOSED ");
	EXPECT_EVENT(at, "atcp_snd: ", ss, " RST|ACK ", "ack=8 ");
	EXPECT_EVENT(at, "atcp_drop: ", ss, "reason=NO_PORT ", "seq=7 ");
	close(bound);
	wire_close(wire);
	conn_close(&c);
}

/* Drops that the state, the socket or the host is the reason for. */
TEST_F(trace, drops_by_circumstance)
{
	struct sock_filter none = { BPF_RET | BPF_K, 0, 0, 0 };
	struct sock_fprog filter = { 1, &none };
	struct craft craft = { .dport = PORT, .flags = TH_ACK };
	const char *ss, *nobody;
	struct wire *wire;
	struct conn c;

	wire = wire_open(&self->net, CLIENT, PORT);
	conn_open(&self->net, PORT, &c);
	craft.seq = wire_wait(wire, "> S 0 - 0")->raw_seq + 1;
	craft.ack = wire_wait(wire, "< SA 0 1 0")->raw_seq + 1;
	net_wait_state(&self->net, SERVER, PORT, sock_port(c.end[CLIENT]), ST_ESTABLISHED);
	craft.sport = sock_port(c.end[CLIENT]);
	ss = ends(&self->net, SERVER, PORT, craft.sport);

	/* Both ends have agreed on timestamps. */
	net_sysctl(&self->net, SERVER, "net/atcp/tolerate_missing_ts", "0");
	wire_send(&self->net, CLIENT, &craft);
	EXPECT_TRUE(dropped(&self->text, ss, "reason=NO_TIMESTAMP "));
	/* A packet without a whole header has no ports yet. */
	nobody = ends(&self->net, SERVER, 0, 0);
	craft.doff = 8;
	wire_send(&self->net, CLIENT, &craft);
	EXPECT_TRUE(dropped(&self->text, nobody, "reason=BAD_HEADER "));
	craft.doff = 0;
	craft.link_broadcast = true;
	wire_send(&self->net, CLIENT, &craft);
	EXPECT_TRUE(dropped(&self->text, ss, "reason=BAD_ADDRESS "));
	craft.link_broadcast = false;

	/* The socket's filter refuses segments. */
	sock_set(c.end[SERVER], ip46(SOL_IP, SOL_IPV6),
		 ip46(IP_MINTTL, IPV6_MINHOPCOUNT), 255);
	wire_send(&self->net, CLIENT, &craft);
	EXPECT_TRUE(dropped(&self->text, ss, "reason=MIN_TTL "));
	sock_set(c.end[SERVER], ip46(SOL_IP, SOL_IPV6),
		 ip46(IP_MINTTL, IPV6_MINHOPCOUNT), 0);
	ASSERT_EQ(0, setsockopt(c.end[SERVER], SOL_SOCKET, SO_ATTACH_FILTER,
				&filter, sizeof(filter)));
	wire_send(&self->net, CLIENT, &craft);
	EXPECT_TRUE(dropped(&self->text, ss, "reason=FILTER "));
	sock_set(c.end[SERVER], SOL_SOCKET, SO_DETACH_FILTER, 0);

	/* A listener drops what is not a SYN. */
	craft.sport = 999;
	craft.flags = TH_FIN;
	wire_send(&self->net, CLIENT, &craft);
	ss = ends(&self->net, SERVER, PORT, 999);
	EXPECT_TRUE(dropped(&self->text, ss, "reason=UNEXPECTED "));

	/* IPsec policy refuses segments in the clear. */
	net_run(&self->net, SERVER,
		"ip xfrm policy add dir in src %s dst %s proto %d tmpl proto esp mode transport",
		ip46("0.0.0.0/0", "::/0"), ip46("0.0.0.0/0", "::/0"), stack_proto());
	wire_send(&self->net, CLIENT, &craft);
	EXPECT_TRUE(dropped(&self->text, ss, "reason=POLICY "));
	wire_close(wire);
	conn_close(&c);
}

/* Data arrives for a program that has closed. */
TEST_F(trace, drops_too_late)
{
	const char *ss;
	struct conn c;

	conn_open(&self->net, PORT, &c);
	ss = ends(&self->net, SERVER, PORT, sock_port(c.end[CLIENT]));
	close(c.end[SERVER]);
	sock_recv_end(c.end[CLIENT]);
	sock_send(c.end[CLIENT], "x", 1);
	EXPECT_TRUE(dropped(&self->text, ss, "reason=AFTER_CLOSE "));
	close(c.end[CLIENT]);
}

/* A listener's queues are full. */
TEST_F(trace, listener)
{
	const char *far = ip46("10.64.0.1", "fd64::1");
	struct net net = self->net;
	const char *at;
	int l, i;

	/* The SYN is from a host that does not exist, and so does not answer. */
	net_run(&self->net, SERVER, "ip route add %s via %s",
		ip46("10.64.0.0/10", "fd64::/16"), self->net.ip[CLIENT]);
	net.ip[CLIENT] = far;
	l = sock_listen(&self->net, SERVER, PORT, 1);
	for (i = 0; i < 8; i++)
		wire_send(&self->net, CLIENT, &(struct craft){
			.src = far, .sport = 1000 + i, .dport = PORT,
			.seq = i + 1, .flags = TH_SYN });
	wire_send(&self->net, CLIENT, &(struct craft){
		.src = far, .sport = 2000, .dport = PORT, .seq = 5, .ack = 6,
		.flags = TH_ACK });
	usleep(200000);
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "atcp_listen: ", ends(&net, SERVER, PORT, 1000),
		     "decision=REQUEST ", "requests=1 ", "backlog=1 ");
	EXPECT_EVENT(at, "atcp_listen: ", "decision=QUEUE_FULL ");
	EXPECT_EVENT(at, "atcp_listen: ", "decision=COOKIE ");
	EXPECT_EVENT(at, "atcp_listen: ", ends(&net, SERVER, PORT, 2000),
		     "decision=COOKIE_BAD ");
	EXPECT_EVENT(at, "atcp_drop: ", ends(&net, SERVER, PORT, 2000),
		     "reason=BAD_COOKIE ");
	close(l);
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "atcp_listen: ", ends(&net, SERVER, PORT, 1000),
		     "decision=FORGOTTEN ");
}

/* The kernel's own event for dropped packets has the reason, too. */
TEST_F(trace, kfree_skb)
{
	const char *at;

	ASSERT_EQ(0, put("events/skb/kfree_skb/enable", "1"));
	wire_send(&self->net, CLIENT, &(struct craft){
		.sport = 999, .dport = PORT, .seq = 7, .flags = TH_SYN,
		.bad_sum = true });
	usleep(100000);
	put("events/skb/kfree_skb/enable", "0");
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "kfree_skb: ", "reason: TCP_CSUM ");
}

/* A filter on ports selects the segments of one direction. */
TEST_F(trace, filter)
{
	const char *at;
	struct conn c;

	ASSERT_EQ(0, put("events/atcp/enable", "0"));
	ASSERT_EQ(0, put("events/atcp/atcp_rcv/filter", "dport == 20000 && len > 0"));
	ASSERT_EQ(0, put("events/atcp/atcp_rcv/enable", "1"));
	conn_open(&self->net, PORT, &c);
	sock_send(c.end[CLIENT], "hello", 5);
	sock_recv(c.end[SERVER], byte, 5);
	sock_send(c.end[SERVER], "you", 3);
	sock_recv(c.end[CLIENT], byte, 3);
	record(&self->text);
	at = self->text;
	EXPECT_EVENT(at, "atcp_rcv: ", "len=3 ");
	EXPECT_NO_EVENT(at, "atcp_rcv: ");
	at = self->text;
	EXPECT_NO_EVENT(at, "len=5 ");
	conn_close(&c);
}

TEST_HARNESS_MAIN
