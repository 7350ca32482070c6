// SPDX-License-Identifier: GPL-2.0
/*
 * The record of all segments of a run, and the ladder printed from it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

u32 sim_trace_add(u8 src, u8 dst, const u8 *bytes, u32 len)
{
	struct sim_rec *r;

	if (sim->ntrace == sim->trace_room) {
		sim->trace_room = 2 * sim->trace_room + 256;
		sim->trace = realloc(sim->trace, sim->trace_room * sizeof(*sim->trace));
		if (!sim->trace)
			abort();
	}
	r = &sim->trace[sim->ntrace++];
	memset(r, 0, sizeof(*r));
	r->sent = sim->now;
	r->src = src;
	r->dst = dst;
	memcpy(r->raw, bytes, min_t(u32, len, sizeof(r->raw)));
	if (atcp_hdr_read(&r->h, bytes, len))
		r->len = len - r->h.hlen;
	return sim->ntrace;
}

void sim_flag_names(u8 flags, char out[40])
{
	static const struct { u8 bit; const char *name; } names[] = {
		{ ATCP_SYN, "SYN" }, { ATCP_FIN, "FIN" }, { ATCP_RST, "RST" },
		{ ATCP_PSH, "PSH" }, { ATCP_URG, "URG" }, { ATCP_ECE, "ECE" },
		{ ATCP_CWR, "CWR" }, { ATCP_ACK, "ACK" },
	};
	u32 i, n = 0;

	out[0] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit)
			n += snprintf(out + n, 40 - n, "%s%s", n ? "-" : "", names[i].name);
	if (!n)
		strcpy(out, "(none)");
}

const char *sim_state_name(u8 state)
{
	static const char *const names[] = {
		"?", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2",
		"TIME-WAIT", "CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

/* The latest initial sequence number of one direction, up to record @upto. */
static u32 base_of(u32 upto, u8 src, u8 dst, u16 sport, u16 dport, bool *known)
{
	u32 i, base = 0;

	*known = false;
	for (i = 0; i <= upto; i++) {
		const struct sim_rec *r = &sim->trace[i];

		if (r->src == src && r->dst == dst && r->h.sport == sport &&
		    r->h.dport == dport && (r->h.flags & ATCP_SYN) && r->fate != SIM_FORGED) {
			base = r->h.seq;
			*known = true;
		}
	}
	return base;
}

static const char *fate_name(u8 fate)
{
	static const char *const names[] = {
		"", "  LOST", "  CORRUPTED", "  QUEUE FULL", "  TOO BIG", "  (duplicate)",
		"  (forged)",
	};

	return names[fate];
}

static void rung(u32 i, u8 left, u64 start, bool ports)
{
	const struct sim_rec *r = &sim->trace[i];
	bool rightwards = r->src == left;
	char flags[40], text[256], more[64] = "";
	u32 seq, ack, n;
	bool known;

	seq = r->h.seq - base_of(i, r->src, r->dst, r->h.sport, r->h.dport, &known);
	sim_flag_names(r->h.flags, flags);
	n = snprintf(text, sizeof(text), "%s seq %u", flags, seq);
	if (r->h.flags & ATCP_ACK) {
		ack = r->h.ack - base_of(i, r->dst, r->src, r->h.dport, r->h.sport, &known);
		n += snprintf(text + n, sizeof(text) - n, " ack %u", ack);
	}
	n += snprintf(text + n, sizeof(text) - n, " len %u win %u", r->len, r->h.wnd);
	if (r->h.flags & ATCP_URG)
		n += snprintf(text + n, sizeof(text) - n, " up %u", r->h.up);
	if (r->h.opts & ATCP_OPT_SACK)
		n += snprintf(text + n, sizeof(text) - n, " sack %u", r->h.nsack);
	if (ports)
		snprintf(more, sizeof(more), " %u>%u", r->h.sport, r->h.dport);
	printf("# %11.6f  %s%-60s%s  %s%s%s\n", (r->sent - start) / 1e6,
	       rightwards ? "|--> " : "|    ", rightwards ? text : "",
	       rightwards ? "   |" : "<--|", rightwards ? "" : text, more, fate_name(r->fate));
}

void sim_ladder(u8 a, u8 b, u32 max)
{
	u32 i, total = 0, skip, n = 0;
	bool ports = false;
	const struct sim_rec *first = NULL, *r;

	for (i = 0; i < sim->ntrace; i++) {
		r = &sim->trace[i];
		if ((r->src != a || r->dst != b) && (r->src != b || r->dst != a))
			continue;
		total++;
		if (!first)
			first = r;
		else if (r->h.sport + r->h.dport != first->h.sport + first->h.dport)
			ports = true;
	}
	if (!first)
		return;
	printf("# ladder: host %u on the left, host %u on the right; relative numbers\n", a, b);
	skip = total > max ? total - max : 0;
	if (skip)
		printf("# ... %u segments before these\n", skip);
	for (i = 0; i < sim->ntrace; i++) {
		r = &sim->trace[i];
		if ((r->src != a || r->dst != b) && (r->src != b || r->dst != a))
			continue;
		if (n++ >= skip)
			rung(i, a, first->sent, ports);
	}
}
