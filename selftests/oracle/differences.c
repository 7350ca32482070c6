// SPDX-License-Identifier: GPL-2.0
/*
 * The differences that are known, and why there are: the README's table is
 * printed from here.  Each applies to exactly the lines that it names; one that
 * does not occur any more fails the suite.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "oracle.h"

struct difference differences[] = {
	{
		.id = "protocol",
		.what = "`SO_PROTOCOL`",
		.tcp = "6",
		.atcp = "253",
		.why = "the protocol that the socket's segments are carried by",
		.tcp_line = ".*SO_PROTOCOL 0 length 4 6",
		.atcp_line = ".*SO_PROTOCOL 0 length 4 253",
	},
	{
		.id = "types",
		.what = "`socket()` with a type other than `SOCK_STREAM`",
		.tcp = "other protocols' sockets",
		.atcp = "`ESOCKTNOSUPPORT`",
		.why = "the family is this one protocol's",
		.op = "socket . (SOCK_DGRAM|SOCK_RAW|SOCK_SEQPACKET|0|4|5|10|11)",
		.tcp_line = "= .*",
		.atcp_line = "= ESOCKTNOSUPPORT",
	},
	{
		.id = "closed-queue",
		.what = "`SIOCOUTQ`, `SIOCOUTQNSD` of a closed socket",
		.tcp = "what is left of sequence numbers",
		.atcp = "0",
		.why = "nothing is queued",
		.op = "ioctl (SIOCOUTQ|SIOCOUTQNSD)",
		.tcp_line = "value -?[0-9]+",
		.atcp_line = "value 0",
	},
	{
		.id = "gso-push",
		.what = "PSH on segments that the device cuts",
		.tcp = "always",
		.atcp = "when the data ends there",
		.why = "TCP sets it to end the receiver's GRO early",
		.tcp_line = "wire [0-9]+ [<>] pushes",
	},
	{
		.id = "window",
		.what = "window and scale in the SYN",
		.tcp = "a multiple of the MSS, scale 7",
		.atcp = "65535, scale 6",
		.why = "each reckons otherwise how much room data takes in a buffer",
		.tcp_line = "wire [0-9]+ [<>] window [0-9]+ scale -?[0-9]+",
		.atcp_line = "wire [0-9]+ [<>] window [0-9]+ scale -?[0-9]+",
	},
};

const unsigned int differences_count = sizeof(differences) / sizeof(differences[0]);

void differences_begin(void)
{
	unsigned int *hits = mmap(NULL, differences_count * sizeof(*hits),
				  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	if (hits == MAP_FAILED)
		net_die("out of memory");
	for (i = 0; i < differences_count; i++)
		differences[i].hits = &hits[i];
}

void differences_print(void)
{
	unsigned int i;

	printf("| what | TCP | atcp | why |\n| --- | --- | --- | --- |\n");
	for (i = 0; i < differences_count; i++) {
		const struct difference *d = &differences[i];

		/* Several patterns can be about one row. */
		if (d->what)
			printf("| %s | %s | %s | %s |\n", d->what, d->tcp, d->atcp,
			       d->why);
	}
}
