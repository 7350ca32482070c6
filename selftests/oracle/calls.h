/* SPDX-License-Identifier: GPL-2.0 */
/* The operations of a program, for their table in calls.c. */
#ifndef ATCP_SELFTEST_ORACLE_CALLS_H
#define ATCP_SELFTEST_ORACLE_CALLS_H

#include "oracle.h"

/* Goes around a call: clears errno, bounds how long it takes, prints its result. */
void call_begin(void);
/* Goes before a call that may load a module, which takes long but not for ever. */
void call_patiently(void);
void call_end(struct run *r, long ret);

/* calls_data.c */
void do_send(struct run *r, const struct op *op);
void do_sendto(struct run *r, const struct op *op);
void do_sendmsg(struct run *r, const struct op *op);
void do_recv(struct run *r, const struct op *op);
void do_recvmsg(struct run *r, const struct op *op);
void do_fill(struct run *r, const struct op *op);
void do_drain(struct run *r, const struct op *op);
void do_sendfile(struct run *r, const struct op *op);
void do_splicein(struct run *r, const struct op *op);
void do_spliceout(struct run *r, const struct op *op);

/* calls_options.c */
void do_set(struct run *r, const struct op *op);
void do_get(struct run *r, const struct op *op);
void do_setall(struct run *r, const struct op *op);
void do_getall(struct run *r, const struct op *op);
void do_info(struct run *r, const struct op *op);

#endif /* ATCP_SELFTEST_ORACLE_CALLS_H */
