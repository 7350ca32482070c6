// SPDX-License-Identifier: GPL-2.0
/*
 * The filters of ss(8), as filter.h describes them: words, then a descent by the grammar, which
 * leaves conditions and operators in postfix order for filter_match().
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "filter.h"
#include "ss_cgroup.h"

/* Addresses of a host's name that are compared; the others are left out. */
#define ADDRESSES	64

/* The longest line of a file, as in ss(8). */
#define LINE_SIZE	1024

/* --- states --- */

unsigned int filter_state(const char *name)
{
	static const struct {
		const char *name;
		unsigned int states;
	} words[] = {
		{ "established", BIT(TCP_ESTABLISHED) }, { "syn-sent", BIT(TCP_SYN_SENT) },
		{ "syn-recv", BIT(TCP_SYN_RECV) }, { "syn-rcv", BIT(TCP_SYN_RECV) },
		{ "fin-wait-1", BIT(TCP_FIN_WAIT1) }, { "fin-wait-2", BIT(TCP_FIN_WAIT2) },
		{ "time-wait", BIT(TCP_TIME_WAIT) }, { "unconnected", BIT(TCP_CLOSE) },
		{ "closed", BIT(TCP_CLOSE) }, { "close", BIT(TCP_CLOSE) },
		{ "close-wait", BIT(TCP_CLOSE_WAIT) }, { "last-ack", BIT(TCP_LAST_ACK) },
		{ "listening", BIT(TCP_LISTEN) }, { "listen", BIT(TCP_LISTEN) },
		{ "closing", BIT(TCP_CLOSING) }, { "unknown", BIT(0) }, { "all", STATES_ALL },
		{ "connected", STATES_CONNECTED },
		{ "synchronized", STATES_CONNECTED & ~BIT(TCP_SYN_SENT) },
		{ "bucket", STATES_BUCKET }, { "big", STATES_ALL & ~STATES_BUCKET },
		{ "bound-inactive", STATES_BOUND },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(name, words[i].name))
			return words[i].states;
	return 0;
}

/* --- words --- */

enum token {
	T_END,
	T_VALUE,		/* none of the words below */
	T_NOT,
	T_AND,
	T_OR,
	T_OPEN,
	T_CLOSE,
	T_DST,
	T_SRC,
	T_DPORT,
	T_SPORT,
	T_DEV,
	T_FWMARK,
	T_CGROUP,
	T_AUTOBOUND,
	T_GE,
	T_LE,
	T_NE,
	T_EQ,
	T_GT,
	T_LT,
};

static enum token token_of(const char *word)
{
	static const struct {
		const char *word;
		enum token token;
	} words[] = {
		{ "!", T_NOT }, { "not", T_NOT },
		{ "&", T_AND }, { "&&", T_AND }, { "and", T_AND },
		{ "|", T_OR }, { "||", T_OR }, { "or", T_OR },
		{ "(", T_OPEN }, { ")", T_CLOSE },
		{ "dst", T_DST }, { "src", T_SRC }, { "dport", T_DPORT }, { "sport", T_SPORT },
		{ "dev", T_DEV }, { "fwmark", T_FWMARK }, { "cgroup", T_CGROUP },
		{ "autobound", T_AUTOBOUND },
		{ ">=", T_GE }, { "ge", T_GE }, { "geq", T_GE },
		{ "<=", T_LE }, { "le", T_LE }, { "leq", T_LE },
		{ "!=", T_NE }, { "ne", T_NE }, { "neq", T_NE },
		{ "=", T_EQ }, { "==", T_EQ }, { "eq", T_EQ },
		{ ">", T_GT }, { "gt", T_GT }, { "<", T_LT }, { "lt", T_LT },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i].word))
			return words[i].token;
	return T_VALUE;
}

/* --- the compiled filter --- */

enum op {
	OP_NOT,
	OP_AND,
	OP_OR,
	OP_HOST,		/* dst, src: port and addresses */
	OP_PORT,		/* dport, sport with an operator */
	OP_DEV,
	OP_MARK,
	OP_CGROUP,
	OP_AUTOBOUND,
};

struct prefix {
	int family;
	uint8_t addr[16];
	unsigned int bits;
};

/*
 * A step: NOT, AND and OR take one or two results of the steps before, the others are
 * conditions.
 */
struct step {
	enum op op;
	bool local;			/* src, sport */
	bool never;			/* an address of a family that TCP has not */
	enum token compare;		/* OP_PORT */
	bool any_port;
	long port;
	struct prefix *prefixes;	/* OP_HOST */
	size_t prefix_count;		/* 0: any address */
	uint32_t number, mask;		/* OP_DEV, OP_MARK */
	uint64_t cgroup;
};

struct filter {
	struct step *steps;
	size_t count;
	long first_port, last_port;	/* those that bind() or connect() choose by themselves */
};

void filter_free(struct filter *f)
{
	size_t i;

	if (!f)
		return;
	for (i = 0; i < f->count; i++)
		free(f->steps[i].prefixes);
	free(f->steps);
	free(f);
}

static bool has(const struct filter *f, enum op op)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->steps[i].op == op)
			return true;
	return false;
}

bool filter_wants_mark(const struct filter *f)
{
	return has(f, OP_MARK);
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;

	return !memcmp(a, b, bytes) && (!rest || !((a[bytes] ^ b[bytes]) >> (8 - rest)));
}

/* An IPv4 prefix covers mapped addresses of IPv6 sockets as well. */
static bool covers(const struct prefix *p, int family, const uint8_t *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (p->family == AF_INET && family == AF_INET6) {
		if (memcmp(addr, mapped, sizeof(mapped)))
			return false;
		addr += sizeof(mapped);
	} else if (p->family != family) {
		return false;
	}
	return same_bits(addr, p->addr, p->bits);
}

static bool match_host(const struct step *c, const struct filter_socket *s)
{
	size_t i;

	if (c->never || (!c->any_port && c->port != (c->local ? s->sport : s->dport)))
		return false;
	for (i = 0; i < c->prefix_count; i++)
		if (covers(&c->prefixes[i], s->family, c->local ? s->src : s->dst))
			return true;
	return !c->prefix_count;
}

static bool match_port(const struct step *c, const struct filter_socket *s)
{
	long port = c->local ? s->sport : s->dport;

	if (c->any_port)	/* any port is equal, and none is more or less */
		return c->compare == T_EQ;
	switch (c->compare) {
	case T_EQ: return port == c->port;
	case T_NE: return port != c->port;
	case T_GE: return port >= c->port;
	case T_LE: return port <= c->port;
	case T_GT: return port > c->port;
	default: return port < c->port;
	}
}

/* @autobound: what that condition is */
static bool match(const struct step *c, const struct filter_socket *s, bool autobound)
{
	switch (c->op) {
	case OP_HOST:
		return match_host(c, s);
	case OP_PORT:
		return !c->never && match_port(c, s);
	case OP_DEV:
		return s->dev == c->number;
	case OP_MARK:
		return (s->mark & c->mask) == c->number;
	case OP_CGROUP:
		return s->cgroup == c->cgroup;
	default:
		return autobound;
	}
}

static bool run(const struct filter *f, const struct filter_socket *s, bool autobound)
{
	/* Each parenthesis leaves one result open, and its own expression has two. */
	bool stack[FILTER_DEPTH + 2] = { true };
	size_t i, top = 0;

	for (i = 0; i < f->count; i++) {
		switch (f->steps[i].op) {
		case OP_NOT:
			stack[top - 1] = !stack[top - 1];
			break;
		case OP_AND:
			top--;
			stack[top - 1] = stack[top - 1] && stack[top];
			break;
		case OP_OR:
			top--;
			stack[top - 1] = stack[top - 1] || stack[top];
			break;
		default:
			stack[top++] = match(&f->steps[i], s, autobound);
		}
	}
	return stack[0];
}

bool filter_match(const struct filter *f, const struct filter_socket *s)
{
	bool by_range = s->sport >= f->first_port && s->sport <= f->last_port;

	return run(f, s, by_range) &&
	       (s->chosen < 0 || has(f, OP_DEV) || run(f, s, !s->chosen));
}

/* --- the parser --- */

/**
 * struct parser - the state of filter_parse()
 * @words:	all words, in memory of their own
 * @count:	their number
 * @at:		the next one
 * @depth:	parentheses and negations that are open
 * @failed:	an error has been printed
 */
struct parser {
	char *words[FILTER_WORDS];
	size_t count, at;
	unsigned int depth;
	bool failed;
	struct filter *f;
	struct filter_scope *scope;
};

/* Prints a word; what a terminal would act on becomes '?'. Return: the columns it takes. */
static int put_word(const char *word)
{
	int n = 0;

	for (; *word; word++, n++)
		fputc((unsigned char)*word < ' ' || *word == 0x7f ? '?' : *word, stderr);
	return n;
}

/* Prints the error of word number @at, and a few words around it. Return: false. */
static bool __attribute__((format(printf, 3, 4)))
fail(struct parser *p, size_t at, const char *fmt, ...)
{
	size_t first = at > 8 ? at - 8 : 0, i;
	int column = 0;
	va_list ap;

	if (p->failed)
		return false;
	p->failed = true;
	fputs("atcp-ss: filter: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (at < p->count)
		fprintf(stderr, ", at word %zu:\n  ", at + 1);
	else
		fputs(", at the end:\n  ", stderr);
	for (i = first; i < p->count && i < at + 4; i++) {
		int n = put_word(p->words[i]);

		if (i < at)
			column += n + 1;
		fputc(' ', stderr);
	}
	fprintf(stderr, "\n  %*s^\n", column, "");
	return false;
}

static const char *here(const struct parser *p)
{
	return p->at < p->count ? p->words[p->at] : NULL;
}

static enum token peek(const struct parser *p)
{
	return p->at < p->count ? token_of(p->words[p->at]) : T_END;
}

/* Splits @text at blanks; a backslash takes away the meaning of what follows. */
static bool split(struct parser *p, const char *text)
{
	while (*(text += strspn(text, " \t"))) {
		char *word = malloc(strlen(text) + 1), *to = word;

		if (!word || p->count == FILTER_WORDS) {
			free(word);
			fprintf(stderr, "atcp-ss: filter: %s\n",
				word ? "more than 4096 words" : "out of memory");
			p->failed = true;
			return false;
		}
		while (*text && *text != ' ' && *text != '\t') {
			if (*text == '\\' && !*++text)
				break;
			*to++ = *text++;
		}
		*to = '\0';
		p->words[p->count++] = word;
	}
	return true;
}

static bool split_file(struct parser *p, FILE *file)
{
	char line[LINE_SIZE];
	size_t len;

	while (fgets(line, sizeof(line), file)) {
		len = strlen(line);
		if (len == sizeof(line) - 1 && line[len - 1] != '\n') {
			fprintf(stderr, "atcp-ss: filter: a line of more than %zu bytes\n",
				len - 1);
			p->failed = true;
			return false;
		}
		line[strcspn(line, "\n")] = '\0';
		if (*line != '#' && !split(p, line))
			return false;
	}
	return true;
}

static bool emit(struct parser *p, const struct step *step)
{
	struct filter *f = p->f;

	/* A word makes two steps at most: a condition, and the "and" that is left out. */
	if (!f->steps) {
		f->steps = calloc(2 * p->count, sizeof(*f->steps));
		if (!f->steps)
			return fail(p, p->at, "out of memory");
	}
	f->steps[f->count++] = *step;
	return true;
}

static bool emit_op(struct parser *p, enum op op)
{
	return emit(p, &(struct step){ .op = op });
}

/* A whole number in C's notation. Return: false if @text is none. */
static bool number_of(const char *text, long long min, long long max, long long *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 0);
	return end != text && !*end && !errno && *value >= min && *value <= max;
}

/* --- addresses --- */

/* Up to four numbers; what is left out is 0: 10.1 is 10.1.0.0. */
static bool ipv4_of(char *text, uint8_t *addr)
{
	int i;

	memset(addr, 0, 4);
	for (i = 0; i < 4; i++) {
		char *end;
		unsigned long n;

		if (!isdigit((unsigned char)*text))
			return false;
		n = strtoul(text, &end, 0);
		if (n > 255)
			return false;
		addr[i] = n;
		if (!*end)
			return true;
		if (*end != '.')
			return false;
		text = end + 1;
	}
	return false;
}

/* The length of a prefix: a number of bits or a netmask. */
static bool bits_of(char *text, unsigned int max, unsigned int *bits)
{
	uint8_t mask[4];
	long long n;
	uint32_t m;

	if (number_of(text, 0, max, &n)) {
		*bits = n;
		return true;
	}
	if (!strchr(text, '.') || !ipv4_of(text, mask))
		return false;
	m = (uint32_t)mask[0] << 24 | mask[1] << 16 | mask[2] << 8 | mask[3];
	for (*bits = 0; m & 0x80000000; m <<= 1)
		++*bits;
	return !m;
}

/* An address of @family, or of either, perhaps with /BITS. @text is changed. */
static bool prefix_of(char *text, int family, struct prefix *p)
{
	char *slash = strchr(text, '/');
	bool v6;

	if (slash)
		*slash = '\0';
	v6 = strchr(text, ':');
	p->family = v6 ? AF_INET6 : AF_INET;
	p->bits = v6 ? 128 : 32;
	if ((family != AF_UNSPEC && family != p->family) ||
	    (v6 ? inet_pton(AF_INET6, text, p->addr) != 1 : !ipv4_of(text, p->addr)))
		return false;
	return !slash || bits_of(slash + 1, p->bits, &p->bits);
}

static bool add_prefix(struct parser *p, struct step *c, const struct prefix *prefix)
{
	if (!c->prefixes)
		c->prefixes = calloc(ADDRESSES, sizeof(*c->prefixes));
	if (!c->prefixes)
		return fail(p, p->at, "out of memory");
	if (c->prefix_count < ADDRESSES)
		c->prefixes[c->prefix_count++] = *prefix;
	return true;
}

/* All addresses of a host's name. */
static bool resolve(struct parser *p, struct step *c, const char *name, int family)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *all, *a;
	bool good = true;

	if (getaddrinfo(name, NULL, &hints, &all))
		return false;
	for (a = all; a && good; a = a->ai_next) {
		struct prefix prefix = { .family = a->ai_family };

		if (a->ai_family == AF_INET) {
			memcpy(prefix.addr, &((struct sockaddr_in *)a->ai_addr)->sin_addr, 4);
			prefix.bits = 32;
		} else if (a->ai_family == AF_INET6) {
			memcpy(prefix.addr, &((struct sockaddr_in6 *)a->ai_addr)->sin6_addr, 16);
			prefix.bits = 128;
		} else {
			continue;
		}
		good = add_prefix(p, c, &prefix);
	}
	freeaddrinfo(all);
	return good && c->prefix_count;
}

static bool parse_address(struct parser *p, struct step *c, char *text)
{
	struct prefix prefix = { 0 };
	const char *word = here(p);
	char *copy;
	bool good;

	if (!strcmp(text, "any") || !strcmp(text, "all") || !strcmp(text, "default"))
		return true;
	copy = strdup(text);
	if (!copy)
		return fail(p, p->at, "out of memory");
	good = prefix_of(copy, p->scope->family, &prefix);
	free(copy);
	if (good)
		return add_prefix(p, c, &prefix);
	if (!strchr(text, '/') && resolve(p, c, text, p->scope->family))
		return true;
	if (*word != '[' && strchr(word, ':') != strrchr(word, ':'))
		return fail(p, p->at, "\"%s\": IPv6 is written as [::1] or [::1]:80", word);
	return fail(p, p->at, "an inet prefix is expected rather than \"%s\"", text);
}

static bool parse_port(struct parser *p, struct step *c, const char *text)
{
	struct servent *udp, *tcp;
	long long n;
	int port;

	c->any_port = !*text || *text == '*';
	if (c->any_port)
		return true;
	if (number_of(text, INT_MIN, INT_MAX, &n)) {
		c->any_port = n == -1;	/* ss has no other name for it */
		c->port = n;
		return true;
	}
	udp = p->scope->udp ? getservbyname(text, "udp") : NULL;
	port = udp ? ntohs(udp->s_port) : -1;
	tcp = p->scope->tcp ? getservbyname(text, "tcp") : NULL;
	if (tcp && udp && ntohs(tcp->s_port) != port)
		return fail(p, p->at, "ambiguous port \"%s\"", text);
	if (tcp)
		port = ntohs(tcp->s_port);
	if (port < 0)
		return fail(p, p->at, "\"%s\" does not look like a port", text);
	c->port = port;
	return true;
}

/* Takes a family from the front, as in inet6:[::1]. */
static const char *parse_family(struct parser *p, const char *text)
{
	static const struct {
		const char *name;
		int family;
	} families[] = {
		{ "inet:", AF_INET }, { "inet6:", AF_INET6 }, { "unix:", AF_UNIX },
		{ "link:", AF_PACKET }, { "netlink:", AF_NETLINK }, { "vsock:", AF_VSOCK },
	};
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (strncmp(text, families[i].name, strlen(families[i].name)))
			continue;
		p->scope->family = families[i].family;
		return text + strlen(families[i].name);
	}
	return text;
}

/*
 * The value of dst and src: [FAMILY:][ADDRESS][:PORT]; of dport and sport:
 * [FAMILY:][:]PORT.  *, also in place of a port, is any.
 */
static bool parse_host(struct parser *p, struct step *c, bool port_only)
{
	const char *text = parse_family(p, here(p));
	char *copy, *addr, *port;
	bool good = true;

	p->scope->hosts = true;
	if (p->scope->family != AF_UNSPEC && p->scope->family != AF_INET &&
	    p->scope->family != AF_INET6) {
		c->never = true;
		return true;
	}
	copy = strdup(text);
	if (!copy)
		return fail(p, p->at, "out of memory");
	addr = copy;
	if (*addr == '[') {
		addr++;
		port = strchr(addr, ']');
		if (!port) {
			free(copy);
			return fail(p, p->at, "no ] in \"%s\"", text);
		}
		*port++ = '\0';
	} else if (*addr == '*') {
		port = addr + 1;
	} else {
		port = strrchr(strchr(addr, '/') ?: addr, ':');
	}
	if (port_only)
		port = addr;
	if (port && *port == ':')
		*port++ = '\0';
	c->any_port = true;
	if (port)
		good = parse_port(p, c, port);
	if (good && !port_only && *addr && *addr != '*')
		good = parse_address(p, c, addr);
	free(copy);
	return good;
}

/* --- the other conditions --- */

static bool parse_dev(struct parser *p, struct step *c)
{
	long long n = if_nametoindex(here(p));

	if (!n && !number_of(here(p), 0, UINT_MAX, &n))
		return fail(p, p->at, "no device \"%s\"", here(p));
	c->number = n;
	return true;
}

static bool parse_mark(struct parser *p, struct step *c)
{
	char *text = strdup(here(p)), *slash;
	long long mark, mask = UINT_MAX;
	bool good;

	if (!text)
		return fail(p, p->at, "out of memory");
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	good = number_of(text, INT_MIN, UINT_MAX, &mark) &&
	       (!slash || number_of(slash + 1, INT_MIN, UINT_MAX, &mask));
	free(text);
	if (!good)
		return fail(p, p->at, "\"%s\" is no mark", here(p));
	c->number = mark;
	c->mask = mask;
	return true;
}

static bool parse_cgroup(struct parser *p, struct step *c)
{
	c->cgroup = ss_cgroup_id(here(p));
	if (!c->cgroup)
		return fail(p, p->at, "no cgroup \"%s\": %s", here(p), strerror(errno));
	return true;
}

/* Which operators a condition takes; none stands for "=". */
static bool takes(enum token what, enum token op)
{
	switch (op) {
	case T_EQ:
		return true;
	case T_NE:
		return what != T_DST && what != T_SRC;
	default:
		return what == T_DPORT || what == T_SPORT;
	}
}

/* SUBJECT [OPERATOR] VALUE. */
static bool parse_condition(struct parser *p, enum token what)
{
	struct step c = { .local = what == T_SRC || what == T_SPORT, .compare = T_EQ };
	const char *subject = here(p);
	bool good;

	p->at++;
	if (peek(p) >= T_GE) {
		c.compare = peek(p);
		if (!takes(what, c.compare))
			return fail(p, p->at, "%s takes no %s", subject, here(p));
		p->at++;
	}
	if (peek(p) != T_VALUE)
		return fail(p, p->at, "%s wants a value", subject);
	switch (what) {
	case T_DST:
	case T_SRC:
		c.op = OP_HOST;
		good = parse_host(p, &c, false);
		break;
	case T_DEV:
		c.op = OP_DEV;
		good = parse_dev(p, &c);
		break;
	case T_FWMARK:
		c.op = OP_MARK;
		good = parse_mark(p, &c);
		break;
	case T_CGROUP:
		c.op = OP_CGROUP;
		good = parse_cgroup(p, &c);
		break;
	default:
		c.op = OP_PORT;
		good = parse_host(p, &c, true);
	}
	if (!good || !emit(p, &c)) {
		free(c.prefixes);
		return false;
	}
	p->at++;
	/* Of ports the comparison has it. */
	return c.compare != T_NE || c.op == OP_PORT || emit_op(p, OP_NOT);
}

/* --- the grammar --- */

static bool parse_expression(struct parser *p);

static bool parse_term(struct parser *p)
{
	enum token t = peek(p);
	bool good;

	switch (t) {
	case T_NOT:
	case T_OPEN:
		if (p->depth == FILTER_DEPTH)
			return fail(p, p->at, "more than %d levels", FILTER_DEPTH);
		p->depth++;
		p->at++;
		if (t == T_NOT) {
			good = parse_term(p) && emit_op(p, OP_NOT);
		} else {
			good = parse_expression(p);
			if (good && peek(p) != T_CLOSE)
				good = fail(p, p->at, "a ) is missing");
			p->at++;
		}
		p->depth--;
		return good;
	case T_DST:
	case T_SRC:
	case T_DPORT:
	case T_SPORT:
	case T_DEV:
	case T_FWMARK:
	case T_CGROUP:
		return parse_condition(p, t);
	case T_AUTOBOUND:
		p->at++;
		return emit_op(p, OP_AUTOBOUND);
	default:
		return fail(p, p->at, "a condition such as \"sport = :80\" is expected");
	}
}

/* "and" and "or" have the same rank and are taken from left to right, as in ss(8). */
static bool parse_expression(struct parser *p)
{
	if (!parse_term(p))
		return false;
	for (;;) {
		enum token t = peek(p);

		if (t == T_END || t == T_CLOSE)
			return true;
		if (t == T_AND || t == T_OR)
			p->at++;
		if (!parse_term(p) || !emit_op(p, t == T_OR ? OP_OR : OP_AND))
			return false;
	}
}

struct filter *filter_parse(char *const *words, FILE *file, struct filter_scope *scope)
{
	struct parser *p = calloc(1, sizeof(*p));
	struct filter *f = calloc(1, sizeof(*f));
	FILE *range;
	size_t i;

	if (!p || !f) {
		fputs("atcp-ss: filter: out of memory\n", stderr);
		free(p);
		free(f);
		return NULL;
	}
	f->last_port = -1;
	range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	if (range) {
		if (fscanf(range, "%ld %ld", &f->first_port, &f->last_port) != 2)
			f->last_port = -1;
		fclose(range);
	}
	p->f = f;
	p->scope = scope;
	for (; *words && split(p, *words); words++)
		;
	if (file && !p->failed)
		split_file(p, file);
	if (!p->failed && p->count && parse_expression(p) && p->at < p->count)
		fail(p, p->at, "a ( is missing");
	if (p->failed) {
		filter_free(f);
		f = NULL;
	}
	for (i = 0; i < p->count; i++)
		free(p->words[i]);
	free(p);
	return f;
}
