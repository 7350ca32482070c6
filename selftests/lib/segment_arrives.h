/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SEGMENT ARRIVES, state by state: RFC 9293 section 3.10.7, with RFC 5961 sections 3
 * to 5 (challenge ACKs), as a table for whoever goes through it: the simulator and the
 * loaded module.
 *
 * A row is one segment into one state: what is answered, in what state that leaves
 * the connection, what the user is told and can read.  Segments are written as in
 * sim/script.h.  Numbers count from SND.NXT and RCV.NXT; the window is WND bytes.
 *
 * The states' names, ATCP_..., are for the includer to define.
 */
#ifndef ATCP_SELFTEST_SEGMENT_ARRIVES_H
#define ATCP_SELFTEST_SEGMENT_ARRIVES_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define WND	4000
#define STAYS	0		/* no change of state */

/**
 * struct row - a segment that arrives in a state
 * @id:		its name
 * @in:		the segment
 * @out:	the answer, or NULL: none
 * @next:	the state afterwards, STAYS if it is the same
 * @err:	what the user is told when @next is CLOSED: an errno, or 0
 * @reads:	bytes that the user can read then
 * @then:	what is sent a few milliseconds after @out, or NULL
 */
struct row {
	const char *id;
	const char *in;
	const char *out;
	uint8_t next;
	int err;
	int reads;
	const char *then;
};

/* --- before there are two ends --- */

/* Our numbers are absolute here, since a reset has sequence number 0. */
static const struct row closed[] = {
	{ "syn", "S 0", "RA 0 1" },
	{ "syn_with_data", "S 0+10", "RA 0 11" },
	{ "fin", "F 5", "RA 0 6" },
	{ "data_without_ack", "P 5+10", "RA 0 15" },
	{ "no_flags", ". 5", "RA 0 5" },
	{ "ack", "A 5 7", "R 7" },
	{ "syn_ack", "SA 5 7", "R 7" },
	{ "fin_ack", "FA 5 7", "R 7" },
	{ "data", "PA 5+10 7", "R 7" },
	{ "rst", "R 5" },
	{ "rst_ack", "RA 5 7" },
	{ "rst_syn", "RS 5" },
	{ }
};

static const struct row listening[] = {
	{ "rst", "R 5" },
	{ "rst_ack", "RA 5 7" },
	{ "rst_syn", "RS 5" },
	{ "ack", "A 5 7", "R 7" },
	{ "syn_ack", "SA 5 7", "R 7" },
	{ "data", "PA 5+10 7", "R 7" },
	{ "fin_ack", "FA 5 7", "R 7" },
	{ "syn", "S 0", "SA 0 1", ATCP_SYN_RECEIVED },
	{ "syn_push_urg", "SPU 0 up 1", "SA 0 1", ATCP_SYN_RECEIVED },
	{ "syn_with_data", "S 0+10", "SA 0 1", ATCP_SYN_RECEIVED },
	{ "no_flags", ". 5" },
	{ "fin", "F 5" },
	{ "data_without_ack", "P 5+10" },
	{ }
};

static const struct row syn_sent[] = {
	{ "ack_of_nothing", "A 5 0", "R 0", .then = "S 0" },
	{ "ack_beyond", "A 5 2", "R 2", .then = "S 0" },
	{ "ack_far_too_old", "A 5 -70000", "R -70000", .then = "S 0" },
	{ "syn_ack_of_nothing", "SA 0 0", "R 0", .then = "S 0" },
	{ "syn_ack_beyond", "SA 0 2", "R 2", .then = "S 0" },
	{ "rst_with_bad_ack", "RA 5 0" },
	{ "rst_with_ack_beyond", "RA 5 2" },
	{ "rst_without_ack", "R 0" },
	{ "rst", "RA 0 1", NULL, ATCP_CLOSED, ECONNREFUSED },
	{ "rst_syn", "RSA 0 1", NULL, ATCP_CLOSED, ECONNREFUSED },
	{ "ack_alone", "A 5 1" },
	{ "no_flags", ". 5" },
	{ "fin", "F 5" },
	{ "fin_ack", "FA 5 1" },
	{ "data", "PA 1+10 1" },
	{ "syn", "S 0", "SA 0 1", ATCP_SYN_RECEIVED },
	{ "syn_with_data", "S 0+10", "SA 0 1", ATCP_SYN_RECEIVED },
	{ "syn_ack", "SA 0 1", "A 1 1", ATCP_ESTABLISHED },
	{ "syn_ack_with_data", "SPA 0+10 1", "A 1 11", ATCP_ESTABLISHED, 0, 10 },
	{ "syn_ack_with_fin", "SFA 0 1", "A 1 2", ATCP_CLOSE_WAIT },
	{ "syn_ack_with_data_and_fin", "SFPA 0+10 1", "A 1 12", ATCP_CLOSE_WAIT, 0, 10 },
	{ }
};

/*
 * Entered from LISTEN or by simultaneous open; SND.NXT is one past our SYN, RCV.NXT
 * past the peer's.
 */
static const struct row syn_received[] = {
	{ "rst_in_window", "R 10", "A 0 0" },
	{ "rst_beyond_window", "R 4000" },
	{ "rst_before_window", "R -1" },
	{ "ack_of_nothing", "A 0 -1", "R -1" },
	{ "ack_too_old", "A 0 -10", "R -10" },
	{ "ack_beyond", "A 0 1", "R 1" },
	{ "no_ack_bit", ". 0" },
	{ "data_without_ack", "P 0+10" },
	{ "fin_without_ack", "F 0" },
	{ "ack_beyond_window", "A 4000 0", "A 0 0" },
	{ "data_beyond_window", "PA 4000+10 0", "A 0 0" },
	{ "ack", "A 0 0", NULL, ATCP_ESTABLISHED },
	{ "data", "PA 0+10 0", "A 0 10", ATCP_ESTABLISHED, 0, 10 },
	{ "data_out_of_order", "PA 5+10 0", "A 0 0", ATCP_ESTABLISHED },
	{ "data_partly_left", "PA -5+15 0", "A 0 10", ATCP_ESTABLISHED, 0, 10 },
	{ "fin", "FA 0 0", "A 0 1", ATCP_CLOSE_WAIT },
	{ "data_with_fin", "FPA 0+10 0", "A 0 11", ATCP_CLOSE_WAIT, 0, 10 },
	{ }
};

static const struct row syn_received_passive[] = {
	{ "rst", "R 0", NULL, ATCP_LISTEN },
	{ "rst_ack", "RA 0 0", NULL, ATCP_LISTEN },
	{ "syn_again", "S -1 mss 1460", "SA -1 0" },
	{ "syn_in_window", "S 10", NULL, ATCP_LISTEN },
	{ "syn_beyond_window", "S 4000", "A 0 0" },
	{ "syn_ack_before_window", "SA -1 0", "A 0 0" },
	{ }
};

static const struct row syn_received_open[] = {
	{ "rst", "R 0", NULL, ATCP_CLOSED, ECONNREFUSED },
	{ "rst_ack", "RA 0 0", NULL, ATCP_CLOSED, ECONNREFUSED },
	{ "syn_again", "S -1 mss 1460", "SA -1 0" },
	{ "syn_ack", "SA -1 0", NULL, ATCP_ESTABLISHED },
	{ "syn_in_window", "S 10", "A 0 0" },
	{ "syn_beyond_window", "S 4000", "A 0 0" },
	{ }
};

/* --- the synchronized states but TIME-WAIT --- */

static const struct row synchronized[] = {
	{ "syn_exact", "S 0", "A 0 0" },
	{ "syn_in_window", "S 10", "A 0 0" },
	{ "syn_again", "S -1", "A 0 0" },
	{ "syn_beyond_window", "S 4000", "A 0 0" },
	{ "syn_ack_in_window", "SA 0 0", "A 0 0" },
	{ "syn_ack_again", "SA -1 0", "A 0 0" },
	{ "rst_in_window", "R 10", "A 0 0" },
	{ "rst_at_window_end", "R 3999", "A 0 0" },
	{ "rst_ack_in_window", "RA 10 0", "A 0 0" },
	{ "rst_beyond_window", "R 4000" },
	{ "rst_before_window", "R -1" },
	{ "rst_far_away", "R 1000000000" },
	{ "no_ack_bit", ". 0" },
	{ "data_without_ack", "P 0+10" },
	{ "fin_without_ack", "F 0" },
	{ "ack_beyond", "A 0 1", "A 0 0" },
	{ "data_with_ack_beyond", "PA 0+10 1", "A 0 0" },
	{ "fin_with_ack_beyond", "FA 0 1", "A 0 0" },
	/* ACKs of what was never sent; valid old ones are in test_rfc_attack.c. */
	{ "ack_old", "A 0 -10", "A 0 0" },
	{ "data_with_old_ack", "PA 0+10 -10", "A 0 0" },
	{ "fin_with_ack_too_old", "FA 0 -10", "A 0 0" },
	{ "ack_far_too_old", "A 0 -65538", "A 0 0" },
	{ "data_with_ack_far_too_old", "PA 0+10 -65538", "A 0 0" },
	{ "ack_beyond_window", "A 4000 -1", "A 0 0" },
	{ "ack_before_window", "A -1 -1", "A 0 0" },
	{ "data_wholly_left", "PA -10+10 -1", "A 0 0" },
	{ "data_wholly_right", "PA 4000+10 -1", "A 0 0" },
	{ "fin_beyond_window", "FA 4000 -1", "A 0 0" },
	{ }
};

/* States in which the peer may still send. */
static const struct row receiving[] = {
	{ "rst", "R 0", NULL, ATCP_CLOSED, ECONNRESET },
	{ "rst_ack", "RA 0 0", NULL, ATCP_CLOSED, ECONNRESET },
	{ "rst_with_data", "R 0+10", NULL, ATCP_CLOSED, ECONNRESET },
	{ "rst_fin", "RF 0", NULL, ATCP_CLOSED, ECONNRESET },
	{ "ack_dup", "A 0 -1" },
	{ "data", "PA 0+10 -1", "A 0 10", STAYS, 0, 10 },
	{ "data_partly_left", "PA -5+15 -1", "A 0 10", STAYS, 0, 10 },
	{ "data_fills_window", "PA 0+4000 -1", "A 0 4000 win 0", STAYS, 0, 4000 },
	{ "data_partly_right", "PA 0+4010 -1", "A 0 4000 win 0", STAYS, 0, 4000 },
	/* Neither end lies in the window: not acceptable by table 6. */
	{ "data_overlaps_window", "PA -5+4015 -1", "A 0 0" },
	{ "data_out_of_order", "PA 5+10 -1", "A 0 0" },
	{ "fin_out_of_order", "FA 5 -1", "A 0 0" },
	{ "data_and_fin_out_of_order", "FPA 5+10 -1", "A 0 0" },
	{ "fin_cut_off", "FPA 0+4010 -1", "A 0 4000 win 0", STAYS, 0, 4000 },
	{ "urg", "PUA 0+10 -1 up 10", "A 0 10", STAYS, 0, 10 },
	{ "urg_ahead", "UA 0 -1 up 10" },
	{ "urg_behind", "UA 0 -1 up 0" },
	{ }
};

static const struct row established[] = {
	{ "ack_acceptable", "A 0 0" },
	{ "fin", "FA 0 0", "A 0 1", ATCP_CLOSE_WAIT },
	{ "data_with_fin", "FPA 0+10 0", "A 0 11", ATCP_CLOSE_WAIT, 0, 10 },
	{ "fin_partly_left", "FPA -5+15 0", "A 0 11", ATCP_CLOSE_WAIT, 0, 10 },
	/* A FIN needs no room, so it is taken at the window's very end too. */
	{ "fin_at_window_end", "FPA 0+4000 0", "A 0 4001 win 0", ATCP_CLOSE_WAIT, 0, 4000 },
	{ }
};

static const struct row fin_wait_1[] = {
	{ "ack_of_fin", "A 0 0", NULL, ATCP_FIN_WAIT_2 },
	{ "fin", "FA 0 -1", "A 0 1", ATCP_CLOSING },
	{ "fin_with_ack_of_fin", "FA 0 0", "A 0 1", ATCP_TIME_WAIT },
	{ "data_with_fin", "FPA 0+10 -1", "A 0 11", ATCP_CLOSING, 0, 10 },
	{ "data_with_ack_of_fin", "PA 0+10 0", "A 0 10", ATCP_FIN_WAIT_2, 0, 10 },
	{ "all_at_once", "FPA 0+10 0", "A 0 11", ATCP_TIME_WAIT, 0, 10 },
	{ }
};

static const struct row fin_wait_2[] = {
	{ "ack_acceptable", "A 0 0" },
	{ "fin", "FA 0 0", "A 0 1", ATCP_TIME_WAIT },
	{ "fin_with_old_ack", "FA 0 -1", "A 0 1", ATCP_TIME_WAIT },
	{ "data_with_fin", "FPA 0+10 0", "A 0 11", ATCP_TIME_WAIT, 0, 10 },
	{ }
};

/* The peer's FIN has come: text, URG and FIN are ignored. */
static const struct row deaf[] = {
	{ "ack_dup", "A 0 -1" },
	{ "data", "PA 0+10 -1" },
	{ "data_partly_left", "PA -5+15 -1" },
	{ "fin_again", "FA -1 -1", "A 0 0" },
	{ "another_fin", "FA 0 -1" },
	{ "data_with_another_fin", "FPA 0+10 -1" },
	{ "urg", "PUA 0+10 -1 up 10" },
	{ }
};

static const struct row close_wait[] = {
	{ "rst", "R 0", NULL, ATCP_CLOSED, EPIPE },
	{ "ack_acceptable", "A 0 0" },
	{ }
};

static const struct row closing[] = {
	{ "rst", "R 0", NULL, ATCP_CLOSED, ECONNRESET },
	{ "ack_of_fin", "A 0 0", NULL, ATCP_TIME_WAIT },
	{ "data_with_ack_of_fin", "PA 0+10 0", NULL, ATCP_TIME_WAIT },
	{ "fin_again_with_ack_of_fin", "FA -1 0", "A 0 0" },
	{ }
};

static const struct row last_ack[] = {
	{ "rst", "R 0", NULL, ATCP_CLOSED, ECONNRESET },
	{ "ack_of_fin", "A 0 0", NULL, ATCP_CLOSED, 0 },
	{ "data_with_ack_of_fin", "PA 0+10 0", NULL, ATCP_CLOSED, 0 },
	{ }
};

static const struct row time_wait[] = {
	{ "fin_again", "FA -1 0", "A 0 0" },
	{ "data_with_fin_again", "FPA -11+10 0", "A 0 0" },
	{ "ack", "A 0 0" },
	{ "ack_dup", "A 0 -1" },
	/* With net.atcp.rfc1337 they do not: test_rfc_close.c. */
	{ "rst", "R 0", NULL, ATCP_CLOSED },
	{ "rst_ack", "RA 0 0", NULL, ATCP_CLOSED },
	{ "rst_in_window", "R 10" },
	{ "rst_before_window", "R -1" },
	{ "rst_beyond_window", "R 4000" },
	/* A newer SYN: test_rfc_close.c, RFC 6191. */
	{ "syn_again", "S -2", "A 0 0" },
	{ "syn_ack", "SA 0 0", "A 0 0" },
	{ "data_beyond_window", "PA 4000+10 0", "A 0 0" },
	{ "data_wholly_left", "PA -10+5 0", "A 0 0" },
	{ }
};

#endif /* ATCP_SELFTEST_SEGMENT_ARRIVES_H */
