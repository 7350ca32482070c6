// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on socket options.  A sweep goes over all numbers of a level, so that
 * unknown options are compared, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "calls.h"
#include "oracle.h"

#ifndef SO_RESERVE_MEM
#define SO_RESERVE_MEM	73
#endif

/* The highest number that a sweep tries. */
#define LAST	90

/*
 * Values that differ from run to run, or with the size of the kernel's own objects:
 * only their presence and length are compared.
 */
static bool has_own_value(int level, int option)
{
	static const int socket[] = {
		SO_PEERCRED, SO_COOKIE, SO_NETNS_COOKIE, SO_MEMINFO,
		SO_INCOMING_CPU, SO_INCOMING_NAPI_ID, SO_PEERGROUPS,
	};
	size_t i;

	/* IP_PROTOCOL is the local port here. */
	if (level == SOL_IP)
		return option == 52;
	if (level == SOL_TCP)
		return option == TCP_INFO || option == TCP_TIMESTAMP ||
		       option == TCP_CC_INFO;
	for (i = 0; level == SOL_SOCKET && i < sizeof(socket) / sizeof(int); i++)
		if (option == socket[i])
			return true;
	return false;
}

static void value_text(struct run *r, int level, int option, const uint8_t *v,
		       socklen_t len, char *text, size_t size)
{
	size_t at = 0, i;

	*text = '\0';
	if (has_own_value(level, option)) {
		snprintf(text, size, " (its own)");
	} else if (level == SOL_SOCKET && option == SO_PEERNAME) {
		struct sockaddr_storage ss = { 0 };

		memcpy(&ss, v, len < sizeof(ss) ? len : sizeof(ss));
		text[0] = ' ';
		run_addr_text(r, &ss, len, text + 1, size - 1);
	} else if (len % 4 == 0 && len <= 64) {
		for (i = 0; i < len; i += 4) {
			int word;

			memcpy(&word, v + i, 4);
			at += snprintf(text + at, size - at, " %d", word);
		}
	} else {
		for (i = 0; i < len && i < 48; i++)
			at += snprintf(text + at, size - at, " %02x", v[i]);
	}
}

static void get_one(struct run *r, int fd, int level, int option, long len,
		    const char *before)
{
	uint8_t value[1024];
	char name[64], text[512];
	socklen_t room = len;
	int ret;

	memset(value, 0xee, sizeof(value));
	names_text(K_OPT, level, option, name, sizeof(name));
	errno = 0;
	ret = getsockopt(fd, level, option, value, &room);
	if (ret) {
		say(r->t, "  %s%s %s", before, name, errno_name(errno));
		return;
	}
	/* The length can be that of the value, not of the buffer. */
	value_text(r, level, option, value,
		   room < (socklen_t)len ? room : (socklen_t)len, text,
		   sizeof(text));
	say(r->t, "  %s%s %d length %u%s", before, name, ret, room, text);
}

static void fill_value(uint8_t *value, const long *v, int words)
{
	int i;

	for (i = 0; i < words; i++) {
		uint32_t word = v[i];

		memcpy(value + 4 * i, &word, 4);
	}
}

void do_set(struct run *r, const struct op *op)
{
	int fd = r->slot[op->slot].fd;
	uint8_t value[1024] = { 0 };
	int ret;

	fill_value(value, op->arg + 3, 4);
	call_patiently();
	ret = setsockopt(fd, op->arg[0], op->arg[1], value, op->arg[2]);
	call_end(r, ret);
	get_one(r, fd, op->arg[0], op->arg[1], 64, "now ");
}

void do_get(struct run *r, const struct op *op)
{
	get_one(r, r->slot[op->slot].fd, op->arg[0], op->arg[1], op->arg[2],
		"");
}

/* Options that end the sweep, or make the rest of it meaningless. */
static bool left_out(int level, int option)
{
	return (level == SOL_SOCKET &&
		(option == SO_LOCK_FILTER || option == SO_BINDTODEVICE ||
		 option == SO_BINDTOIFINDEX || option == SO_ERROR)) ||
	       (level == SOL_TCP &&
		(option == TCP_REPAIR || option == TCP_NOTSENT_LOWAT)) ||
	       (level == SOL_IPV6 && option == IPV6_ADDRFORM);
}

/*
 * TCP looks for a module by that name, while the SYN's timer may expire; these options
 * have scripts of their own.
 */
static bool loads_module(int level, int option)
{
	return level == SOL_TCP && (option == TCP_CONGESTION || option == TCP_ULP);
}

void do_setall(struct run *r, const struct op *op)
{
	int fd = r->slot[op->slot].fd, option;
	uint8_t value[1024] = { 0 };
	char before[96], name[64];

	fill_value(value, op->arg + 2, 2);
	for (option = 0; option <= LAST; option++) {
		int ret;

		if (left_out(op->arg[0], option) || loads_module(op->arg[0], option))
			continue;
		names_text(K_OPT, op->arg[0], option, name, sizeof(name));
		errno = 0;
		ret = setsockopt(fd, op->arg[0], option, value, op->arg[1]);
		snprintf(before, sizeof(before), "set %s %s, now ", name,
			 ret ? errno_name(errno) : "done");
		get_one(r, fd, op->arg[0], option, 64, before);
	}
}

void do_getall(struct run *r, const struct op *op)
{
	int option;

	for (option = 0; option <= LAST; option++)
		if (!left_out(op->arg[0], option) || op->arg[0] == SOL_TCP)
			get_one(r, r->slot[op->slot].fd, op->arg[0], option,
				op->arg[1], "");
}

/*
 * The fields of TCP_INFO that the program determines.  Those of a closed socket are of
 * its past.
 */
void do_info(struct run *r, const struct op *op)
{
	struct tcp_info i = { 0 };
	socklen_t len = sizeof(i);
	const char *past;

	if (getsockopt(r->slot[op->slot].fd, SOL_TCP, TCP_INFO, &i, &len)) {
		say(r->t, "  %s", errno_name(errno));
		return;
	}
	past = i.tcpi_state == ST_CLOSED ? "past " : "";
	say(r->t, "  state %s", state_name(i.tcpi_state));
	say(r->t, "  %sca %u retransmits %u probes %u backoff %u", past, i.tcpi_ca_state,
	    i.tcpi_retransmits, i.tcpi_probes, i.tcpi_backoff);
	say(r->t, "  %soptions 0x%x", past, i.tcpi_options);
	say(r->t, "  %smss snd %u adv %u pmtu %u", past, i.tcpi_snd_mss, i.tcpi_advmss,
	    i.tcpi_pmtu);
	say(r->t, "  %srcv mss %u", past, i.tcpi_rcv_mss);
	say(r->t, "  %sunacked %u sacked %u lost %u retrans %u fackets %u", past,
	    i.tcpi_unacked, i.tcpi_sacked, i.tcpi_lost, i.tcpi_retrans, i.tcpi_fackets);
	say(r->t, "  %scwnd %u ssthresh %u", past, i.tcpi_snd_cwnd, i.tcpi_snd_ssthresh);
	say(r->t, "  %sreordering %u total retrans %u", past, i.tcpi_reordering,
	    i.tcpi_total_retrans);
	say(r->t, "  %sacked %llu received %llu notsent %u", past,
	    (unsigned long long)i.tcpi_bytes_acked,
	    (unsigned long long)i.tcpi_bytes_received, i.tcpi_notsent_bytes);
	say(r->t, "  %sdata segments in %u out %u", past, i.tcpi_data_segs_in,
	    i.tcpi_data_segs_out);
	say(r->t, "  %sdelivered %u %u sent %llu resent %llu", past, i.tcpi_delivered,
	    i.tcpi_delivered_ce, (unsigned long long)i.tcpi_bytes_sent,
	    (unsigned long long)i.tcpi_bytes_retrans);
	say(r->t, "  %sooo %u dsack %u", past, i.tcpi_rcv_ooopack, i.tcpi_dsack_dups);
	say(r->t, "  %sscales %u %u", past, i.tcpi_snd_wscale, i.tcpi_rcv_wscale);
	say(r->t, "  %swindows rcv ssthresh %u snd wnd %u", past, i.tcpi_rcv_ssthresh,
	    i.tcpi_snd_wnd);
}
