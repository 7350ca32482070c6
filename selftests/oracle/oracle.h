/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The oracle: the same program of socket calls is run over atcp and over the
 * kernel's TCP, and everything that can be seen of both is compared.
 *
 *	scripts*.c, random*.c    programs: lists of operations, which are data
 *	        |
 *	program.c, names.c       their text: read, printed, replayed
 *	        |
 *	worker.c                 one process per stack, each with its own pair of
 *	        |                namespaces, executes the program ...
 *	  +-----+--------+
 *	calls.c   observe.c      ... call by call, looks at every socket after each
 *	          capture.c      and at the wire, and writes a transcript
 *	        |
 *	differ.c differences*.c  compares the transcripts; the known differences
 *	        |
 *	shrink.c                 makes a program that differs small
 *
 * With peer*.c each stack is alone, and the program plays the other host: see peer.h.
 *
 * After an operation nothing happens until all is quiet: every segment that will
 * be acknowledged has been.  A transcript then has what the program determines;
 * observe.c and capture.c say what they leave out, and why.
 */
#ifndef ATCP_SELFTEST_ORACLE_H
#define ATCP_SELFTEST_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../lib/net.h"

/* ---------------------------------------------------------------- programs */

/* <netinet/tcp.h> has them, and an old struct tcp_info. */
#ifndef SOL_TCP
#define SOL_TCP		6
#endif
#ifndef SOL_UDP
#define SOL_UDP		17
#endif

#define SLOTS		8	/* sockets that a program can hold */
#define PORTS		4	/* ports of its own that it can name */
#define ARGS		8
#define OPS		64
#define DEFAULT_LEN	(-1000)	/* the length that is right */

/* An operation: a call, the socket it is made on, numbers. */
struct op {
	uint8_t call;		/* index in calls[] */
	uint8_t slot;
	bool hurry;		/* the next one follows at once */
	long arg[ARGS];
};

struct program {
	unsigned int count;
	struct op op[OPS];
};

/* What an argument is, for reading and printing. */
enum kind {
	K_NUM,
	K_SIDE,
	K_ADDR,
	K_PORT,
	K_HOW,
	K_MSG,			/* flags of send() and recv() */
	K_LEVEL,
	K_OPT,			/* a socket option, of the level before it */
	K_TYPE,			/* a socket's type and flags */
	K_PROTO,
	K_CMD,			/* of ioctl() */
	K_EVENTS,		/* of poll() */
	K_SEGFLAGS,		/* of a crafted segment */
	K_SEGOPTS,		/* its options */
	K_FROM,			/* what its numbers are relative to */
	K_LEN,
};

enum address {
	A_CLIENT,
	A_SERVER,
	A_ANY,
	A_LO,
	A_NOBODY,		/* on the link, nobody has it, the link layer does not know */
	A_FAR,			/* beyond the gateway, where nobody answers */
	A_BEYOND,		/* beyond it, where it answers that there is no way */
	A_PROHIBITED,		/* routes that refuse */
	A_UNREACHABLE,
	A_BROADCAST,
	A_LIMITED,		/* 255.255.255.255 */
	A_MULTICAST,
	A_UNSPEC,		/* a family of AF_UNSPEC */
	A_BAD_FAMILY,
	A_OTHER_FAMILY,		/* IPv6 where the sockets are IPv4, and the reverse */
	A_STACK_FAMILY,		/* the number that socket() was given */
	A_MAPPED_CLIENT,	/* ::ffff:... */
	A_MAPPED_SERVER,
	A_MAPPED_ANY,
	ADDRS,
};

/* Protocols, as far as the stacks have different numbers for them. */
enum {
	P_ZERO,
	P_OWN,			/* 6, 253 */
	P_OTHER,		/* any other, e.g. 17 */
	P_BAD,			/* beyond all */
};

struct transcript;
struct run;

struct call {
	const char *name;
	void (*run)(struct run *r, const struct op *op);
	struct {
		const char *name;
		enum kind kind;
		long def;
	} arg[ARGS];
};

extern const struct call calls[];
extern const unsigned int calls_count;

/* Looks a call up by its name; dies when there is none. */
unsigned int call_find(const char *name);

/* Reads a program from text; dies with a message when it is none. */
void program_parse(struct program *p, const char *text);
/* Appends an operation. */
struct op *program_add(struct program *p, const char *line);
void op_print(const struct op *op, char *buf, size_t size);

/* Names of constants; 0 in names_value() when there is no such name. */
bool names_value(enum kind kind, long level, const char *name, long *value);
/* Writes the name, or the number. */
void names_text(enum kind kind, long level, long value, char *buf, size_t size);
const char *errno_name(int err);
const char *state_name(int state);
void events_text(unsigned int events, char *buf, size_t size);

/* ---------------------------------------------------------------- transcripts */

#define TRANSCRIPT	(2 << 20)

/* Lines of text; lies in memory that the worker and its parent share. */
struct transcript {
	size_t len;
	bool full;
	char text[TRANSCRIPT];
};

__attribute__((format(printf, 2, 3)))
void say(struct transcript *t, const char *fmt, ...);

/* ---------------------------------------------------------------- running */

struct slot {
	int fd;			/* -1: empty */
	int side;
	uint64_t sent;		/* bytes, of the pattern that it sends */
	char seen[512];		/* what the transcript has told of it last */
	char queued[512];
};

struct capture;
struct peer;

/* A program being run over one stack. */
struct run {
	struct net net;
	bool ipv6;
	struct transcript *t;
	struct slot slot[SLOTS];
	uint16_t port;		/* the first of the program's own */
	uint16_t other_port[16];	/* others, in the order of appearance */
	int other_ports;
	int ns;			/* of which this process is in now */
	int epoll;
	bool blocked;		/* the last call would have waited */
	bool verbose;		/* every segment counts */
	bool bulk;		/* buffers have been filled, so that numbers differ */
	struct capture *capture;
	struct peer *peer;	/* plays the other host (peer.h); or NULL: a stack has both */
	int stretch;		/* with it, percent: how long waiting takes */
};

/* Enters a side's namespace. */
void run_enter(struct run *r, int side);
/* Fills in an address of the stack's family; returns its right length. */
socklen_t run_addr(const struct run *r, int addr, long port,
		   struct sockaddr_storage *ss);
/* The names of an address and of a port in the transcript. */
void run_addr_text(struct run *r, const struct sockaddr_storage *ss,
		   socklen_t len, char *buf, size_t size);
void run_port_text(struct run *r, uint16_t port, char *buf, size_t size);

/* observe.c: waits until all is quiet, writes down what has changed. */
void observe_signals(void);
void observe_add(struct run *r, int slot);
void observe(struct run *r, bool wait);

/* capture.c */
struct capture *capture_open(struct run *r);
void capture_begin(struct capture *c);
/* Reads what has passed; returns whether there was anything. */
bool capture_read(struct run *r);
/* True if the other end has yet to acknowledge something. */
bool capture_pending(struct run *r);
/* Waits ms for a packet. */
bool capture_wait(struct capture *c, int ms);
/* True if something that has been sent has not come in, as far as was read. */
bool capture_in_transit(const struct capture *c);
/* Takes what has not come in for lost, and does not wait for it again. */
void capture_landed(struct capture *c);
/*
 * Takes what is unacknowledged for lost, and does not wait for its acknowledgment
 * again.
 */
void capture_give_up(struct capture *c);
/* Writes the segments since the last call. */
void capture_say(struct run *r);
/*
 * Sends a crafted segment on the first connection, as one of its ends.  Its
 * arguments: end, control bits, sequence and acknowledgment number relative to
 * what is next, length, window, whether it has timestamps.
 */
bool capture_inject(struct run *r, const long *arg);

/* worker.c */
struct worker;

struct worker *worker_start(const char *stack, bool peer);
void worker_stop(struct worker *w);
/* Begins to run a program; the two stacks do so at the same time. */
void worker_begin(struct worker *w, const struct program *p, unsigned int serial,
		  int stretch);
/* Waits for its end; false when the worker has died or hangs. */
bool worker_end(struct worker *w);
const char *worker_text(const struct worker *w);

/* ---------------------------------------------------------------- comparing */

/* A known difference: see differences.c. */
struct difference {
	const char *id;
	const char *what;	/* rows of the table in README.md */
	const char *tcp;
	const char *atcp;
	const char *why;
	/* Extended regular expressions of whole lines, one of each transcript. */
	const char *tcp_line;
	const char *atcp_line;
	/* The operation that it is about; NULL for any. */
	const char *op;
	/* The state that a connection on the wire was in before that; NULL for any. */
	const char *state;
	/* What has happened before: see peer.h; NULL for anything. */
	const char *since;
	bool ends;		/* the two go different ways from there on */
	bool rare;		/* need not occur in every run of the suite */
	unsigned int *hits;	/* shared by all lanes */
};

extern struct difference differences[];
extern const unsigned int differences_count;
/* Where the other host is a program's, they and these. */
extern struct difference differences_peer[];
extern const unsigned int differences_peer_count;
/* Of all of them, those first. */
struct difference *difference_at(unsigned int i);

/* A pair of workers, and the results of their comparison. */
struct oracle {
	bool peer;		/* the other host is a program's: see peer.h */
	struct worker *atcp;
	struct worker *tcp;
	unsigned int serial;
	unsigned int runs;
	unsigned int unsteady;	/* programs of which TCP itself had two outcomes */
	char *report;		/* of the last difference */
	bool trace;		/* print every transcript */
	bool all;		/* report all differences, not the first */
};

void oracle_open(struct oracle *o);
void oracle_close(struct oracle *o);
/*
 * Runs a program over both stacks.  True if they agree, but for known
 * differences; else o->report tells where.
 */
bool oracle_run(struct oracle *o, const struct program *p);
/* Puts a line before the report. */
__attribute__((format(printf, 2, 3)))
void oracle_sign(struct oracle *o, const char *fmt, ...);
/* Drops operations as long as the program still differs. */
void oracle_shrink(struct oracle *o, struct program *p, int tries);
/* To be called before any lane begins. */
void differences_begin(void);
/* Prints the table as README.md has it. */
void differences_print(void);

/*
 * lanes.c: runs items 0 to count - 1, several at a time, each lane with workers
 * of its own; done() is called in order.  An item that did not begin before
 * `until` (net_now(), 0 for never) is left out.
 */
struct lanes {
	unsigned int count;
	long long until;
	bool trace, all;	/* for struct oracle */
	/* In a lane; returns false with o->report set. */
	bool (*run)(struct oracle *o, unsigned int item);
	/* In the parent; report is NULL where the stacks agree. */
	void (*done)(unsigned int item, const char *report);
	unsigned int left_out, runs, unsteady;
};

void lanes_run(struct lanes *l);

/* ---------------------------------------------------------------- sources */

/* Features of this kernel: SO_PEEK_OFF of TCP, SO_ZEROCOPY for atcp. */
bool kernel_has_peek_off(void);
bool kernel_has_zerocopy(void);

struct script {
	const char *name;
	const char *text;
};

extern const struct script scripts_calls[], scripts_data[], scripts_close[];
extern const struct script scripts_options[], scripts_sweeps[];
const struct script *scripts_states(void);

/* A random program; the same seed gives the same. */
void random_program(struct program *p, uint64_t seed);
/* The same with segments of a peer of its own: see peer.h. */
void random_peer_program(struct program *p, uint64_t seed);

#endif /* ATCP_SELFTEST_ORACLE_H */
