/* SPDX-License-Identifier: GPL-2.0 */
/* Sending what is queued, for the first time and again. */
#ifndef _ATCP_CORE_OUTPUT_H
#define _ATCP_CORE_OUTPUT_H

#include "core/tcb.h"

#define ATCP_DUPTHRESH		3	/* RFC 5681 section 3.2 */

/* Sends what window, congestion window and Nagle allow. */
void atcp_output(struct atcp_tcb *c);
/* Resends at most one full segment from SND.UNA on, or the FIN that is there. */
void atcp_resend_first(struct atcp_tcb *c);
/* Sends up to a segment of new data, whatever cwnd says.  False: there is none, or no window. */
bool atcp_send_new(struct atcp_tcb *c);
/* Resends the end of the last segment that was sent, as a tail loss probe. */
bool atcp_resend_last(struct atcp_tcb *c);
/* Sends one octet, or FIN, into the closed window (section 3.8.6.1). */
void atcp_send_probe(struct atcp_tcb *c);
/* The same as atcp_output(), overriding Nagle, a cork and a small window. */
void atcp_output_held(struct atcp_tcb *c);
/* Finds out what limits the connection now, for TCP_INFO. */
void atcp_chrono_update(struct atcp_tcb *c);
/* True if anything is queued, data or FIN, that was never sent. */
bool atcp_unsent(const struct atcp_tcb *c);

#endif /* _ATCP_CORE_OUTPUT_H */
