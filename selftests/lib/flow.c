// SPDX-License-Identifier: GPL-2.0
/* Much data both ways at once: see flow.h. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"
#include "net.h"

#define PIECE	(64 << 10)

struct end {
	int fd;
	size_t bytes;
};

static size_t piece(const struct end *e, size_t done)
{
	return e->bytes - done < PIECE ? e->bytes - done : PIECE;
}

static void *send_all(void *arg)
{
	const struct end *e = arg;
	char buf[PIECE];
	size_t done, n;

	for (done = 0; done < e->bytes; done += n) {
		n = piece(e, done);
		pattern_fill(buf, n, done);
		sock_send(e->fd, buf, n);
	}
	return NULL;
}

static void receive_all(const struct end *e)
{
	char buf[PIECE];
	size_t done;
	ssize_t n;

	for (done = 0; done < e->bytes; done += n) {
		n = recv(e->fd, buf, piece(e, done), 0);
		if (n <= 0)
			net_die("after %zu bytes: %s", done, n ? strerror(errno) : "end");
		if (pattern_check(buf, n, done) < (size_t)n)
			net_die("wrong bytes after %zu", done);
	}
}

static void *send_and_receive(void *arg)
{
	pthread_t sender;

	if (pthread_create(&sender, NULL, send_all, arg))
		net_die("no thread");
	receive_all(arg);
	pthread_join(sender, NULL);
	return NULL;
}

void exchange_end(int fd, size_t bytes)
{
	struct end e = { fd, bytes };

	send_and_receive(&e);
}

void exchange(int a, int b, size_t bytes)
{
	struct end here = { a, bytes };
	pthread_t thread;

	if (pthread_create(&thread, NULL, send_and_receive, &here))
		net_die("no thread");
	exchange_end(b, bytes);
	pthread_join(thread, NULL);
}
