// SPDX-License-Identifier: GPL-2.0
/* Programs about sending and receiving. */
#include "oracle.h"
#include "scripts.h"

const struct script scripts_data[] = {
	{ "zero_lengths",
	  PAIR "1 send 0; 2 recv 0 MSG_DONTWAIT; 1 send 5; 2 recv 0; 2 recv 5; 1 sendmsg 0;"
	  "2 recvmsg 0 MSG_DONTWAIT; 1 send 0 MSG_OOB; 1 send 0 MSG_MORE" },
	{ "peek",
	  PAIR "1 send 10; 2 recv 4 MSG_PEEK; 2 recv 20 MSG_PEEK; 2 recv 4; 2 recv 20 MSG_PEEK;"
	  "2 recv 20; 2 recv 1 MSG_PEEK|MSG_DONTWAIT; 1 shutdown; 2 recv 1 MSG_PEEK; 2 recv 1" },
	{ "trunc",
	  PAIR "1 send 10; 2 recv 4 MSG_TRUNC; 2 recv 4 MSG_TRUNC|MSG_PEEK;"
	  "2 recv 100 MSG_TRUNC; 2 recv 1 MSG_TRUNC|MSG_DONTWAIT;"
	  "2 recvmsg 1 MSG_TRUNC|MSG_DONTWAIT" },
	{ "waitall",
	  PAIR "1 send 10; 2 recv 20 MSG_WAITALL|MSG_DONTWAIT; 1 send 10;"
	  "2 recv 20 MSG_WAITALL; 2 set SOL_SOCKET SO_RCVTIMEO 16 0 0 50000; 1 send 3;"
	  "2 recv 9 MSG_WAITALL; 2 recv 9 MSG_WAITALL; 1 send 3; 1 shutdown;"
	  "2 recv 9 MSG_WAITALL; 2 recv 9 MSG_WAITALL" },
	{ "rcvlowat",
	  PAIR "2 set SOL_SOCKET SO_RCVLOWAT 4 10; 1 send 5; 1 send 4; 1 send 1; 2 recv 3;"
	  "2 recv 3 MSG_DONTWAIT; 2 recv 100 MSG_DONTWAIT; 1 send 3; 1 shutdown; 2 recv 100" },
	{ "rcvlowat_values",
	  PAIR "2 set SOL_SOCKET SO_RCVLOWAT 4 0; 2 set SOL_SOCKET SO_RCVLOWAT 4 -1;"
	  "2 set SOL_SOCKET SO_RCVLOWAT 4 1000; 2 set SOL_SOCKET SO_RCVLOWAT 3 1" },
	{ "recv_flags_1",
	  PAIR "1 send 99; 2 recv 1 MSG_DONTROUTE; 2 recv 1 MSG_CTRUNC; 2 recv 1 MSG_PROXY;"
	  "2 recv 1 MSG_EOR; 2 recv 1 MSG_FIN; 2 recv 1 MSG_SYN; 2 recv 1 MSG_CONFIRM;"
	  "2 recv 1 MSG_RST; 2 recv 1 MSG_NOSIGNAL; 2 recv 1 MSG_MORE; 2 recv 1 MSG_WAITFORONE;"
	  "2 recv 1 MSG_BATCH; 2 recv 1 MSG_ZEROCOPY; 2 recv 1 MSG_FASTOPEN;"
	  "2 recv 1 MSG_CMSG_CLOEXEC; 2 recv 1 0x80000000; 2 recv 1 0x80000; 2 recv 1 0x100000;"
	  "2 recv 1 0x1000000; 2 recv 1 0x8000000" },
	{ "recv_flags_2",
	  PAIR "1 send 9; 2 recv 1 MSG_ERRQUEUE; 2 recv 1 MSG_ERRQUEUE|MSG_PEEK;"
	  "2 recv 1 MSG_ERRQUEUE|MSG_OOB; 2 recvmsg 1 MSG_ERRQUEUE; 2 recv 1 MSG_OOB;"
	  "0 recv 1 MSG_ERRQUEUE; 0 recv 1 MSG_OOB; 0 recv 1" },
	{ "send_flags_1",
	  PAIR "1 send 1 MSG_DONTROUTE; 1 send 1 MSG_PEEK; 1 send 1 MSG_CTRUNC;"
	  "1 send 1 MSG_PROXY; 1 send 1 MSG_TRUNC; 1 send 1 MSG_DONTWAIT; 1 send 1 MSG_EOR;"
	  "1 send 1 MSG_WAITALL; 1 send 1 MSG_FIN; 1 send 1 MSG_SYN; 1 send 1 MSG_CONFIRM;"
	  "1 send 1 MSG_RST; 1 send 1 MSG_ERRQUEUE; 1 send 1 MSG_WAITFORONE;"
	  "1 send 1 MSG_CMSG_CLOEXEC; 1 send 1 0x80000000; 2 recv" },
	{ "send_flags_2",
	  PAIR "1 send 1 MSG_BATCH; 1 send 1 0x80000; 1 send 1 0x100000; 1 send 1 0x8000000;"
	  "1 send 1 0x200000; 1 send 1 0x400000; 1 send 1 0x800000; 1 send 1 0x1000000;"
	  "1 send 1 0x2000000; 1 send 1 0x10000000; 2 recv" },
	{ "fastopen",
	  SERVE CLIENT_ "1 send 1 MSG_FASTOPEN; 1 sendto 1 MSG_FASTOPEN S 1; 1 connect S 1;"
	  "1 send 1 MSG_FASTOPEN; 1 sendto 1 MSG_FASTOPEN S 1" },
	{ "more", PAIR "1 send 3 MSG_MORE &; 1 send 4 MSG_MORE &; 1 send 5; 2 recv" },
	{ "more_then_shutdown", PAIR "1 send 3 MSG_MORE &; 1 shutdown; 2 recv; 2 recv" },
	{ "more_then_close", PAIR "1 send 3 MSG_MORE &; 1 close; 2 recv; 2 recv" },
	{ "more_waits", PAIR "1 send 3 MSG_MORE; 2 await POLLIN; 2 recv" },
	{ "more_nodelay",
	  PAIR "1 set SOL_TCP TCP_NODELAY 4 1; 1 send 3 MSG_MORE &; 1 send 4; 2 recv" },
	{ "more_full", PAIR "1 send 2000 MSG_MORE; 2 await POLLIN; 1 send 1; 2 recv 3000" },
	{ "cork",
	  PAIR "1 set SOL_TCP TCP_CORK 4 1; 1 send 3 &; 1 send 4 &; 1 set SOL_TCP TCP_CORK 4 0;"
	  "2 recv; 1 send 4; 2 recv" },
	{ "cork_nodelay",
	  PAIR "1 set SOL_TCP TCP_CORK 4 1; 1 send 3 &; 1 set SOL_TCP TCP_NODELAY 4 1; 2 recv" },
	{ "cork_full", PAIR "1 set SOL_TCP TCP_CORK 4 1; 1 send 3000; 2 recv 9999" },
	{ "nagle", PAIR "1 send 1 &; 1 send 2 &; 1 send 3; 2 recv" },
	{ "nagle_off",
	  PAIR "1 set SOL_TCP TCP_NODELAY 4 1; 1 send 1 &; 1 send 2 &; 1 send 3; 2 recv" },
	{ "nagle_big", PAIR "1 send 1460 &; 1 send 10 &; 1 send 1460 &; 1 send 20; 2 recv 5000" },
	{ "eor", PAIR "1 send 3 MSG_EOR|MSG_MORE &; 1 send 4 MSG_EOR &; 1 send 5; 2 recv" },
	{ "oob",
	  PAIR "1 send 3; 1 send 1 MSG_OOB; 2 recv 1 MSG_OOB|MSG_PEEK; 2 recv 1 MSG_OOB;"
	  "2 recv 1 MSG_OOB; 2 recv 2; 2 recv 10; 2 ioctl SIOCATMARK; 1 send 4; 2 recv 10;"
	  "2 recv 1 MSG_OOB" },
	{ "oob_long", PAIR "1 send 5 MSG_OOB; 2 recv 10; 2 recv 1 MSG_OOB; 1 send 2; 2 recv 10" },
	{ "oob_unread", PAIR "1 send 1 MSG_OOB; 1 send 3; 2 recv 10; 2 recv 1 MSG_OOB" },
	{ "oob_first", PAIR "1 send 1 MSG_OOB; 2 recv 1 MSG_OOB; 1 send 1; 2 recv 2" },
	{ "oob_twice",
	  PAIR "1 send 1; 1 send 1 MSG_OOB; 1 send 2; 1 send 1 MSG_OOB; 1 send 3;"
	  "2 recv 1 MSG_OOB; 2 recv 10; 2 recv 10; 2 recv 10" },
	{ "oob_inline",
	  PAIR "2 set SOL_SOCKET SO_OOBINLINE 4 1; 1 send 3; 1 send 1 MSG_OOB; 1 send 2;"
	  "2 recv 1 MSG_OOB; 2 recv 10; 2 ioctl SIOCATMARK; 2 recv 10" },
	{ "oob_inline_later",
	  PAIR "1 send 3; 1 send 1 MSG_OOB; 2 set SOL_SOCKET SO_OOBINLINE 4 1; 2 recv 10;"
	  "2 recv 10" },
	{ "oob_inline_off_later",
	  PAIR "2 set SOL_SOCKET SO_OOBINLINE 4 1; 1 send 3; 1 send 1 MSG_OOB;"
	  "2 set SOL_SOCKET SO_OOBINLINE 4 0; 2 recv 1 MSG_OOB; 2 recv 10" },
	{ "oob_peek",
	  PAIR "1 send 3; 1 send 1 MSG_OOB; 1 send 3; 2 recv 10 MSG_PEEK; 2 recv 3;"
	  "2 recv 10 MSG_PEEK; 2 recv 10" },
	{ "oob_close",
	  PAIR "1 send 1 MSG_OOB; 1 close; 2 recv 1 MSG_OOB; 2 recv 1 MSG_OOB; 2 recv 1" },
	{ "oob_after_end",
	  PAIR "1 send 2; 1 shutdown; 2 recv 1 MSG_OOB; 2 recv; 2 recv 1 MSG_OOB; 2 close;"
	  "1 recv 1 MSG_OOB" },
	{ "oob_zero_length", PAIR "1 send 1 MSG_OOB; 2 recv 0 MSG_OOB; 2 recv 1 MSG_OOB" },
	{ "oob_trunc", PAIR "1 send 1 MSG_OOB; 2 recv 1 MSG_OOB|MSG_TRUNC; 2 recvmsg 1 MSG_OOB" },
	{ "oob_recvmsg", PAIR "1 send 1 MSG_OOB; 2 recvmsg 1 MSG_OOB; 2 recvmsg 0 MSG_OOB" },
	{ "oob_signal", PAIR "2 own; 1 send 1; 1 send 1 MSG_OOB; 2 recv 1; 1 close" },
	{ "oob_rcvlowat",
	  PAIR "2 set SOL_SOCKET SO_RCVLOWAT 4 2; 1 send 1 MSG_OOB; 1 send 1; 1 send 1;"
	  "2 recv 9" },
	{ "oob_waitall",
	  PAIR "2 set SOL_SOCKET SO_RCVTIMEO 16 0 0 50000; 1 send 2; 1 send 1 MSG_OOB;"
	  "1 send 2; 2 recv 9 MSG_WAITALL; 2 recv 9 MSG_WAITALL" },
	{ "oob_big", PAIR "1 send 4000 MSG_OOB; 2 recv 9999; 2 recv 1 MSG_OOB; 2 recv 10" },
	{ "oob_disconnect", PAIR "1 send 1 MSG_OOB; 2 connect unspec; 2 recv 1 MSG_OOB; 2 recv 1" },
	{ "sendto_connected",
	  PAIR "1 sendto 3 0 S 1; 1 sendto 3 0 nobody 1; 1 sendto 3 0 badfamily 1;"
	  "1 sendto 3 0 S 1 0; 1 sendto 3 0 S 1 1; 1 sendto 3 0 S 1 -1; 1 sendto 3 0 S 1 200;"
	  "2 recv" },
	{ "sendto_new", CLIENT_ "1 sendto 3 0 S 1; 1 send 3; 1 sendto 0 0 S 1; 1 recv 0; 1 recv" },
	{ "control_messages",
	  PAIR "1 sendmsg 3 0 SOL_SOCKET 1; 1 sendmsg 3 0 SOL_SOCKET SO_MARK 4 1;"
	  "1 sendmsg 3 0 SOL_SOCKET SO_MARK 3; 1 sendmsg 3 0 SOL_SOCKET SO_TIMESTAMPING 4 2;"
	  "1 sendmsg 3 0 SOL_SOCKET SO_TIMESTAMPING 4 -1; 1 sendmsg 3 0 SOL_SOCKET 99;"
	  "1 sendmsg 3 0 SOL_IP IP_TOS 4 8; 1 sendmsg 3 0 SOL_TCP 1;"
	  "1 sendmsg 3 0 SOL_SOCKET 1 0; 1 sendmsg 3 0 SOL_SOCKET SO_TXTIME 8;"
	  "1 sendmsg 3 0 SOL_SOCKET 2 12; 2 recvmsg" },
	{ "recvmsg", PAIR "1 send 9; 2 recvmsg 4; 2 recvmsg 100 0 0; 2 recvmsg 1 MSG_DONTWAIT" },
	{ "recvmsg_inq",
	  PAIR "2 set SOL_TCP TCP_INQ 4 1; 1 send 9; 2 recvmsg 4; 2 recvmsg 4 MSG_PEEK;"
	  "2 recvmsg 9; 2 set SOL_TCP TCP_INQ 4 2; 1 close; 2 recvmsg 9" },
	{ "recvmsg_timestamp",
	  PAIR "2 set SOL_SOCKET SO_TIMESTAMP 4 1; 1 send 9; 2 recvmsg 9;"
	  "2 set SOL_SOCKET SO_TIMESTAMP 4 0; 2 set SOL_SOCKET SO_TIMESTAMPNS 4 1; 1 send 9;"
	  "2 recvmsg 9; 2 ioctl SIOCGSTAMP_OLD" },
	{ "recvmsg_ip_options",
	  PAIR "2 set SOL_IP IP_PKTINFO 4 1; 2 set SOL_IP IP_RECVTTL 4 1;"
	  "2 set SOL_IP IP_RECVTOS 4 1; 1 send 9; 2 recvmsg 9" },
	{ "zerocopy",
	  PAIR "1 set SOL_SOCKET SO_ZEROCOPY 4 1; 1 send 100 MSG_ZEROCOPY; 2 recv;"
	  "1 recvmsg 1 MSG_ERRQUEUE; 1 recvmsg 1 MSG_ERRQUEUE; 1 send 5000 MSG_ZEROCOPY;"
	  "2 recv 9999; 1 recvmsg 1 MSG_ERRQUEUE" },
	{ "zerocopy_unasked", PAIR "1 send 100 MSG_ZEROCOPY; 2 recv; 1 recvmsg 1 MSG_ERRQUEUE" },
	{ "zerocopy_values",
	  PAIR "1 set SOL_SOCKET SO_ZEROCOPY 4 -1; 1 set SOL_SOCKET SO_ZEROCOPY 4 2;"
	  "1 set SOL_SOCKET SO_ZEROCOPY 4 0; 1 set SOL_SOCKET SO_ZEROCOPY 2 1" },
	{ "peek_off",
	  PAIR "2 set SOL_SOCKET SO_PEEK_OFF 4 2; 1 send 9; 2 recv 3 MSG_PEEK;"
	  "2 recv 3 MSG_PEEK; 2 recv 1; 2 recv 9 MSG_PEEK; 2 recv 9 MSG_PEEK|MSG_DONTWAIT" },
	{ "big", PAIR "1 send 10000; 2 recv 20000; 2 send 50000; 1 recv 50000 MSG_WAITALL" },
	{ "fill_and_drain", PAIR "1 fill; 2 drain 1; 1 send 1; 2 recv 1 MSG_TRUNC" },
	{ "fill_and_close", PAIR "1 fill; 1 close; 2 drain 1; 2 close" },
	{ "fill_and_shut", PAIR "1 fill; 1 shutdown; 2 drain 1; 2 close; 1 recv; 1 close" },
	{ "fill_and_abort", PAIR "1 fill;" ABORTS("1") "1 close; 2 recv 1; 2 recv 9999; 2 recv 1" },
	{ "fill_and_peer_closes", PAIR "1 fill; 2 close; 1 send 1; 1 send 1; 1 recv" },
	{ "small_buffer",
	  PAIR "1 set SOL_SOCKET SO_SNDBUF 4 1; 1 send 10; 1 fill 100 &; 2 drain 1; 1 send 1;"
	  "2 recv 9 MSG_TRUNC" },
	{ "sendfile",
	  PAIR "1 sendfile 100; 2 recv; 1 sendfile 5000; 2 recv 9999; 1 shutdown; 1 sendfile" },
	{ "splice",
	  PAIR "1 splicein 100; 2 spliceout 50; 2 spliceout 100; 2 spliceout 100;"
	  "1 splicein 5000; 2 spliceout 9999; 2 recv 9999; 1 shutdown; 2 spliceout; 1 splicein" },
	{ "splice_oob",
	  PAIR "1 send 3; 1 send 1 MSG_OOB; 1 send 3; 2 spliceout; 2 spliceout; 2 recv" },
	{ "splice_errors",
	  SERVE "0 spliceout; 0 splicein;" CLIENT_ "1 spliceout; 1 splicein; 1 sendfile" },
	{ "spliced_both_ends",
	  PAIR "1 splicein 3000 0x4; 1 splicein 3000 0; 2 spliceout 3000 0; 2 spliceout 9000 0" },
	{ }
};
