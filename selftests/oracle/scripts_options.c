// SPDX-License-Identifier: GPL-2.0
/* Programs about socket options: what each does, at odd values and lengths. */
#include "oracle.h"
#include "scripts.h"

const struct script scripts_options[] = {
	{ "level_unknown",
	  CLIENT_ "1 set SOL_UDP 1 4 1; 1 set SOL_RAW 1 4 1; 1 set 99 1 4; 1 set -1 1 4;"
	  "1 get SOL_UDP 1; 1 get SOL_RAW 1; 1 get 99 1; 1 get -1 1;"
	  "1 set SOL_IPV6 IPV6_V6ONLY 4 1; 1 set SOL_IPV6 IPV6_TCLASS 4 1;"
	  "1 get SOL_IPV6 IPV6_TCLASS; 1 get SOL_IPV6 IPV6_V6ONLY" },
	{ "lengths",
	  CLIENT_ "1 set SOL_TCP TCP_NODELAY 0 1; 1 set SOL_TCP TCP_NODELAY 1 1;"
	  "1 set SOL_TCP TCP_NODELAY 3 1; 1 set SOL_TCP TCP_NODELAY 100 1;"
	  "1 set SOL_TCP TCP_NODELAY -1 1; 1 get SOL_TCP TCP_NODELAY 0;"
	  "1 get SOL_TCP TCP_NODELAY 1; 1 get SOL_TCP TCP_NODELAY -1; 1 get SOL_TCP TCP_INFO 0;"
	  "1 get SOL_TCP TCP_INFO 1; 1 get SOL_TCP TCP_INFO 104; 1 get SOL_TCP TCP_INFO -1" },
	{ "nodelay",
	  CLIENT_ "1 set SOL_TCP TCP_NODELAY 4 2; 1 set SOL_TCP TCP_NODELAY 4 0;"
	  "1 set SOL_TCP TCP_NODELAY 4 -1" },
	{ "cork_values",
	  CLIENT_ "1 set SOL_TCP TCP_CORK 4 2; 1 set SOL_TCP TCP_CORK 4 0;"
	  "1 set SOL_TCP TCP_CORK 4 -1" },
	{ "maxseg",
	  SERVE CLIENT_ "1 set SOL_TCP TCP_MAXSEG 4 1; 1 set SOL_TCP TCP_MAXSEG 4 87;"
	  "1 set SOL_TCP TCP_MAXSEG 4 88; 1 set SOL_TCP TCP_MAXSEG 4 32768;"
	  "1 set SOL_TCP TCP_MAXSEG 4 32767; 1 set SOL_TCP TCP_MAXSEG 4 -1;"
	  "1 set SOL_TCP TCP_MAXSEG 4 600; 1 connect S 1; 1 get SOL_TCP TCP_MAXSEG; 2 accept 0;"
	  "2 get SOL_TCP TCP_MAXSEG; 1 send 2000; 2 recv 3000; 2 send 2000; 1 recv 3000;"
	  "1 set SOL_TCP TCP_MAXSEG 4 500; 1 set SOL_TCP TCP_MAXSEG 4 0;"
	  "1 set SOL_TCP TCP_MAXSEG 4 2000" },
	{ "maxseg_listener",
	  "0 socket S; 0 set SOL_TCP TCP_MAXSEG 4 700; 0 bind any 1; 0 listen;" CLIENT_
	  "1 connect S 1; 2 accept 0; 2 get SOL_TCP TCP_MAXSEG; 1 get SOL_TCP TCP_MAXSEG;"
	  "1 send 1500" },
	{ "keepalive_values",
	  PAIR "1 set SOL_TCP TCP_KEEPIDLE 4 0; 1 set SOL_TCP TCP_KEEPIDLE 4 -1;"
	  "1 set SOL_TCP TCP_KEEPIDLE 4 32767; 1 set SOL_TCP TCP_KEEPIDLE 4 32768;"
	  "1 set SOL_TCP TCP_KEEPINTVL 4 0; 1 set SOL_TCP TCP_KEEPINTVL 4 32768;"
	  "1 set SOL_TCP TCP_KEEPINTVL 4 7; 1 set SOL_TCP TCP_KEEPCNT 4 0;"
	  "1 set SOL_TCP TCP_KEEPCNT 4 128; 1 set SOL_TCP TCP_KEEPCNT 4 127;"
	  "1 set SOL_SOCKET SO_KEEPALIVE 4 5; 1 set SOL_SOCKET SO_KEEPALIVE 4 0" },
	{ "syncnt",
	  PAIR "1 set SOL_TCP TCP_SYNCNT 4 0; 1 set SOL_TCP TCP_SYNCNT 4 1;"
	  "1 set SOL_TCP TCP_SYNCNT 4 127; 1 set SOL_TCP TCP_SYNCNT 4 128;"
	  "1 set SOL_TCP TCP_SYNCNT 4 -1" },
	{ "syncnt_counts",
	  NONBLOCK "1 set SOL_TCP TCP_SYNCNT 4 1; 1 connect far 1; 1 await POLLERR 9000;"
	  "1 get SOL_SOCKET SO_ERROR" },
	{ "linger2_values",
	  CLIENT_ "1 set SOL_TCP TCP_LINGER2 4 -5; 1 set SOL_TCP TCP_LINGER2 4 0;"
	  "1 set SOL_TCP TCP_LINGER2 4 1; 1 set SOL_TCP TCP_LINGER2 4 119;"
	  "1 set SOL_TCP TCP_LINGER2 4 120; 1 set SOL_TCP TCP_LINGER2 4 121;"
	  "1 set SOL_TCP TCP_LINGER2 4 100000" },
	{ "defer_accept_values",
	  CLIENT_ "1 set SOL_TCP TCP_DEFER_ACCEPT 4 1; 1 set SOL_TCP TCP_DEFER_ACCEPT 4 2;"
	  "1 set SOL_TCP TCP_DEFER_ACCEPT 4 10; 1 set SOL_TCP TCP_DEFER_ACCEPT 4 100000;"
	  "1 set SOL_TCP TCP_DEFER_ACCEPT 4 0; 1 set SOL_TCP TCP_DEFER_ACCEPT 4 -1" },
	{ "window_clamp",
	  CLIENT_ "1 set SOL_TCP TCP_WINDOW_CLAMP 4 1; 1 set SOL_TCP TCP_WINDOW_CLAMP 4 5000;"
	  "1 set SOL_TCP TCP_WINDOW_CLAMP 4 0; 1 set SOL_TCP TCP_WINDOW_CLAMP 4 -1" },
	{ "window_clamp_connected",
	  PAIR "1 set SOL_TCP TCP_WINDOW_CLAMP 4 1; 1 set SOL_TCP TCP_WINDOW_CLAMP 4 5000;"
	  "1 set SOL_TCP TCP_WINDOW_CLAMP 4 0" },
	{ "quickack",
	  PAIR "1 set SOL_TCP TCP_QUICKACK 4 0; 1 set SOL_TCP TCP_QUICKACK 4 1;"
	  "1 set SOL_TCP TCP_QUICKACK 4 2; 1 set SOL_TCP TCP_QUICKACK 4 3;"
	  "1 set SOL_TCP TCP_QUICKACK 4 -1" },
	{ "congestion",
	  CLIENT_ "1 set SOL_TCP TCP_CONGESTION 5 \"reno\";"
	  "1 set SOL_TCP TCP_CONGESTION 4 \"reno\"; 1 set SOL_TCP TCP_CONGESTION 3 \"reno\";"
	  "1 set SOL_TCP TCP_CONGESTION 16 \"reno\"; 1 set SOL_TCP TCP_CONGESTION 5 \"none\";"
	  "1 set SOL_TCP TCP_CONGESTION 0 \"reno\"; 1 set SOL_TCP TCP_CONGESTION -1 \"reno\";"
	  "1 get SOL_TCP TCP_CONGESTION 0; 1 get SOL_TCP TCP_CONGESTION 2;"
	  "1 get SOL_TCP TCP_CONGESTION 16; 1 get SOL_TCP TCP_CONGESTION 100;"
	  "1 get SOL_TCP TCP_CONGESTION -1" },
	{ "ulp",
	  PAIR "1 set SOL_TCP TCP_ULP 4 \"none\"; 1 set SOL_TCP TCP_ULP 0 \"none\";"
	  "1 set SOL_TCP TCP_ULP -1 \"none\"; 1 get SOL_TCP TCP_ULP 0;"
	  "1 get SOL_TCP TCP_ULP 16; 1 get SOL_TCP TCP_ULP -1" },
	{ "user_timeout",
	  PAIR "1 set SOL_TCP TCP_USER_TIMEOUT 4 -1; 1 set SOL_TCP TCP_USER_TIMEOUT 4 0;"
	  "1 set SOL_TCP TCP_USER_TIMEOUT 4 1; 1 set SOL_TCP TCP_USER_TIMEOUT 4 2147483647" },
	{ "user_timeout_connect",
	  NONBLOCK "1 set SOL_TCP TCP_USER_TIMEOUT 4 500; 1 connect far 1;"
	  "1 await POLLERR 5000; 1 get SOL_SOCKET SO_ERROR" },
	{ "notsent_lowat",
	  PAIR "1 set SOL_TCP TCP_NOTSENT_LOWAT 4 -1; 1 set SOL_TCP TCP_NOTSENT_LOWAT 4 0;"
	  "1 set SOL_TCP TCP_NOTSENT_LOWAT 4 1; 1 fill; 2 drain 1" },
	{ "timestamp",
	  PAIR "1 set SOL_TCP TCP_TIMESTAMP 4 1; 1 get SOL_TCP TCP_TIMESTAMP 4;"
	  "1 get SOL_TCP TCP_TIMESTAMP 2" },
	{ "cc_info",
	  PAIR "1 get SOL_TCP TCP_CC_INFO 0; 1 get SOL_TCP TCP_CC_INFO 4;"
	  "1 get SOL_TCP TCP_CC_INFO 64; 1 set SOL_TCP TCP_CC_INFO 4 1" },
	{ "inq",
	  PAIR "1 set SOL_TCP TCP_INQ 4 0; 1 set SOL_TCP TCP_INQ 4 1;"
	  "1 set SOL_TCP TCP_INQ 4 2; 1 set SOL_TCP TCP_INQ 4 -1" },
	{ "buffers",
	  CLIENT_ "1 get SOL_SOCKET SO_SNDBUF; 1 get SOL_SOCKET SO_RCVBUF;"
	  "1 set SOL_SOCKET SO_SNDBUF 4 0; 1 set SOL_SOCKET SO_SNDBUF 4 -1;"
	  "1 set SOL_SOCKET SO_SNDBUF 4 100000; 1 set SOL_SOCKET SO_RCVBUF 4 0;"
	  "1 set SOL_SOCKET SO_RCVBUF 4 -1; 1 set SOL_SOCKET SO_RCVBUF 4 100000;"
	  "1 set SOL_SOCKET SO_RCVBUFFORCE 4 9000000; 1 get SOL_SOCKET SO_RCVBUF" },
	{ "buffers_connected",
	  PAIR "1 get SOL_SOCKET SO_SNDBUF; 2 get SOL_SOCKET SO_SNDBUF;"
	  "1 get SOL_SOCKET SO_RCVBUF; 2 get SOL_SOCKET SO_RCVBUF" },
	{ "tos",
	  PAIR "1 set SOL_IP IP_TOS 4 0x10; 1 send 1; 1 set SOL_IP IP_TOS 4 0xff; 1 send 1;"
	  "1 set SOL_IP IP_TOS 1 4; 1 send 1; 1 set SOL_IP IP_TOS 4 -1; 1 set SOL_IP IP_TOS 0;"
	  "2 send 1; 1 get SOL_IP IP_TOS 1; 1 close" },
	{ "tos_listener",
	  "0 socket S; 0 set SOL_IP IP_TOS 4 0x20; 0 bind any 1; 0 listen;" CLIENT_
	  "1 set SOL_IP IP_TOS 4 0x08; 1 connect S 1; 2 accept 0; 2 get SOL_IP IP_TOS;"
	  "2 send 1; 1 close; 2 close" },
	{ "ttl",
	  PAIR "1 set SOL_IP IP_TTL 4 0; 1 set SOL_IP IP_TTL 4 256; 1 set SOL_IP IP_TTL 4 5;"
	  "1 send 1; 1 set SOL_IP IP_TTL 4 -1; 1 send 1; 1 set SOL_IP IP_TTL 1 7; 1 send 1;"
	  "1 close; 2 close" },
	{ "ttl_listener",
	  "0 socket S; 0 set SOL_IP IP_TTL 4 9; 0 bind any 1; 0 listen;" CLIENT_
	  "1 set SOL_IP IP_TTL 4 8; 1 connect S 1; 2 accept 0; 2 get SOL_IP IP_TTL; 2 send 1;"
	  "2 close; 1 close" },
	{ "minttl",
	  PAIR "1 set SOL_IP IP_MINTTL 4 65; 1 send 1; 2 recv; 1 set SOL_IP IP_MINTTL 4 64;"
	  "2 send 1; 1 set SOL_IP IP_MINTTL 4 256" },
	{ "mtu_discover",
	  PAIR "1 set SOL_IP IP_MTU_DISCOVER 4 0; 1 send 1; 1 set SOL_IP IP_MTU_DISCOVER 4 3;"
	  "1 send 1; 1 set SOL_IP IP_MTU_DISCOVER 4 6; 1 get SOL_IP IP_MTU;"
	  "0 get SOL_IP IP_MTU; 1 set SOL_IP IP_MTU 4 1000" },
	{ "ip_options_empty", PAIR "1 set SOL_IP IP_OPTIONS 0; 1 get SOL_IP IP_OPTIONS 40" },
	{ "ip_options",
	  SERVE CLIENT_ "1 set SOL_IP IP_OPTIONS 4 0x01010101; 1 connect S 1; 2 accept 0;"
	  "1 send 1; 2 get SOL_IP IP_OPTIONS 40" },
	{ "ip_options_bad",
	  CLIENT_ "1 set SOL_IP IP_OPTIONS 4 -1; 1 set SOL_IP IP_OPTIONS 41;"
	  "1 set SOL_IP IP_OPTIONS 3 1" },
	{ "multicast",
	  CLIENT_ "1 set SOL_IP IP_ADD_MEMBERSHIP 0;"
	  "1 set SOL_IP IP_ADD_MEMBERSHIP 8 0x010000e0;"
	  "1 set SOL_IP IP_DROP_MEMBERSHIP 8 0x010000e0;"
	  "1 set SOL_IP IP_ADD_SOURCE_MEMBERSHIP 12; 1 set SOL_IP IP_MSFILTER 16;"
	  "1 set SOL_IP 42 136; 1 set SOL_IP 42 3; 1 set SOL_IP 48 100;"
	  "1 set SOL_IP IP_MULTICAST_IF 4 0; 1 set SOL_IP IP_MULTICAST_TTL 4 3;"
	  "1 set SOL_IP IP_MULTICAST_LOOP 4 0; 1 get SOL_IP IP_MSFILTER 16;"
	  "1 get SOL_IP 48 200; 1 set SOL_IP IP_BLOCK_SOURCE 12" },
	{ "transparent",
	  CLIENT_ "1 bind nobody 1; 1 set SOL_IP IP_FREEBIND 4 1; 1 bind nobody 1; 2 socket C;"
	  "2 set SOL_IP IP_TRANSPARENT 4 1; 2 bind far 1" },
	{ "port_range",
	  SERVE CLIENT_ "1 set SOL_IP IP_LOCAL_PORT_RANGE 4 0x9c419c40; 1 bind C 0;"
	  "1 getsockname; 2 socket C; 2 set SOL_IP IP_LOCAL_PORT_RANGE 4 0x9c409c41;"
	  "2 set SOL_IP IP_LOCAL_PORT_RANGE 4 0x9c439c43; 2 connect S 1; 2 getsockname" },
	{ "recverr",
	  NONBLOCK "1 set SOL_IP IP_RECVERR 4 1; 1 connect S 3; 1 recvmsg 1 MSG_ERRQUEUE;"
	  "1 get SOL_SOCKET SO_ERROR" },
	{ "so_error_readonly",
	  CLIENT_ "1 set SOL_SOCKET SO_ERROR 4 1; 1 set SOL_SOCKET SO_TYPE 4 1;"
	  "1 set SOL_SOCKET SO_ACCEPTCONN 4 1; 1 set SOL_SOCKET SO_DOMAIN 4 1;"
	  "1 set SOL_SOCKET SO_PROTOCOL 4 1; 1 get SOL_SOCKET SO_DOMAIN" },
	{ "device",
	  SERVE CLIENT_ "1 set SOL_SOCKET SO_BINDTODEVICE 3 \"v0\"; 1 connect S 1; 2 socket C;"
	  "2 set SOL_SOCKET SO_BINDTODEVICE 3 \"lo\"; 2 nonblock; 2 connect S 1; 3 socket C;"
	  "3 set SOL_SOCKET SO_BINDTODEVICE 5 \"none\"; 3 get SOL_SOCKET SO_BINDTODEVICE 16" },
	{ "device_listener",
	  "0 socket S; 0 set SOL_SOCKET SO_BINDTODEVICE 3 \"v1\"; 0 bind any 1; 0 listen;"
	  "1 socket C; 1 connect S 1; 2 accept 0; 2 get SOL_SOCKET SO_BINDTODEVICE 16;"
	  "3 socket S; 3 connect lo 1; 4 socket S; 4 bind any 1; 4 listen; 3 connect lo 1" },
	{ "mark_priority",
	  PAIR "1 set SOL_SOCKET SO_MARK 4 5; 1 set SOL_SOCKET SO_PRIORITY 4 3;"
	  "1 set SOL_SOCKET SO_PRIORITY 4 99; 1 set SOL_SOCKET SO_PRIORITY 4 -1; 1 send 1;"
	  "0 set SOL_SOCKET SO_MARK 4 7; 2 get SOL_SOCKET SO_MARK" },
	{ "inherited",
	  "0 socket S; 0 set SOL_TCP TCP_NODELAY 4 1; 0 set SOL_TCP TCP_KEEPIDLE 4 77;"
	  "0 set SOL_SOCKET SO_KEEPALIVE 4 1; 0 set SOL_SOCKET SO_OOBINLINE 4 1;"
	  "0 set SOL_SOCKET SO_LINGER 8 1 3; 0 set SOL_SOCKET SO_RCVLOWAT 4 3;"
	  "0 set SOL_SOCKET SO_SNDBUF 4 20000; 0 set SOL_SOCKET SO_RCVBUF 4 30000;"
	  "0 set SOL_SOCKET SO_MARK 4 5; 0 set SOL_SOCKET SO_PRIORITY 4 2;"
	  "0 set SOL_TCP TCP_CORK 4 1; 0 set SOL_TCP TCP_QUICKACK 4 0;"
	  "0 set SOL_TCP TCP_USER_TIMEOUT 4 9000; 0 set SOL_TCP TCP_SYNCNT 4 3;"
	  "0 set SOL_TCP TCP_LINGER2 4 7; 0 set SOL_TCP TCP_NOTSENT_LOWAT 4 999;"
	  "0 set SOL_TCP TCP_DEFER_ACCEPT 4 0; 0 set SOL_TCP TCP_INQ 4 1;"
	  "0 set SOL_SOCKET SO_REUSEADDR 4 1; 0 set SOL_SOCKET SO_REUSEPORT 4 1;"
	  "0 set SOL_SOCKET SO_TIMESTAMP 4 1; 0 bind any 1; 0 listen; 1 socket C;"
	  "1 connect S 1; 2 accept 0; 2 getall SOL_SOCKET; 2 getall SOL_TCP; 2 getall SOL_IP" },
	{ "survives_disconnect",
	  SERVE CLIENT_ "1 set SOL_TCP TCP_NODELAY 4 1; 1 set SOL_TCP TCP_KEEPIDLE 4 77;"
	  "1 set SOL_TCP TCP_MAXSEG 4 999; 1 set SOL_TCP TCP_QUICKACK 4 0;"
	  "1 set SOL_TCP TCP_USER_TIMEOUT 4 9000; 1 set SOL_TCP TCP_LINGER2 4 7;"
	  "1 set SOL_TCP TCP_WINDOW_CLAMP 4 9000; 1 set SOL_IP IP_TOS 4 8; 1 connect S 1;"
	  "1 connect unspec; 1 getall SOL_SOCKET; 1 getall SOL_TCP; 1 getall SOL_IP" },
	{ "peername",
	  PAIR "1 get SOL_SOCKET SO_PEERNAME 16; 1 get SOL_SOCKET SO_PEERNAME 4;"
	  "1 get SOL_SOCKET SO_PEERNAME 100; 0 get SOL_SOCKET SO_PEERNAME 16" },
	{ "pacing",
	  PAIR "1 set SOL_SOCKET SO_MAX_PACING_RATE 4 1000;"
	  "1 set SOL_SOCKET SO_MAX_PACING_RATE 8 -1 -1; 1 set SOL_SOCKET SO_MAX_PACING_RATE 2 1" },
	{ "txtime",
	  PAIR "1 set SOL_SOCKET SO_TXTIME 8 1 0; 1 set SOL_SOCKET SO_TXTIME 8 1 9;"
	  "1 get SOL_SOCKET SO_TXTIME 8" },
	{ "info_connected",
	  PAIR "1 info; 2 info; 1 send 10; 2 recv; 1 info; 2 info; 2 send 5000; 1 recv 9999;"
	  "1 info; 2 info" },
	{ "info_states",
	  CLIENT_ "1 info; 0 socket S; 0 bind any 1; 0 listen; 0 info; 1 connect S 1; 0 info;"
	  "2 accept 0; 0 info; 1 shutdown; 1 info; 2 info; 2 close; 1 info" },
	{ "info_refused", CLIENT_ "1 connect S 3; 1 info" },
	{ "info_syn_sent", NONBLOCK "1 connect far 1; 1 info" },
	{ "info_reset", PAIR "1 send 10; 2 recv;" ABORTS("2") "2 close; 1 info; 1 recv; 1 info" },
	{ "repair", PAIR "1 set SOL_TCP TCP_REPAIR 4 1; 1 get SOL_TCP TCP_REPAIR" },
	{ }
};
