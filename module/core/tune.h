/* SPDX-License-Identifier: GPL-2.0 */
/* How large the buffers should be, and the receiver's estimate of the round trip. */
#ifndef _ATCP_CORE_TUNE_H
#define _ATCP_CORE_TUNE_H

#include "core/tcb.h"

/* ESTABLISHED: from here on it is measured. */
void atcp_tune_start(struct atcp_tcb *c);
/* @h has a timestamp and came with text, perhaps a @full segment: samples by its echo. */
void atcp_tune_echo(struct atcp_tcb *c, const struct atcp_hdr *h, bool full);
/* RCV.NXT has moved: samples where that ends a window. */
void atcp_tune_text(struct atcp_tcb *c);
/* The program has read: sizes the receive buffer. */
void atcp_tune_read(struct atcp_tcb *c);

#endif /* _ATCP_CORE_TUNE_H */
