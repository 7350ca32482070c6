// SPDX-License-Identifier: GPL-2.0
/*
 * lab-link RUN RECORDS PREFIX: carries packets between pairs of network namespaces, as the
 * links of a run description do.
 *
 *	PREFIX-lP                   this program               PREFIX-rP
 *	10.77.0.N  lab0  >  first link  >  ...  >  last link  >  lab0  10.78.0.N
 *	fd77::N          <  first back  <  ...  <  last back  <        fd78::N
 *
 * P is the number of the pair, from 0.  lab0 is a TUN device at both ends, which ends with the
 * program.  A packet takes the links of flow N, the last octet of its addresses; what belongs
 * to no flow is dropped, and counted.
 *
 * Prints "ready" when the devices are there, and at SIGUSR1 the time of the run's beginning.  At
 * SIGTERM it carries nothing any more, and prints "done"; the devices stay, with their counters,
 * until SIGINT.
 *
 * A link whose queue is one of the kernel's has a namespace PREFIX-qN, N its number: lab1 there
 * has the queue and the rate, and this program does the rest.
 *
 * RECORDS, preferably in memory, gets a record for each packet that is sent, arrives, is
 * dropped or altered, if the run wants them ("wire 1"), and for each queue at each sample.
 * Nothing is written before the end but memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/random.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "run.h"

#define MOST_ROOM	8000000000ULL	/* of the records */
#define SNAP		100		/* bytes of a packet in the records: the headers */
#define SECOND		1000000000ULL
#define US		1000ULL

/* The first eight of enum path_event are events of a link. */
enum what { SENT = 16, ARRIVED, QUEUE, TOTAL, SUMS };

/**
 * struct record - in the records, in host byte order
 * @when:	nanoseconds since the run's beginning
 * @id:		of the packet; a copy has its original's
 * @size:	of the packet
 * @what:	enum what or enum path_event
 * @link:	number of the link; for SENT and ARRIVED the host: 0 left, 1 right
 * @more:	so many bytes follow
 */
struct record {
	int64_t when;
	uint64_t id;
	uint32_t size;
	uint8_t what;
	uint8_t link;
	uint16_t more;
};

/* A packet with its bytes. */
struct packet {
	struct path_pkt p;
	struct packet *free;
	const struct run_flow *flow;
	int hop;		/* index of the link that it is on */
	uint64_t entered;	/* a queue of the kernel's */
	uint8_t bytes[];
};

/*
 * A queue of the kernel's: packets go to the device lab0 of a namespace and come back from its
 * lab1, which has the queue and the rate.  On the way the IP identification is their slot.
 */
struct aqm {
	int in, out;
	uint64_t rate_bps;
	uint16_t next;
	uint16_t last[RUN_FLOWS];	/* slot of the flow that came out last */
	struct packet *slot[65536];
};

static struct run run;
static struct aqm *aqms[RUN_LINKS];
static int tun[RUN_FLOWS][2];
static uint64_t begin, ids, strays;
static uint64_t hosts_sent[2], hosts_got[2];	/* packets, by side */
static uint64_t latest, late;	/* how late a packet was taken, at most; how many by 1 ms */
static struct packet *spare;
static uint8_t *records;
static uint64_t used, lost_records;
static uint64_t room;
static volatile sig_atomic_t done;

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void stop(int sig)
{
	(void)sig;
	done = 1;
}

static void record(uint64_t when, enum what what, int link, uint64_t id, uint32_t size,
		   const void *more, uint16_t len)
{
	struct record r = {
		.when = when - begin, .id = id, .size = size, .what = what, .link = link,
		.more = len,
	};

	if (used + sizeof(r) + len > room) {
		lost_records++;
		return;
	}
	memcpy(records + used, &r, sizeof(r));
	memcpy(records + used + sizeof(r), more, len);
	used += sizeof(r) + len;
}

static int index_of(const struct path_link *link)
{
	return link - run.link;
}

static void note(struct path_link *link, struct path_pkt *p, enum path_event what, uint64_t when)
{
	if (run.wire)
		record(when, (enum what)what, index_of(link), p->id, p->size, NULL, 0);
}

static struct packet *packet_new(void)
{
	struct packet *p = spare;

	if (p)
		spare = p->free;
	else
		p = malloc(sizeof(*p) + run.mtu);
	if (!p)
		run_die("memory");
	return p;
}

static void drop(struct path_link *link, struct path_pkt *pkt)
{
	struct packet *p = (struct packet *)pkt;

	(void)link;
	p->free = spare;
	spare = p;
}

static struct path_pkt *copy(struct path_link *link, const struct path_pkt *pkt)
{
	struct packet *p = packet_new();

	(void)link;
	memcpy(p, pkt, sizeof(*p) + pkt->size);
	return &p->p;
}

/* The sum of a header of IPv4, anew. */
static void put_sum(uint8_t *ip)
{
	uint32_t sum = 0;
	int i;

	ip[10] = 0;
	ip[11] = 0;
	for (i = 0; i < (ip[0] & 15) * 4; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = sum >> 8;
	ip[11] = sum;
}

/* Congestion experienced. */
static void set_ce(uint8_t *ip)
{
	if (ip[0] >> 4 == 6) {
		ip[1] |= 0x30;
		return;
	}
	ip[1] |= 3;
	put_sum(ip);
}

/* A packet of a link with a queue of the kernel's. */
static void aqm_offer(int n, struct packet *p, uint64_t now)
{
	struct aqm *a = aqms[n];
	uint8_t bytes[run.mtu];

	p->entered = now;
	if (!++a->next)
		a->next++;
	a->slot[a->next] = p;
	run.link[n].pkts++;
	run.link[n].bytes += p->p.size;
	memcpy(bytes, p->bytes, p->p.size);
	bytes[4] = a->next >> 8;
	bytes[5] = a->next;
	put_sum(bytes);
	if (write(a->in, bytes, p->p.size) < 0)
		run_die("a queue of the kernel's");
}

static struct packet *aqm_take(int n, uint16_t slot)
{
	struct packet *p = aqms[n]->slot[slot];

	aqms[n]->slot[slot] = NULL;
	if (p) {
		run.link[n].pkts--;
		run.link[n].bytes -= p->p.size;
	}
	return p;
}

/*
 * A packet has come out.  Queues keep the packets of a flow in order: those of its flow that
 * came before it and are still in have been dropped.
 */
static void aqm_receive(int n)
{
	struct path_link *link = &run.link[n];
	struct aqm *a = aqms[n];
	uint8_t bytes[run.mtu];
	int len = read(a->out, bytes, run.mtu);
	uint16_t slot = bytes[4] << 8 | bytes[5], i;
	uint64_t now = run_now(), line;
	struct packet *p = len >= 20 && bytes[0] >> 4 == 4 ? aqm_take(n, slot) : NULL;
	int flow;

	if (!p)
		return;
	flow = p->flow - run.flow;
	for (i = a->last[flow]; i != slot; i++) {
		if (a->slot[i] && a->slot[i]->flow == p->flow) {
			link->offered++;
			link->count[PATH_DROP_QUEUE]++;
			note(link, &a->slot[i]->p, PATH_DROP_QUEUE, now);
			drop(link, &aqm_take(n, i)->p);
		}
	}
	a->last[flow] = slot;
	if ((bytes[1] & 3) == 3 && (p->bytes[1] & 3) != 3) {
		p->p.ce = true;
		link->count[PATH_MARK]++;
		note(link, &p->p, PATH_MARK, now);
	}
	line = a->rate_bps ? p->p.size * 8000000000ULL / a->rate_bps : 0;
	path_offer(link, &p->p, now);
	link->sojourn = now - p->entered > line ? now - p->entered - line : 0;
}

/* To the next link of its path, or to the host at its end. */
static void forward(struct packet *p, int hop, bool back, uint64_t when)
{
	for (; hop >= 0 && hop < run.links / 2; hop += back ? -1 : 1) {
		if (p->flow->path & 1u << hop) {
			p->hop = 2 * hop + back;
			if (aqms[p->hop])
				aqm_offer(p->hop, p, run_now());
			else
				path_offer(&run.link[p->hop], &p->p, when);
			return;
		}
	}
	if (p->p.ce)
		set_ce(p->bytes);
	/* What a device refuses is not recorded as arrived. */
	if (write(tun[p->flow->hosts][!back], p->bytes, p->p.size) == (ssize_t)p->p.size) {
		hosts_got[!back]++;
		if (run.wire)
			record(run_now(), ARRIVED, !back, p->p.id, p->p.size, NULL, 0);
	}
	drop(NULL, &p->p);
}

/* The link that has something to do first, at *@next. */
static int next_link(uint64_t *next)
{
	int i, first = 0;

	*next = PATH_NEVER;
	for (i = 0; i < run.links; i++) {
		if (path_next(&run.link[i]) < *next) {
			*next = path_next(&run.link[i]);
			first = i;
		}
	}
	return first;
}

/* Does all that is due by @now, in the order of time. */
static void advance(uint64_t now)
{
	struct path_pkt *pkt;
	uint64_t next;
	int first;

	for (;;) {
		first = next_link(&next);
		if (next > now)
			return;
		if (now - next > latest)
			latest = now - next;
		late += now - next > 1000 * US;
		pkt = path_take(&run.link[first], next);
		if (pkt)
			forward((struct packet *)pkt, first / 2 + (first & 1 ? -1 : 1), first & 1,
				pkt->when);
	}
}

/* The flow's number in the addresses of IPv4 or IPv6; 0: of none. */
static int flow_of(const uint8_t *ip, int len, bool back)
{
	const uint8_t *src = ip + 12, *dst = ip + 16;
	int own = back ? 78 : 77, n;

	if (run.ipv6) {
		if (len < 40 || ip[0] >> 4 != 6 || ip[8] != 0xfd || ip[9] != (back ? 0x78 : 0x77))
			return 0;
		n = ip[23];
		return n == ip[39] && n <= run.flows ? n : 0;
	}
	if (len < 20 || ip[0] >> 4 != 4 || src[0] != 10 || src[1] != own || dst[0] != 10)
		return 0;
	n = src[3];
	return n == dst[3] && n <= run.flows ? n : 0;
}

static void receive(int pair, bool back)
{
	struct packet *p = packet_new();
	int len = read(tun[pair][back], p->bytes, run.mtu), flow;
	uint64_t now = run_now();
	uint8_t tos;

	flow = len > 0 ? flow_of(p->bytes, len, back) : 0;
	if (!flow) {
		strays += len > 0;
		drop(NULL, &p->p);
		return;
	}
	advance(now);
	tos = run.ipv6 ? p->bytes[1] >> 4 : p->bytes[1];
	p->flow = &run.flow[flow - 1];
	p->p = (struct path_pkt){ .size = len, .id = ++ids, .ect = tos & 3 };
	hosts_sent[back]++;
	if (run.wire)
		record(now, SENT, back, p->p.id, len, p->bytes, min(len, SNAP));
	forward(p, back ? run.links / 2 - 1 : 0, back, now);
}

static void sample(uint64_t when)
{
	int i;

	for (i = 0; i < run.links; i++) {
		const struct path_link *l = &run.link[i];
		uint64_t q[] = { l->pkts, l->bytes, path_drops(l), l->count[PATH_MARK],
				 l->sojourn };

		record(when, QUEUE, i, 0, 0, q, sizeof(q));
	}
}

static void totals(void)
{
	uint64_t sums[] = { latest, late, hosts_sent[0], hosts_sent[1], hosts_got[0],
			    hosts_got[1] };
	int i;

	for (i = 0; i < run.links; i++) {
		const struct path_link *l = &run.link[i];
		uint64_t t[] = { l->offered, l->passed, l->count[PATH_DROP_QUEUE],
				 l->count[PATH_DROP_LOSS], l->count[PATH_DROP_POLICE],
				 l->count[PATH_DUP], l->count[PATH_MARK], l->inside };

		/* What is in the kernel's queue has come, and is inside. */
		t[0] += aqms[i] ? l->pkts : 0;
		t[7] += aqms[i] ? l->pkts : 0;

		record(run_now(), TOTAL, i, 0, 0, t, sizeof(t));
	}
	record(run_now(), SUMS, 0, lost_records, strays, sums, sizeof(sums));
}

/* A device in the namespace that this process is in. */
static int open_tun(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	strcpy(ifr.ifr_name, name);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		run_die("/dev/net/tun");
	return fd;
}

/*
 * The VM has no random numbers from outside, for which programs would wait: by the run's seed
 * they are the same each time.
 */
static void add_entropy(void)
{
	/* struct rand_pool_info, with its bytes. */
	struct {
		int bits, size;
		uint64_t bytes[8];
	} pool = { .bits = 512, .size = sizeof(pool.bytes) };
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC), i;
	uint64_t state = run.seed;

	for (i = 0; i < 8; i++)
		pool.bytes[i] = path_random(&state);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool))
		run_die("/dev/urandom");
	close(fd);
}

static void open_aqms(const char *prefix)
{
	int i;

	for (i = 0; i < run.links; i++) {
		if (!run.aqm[i])
			continue;
		aqms[i] = calloc(1, sizeof(*aqms[i]));
		if (!aqms[i])
			run_die("memory");
		run_enter(prefix, 'q', i);
		aqms[i]->in = open_tun("lab0");
		aqms[i]->out = open_tun("lab1");
		aqms[i]->rate_bps = run.link[i].conf.rate_bps;
		run.link[i].conf.rate_bps = 0;
	}
}

static void map_records(const char *file)
{
	struct statvfs fs;
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	/* What is not written takes no memory; the rest of it is the host's. */
	if (fd < 0 || fstatvfs(fd, &fs))
		run_die(file);
	room = min(fs.f_bsize * fs.f_bavail / 4 * 3, MOST_ROOM);
	if (ftruncate(fd, room))
		run_die(file);
	records = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (records == MAP_FAILED)
		run_die(file);
	close(fd);
}

static void work(void)
{
	static struct pollfd fds[2 * RUN_FLOWS + RUN_LINKS];
	uint64_t now, next, due, next_sample = begin;
	int i, change = 0, n = 2 * run.hosts + run.links;

	for (i = 0; i < 2 * run.hosts; i++)
		fds[i] = (struct pollfd){ .fd = tun[i / 2][i % 2], .events = POLLIN };
	for (; i < n; i++)
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	for (i = 0; i < run.links; i++)
		if (aqms[i])
			fds[2 * run.hosts + i].fd = aqms[i]->out;

	while (!done) {
		now = run_now();
		next = next_sample;
		if (change < run.changes && begin + run.change[change].at_us * US < next)
			next = begin + run.change[change].at_us * US;
		if (next <= now) {
			advance(next);
			if (next == next_sample) {
				if (next <= begin + run.time_us * US)
					sample(next);
				next_sample += run.sample_us * US;
			} else {
				path_set(&run.link[run.change[change].link],
					 run.change[change].key, run.change[change].value);
				change++;
			}
			continue;
		}
		advance(now);
		next_link(&due);
		if (run_wait(fds, n, min(next, due)) <= 0)
			continue;
		for (i = 0; i < n; i++) {
			if (fds[i].revents && i < 2 * run.hosts)
				receive(i / 2, i % 2);
			else if (fds[i].revents)
				aqm_receive(i - 2 * run.hosts);
		}
	}
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 1 };
	sigset_t end, told;
	int i, sig;

	if (argc != 4) {
		fprintf(stderr, "usage: lab-link RUN RECORDS PREFIX\n");
		return 2;
	}
	run_read(&run, argv[1]);
	if (getenv("LAB_ENTROPY"))
		add_entropy();
	for (i = 0; i < run.links; i++) {
		run.link[i].note = note;
		run.link[i].drop = drop;
		run.link[i].copy = copy;
	}
	map_records(argv[2]);
	for (i = 0; i < 2 * run.hosts; i++) {
		run_enter(argv[3], i % 2 ? 'r' : 'l', i / 2);
		tun[i / 2][i % 2] = open_tun("lab0");
	}
	open_aqms(argv[3]);
	signal(SIGTERM, stop);
	sigemptyset(&end);
	sigaddset(&end, SIGINT);
	sigemptyset(&told);
	sigaddset(&told, SIGUSR1);
	sigprocmask(SIG_BLOCK, &end, NULL);
	sigprocmask(SIG_BLOCK, &told, NULL);
	/* Packets are taken at their time, whatever the hosts do. */
	sched_setscheduler(0, SCHED_FIFO, &first);
	printf("ready\n");
	fflush(stdout);
	sigwait(&told, &sig);
	/* Waits are exact to the nanosecond, not to 50 microseconds. */
	prctl(PR_SET_TIMERSLACK, 1);
	/* A whole second, at least one away: the kernel's ticks are where they are in each run. */
	begin = (run_now() / SECOND + 2) * SECOND;
	printf("%llu\n", (unsigned long long)begin);
	fflush(stdout);
	work();
	totals();
	if (truncate(argv[2], used))
		run_die(argv[2]);
	printf("done\n");
	fclose(stdout);
	sigwait(&end, &sig);
	return 0;
}
