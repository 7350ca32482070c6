/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ATCP_SIM_TABLE_H
#define _ATCP_SIM_TABLE_H

/* Prints the table of throughput; 0 when every transfer was completed. */
int sim_table(void);

#endif /* _ATCP_SIM_TABLE_H */
