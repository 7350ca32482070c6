// SPDX-License-Identifier: GPL-2.0
/* Much data both ways at once: see flow.h. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"
#include "net.h"

#define PIECE	(64 << 10)

struct flow {
	int from;
	int to;
	size_t bytes;
	pthread_t sender;
	pthread_t receiver;
};

static void *send_all(void *arg)
{
	const struct flow *f = arg;
	char buf[PIECE];
	size_t done, n;

	for (done = 0; done < f->bytes; done += n) {
		n = f->bytes - done < PIECE ? f->bytes - done : PIECE;
		pattern_fill(buf, n, done);
		sock_send(f->from, buf, n);
	}
	return NULL;
}

static void *receive_all(void *arg)
{
	const struct flow *f = arg;
	char buf[PIECE];
	size_t done;
	ssize_t n;

	for (done = 0; done < f->bytes; done += n) {
		n = recv(f->to, buf, f->bytes - done < PIECE ? f->bytes - done : PIECE, 0);
		if (n <= 0)
			net_die("after %zu bytes: %s", done, n ? strerror(errno) : "end");
		if (pattern_check(buf, n, done) < (size_t)n)
			net_die("wrong bytes after %zu", done);
	}
	return NULL;
}

static void start(struct flow *f)
{
	if (pthread_create(&f->sender, NULL, send_all, f) ||
	    pthread_create(&f->receiver, NULL, receive_all, f))
		net_die("no thread");
}

static void end(struct flow *f)
{
	pthread_join(f->sender, NULL);
	pthread_join(f->receiver, NULL);
}

void exchange(int a, int b, size_t bytes)
{
	struct flow there = { a, b, bytes }, back = { b, a, bytes };

	start(&there);
	start(&back);
	end(&there);
	end(&back);
}
