// SPDX-License-Identifier: GPL-2.0
/*
 * The path is taken away and given back under connections that send all the time, both
 * ways.  Devices go down and up or for good, addresses, routes, rules and neighbours
 * come and go, the MTU changes, everything is filtered or held.  No connection ends,
 * and every byte arrives once it can, as it was sent.  If the path does not come back,
 * the programs get an errno.
 *
 * A process sends and receives; the test changes the path and watches the progress.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "lib/covered.h"
#include "lib/net.h"
#include "lib/states.h"

#define PORT	20000
#define FLOWS	3
#define WAYS	(2 * FLOWS)	/* flow / 2 from side way % 2 to the other */
#define PIECE	32768
#define ENOUGH	65536		/* bytes that show that a way is open */

/* The progress of the flows, shared with the process that sends. */
struct pump {
	struct conn conn[FLOWS];
	pid_t pid;
	int stop;		/* no new data */
	int faithless;		/* errors are recorded, not fatal */
	uint64_t sent[WAYS];
	uint64_t received[WAYS];
	int error[WAYS];	/* of the socket that sends */
};

/* --- the process --- */

static int sender(const struct pump *p, int way)
{
	return p->conn[way / 2].end[way % 2];
}

static int receiver(const struct pump *p, int way)
{
	return p->conn[way / 2].end[!(way % 2)];
}

static void failed(struct pump *p, int way, const char *what)
{
	if (errno == EAGAIN || p->error[way])
		return;
	p->error[way] = errno;
	if (!p->faithless)
		net_die("%s on way %d after %llu bytes sent, %llu received: %s",
			what, way, (unsigned long long)p->sent[way],
			(unsigned long long)p->received[way], strerror(errno));
}

static void push(struct pump *p, int way)
{
	static char buf[PIECE];
	ssize_t n;

	pattern_fill(buf, sizeof(buf), p->sent[way] + way);
	n = send(sender(p, way), buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		failed(p, way, "send");
	else
		__atomic_add_fetch(&p->sent[way], n, __ATOMIC_RELAXED);
}

/* Returns false at the end of the stream. */
static bool pull(struct pump *p, int way)
{
	static char buf[4 * PIECE];
	ssize_t n = recv(receiver(p, way), buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0)
		failed(p, way ^ 1, "recv");
	if (n <= 0)
		return n;
	if (pattern_check(buf, n, p->received[way] + way) != (size_t)n)
		net_die("way %d: wrong bytes from byte %llu on", way,
			(unsigned long long)p->received[way]);
	__atomic_add_fetch(&p->received[way], n, __ATOMIC_RELAXED);
	return true;
}

static bool hopeless(const struct pump *p)
{
	int way;

	for (way = 0; way < WAYS; way++)
		if (!p->error[way])
			return false;
	return true;
}

/* Sends and receives until it is told to stop and all has arrived, or all have failed. */
static void pump_forever(struct pump *p)
{
	bool ended[WAYS] = { false }, shut[WAYS] = { false };
	int way, left = WAYS;

	while (left && !hopeless(p)) {
		for (way = 0; way < WAYS; way++) {
			if (!p->stop) {
				push(p, way);
			} else if (!shut[way]) {
				shut[way] = true;
				shutdown(sender(p, way), SHUT_WR);
			}
			if (!ended[way] && !pull(p, way)) {
				ended[way] = true;
				left--;
			}
		}
		/* Leave some CPU time to others. */
		usleep(1000);
	}
}

static struct pump *pump_start(const struct net *net, bool faithless)
{
	struct pump *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i;

	if (p == MAP_FAILED)
		net_die("no memory");
	p->faithless = faithless;
	for (i = 0; i < FLOWS; i++)
		conn_open(net, PORT + i, &p->conn[i]);
	/* One flow with small segments, and one without Nagle's algorithm. */
	sock_set(p->conn[1].end[CLIENT], IPPROTO_TCP, TCP_MAXSEG, 500);
	sock_set(p->conn[2].end[SERVER], IPPROTO_TCP, TCP_NODELAY, 1);
	return p;
}

static void pump_run(struct pump *p)
{
	pid_t pid;
	int i;

	pid = net_fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pump_forever(p);
		_exit(0);
	}
	p->pid = pid;
	for (i = 0; i < FLOWS; i++)
		conn_close(&p->conn[i]);
}

/* --- the test --- */

FIXTURE(path)
{
	struct net net;
	struct pump *pump;
};

FIXTURE_SETUP(path)
{
	net_open(&self->net);
}

FIXTURE_TEARDOWN(path)
{
}

/*
 * In these commands $dev is the device, $me and $peer are the addresses, $ip is "ip -4"
 * or "ip -6", and $len is the length of a prefix. addresses() gives the device what it
 * has from net_link(), rule HOOK VERDICT is about segments.
 */
struct change {
	const char *name;
	const char *away;	/* takes the path away, or alters it */
	const char *back;
};

static const struct change changes[] = {
	{ "down",	"ip link set $dev down",
			"ip link set $dev up; addresses" },
	{ "address",	"$ip addr del $me/$len dev $dev", "addresses" },
	{ "addresses",	"ip addr flush dev $dev", "addresses" },
	{ "renamed",	"ip link set $dev down name other; ip link set other up",
			"ip link set other down name $dev; ip link set $dev up; addresses" },
	{ "blackhole",	"$ip route add blackhole $peer",
			"$ip route del blackhole $peer" },
	{ "unreachable", "$ip route add unreachable $peer",
			"$ip route del unreachable $peer" },
	{ "prohibit",	"$ip route add prohibit $peer",
			"$ip route del prohibit $peer" },
	{ "no route",	"$ip route flush dev $dev",
			"ip link set $dev down; ip link set $dev up; addresses" },
	{ "gateway",	"$ip route add $peer via $nobody dev $dev",
			"$ip route del $peer" },
	{ "loopback",	"$ip route add $peer dev lo", "$ip route del $peer dev lo" },
	{ "rule",	"$ip rule add to $peer prohibit",
			"$ip rule del to $peer prohibit" },
	{ "neighbour",	"ip neigh replace $peer lladdr $nomac nud permanent dev $dev",
			"ip neigh replace $peer lladdr $mac nud permanent dev $dev" },
	{ "small mtu",	"ip link set $dev mtu $small",
			"ip link set $dev mtu 1500; addresses" },
	{ "large mtu",	"ip link set $dev mtu 9000", "ip link set $dev mtu 1500" },
	{ "route mtu",	"$ip route add $peer dev $dev mtu 1280",
			"$ip route del $peer dev $dev" },
	{ "locked mtu",	"$ip route add $peer dev $dev mtu lock 1290 advmss 300 initcwnd 1",
			"$ip route del $peer dev $dev" },
	{ "filter",	"rule prerouting drop", "nft delete table inet life" },
	{ "filter out",	"rule output drop", "nft delete table inet life" },
	{ "reject",	"rule input reject 2>/dev/null || rule input drop",
			"nft delete table inet life" },
	{ "all lost",	"tc qdisc replace dev $dev root netem loss 100%",
			"tc qdisc del dev $dev root" },
	{ "all held",	"tc qdisc replace dev $dev root netem delay 10s",
			"tc qdisc del dev $dev root" },
	{ "short queue", "tc qdisc replace dev $dev root netem limit 2 rate 10mbit",
			"tc qdisc del dev $dev root" },
	{ "offloads",	"ip link set $dev gso_max_size 3000 gso_max_segs 1",
			"ip link set $dev gso_max_size 65536 gso_max_segs 65535" },
};

enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };

static void run(const struct net *net, int side, const char *cmd)
{
	net_run(net, side,
		"dev=%s; me=%s; peer=%s; ip='ip -%c'; len=%d; nodad=%s; nobody=%s\n"
		"proto=%d; small=%d; mac=02:00:00:00:00:0%d; nomac=02:00:00:00:00:99\n"
		"addresses() {\n"
		"	$ip addr replace $me/$len dev $dev $nodad &&\n"
		"	$ip route replace default via $peer dev $dev\n"
		"}\n"
		"rule() {\n"
		"	nft add table inet life &&\n"
		"	nft add chain inet life c \"{ type filter hook $1 priority 0; }\" &&\n"
		"	nft add rule inet life c meta l4proto $proto $2\n"
		"}\n"
		"%s", net->dev[side], net->ip[side], net->ip[!side], ip46('4', '6'),
		ip46(24, 64), ip46("", "nodad"), ip46("10.0.0.99", "fd00::99"),
		stack_proto(), ip46(600, 1280), 2 - side, cmd);
}

struct progress {
	const struct pump *pump;
	uint64_t past[WAYS];
};

static struct progress progress_now(const struct pump *p)
{
	struct progress mark = { .pump = p };
	int way;

	for (way = 0; way < WAYS; way++)
		mark.past[way] = __atomic_load_n(&p->received[way], __ATOMIC_RELAXED);
	return mark;
}

static bool all_moved(void *arg)
{
	const struct progress *mark = arg;
	struct progress now = progress_now(mark->pump);
	int way;

	for (way = 0; way < WAYS; way++)
		if (now.past[way] < mark->past[way] + ENOUGH)
			return false;
	return true;
}

/* Every flow makes progress again, or the test ends and says which does not. */
static void must_move(struct pump *p, const char *what)
{
	struct progress mark = progress_now(p), now;
	int way;

	if (net_until(all_moved, &mark, 2 * PATIENCE))
		return;
	if (waitpid(p->pid, NULL, WNOHANG) == p->pid)
		net_die("after \"%s\" the flows have ended", what);
	now = progress_now(p);
	for (way = 0; way < WAYS; way++)
		fprintf(stderr, "# way %d: %llu bytes\n", way,
			(unsigned long long)(now.past[way] - mark.past[way]));
	net_die("after \"%s\" not all flows get on", what);
}

/* All that was sent has arrived, both ways, and the connections end in order. */
static bool pump_finish(struct pump *p)
{
	int status, way;
	long bytes = 0;

	p->stop = 1;
	if (waitpid(p->pid, &status, 0) != p->pid)
		net_die("no process pumps");
	for (way = 0; way < WAYS; way++) {
		bytes += p->received[way];
		if (p->sent[way] != p->received[way])
			net_die("way %d: %llu of %llu bytes", way,
				(unsigned long long)p->received[way],
				(unsigned long long)p->sent[way]);
	}
	covered_add("bytes", bytes);
	return status == 0;
}

/* The path is away for a time that differs in each round. */
static void moment(void)
{
	usleep(rand() % 150000);
}

TEST_F_TIMEOUT(path, changes_and_comes_back, 280)
{
	int n = covered_rounds(CHANGES / 4, CHANGES), i, side;
	const struct change *c;

	self->pump = pump_start(&self->net, false);
	pump_run(self->pump);
	must_move(self->pump, "nothing");
	for (i = 0; i < n; i++) {
		/*
		 * CHANGES is prime, so steps of 4 reach all of them; short runs over
		 * IPv4 and IPv6 try different ones.
		 */
		c = &changes[(4 * i + ip46(0, 2)) % CHANGES];
		side = (i + ip46(0, 1)) % 2;
		run(&self->net, side, c->away);
		moment();
		run(&self->net, side, c->back);
		must_move(self->pump, c->name);
	}
	EXPECT_TRUE(pump_finish(self->pump));
	covered_net(&self->net);
	covered_add("changes", n);
}

/* The devices are deleted, and others take their place. */
TEST_F_TIMEOUT(path, devices_deleted, 280)
{
	int rounds = covered_rounds(1, 6), i;

	self->pump = pump_start(&self->net, false);
	pump_run(self->pump);
	for (i = 0; i < rounds; i++) {
		must_move(self->pump, i ? "new devices" : "nothing");
		moment();
		net_run(&self->net, i % 2, "ip link del %s", self->net.dev[i % 2]);
		moment();
		net_link(&self->net);
	}
	must_move(self->pump, "new devices");
	EXPECT_TRUE(pump_finish(self->pump));
	covered_net(&self->net);
	covered_add("changes", rounds);
}

/*
 * Sockets do not delay the end of a device: connections in every state, over link-local
 * addresses, bound to it or to an address of its, with control messages about it still
 * unread.
 */
static void refer_to_device(const struct net *net)
{
	struct ipv6_mreq anycast = {
		.ipv6mr_multiaddr = { { { 0xfd, [15] = 0x77 } } },
		.ipv6mr_interface = net->ifindex[CLIENT],
	};
	char scoped[64];
	const char *ip = ip46(net->ip[SERVER], scoped);
	int fd, to, l;

	snprintf(scoped, sizeof(scoped), "fe80::2%%%d", net->ifindex[CLIENT]);
	l = sock_open(net, SERVER, 0);
	if (addr_bind(l, addr_any(PORT)) || listen(l, 8))
		net_die("listen: %s", strerror(errno));
	fd = sock_open(net, CLIENT, 0);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "v0", 3))
		net_die("SO_BINDTODEVICE: %s", strerror(errno));
	if (stack_is_ipv6()) {
		sock_set(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1);
		sock_set(fd, SOL_IPV6, IPV6_RECVHOPLIMIT, 1);
		if (setsockopt(fd, SOL_IPV6, IPV6_JOIN_ANYCAST, &anycast,
			       sizeof(anycast)))
			net_die("IPV6_JOIN_ANYCAST: %s", strerror(errno));
	}
	if (addr_connect(fd, addr_of(ip, PORT)))
		net_die("connect %s: %s", ip, strerror(errno));
	to = sock_accept(l);
	sock_send(to, "unread", 6);
	sock_send(fd, "unread", 6);
	if (!sock_wait(fd, POLLIN, PATIENCE))
		net_die("nothing came");
}

TEST_F_TIMEOUT(path, device_held_by_nothing, 280)
{
	int rounds = covered_rounds(1, 4), i;
	struct states states;
	long long begun;

	for (i = 0; i < rounds; i++) {
		refer_to_device(&self->net);
		states_open(&self->net, PORT + 1, 1, &states);
		covered_net(&self->net);
		begun = net_now();
		net_run(&self->net, i % 2, "ip link del %s", self->net.dev[i % 2]);
		EXPECT_GT(PATIENCE / 4, net_now() - begun);
		covered_add("changes", 1);
		net_open(&self->net);
	}
}

/* Several changes at once, many times, without a wait between them. */
TEST_F_TIMEOUT(path, all_at_once, 280)
{
	int rounds = covered_rounds(1, 6), i;

	self->pump = pump_start(&self->net, false);
	pump_run(self->pump);
	must_move(self->pump, "nothing");
	for (i = 0; i < rounds; i++) {
		run(&self->net, CLIENT,
		    "ip link set $dev down; ip link set $dev mtu $small\n"
		    "ip link set $dev up; addresses\n"
		    "$ip route add unreachable $peer; ip link set $dev mtu 3000\n"
		    "$ip route del unreachable $peer\n"
		    "$ip addr del $me/$len dev $dev; addresses\n"
		    "ip link set $dev mtu 1500; addresses");
		run(&self->net, SERVER,
		    "$ip route add blackhole $peer; ip link set $dev mtu 1400\n"
		    "$ip route del blackhole $peer; ip link set $dev mtu 1500");
	}
	must_move(self->pump, "all at once");
	EXPECT_TRUE(pump_finish(self->pump));
	covered_net(&self->net);
	covered_add("changes", rounds * 11);
}

/* --- a path that does not come back --- */

static bool is_lost(int err)
{
	return err == ETIMEDOUT || err == EHOSTUNREACH || err == ENETUNREACH ||
	       err == EACCES;
}

static bool all_lost(void *arg)
{
	return hopeless(arg);
}

TEST_F_TIMEOUT(path, never_comes_back, 280)
{
	static const char *const ends[] = {
		"ip link del $dev", "ip link set $dev down",
		"$ip addr del $me/$len dev $dev",
		"$ip route add unreachable $peer",
		"$ip route add blackhole $peer",
		"tc qdisc replace dev $dev root netem loss 100%",
	};
	static const int all = sizeof(ends) / sizeof(ends[0]);
	int n = covered_rounds(1, all), i, way, side, fd;
	const char *end;

	for (i = 0; i < n; i++) {
		net_open(&self->net);
		self->pump = pump_start(&self->net, true);
		for (way = 0; way < WAYS; way++)
			sock_set(sender(self->pump, way), IPPROTO_TCP,
				 TCP_USER_TIMEOUT, 1500);
		pump_run(self->pump);
		must_move(self->pump, "nothing");
		side = rand() % 2;
		/* A short run tries one of them, with IPv6 another than with IPv4. */
		end = ends[n == all ? i : ip46(0, 3)];
		run(&self->net, side, end);
		EXPECT_TRUE(net_until(all_lost, self->pump, 2 * PATIENCE));
		for (way = 0; way < WAYS; way++) {
			EXPECT_TRUE(is_lost(self->pump->error[way])) {
				TH_LOG("%s: way %d: %s", end, way,
				       strerror(self->pump->error[way]));
			}
		}
		waitpid(self->pump->pid, NULL, 0);
		covered_net(&self->net);
		/* A new connect() does not hang, either. */
		fd = sock_open(&self->net, side, 0);
		sock_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500);
		EXPECT_EQ(-1, addr_connect(fd, addr_side(&self->net, !side, PORT)));
		close(fd);
		close(self->net.ns[CLIENT]);
		close(self->net.ns[SERVER]);
		covered_add("changes", 1);
	}
}

/* No byte is lost when devices and routes change during a transfer. */
TEST_F_TIMEOUT(path, routes_change, 120)
{
	static const char *const steps[] = {
		"ip link set v0 mtu 1300",
		"ip link set v0 mtu 1500",
		"$ip route add $peer dev v0 mtu 1280",
		"$ip route del $peer dev v0",
		"$ip route add $peer dev v0 mtu lock 1290",
		"$ip route change $peer dev v0 advmss 600 initcwnd 2",
		"$ip route del $peer dev v0",
		"$ip route add unreachable $peer; $ip route del unreachable $peer",
		"ip link set v0 down; ip link set v0 up",
		"ip link set v0 gso_max_size 3000",
		"ethtool -K v0 tso off gso off || :",
		"ethtool -K v0 tso on gso on || :",
	};
	static char buf[65536];
	size_t sent = 0, got = 0, step = 0, total = 3 << 20;
	struct conn c;
	ssize_t n;

	net_sysctl(&self->net, CLIENT, "net/ipv6/conf/v0/keep_addr_on_down",
		   "1");
	conn_open(&self->net, PORT, &c);
	while (got < total) {
		if (sent < total) {
			size_t len = total - sent;

			if (len > sizeof(buf))
				len = sizeof(buf);
			pattern_fill(buf, len, sent);
			n = send(c.end[CLIENT], buf, len,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
			ASSERT_TRUE(n > 0 || errno == EAGAIN);
			if (n > 0)
				sent += n;
			if (sent == total)
				shutdown(c.end[CLIENT], SHUT_WR);
		}
		if (step < 12 && got > (step + 1) * (total / 16)) {
			net_run(&self->net, CLIENT,
				"set -e; peer=%s; ip='ip -%c'; %s",
				self->net.ip[SERVER], ip46('4', '6'),
				steps[step++]);
		}
		ASSERT_TRUE(sock_wait(c.end[SERVER], POLLIN, PATIENCE));
		n = recv(c.end[SERVER], buf, sizeof(buf), MSG_DONTWAIT);
		ASSERT_LT(0, n);
		ASSERT_EQ(n, pattern_check(buf, n, got));
		got += n;
	}
	EXPECT_EQ(12, step);
	sock_recv_end(c.end[SERVER]);
	conn_close(&c);
}

TEST_HARNESS_MAIN
