/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Beginnings of scripted programs.  Slot 0 listens in the server's namespace
 * at port 1; slot 1 is the client's socket; slot 2 what the server accepts.
 */
#ifndef ATCP_SELFTEST_ORACLE_SCRIPTS_H
#define ATCP_SELFTEST_ORACLE_SCRIPTS_H

#define SERVE		"0 socket S; 0 bind any 1; 0 listen;"
#define CLIENT_		"1 socket C;"
#define NONBLOCK	"1 socket C SOCK_STREAM|SOCK_NONBLOCK;"
#define PAIR		SERVE CLIENT_ "1 connect S 1; 2 accept 0;"
/* SO_LINGER with a time of zero: close() resets. */
#define ABORTS(slot)	slot " set SOL_SOCKET SO_LINGER 8 1 0;"

#endif /* ATCP_SELFTEST_ORACLE_SCRIPTS_H */
