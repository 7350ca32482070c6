/* SPDX-License-Identifier: GPL-2.0 */
/* Sending what is queued, for the first time and again. */
#ifndef _ATCP_CORE_OUTPUT_H
#define _ATCP_CORE_OUTPUT_H

#include "tcb.h"

#define ATCP_DUPTHRESH		3	/* RFC 5681 section 3.2 */

/* Sends what window, congestion window and Nagle allow. */
void atcp_output(struct atcp_tcb *c);
/* Resends what stands at SND.UNA: the SYN, at most one full segment, or the FIN. */
void atcp_resend_first(struct atcp_tcb *c);
/* Sends one octet, or FIN, beyond the closed window (section 3.8.6.1). */
void atcp_send_probe(struct atcp_tcb *c);
/* The same as atcp_output(), but what Nagle, a cork or a small window holds goes too. */
void atcp_output_held(struct atcp_tcb *c);
/* Bytes that count against cwnd. */
u32 atcp_flight(const struct atcp_tcb *c);
/* Finds out what it waits for now: atcp_chrono(). */
void atcp_chrono_update(struct atcp_tcb *c);
bool atcp_unsent(const struct atcp_tcb *c);

#endif /* _ATCP_CORE_OUTPUT_H */
