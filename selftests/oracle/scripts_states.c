// SPDX-License-Identifier: GPL-2.0
/*
 * Every state of a socket crossed with every operation: a program for each pair, named
 * "state/probe".
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"
#include "scripts.h"

/* Each program leads slot 1 into a state. */
static const struct script states[] = {
	{ "new", CLIENT_ },
	{ "bound", CLIENT_ "1 bind any 2;" },
	{ "listen", CLIENT_ "1 bind any 2; 1 listen;" },
	{ "syn_sent", NONBLOCK "1 connect far 1;" },
	{ "refused", CLIENT_ "1 connect S 3;" },
	{ "refused_pending", NONBLOCK "1 connect S 3;" },
	{ "established", PAIR },
	{ "fin_wait_2", PAIR "1 shutdown;" },
	{ "close_wait", PAIR "2 shutdown;" },
	{ "shut_rd", PAIR "1 shutdown SHUT_RD;" },
	{ "ended", PAIR "2 shutdown; 1 shutdown;" },
	{ "time_wait", PAIR "1 shutdown; 2 shutdown;" },
	{ "reset", PAIR ABORTS("2") "2 close;" },
	{ "disconnected", PAIR "1 connect unspec;" },
	{ "accepted_reset", SERVE "2 socket C; 2 connect S 1;" ABORTS("2") "2 close; 1 accept 0;" },
};

static const struct script probes[] = {
	{ "get_socket", "1 nonblock; 1 getall SOL_SOCKET" },
	{ "get_ip", "1 getall SOL_IP" },
	{ "get_tcp", "1 getall SOL_TCP" },
	{ "get_ipv6", "1 getall SOL_IPV6" },
	{ "set_socket_1", "1 setall SOL_SOCKET 4 1" },
	{ "set_ip_1", "1 setall SOL_IP 4 1" },
	{ "set_tcp_1", "1 setall SOL_TCP 4 1" },
	{ "set_ipv6_1", "1 setall SOL_IPV6 4 1" },
	{ "names", "1 getsockname; 1 getpeername; 1 info" },
	{ "bind", "1 nonblock; 1 bind any 3; 1 bind C 0; 1 listen; 1 accept 1" },
	{ "connect", "1 nonblock; 1 connect S 1; 1 connect S 1" },
	{ "disconnect", "1 connect unspec; 1 recv 1 MSG_DONTWAIT; 1 send 1; 1 connect S 1" },
	{ "recv",
	  "1 nonblock; 1 recv 0; 1 recv; 1 recv; 1 recv 1 MSG_OOB; 1 recv 1 MSG_PEEK;"
	  "1 recvmsg 1" },
	{ "oob",
	  "1 nonblock; 1 recv 1 MSG_OOB; 1 send 1 MSG_OOB; 1 recv 1 MSG_OOB;"
	  "1 recv 1 MSG_ERRQUEUE" },
	{ "send", "1 nonblock; 1 send 0; 1 send 5; 1 send 5; 1 send 5 MSG_MORE; 1 sendto 5 0 S 1" },
	{ "splice", "1 nonblock; 1 spliceout; 1 splicein; 1 sendfile" },
	{ "ioctl", "1 ioctl SIOCINQ; 1 ioctl SIOCOUTQ; 1 ioctl SIOCOUTQNSD; 1 ioctl SIOCATMARK" },
	{ "error",
	  "1 get SOL_SOCKET SO_ERROR; 1 get SOL_SOCKET SO_ERROR; 1 nonblock; 1 send 1; 1 recv" },
	{ "shut_wr", "1 shutdown SHUT_WR; 1 shutdown SHUT_WR; 1 shutdown SHUT_RDWR" },
	{ "shut_rd", "1 shutdown SHUT_RD; 1 shutdown SHUT_RDWR" },
	{ "close", "1 close" },
	{ "abort", ABORTS("1") "1 close" },
	{ "peer_sends", "2 send 5; 1 nonblock; 1 recv 3; 1 close; 2 recv 1 MSG_DONTWAIT" },
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

const struct script *scripts_states(void)
{
	static struct script all[COUNT(states) * COUNT(probes) + 1];
	size_t i, k, n = 0;
	char *text;

	for (i = 0; i < COUNT(states); i++)
		for (k = 0; k < COUNT(probes); k++, n++) {
			if (asprintf(&text, "%s/%s", states[i].name, probes[k].name) < 0)
				abort();
			all[n].name = text;
			if (asprintf(&text, "%s%s", states[i].text, probes[k].text) < 0)
				abort();
			all[n].text = text;
		}
	return all;
}

/* Probes for the sockets' first states only: odd lengths and values. */
const struct script scripts_sweeps[] = {
	{ "sweep_get_0",
	  PAIR "1 getall SOL_SOCKET 0; 1 getall SOL_IP 0; 1 getall SOL_TCP 0;"
	  "1 getall SOL_IPV6 0" },
	{ "sweep_get_1",
	  PAIR "1 getall SOL_SOCKET 1; 1 getall SOL_IP 1; 1 getall SOL_TCP 1;"
	  "1 getall SOL_IPV6 1" },
	{ "sweep_get_3",
	  PAIR "1 getall SOL_SOCKET 3; 1 getall SOL_IP 3; 1 getall SOL_TCP 3;"
	  "1 getall SOL_IPV6 3" },
	{ "sweep_get_4",
	  PAIR "1 getall SOL_SOCKET 4; 1 getall SOL_IP 4; 1 getall SOL_TCP 4;"
	  "1 getall SOL_IPV6 4" },
	{ "sweep_get_1000",
	  PAIR "1 getall SOL_SOCKET 1000; 1 getall SOL_IP 1000; 1 getall SOL_TCP 1000" },
	{ "sweep_get_minus",
	  PAIR "1 getall SOL_SOCKET -1; 1 getall SOL_IP -1; 1 getall SOL_TCP -1" },
	{ "sweep_set_len_0",
	  CLIENT_ "1 setall SOL_SOCKET 0; 1 setall SOL_IP 0; 1 setall SOL_TCP 0;"
	  "1 setall SOL_IPV6 0" },
	{ "sweep_set_len_1",
	  CLIENT_ "1 setall SOL_SOCKET 1 1; 1 setall SOL_IP 1 1; 1 setall SOL_TCP 1 1" },
	{ "sweep_set_len_3",
	  CLIENT_ "1 setall SOL_SOCKET 3 1; 1 setall SOL_IP 3 1; 1 setall SOL_TCP 3 1" },
	{ "sweep_set_len_8",
	  CLIENT_ "1 setall SOL_SOCKET 8 1; 1 setall SOL_IP 8 1; 1 setall SOL_TCP 8 1" },
	{ "sweep_set_len_16",
	  CLIENT_ "1 setall SOL_SOCKET 16 1; 1 setall SOL_IP 16 1; 1 setall SOL_TCP 16 1" },
	{ "sweep_set_len_200",
	  CLIENT_ "1 setall SOL_SOCKET 200; 1 setall SOL_IP 200; 1 setall SOL_TCP 200" },
	{ "sweep_set_len_minus",
	  CLIENT_ "1 setall SOL_SOCKET -1; 1 setall SOL_IP -1; 1 setall SOL_TCP -1" },
	{ "sweep_set_0",
	  CLIENT_ "1 setall SOL_SOCKET 4 0; 1 setall SOL_IP 4 0; 1 setall SOL_TCP 4 0;"
	  "1 setall SOL_IPV6 4 0" },
	{ "sweep_set_minus_1",
	  CLIENT_ "1 setall SOL_SOCKET 4 -1; 1 setall SOL_IP 4 -1; 1 setall SOL_TCP 4 -1;"
	  "1 setall SOL_IPV6 4 -1" },
	{ "sweep_set_2",
	  CLIENT_ "1 setall SOL_SOCKET 4 2; 1 setall SOL_IP 4 2; 1 setall SOL_TCP 4 2;"
	  "1 setall SOL_IPV6 4 2" },
	{ "sweep_set_big",
	  CLIENT_ "1 setall SOL_SOCKET 4 2147483647; 1 setall SOL_IP 4 2147483647;"
	  "1 setall SOL_TCP 4 2147483647" },
	{ }
};
