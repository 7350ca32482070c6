// SPDX-License-Identifier: GPL-2.0
/* Programs about names, listening, connecting, and the order of calls. */
#include "oracle.h"
#include "scripts.h"

const struct script scripts_calls[] = {
	{ "walk", PAIR "1 send 10; 2 recv; 2 send 22; 1 recv; 2 close; 1 recv; 1 recv; 1 close" },
	{ "socket_types",
	  "3 socket C 0; 4 socket C 4; 5 socket C SOCK_SEQPACKET; 6 socket C 11; 7 socket C 15;"
	  "0 socket C SOCK_STREAM|0x10; 0 socket C SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC;" },
	{ "socket_protocols",
	  "0 socket C SOCK_STREAM own; 1 socket C SOCK_STREAM zero;"
	  "2 socket C SOCK_STREAM other; 3 socket C SOCK_STREAM bad;" },
	{ "socket_types_and_protocols",
	  "0 socket C SOCK_DGRAM own; 2 socket C SOCK_SEQPACKET own;"
	  "3 socket C SOCK_SEQPACKET bad; 4 socket C SOCK_DGRAM bad; 5 socket C 15 bad" },
	{ "bind_addresses",
	  CLIENT_ "1 bind S 1; 1 bind nobody 1; 1 bind far 1; 1 bind broadcast 1;"
	  "1 bind limited 1; 1 bind multicast 1; 1 bind unspec 1; 1 bind C 2; 2 socket C;"
	  "2 bind badfamily 1; 2 bind stackfamily 1; 2 bind otherfamily 1; 2 bind lo 1;"
	  "2 bind lo 2;" },
	{ "bind_lengths",
	  CLIENT_ "1 bind any 1 0; 1 bind any 1 1; 1 bind any 1 2; 1 bind any 1 15;"
	  "1 bind any 1 -1; 1 bind any 1 129; 1 bind any 1 100; 2 socket C; 2 bind any 2 128" },
	{ "bind_twice",
	  CLIENT_ "1 bind any 1; 1 bind any 1; 1 bind any 2; 2 socket C; 2 bind any 1;"
	  "2 bind C 1; 2 bind lo 1; 2 bind any 0; 2 bind any 0" },
	{ "bind_reuse",
	  CLIENT_ "1 set SOL_SOCKET SO_REUSEADDR 4 1; 1 bind any 1; 2 socket C; 2 bind any 1;"
	  "2 set SOL_SOCKET SO_REUSEADDR 4 1; 2 bind any 1; 1 listen; 2 listen; 3 socket C;"
	  "3 set SOL_SOCKET SO_REUSEADDR 4 1; 3 bind any 1; 3 bind lo 1" },
	{ "bind_reuseport",
	  CLIENT_ "1 set SOL_SOCKET SO_REUSEPORT 4 1; 1 bind any 1; 2 socket C; 2 bind any 1;"
	  "2 set SOL_SOCKET SO_REUSEPORT 4 1; 2 bind any 1; 1 listen; 2 listen; 3 socket C;"
	  "3 bind C 1" },
	{ "bind_no_port",
	  SERVE CLIENT_ "1 set SOL_IP IP_BIND_ADDRESS_NO_PORT 4 1; 1 bind C 0; 1 connect S 1;"
	  "2 socket C; 2 bind C 0; 2 connect S 1" },
	{ "bind_then_connect",
	  SERVE CLIENT_ "1 bind C 2; 1 connect S 1; 1 bind C 3; 3 socket C; 3 bind C 2;"
	  "3 set SOL_SOCKET SO_REUSEADDR 4 1; 3 bind C 2; 3 connect S 1" },
	{ "listen_unbound", "0 socket S; 0 listen; 0 listen 0; 0 listen -1; 1 socket S; 1 listen" },
	{ "listen_orders",
	  PAIR "1 listen; 2 listen; 0 bind any 2; 0 connect S 1; 0 send 1; 0 recv;"
	  "0 shutdown SHUT_WR; 0 shutdown SHUT_RD; 0 listen; 1 close; 2 close" },
	{ "listen_shut",
	  SERVE "0 shutdown SHUT_WR; 0 shutdown SHUT_RD; 0 accept 0; 1 socket C; 1 connect S 1;"
	  "0 listen; 2 socket C; 2 connect S 1; 3 accept 0" },
	{ "listen_closed_with_waiting",
	  SERVE CLIENT_ "1 connect S 1; 1 send 5; 0 close; 1 recv; 1 send 1; 1 send 1" },
	{ "listen_shut_with_waiting",
	  SERVE CLIENT_ "1 connect S 1; 0 shutdown SHUT_RD; 1 recv; 2 accept 0" },
	{ "backlog",
	  "0 socket S; 0 bind any 1; 0 listen 1; 1 socket C; 1 connect S 1; 2 socket C;"
	  "2 connect S 1; 3 socket C SOCK_STREAM|SOCK_NONBLOCK; 3 connect S 1; 4 accept 0;"
	  "5 accept 0; 3 await POLLOUT; 6 accept 0" },
	{ "backlog_zero",
	  "0 socket S; 0 bind any 1; 0 listen 0; 1 socket C; 1 connect S 1;"
	  "3 socket C SOCK_STREAM|SOCK_NONBLOCK; 3 connect S 1; 4 accept 0; 3 await POLLOUT;"
	  "5 accept 0" },
	{ "accept_errors",
	  SERVE "0 nonblock; 2 accept 0; 3 accept 0 SOCK_CLOEXEC; 3 accept 0 1;" CLIENT_
	  "3 accept 1; 1 connect S 1; 3 accept 1; 3 accept 0 SOCK_NONBLOCK|SOCK_CLOEXEC;"
	  "4 accept 3; 5 accept 7" },
	{ "accept_lengths",
	  SERVE "1 socket C; 1 connect S 1; 2 socket C; 2 connect S 1; 3 socket C;"
	  "3 connect S 1; 4 accept 0 0 0; 5 accept 0 0 3; 6 accept 0 0 100" },
	{ "accept_blocks", SERVE "1 accept 0" },
	{ "accept_after_reset",
	  SERVE CLIENT_ "1 connect S 1; 1 send 5;" ABORTS("1") "1 close; 2 accept 0; 2 recv;"
	  "2 recv; 2 send 1; 2 get SOL_SOCKET SO_ERROR" },
	{ "accept_after_end",
	  SERVE CLIENT_ "1 connect S 1; 1 send 5; 1 close; 2 accept 0; 2 recv; 2 recv; 2 close" },
	{ "connect_refused",
	  CLIENT_ "1 connect S 3; 1 connect S 3; 1 get SOL_SOCKET SO_ERROR; 1 send 1; 1 recv;"
	  SERVE "1 connect S 1; 1 send 4" },
	{ "connect_refused_later",
	  NONBLOCK "1 connect S 3; 1 get SOL_SOCKET SO_ERROR; 1 connect S 3; 1 connect S 3;"
	  "1 recv; 1 send 1; 1 send 1" },
	{ "connect_refused_read", NONBLOCK "1 connect S 3; 1 recv; 1 recv" },
	{ "connect_refused_write", NONBLOCK "1 connect S 3; 1 send 1; 1 send 1" },
	{ "connect_lo",
	  SERVE "1 socket S; 1 connect lo 1; 2 accept 0; 1 send 5; 2 recv; 2 close; 1 recv;"
	  "1 close" },
	{ "connect_lo_refused", "1 socket S; 1 connect lo 2; 1 connect any 2" },
	{ "connect_any", SERVE "1 socket S; 1 connect any 1; 2 accept 0; 1 getpeername" },
	{ "connect_bad_addresses",
	  CLIENT_ "1 connect prohibited 1; 1 connect unreachable 1; 1 connect broadcast 1;"
	  "1 connect limited 1; 1 connect multicast 1; 1 connect badfamily 1;"
	  "1 connect stackfamily 1; 1 connect otherfamily 1; 1 connect S 0; 1 getsockname" },
	{ "connect_no_route", "1 socket S; 1 connect far 1; 1 send 1" },
	{ "connect_beyond", NONBLOCK "1 connect beyond 1" },
	{ "connect_beyond_waiting", CLIENT_ "1 connect beyond 1" },
	{ "connect_lengths",
	  SERVE CLIENT_ "1 connect S 1 0; 1 connect S 1 1; 1 connect S 1 2; 1 connect S 1 8;"
	  "1 connect S 1 15; 1 connect S 1 -1; 1 connect S 1 129; 1 connect S 1 128" },
	{ "connect_twice",
	  SERVE CLIENT_ "1 connect S 1; 1 connect S 1; 1 connect S 2; 1 bind C 3;"
	  "1 connect badfamily 1; 1 connect S 1 1" },
	{ "connect_nonblocking",
	  SERVE NONBLOCK "1 connect S 1; 1 connect S 1; 1 connect S 1;"
	  "1 get SOL_SOCKET SO_ERROR" },
	{ "connect_pending",
	  NONBLOCK "1 connect far 1; 1 connect far 1; 1 send 1; 1 recv; 1 listen; 1 bind any 2;"
	  "1 shutdown SHUT_WR; 1 getsockname; 1 getpeername; 1 connect far 1; 1 send 1; 1 close" },
	{ "connect_pending_shut_rd",
	  NONBLOCK "1 connect far 1; 1 shutdown SHUT_RD; 1 recv; 1 send 1; 1 connect far 1" },
	{ "connect_pending_shut_both",
	  NONBLOCK "1 connect far 1; 1 shutdown SHUT_RDWR; 1 connect far 1" },
	{ "connect_pending_disconnect",
	  NONBLOCK "1 connect far 1; 1 connect unspec; 1 connect far 1" },
	{ "connect_interrupted", CLIENT_ "1 connect far 1; 1 connect far 1; 1 close" },
	{ "connect_to_oneself",
	  CLIENT_ "1 bind C 2; 1 connect C 2; 1 send 3; 1 recv; 1 shutdown SHUT_WR; 1 recv;"
	  "1 close" },
	{ "connect_simultaneously",
	  "1 socket C SOCK_STREAM|SOCK_NONBLOCK; 1 bind C 2;"
	  "2 socket S SOCK_STREAM|SOCK_NONBLOCK; 2 bind S 3; 1 connect S 3; 2 connect C 2" },
	{ "disconnect",
	  PAIR "1 connect unspec; 2 recv; 2 send 1; 1 getsockname; 1 getpeername; 1 recv;"
	  "1 send 1; 1 connect S 1; 3 accept 0; 1 send 3; 3 recv" },
	{ "disconnect_bound",
	  SERVE CLIENT_ "1 bind C 2; 1 connect S 1; 1 connect unspec; 1 getsockname;"
	  "1 connect S 1; 1 getsockname" },
	{ "disconnect_unread",
	  PAIR "2 send 5; 1 connect unspec; 1 recv; 2 recv; 1 connect S 1; 1 recv" },
	{ "disconnect_lengths", PAIR "1 connect unspec 0 1; 1 connect unspec 0 2; 1 connect S 1" },
	{ "disconnect_new", CLIENT_ "1 connect unspec; 1 connect S 3; 1 connect unspec" },
	{ "disconnect_listener",
	  SERVE CLIENT_ "1 connect S 1; 0 connect unspec; 1 recv; 2 socket C; 2 connect S 1;"
	  "0 listen; 2 connect S 1" },
	{ "disconnect_half",
	  PAIR "1 shutdown SHUT_WR; 1 connect unspec; 2 recv; 2 send 2; 2 send 2" },
	{ "disconnect_other_half",
	  PAIR "2 shutdown SHUT_WR; 1 connect unspec; 2 recv; 2 send 2; 2 send 2" },
	{ "listen_after_connect",
	  SERVE CLIENT_ "1 connect S 1; 1 connect unspec; 1 bind any 2; 1 listen; 2 socket S;"
	  "2 connect C 2; 3 accept 1; 2 send 3; 3 recv" },
	{ "names",
	  PAIR "1 getsockname 0; 1 getsockname 1; 1 getsockname 15; 1 getsockname 200;"
	  "1 getsockname -1; 1 getpeername 0; 1 getpeername 4; 1 getpeername -1; 0 getpeername;"
	  "0 getsockname; 2 close; 1 getpeername; 1 recv; 1 close" },
	{ "names_after_reset",
	  PAIR ABORTS("2") "2 close; 1 getpeername; 1 recv; 1 getpeername; 1 getsockname;"
	  "1 connect S 1; 1 getpeername" },
	{ "ioctls",
	  PAIR "1 ioctl SIOCINQ; 1 ioctl SIOCOUTQ; 1 ioctl SIOCOUTQNSD; 1 ioctl SIOCATMARK;"
	  "0 ioctl SIOCINQ; 0 ioctl SIOCATMARK; 1 ioctl SIOCGPGRP; 1 ioctl FIOGETOWN;"
	  "1 ioctl SIOCGSTAMP_OLD; 1 ioctl SIOCGSTAMPNS_OLD; 1 ioctl SIOCADDRT;"
	  "1 ioctl SIOCGIFCONF; 1 ioctl SIOCGIFADDR; 1 ioctl SIOCGIFINDEX; 1 ioctl SIOCDARP;"
	  "1 ioctl SIOCPROTOPRIVATE; 1 ioctl SIOCDEVPRIVATE; 1 ioctl FIOASYNC; 1 ioctl 0;"
	  "1 ioctl -1; 1 ioctl 0x5401; 1 ioctl 0x89e1" },
	{ "ioctls_new",
	  CLIENT_ "1 ioctl SIOCINQ; 1 ioctl SIOCOUTQ; 1 ioctl SIOCATMARK; 1 bind any 1;"
	  "1 ioctl SIOCINQ; 1 ioctl SIOCOUTQNSD" },
	{ }
};
