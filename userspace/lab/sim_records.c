// SPDX-License-Identifier: GPL-2.0
/*
 * What a run in the simulator leaves: samples.csv, events.csv, queue.csv, links.csv and
 * wire.pcapng, as atcp-lab(5) describes them.
 *
 * The rows are written as things happen.  A packet that was sent is kept until it has arrived
 * or is lost, since its comment says so, and those behind it are kept as long: in all, what
 * the links hold.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/drop.h"
#include "core/queue.h"
#include "sim_run.h"

#define SNAP		100	/* bytes of a packet that are kept */
#define UDP		17

/* The first lines. */
#define EVENTS	"t_s,flow,end,event,seq,len,detail"
#define QUEUE	"t_s,link,pkts,bytes,drops,marks,sojourn_us"
#define LINKS	"link,offered,passed,dropped_queue,dropped_loss,dropped_police,duplicated,marked,inside,delivered_next"
#define SAMPLES	"t_s,flow,src,state,ca_state,cwnd_bytes,cwnd_pkts,ssthresh_bytes,inflight_bytes,srtt_us,rttvar_us,min_rtt_us,pacing_Bps,delivery_Bps,delivered_bytes,acked_bytes,sacked_pkts,lost_pkts,retrans_pkts,snd_wnd_bytes,app_limited"

/**
 * struct kept - a packet as it was sent or as it arrived
 * @when:	microseconds since the beginning
 * @size:	of the packet; @snap bytes of it are kept
 * @lost_at:	the link that lost it, or NULL
 * @why:	then: how
 * @again:	first octet that it sends again, and one past the last, relative; 0: none
 * @open:	it is on its way
 */
struct kept {
	u64 when;
	const char *lost_at;
	enum path_event why;
	u32 again[2];
	u32 size;
	u8 snap;
	bool right;
	bool open;
	u8 bytes[SNAP];
};

/* A direction of a flow on the wire. */
struct stream {
	bool begun;
	u32 isn;
	u32 sent_to;		/* one past the highest number sent */
};

static const struct run *run;
static u64 begin;
static FILE *samples, *events, *queues, *links, *wire;
static struct kept *kept;		/* kept[i] has the number kept_before + i + 1 */
static size_t first, nkept, kept_room;	/* kept[first] is the first not yet written */
static u64 kept_before;
static struct stream streams[SIM_RUN_FLOWS][2];

static const char *const event_names[PATH_EVENTS] = {
	[PATH_MARK] = "mark", [PATH_DROP_POLICE] = "drop", [PATH_DROP_QUEUE] = "drop",
	[PATH_DROP_LOSS] = "drop", [PATH_DUP] = "dup", [PATH_REORDER] = "reorder",
};

static const char *const causes[PATH_EVENTS] = {
	[PATH_MARK] = "", [PATH_DROP_POLICE] = "police", [PATH_DROP_QUEUE] = "queue",
	[PATH_DROP_LOSS] = "loss", [PATH_DUP] = "", [PATH_REORDER] = "",
};

/* As TCP's tools name them. */
static const char *state_name(u8 state)
{
	static const char *const names[] = {
		"CLOSE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
		"TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
	};

	return names[state % 12];
}

/* --- rows of events.csv --- */

static void row(const char *flow, const char *end, const char *event)
{
	u64 t = sim->now - begin;

	fprintf(events, "%llu.%06llu,%s,%s,%s,", t / ATCP_SEC, t % ATCP_SEC, flow, end, event);
}

static const char *role_name(enum lab_role role)
{
	return role == SENDER ? "snd" : "rcv";
}

void records_event(const struct flow *f, enum lab_role role, const char *event, const char *len,
		   const char *detail)
{
	row(f->conf->name, role_name(role), event);
	fprintf(events, ",%s,%s\n", len, detail);
}

static struct flow *flow_of(const struct sim_conn *conn, enum lab_role *role)
{
	bool right;
	struct flow *f = sim_run_flow(conn->host->id, &right);

	*role = sim_run_role(f, right);
	return f;
}

static void conn_row(const struct sim_conn *conn, const char *event)
{
	enum lab_role role;
	const struct flow *f = flow_of(conn, &role);

	row(f->conf->name, role_name(role), event);
}

static void state(struct sim_conn *conn, u8 old)
{
	conn_row(conn, "state");
	fprintf(events, ",,%s>%s\n", state_name(old), state_name(conn->c.state));
}

static void resent(struct sim_conn *conn, u32 seq, u32 len, enum atcp_resend kind)
{
	const char *event = "retransmit";
	enum lab_role role;
	struct flow *f = flow_of(conn, &role);
	u32 n;

	if (kind == ATCP_RESEND_FAST)
		event = "fast_retransmit";
	else if (kind == ATCP_RESEND_TAIL)
		event = "tlp";
	else if (f->rto_count[role] != conn->c.rto_count)
		event = "rto";
	f->rto_count[role] = conn->c.rto_count;
	/* As on the wire, a row for each segment. */
	do {
		n = conn->c.mss ? min_t(u32, len, conn->c.mss) : len;
		conn_row(conn, event);
		fprintf(events, "%u,%u,\n", seq - conn->c.iss, n);
		seq += n;
		len -= n;
	} while (len);
}

static void recovery(struct sim_conn *conn, u8 old)
{
	(void)old;
	if (conn->c.recovery == ATCP_OPEN) {
		conn_row(conn, "recovery_out");
		fprintf(events, ",,\n");
		return;
	}
	conn_row(conn, "recovery_in");
	fprintf(events, ",,%s\n", conn->c.recovery == ATCP_FAST ? "Recovery" : "Loss");
}

static void dropped(struct sim_conn *conn, struct atcp_seg *seg, enum atcp_drop why)
{
#define NAME_OF(name, stat, text)	{ #name },
	static const struct {
		const char *name;
	} names[] = { { "" }, ATCP_DROPS(NAME_OF) };

	conn_row(conn, "drop");
	fprintf(events, "%u,%u,%s\n", atcp_seg_cb(seg)->seq - conn->c.irs, seg->len,
		names[why].name);
}

/* --- wire.pcapng: blocks of draft-ietf-opsawg-pcapng --- */

static void put32(u32 v)
{
	fwrite(&v, sizeof(v), 1, wire);
}

static void put_option(u16 code, const void *value, u16 len)
{
	static const u8 zeros[4];
	u16 head[2] = { code, len };

	fwrite(head, sizeof(head), 1, wire);
	fwrite(value, len, 1, wire);
	fwrite(zeros, -len & 3, 1, wire);
}

static u32 option_size(u32 len)
{
	return 4 + ((len + 3) & ~3u);
}

static void put_interface(const char *name)
{
	u32 len = 16 + option_size(strlen(name)) + option_size(1) + 4 + 4;
	u8 ns = 9;

	put32(1);
	put32(len);
	put32(101);		/* raw IP */
	put32(SNAP);
	put_option(2, name, strlen(name));
	put_option(9, &ns, 1);
	put32(0);
	put32(len);
}

static void put_packet(const struct kept *k)
{
	char text[128];
	u32 n = 0, len = 28 + ((k->snap + 3) & ~3u) + 4;
	u64 ns = k->when * 1000;
	static const u8 zeros[4];

	if (k->lost_at)
		n += snprintf(text + n, sizeof(text) - n, "lost at %s: %s", k->lost_at,
			      causes[k->why]);
	if (k->again[1])
		n += snprintf(text + n, sizeof(text) - n, "%sresent: bytes %u-%u", n ? "; " : "",
			      k->again[0], k->again[1] - 1);
	if (n)
		len += option_size(n) + 4;
	put32(6);
	put32(len);
	put32(k->right);
	put32(ns >> 32);
	put32(ns);
	put32(k->snap);
	put32(k->size);
	fwrite(k->bytes, k->snap, 1, wire);
	fwrite(zeros, -k->snap & 3, 1, wire);
	if (n) {
		put_option(1, text, n);
		put32(0);
	}
	put32(len);
}

/* Writes the packets up to the first that is on its way. */
static void write_settled(void)
{
	while (first < nkept && !kept[first].open)
		put_packet(&kept[first++]);
}

/* The fate of a packet is known. Of its copies the first one counts. */
static void settle(const struct sim_pkt *p, const char *lost_at, enum path_event why)
{
	u64 number = p->hop.id;
	struct kept *k;

	if (number <= kept_before + first)
		return;
	k = &kept[number - kept_before - 1];
	k->open = false;
	k->lost_at = lost_at;
	k->why = why;
	write_settled();
}

static void put_headers(void)
{
	put32(0x0a0d0d0a);
	put32(28);
	put32(0x1a2b3c4d);
	put32(1);		/* version 1.0 */
	put32(-1);
	put32(-1);
	put32(28);
	put_interface("left");
	put_interface("right");
}

/* --- packets --- */

static bool is_tcp(const struct sim_pkt *p)
{
	bool right;

	return sim_run_is_tcp(sim_run_flow(p->src, &right));
}

/* The sequence space of a TCP segment; false: none. */
static bool span(const struct sim_pkt *p, u32 *seq, u32 *len)
{
	u8 flags;

	if (!is_tcp(p))
		return false;
	flags = p->bytes[13];
	*seq = get_unaligned_be32(p->bytes + 4);
	*len = p->len - atcp_hdr_len(p->bytes) + !!(flags & ATCP_SYN) + !!(flags & ATCP_FIN);
	return true;
}

static void on_link(const struct path_link *link, struct sim_pkt *p, enum path_event what)
{
	struct stream *s;
	struct flow *f;
	bool right;
	u32 seq, len;

	f = sim_run_flow(p->src, &right);
	s = &streams[f->number - 1][right];
	row(f->conf->name, link->name, event_names[what]);
	if (span(p, &seq, &len))
		fprintf(events, "%u,%u,%s\n", seq - s->isn,
			p->len - atcp_hdr_len(p->bytes), causes[what]);
	else
		fprintf(events, ",%u,%s\n", p->len, causes[what]);
	if (event_names[what] == event_names[PATH_DROP_LOSS])
		settle(p, link->name, what);
}

static void put_ipv4(u8 *ip, const struct sim_pkt *p, u8 flow, bool right, u8 proto)
{
	u32 sum = 0, i;

	ip[0] = 0x45;
	put_unaligned_be16(20 + p->len, ip + 2);
	ip[6] = 0x40;		/* DF */
	ip[8] = 64;
	ip[9] = proto;
	put_unaligned_be32(0x0a4d0000 + (right << 16) + flow, ip + 12);
	put_unaligned_be32(0x0a4d0000 + (!right << 16) + flow, ip + 16);
	for (i = 0; i < 20; i += 2)
		sum += get_unaligned_be16(ip + i);
	put_unaligned_be16(~((sum & 0xffff) + (sum >> 16)), ip + 10);
}

static void put_ipv6(u8 *ip, const struct sim_pkt *p, u8 flow, bool right, u8 proto)
{
	ip[0] = 0x60;
	put_unaligned_be16(p->len, ip + 4);
	ip[6] = proto;
	ip[7] = 64;
	ip[8] = 0xfd;
	ip[9] = 0x77 + right;
	ip[23] = flow;
	ip[24] = 0xfd;
	ip[25] = 0x78 - right;
	ip[39] = flow;
}

/* Changes a checksum from the simulator's pseudo header to that of @ip (RFC 1624). */
static void move_checksum(u8 *at, const struct sim_pkt *p, const u8 *ip, u8 proto)
{
	const u8 *addr = ip + (sim->ipv6 ? 8 : 12);
	u32 n = sim->ipv6 ? 32 : 8, sum, i;
	u16 old = get_unaligned_be16(at);
	u8 none = 0;

	/* What the pseudo header of the simulator adds: the sum over no segment at all. */
	sum = (u16)~old + sim_checksum(p->src, p->dst, &none, 0) + proto;
	for (i = 0; i < n; i += 2)
		sum += get_unaligned_be16(addr + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put_unaligned_be16(~sum, at);
}

/* Keeps the packet as host @right has it. Return: its number, from 1; 0: nothing is kept. */
static u64 keep(const struct sim_pkt *p, bool right, bool open)
{
	u32 overhead = sim_ip_overhead();
	struct kept *k;
	struct flow *f;
	bool from_right;
	u8 proto;

	if (!run->wire)
		return 0;
	if (nkept == kept_room && first > nkept / 2) {
		nkept -= first;
		memmove(kept, kept + first, nkept * sizeof(*kept));
		kept_before += first;
		first = 0;
	}
	if (nkept == kept_room) {
		kept_room = 2 * kept_room + 1024;
		kept = realloc(kept, kept_room * sizeof(*kept));
		if (!kept)
			run_die("memory");
	}
	f = sim_run_flow(p->src, &from_right);
	proto = is_tcp(p) ? f->conf->carrier : UDP;
	k = &kept[nkept++];
	*k = (struct kept){
		.when = sim->now - begin, .size = overhead + p->len, .right = right, .open = open,
	};
	k->snap = min(k->size, (u32)SNAP);
	memcpy(k->bytes + overhead, p->bytes, k->snap - overhead);
	if (run->ipv6)
		put_ipv6(k->bytes, p, f->number, from_right, proto);
	else
		put_ipv4(k->bytes, p, f->number, from_right, proto);
	if (is_tcp(p))
		move_checksum(k->bytes + overhead + 16, p, k->bytes, proto);
	return kept_before + nkept;
}

static void sent(struct sim_pkt *p)
{
	struct stream *s;
	u32 seq, len, again;
	bool right;

	s = &streams[sim_run_flow(p->src, &right)->number - 1][right];
	p->hop.id = keep(p, right, true);
	if (!span(p, &seq, &len) || !len)
		return;
	if (!s->begun) {
		s->isn = seq;
		s->sent_to = seq;
		s->begun = true;
	}
	if (seq_lt(seq, s->sent_to) && p->hop.id) {
		again = seq_lt(seq + len, s->sent_to) ? seq + len : s->sent_to;
		kept[nkept - 1].again[0] = seq - s->isn;
		kept[nkept - 1].again[1] = again - s->isn;
	}
	if (seq_gt(seq + len, s->sent_to))
		s->sent_to = seq + len;
}

static void arrived(const struct sim_pkt *p)
{
	keep(p, p->dst & 1, false);
	settle(p, NULL, PATH_EVENTS);
}

/* --- rows of samples.csv, queue.csv, links.csv --- */

static u32 segments(const struct atcp_tcb *c, u32 bytes)
{
	u32 mss = max(c->mss, (u16)1);

	return (bytes + mss - 1) / mss;
}

static const char *ca_state(const struct atcp_tcb *c)
{
	if (c->recovery == ATCP_FAST)
		return "Recovery";
	if (c->recovery == ATCP_LOSS)
		return "Loss";
	return c->dupacks || c->sacked ? "Disorder" : "Open";
}

static void cell(bool known, u64 value)
{
	if (known)
		fprintf(samples, ",%llu", value);
	else
		fprintf(samples, ",");
}

static void time_and_flow(const struct flow *f)
{
	u64 t = sim->now - begin;

	fprintf(samples, "%llu.%06llu,%s", t / ATCP_SEC, t % ATCP_SEC, f->conf->name);
}

/* As TCP_INFO counts them (module/socket/info.c). */
void records_sample(const struct flow *f)
{
	struct sim_conn *conn = f->end[SENDER];
	struct atcp_tcb *c = &conn->c;
	u32 unacked = 0, again = 0, sacked, lost = 0;
	u64 pace = atcp_pacing_rate(c);
	struct atcp_seg *seg;

	for (seg = atcp_queue_sent(c); seg; seg = atcp_queue_next_sent(c, seg))
		unacked += segments(c, seg->len);
	if (c->rack || c->recovery != ATCP_OPEN)
		again = c->resent_segs;
	if (!unacked && c->snd_nxt != c->snd_una)
		unacked = 1;
	sacked = c->rack ? c->sacked_segs : min_t(u32, c->dupacks, unacked);
	if (c->rack)
		lost = c->lost_segs + (c->recovery == ATCP_OPEN ? 0 : again);
	else if (c->recovery == ATCP_FAST)
		lost = 1;
	else if (c->recovery == ATCP_LOSS)
		lost = min(segments(c, c->recover - c->snd_una), unacked);
	if (conn->opt.pace)
		pace = min(pace, conn->opt.pace);

	time_and_flow(f);
	fprintf(samples, ",sim,%s,%s", state_name(c->state), ca_state(c));
	cell(true, c->cc.cwnd);
	cell(c->mss, c->cc.cwnd / max(c->mss, (u16)1));
	cell(c->cc.ssthresh != -1u, c->cc.ssthresh);
	cell(true, (u64)(unacked + again > sacked + lost ? unacked + again - sacked - lost : 0) *
	     c->mss);
	cell(c->srtt, c->srtt >> 3);
	cell(c->srtt, c->rttvar >> 2);
	cell(c->min_rtt, c->min_rtt);
	cell(pace != ATCP_NEVER, pace);
	cell(c->rate_interval, (u64)c->rate_delivered * c->mss * ATCP_SEC /
	     max(c->rate_interval, 1u));
	cell(true, f->delivered);
	cell(true, c->bytes_acked);
	cell(true, sacked);
	cell(true, lost);
	cell(true, c->total_retrans);
	cell(c->state != ATCP_SYN_SENT, c->snd_wnd);
	cell(true, c->rate_app_limited);
	fprintf(samples, "\n");
}

void records_ping(const struct flow *f, u64 rtt)
{
	time_and_flow(f);
	fprintf(samples, ",ping,,,,,,,%llu,,,,,%llu,,,,,,\n", rtt, f->delivered);
}

void records_queues(void)
{
	u64 t = sim->now - begin;
	int i;

	for (i = 0; i < run->links; i++) {
		const struct path_link *l = &run->link[i];

		fprintf(queues, "%llu.%06llu,%s,%llu,%llu,%llu,%llu,", t / ATCP_SEC, t % ATCP_SEC,
			l->name, (u64)l->pkts, (u64)l->bytes, (u64)path_drops(l),
			(u64)l->count[PATH_MARK]);
		if (l->sojourn != PATH_NEVER)
			fprintf(queues, "%llu", (u64)l->sojourn / 1000);
		fprintf(queues, "\n");
	}
}

static void totals(void)
{
	int i;

	for (i = 0; i < run->links; i++) {
		const struct path_link *l = &run->link[i];

		fprintf(links, "%s,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu\n", l->name,
			(u64)l->offered, (u64)l->passed, (u64)l->count[PATH_DROP_QUEUE],
			(u64)l->count[PATH_DROP_LOSS], (u64)l->count[PATH_DROP_POLICE],
			(u64)l->count[PATH_DUP], (u64)l->count[PATH_MARK], (u64)l->inside,
			sim->net->onward[i]);
	}
}

/* --- the files --- */

static const struct sim_watch watch = {
	.sent = sent,
	.arrived = arrived,
	.on_link = on_link,
	.state = state,
	.resent = resent,
	.recovery = recovery,
	.dropped = dropped,
};

static FILE *create(const char *dir, const char *name, const char *header)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (file && header)
		fprintf(file, "%s\n", header);
	return file;
}

bool records_open(const struct run *r, const char *dir)
{
	run = r;
	begin = sim->now;
	first = 0;
	nkept = 0;
	kept_before = 0;
	memset(streams, 0, sizeof(streams));
	samples = create(dir, "samples.csv", SAMPLES);
	events = create(dir, "events.csv", EVENTS);
	queues = create(dir, "queue.csv", QUEUE);
	links = create(dir, "links.csv", LINKS);
	wire = run->wire ? create(dir, "wire.pcapng", NULL) : NULL;
	if (!samples || !events || !queues || !links || (run->wire && !wire))
		return false;
	if (wire)
		put_headers();
	sim->watch = &watch;
	return true;
}

bool records_close(void)
{
	FILE *files[] = { samples, events, queues, links, wire };
	bool good = true;
	u32 i;

	sim->watch = NULL;
	totals();
	while (first < nkept)
		put_packet(&kept[first++]);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!files[i])
			continue;
		good &= !ferror(files[i]);
		good &= !fclose(files[i]);
	}
	free(kept);
	kept = NULL;
	kept_room = 0;
	return good;
}
