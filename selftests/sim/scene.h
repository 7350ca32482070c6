/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenes: whole connections between two (or more) hosts that run the core, and
 * what must have been on the wire, segment by segment.
 *
 *	scene("> SYN 0       win 65535\n"
 *	      "< SYN-ACK 0/1 win 65535\n"
 *	      "> ACK 1/1\n"
 *	      "< PSH-ACK 1/1 +22\n");
 *
 * '>' is from host 0 to host 1.  SEQ/ACK are relative numbers, +N is the payload in
 * bytes.  "win N" is compared where it is given.  "LOST" at the end marks a segment
 * that the link has lost.  Each call continues where the last one ended, and there
 * must be no segments but those that it lists.
 */
#ifndef _ATCP_SELFTESTS_SIM_SCENE_H
#define _ATCP_SELFTESTS_SIM_SCENE_H

#include "test.h"

#define MS	1000ULL
#define SEC	1000000ULL

/**
 * struct scene - the connection under test
 * @listener:	on host 1 (or 0, over the loopback)
 * @client:	its active end, on host 0
 * @server:	the accepted end
 */
struct scene {
	struct sim_listener *listener;
	struct sim_conn *client;
	struct sim_conn *server;
};

#define scene(text)	scene_at(__FILE__, __LINE__, text)
void scene_at(const char *file, int line, const char *text);
/* Skips the segments so far: the next scene begins after them. */
void scene_skip(void);

/* Connects host 0 to @port of host 1 (over links of 1 ms) and accepts. */
void scene_connect(struct scene *s, u16 port, const struct sim_sockopt *opt);
/* The same, but only up to the SYN. */
void scene_begin_connect(struct scene *s, u16 port, const struct sim_sockopt *opt);
/* Sends @len bytes of stream @stream from @offset; all must be taken. */
void scene_send(struct sim_conn *conn, u32 stream, u32 offset, u32 len);
/* Receives exactly @len bytes of stream @stream from @offset. */
void scene_recv(struct sim_conn *conn, u32 stream, u32 offset, u32 len);
/* The next recv() gives the end of the stream. */
void scene_eof(struct sim_conn *conn);
/* Lets everything come to an end: no connection, no TIME-WAIT, no timer. */
void scene_over(void);

/* Loses the @nth segment from now on, from 1, that @host sends with @flags set. */
void scene_lose(u8 host, u8 flags, u32 nth);

#endif /* _ATCP_SELFTESTS_SIM_SCENE_H */
