// SPDX-License-Identifier: GPL-2.0
/*
 * Run descriptions of atcp-lab in the simulator: the physics of the links, the records, and
 * that the same description gives the same bytes.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"
#include "sim_run.h"

#define FILES	6

static const char *const names[FILES] = {
	"samples.csv", "events.csv", "queue.csv", "links.csv", "wire.pcapng", "out",
};

static struct run run;
static char dir[64];

static void path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static FILE *open_record(const char *name, const char *mode)
{
	char path[128];
	FILE *file;

	path_of(path, name);
	file = fopen(path, mode);
	ASSERT(file);
	return file;
}

static void clean_up(void)
{
	char path[128];
	u32 i;

	for (i = 0; i < FILES; i++) {
		path_of(path, names[i]);
		unlink(path);
	}
	path_of(path, "run");
	unlink(path);
	rmdir(dir);
}

/* A new folder.  It goes with the next, or at the end; that of a failure stays. */
static void make_dir(void)
{
	if (dir[0])
		clean_up();
	else
		atexit(clean_up);
	strcpy(dir, "/tmp/atcp-lab-run-XXXXXX");
	ASSERT(mkdtemp(dir));
}

/* Runs the description; its records are in the folder. Return: the status. */
static int play_here(const char *text)
{
	char path[128];
	FILE *file;
	int status;

	file = open_record("run", "w");
	fputs(text, file);
	fclose(file);
	path_of(path, "run");
	run_read(&run, path);
	file = open_record("out", "w");
	status = sim_run_all(&run, dir, file);
	fclose(file);
	return status;
}

/* The same in a new folder. */
static int play(const char *text)
{
	make_dir();
	return play_here(text);
}

/* The number in column @column (from 0) of @line; -1: the cell is empty. */
static double cell(const char *line, int column)
{
	for (; column; column--)
		line = strchr(line, ',') + 1;
	return *line == ',' || *line == '\n' ? -1 : atof(line);
}

static bool cell_is(const char *line, int column, const char *text)
{
	size_t len = strlen(text);

	for (; column; column--)
		line = strchr(line, ',') + 1;
	return !strncmp(line, text, len) && (line[len] == ',' || line[len] == '\n');
}

/* Column @column of the last row of samples.csv of @flow up to the time @t. */
static double sample_at(const char *flow, double t, int column)
{
	FILE *file = open_record("samples.csv", "r");
	double found = -1;
	char line[512];

	ASSERT(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file) && cell(line, 0) <= t)
		if (cell_is(line, 1, flow))
			found = cell(line, column);
	fclose(file);
	return found;
}

#define SRTT		9
#define DELIVERED	14

/* Payload in bits a second between two times. */
static double goodput(const char *flow, double from, double to)
{
	double bytes = sample_at(flow, to, DELIVERED) - sample_at(flow, from, DELIVERED);

	return 8 * bytes / (to - from);
}

/* The cell of links.csv. */
static u64 total(const char *link, int column)
{
	FILE *file = open_record("links.csv", "r");
	char line[256];
	u64 found = 0;

	while (fgets(line, sizeof(line), file))
		if (cell_is(line, 0, link))
			found = cell(line, column);
	fclose(file);
	return found;
}

enum { OFFERED = 1, PASSED, BY_QUEUE, BY_LOSS, BY_POLICER, DUPLICATED, MARKED, INSIDE, ONWARD };

/* Rows of events.csv with this text in column @at, and @event in that of the event. */
static u32 count_events(int at, const char *text, const char *event)
{
	FILE *file = open_record("events.csv", "r");
	char line[256];
	u32 n = 0;

	while (fgets(line, sizeof(line), file))
		n += cell_is(line, at, text) && cell_is(line, 3, event);
	fclose(file);
	return n;
}

#define ASSERT_NEAR(a, b, part)						\
	do {								\
		double _a = (a), _b = (b), _part = (part);		\
		CHECK(_a >= _b * (1 - _part) && _a <= _b * (1 + _part),	\
		      "it is %g, expected %g within %g", _a, _b, _part);	\
	} while (0)

/* --- physics --- */

TEST(goodput_is_rate_by_payload_and_frame)
{
	static const struct {
		const char *text;
		double rate;
		double payload;		/* of a packet of @mtu */
		double mtu;
	} cases[] = {
		{ "ip 4\nlink a rate_bps=1000000 delay_us=5000\n", 1e6, 1448, 1500 },
		{ "ip 4\nlink a rate_bps=33333333 delay_us=20000\n", 33333333, 1448, 1500 },
		{ "ip 6\nlink a rate_bps=100000000 delay_us=1000\n", 100e6, 1428, 1500 },
		{ "ip 4\nmtu 600\nlink a rate_bps=10000000 delay_us=100\n", 10e6, 548, 600 },
	};
	char text[512];
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		test_case("%s", cases[i].text);
		snprintf(text, sizeof(text),
			 "version 1\nseed 1\ntime_us 8000000\nwire 0\n%slink a.back delay_us=1000\n"
			 "flow f\n", cases[i].text);
		ASSERT_EQ(play(text), 0);
		ASSERT_EQ(total("a", BY_QUEUE), 0);
		ASSERT_NEAR(goodput("f", 3, 7.9), cases[i].rate * cases[i].payload / cases[i].mtu,
			    0.01);
	}
}

TEST(full_queue_takes_limit_by_size_and_rate)
{
	static const struct {
		const char *limit;
		double us;
	} cases[] = {
		{ "queue_pkts=50", 50 * 1500 * 8 / 10.0 },
		{ "queue_pkts=7", 7 * 1500 * 8 / 10.0 },
		{ "queue_bytes=60000", 60000 * 8 / 10.0 },
	};
	char text[512], line[256];
	double most, packet = 1500 * 8 / 10.0;
	FILE *file;
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		test_case("%s", cases[i].limit);
		snprintf(text, sizeof(text),
			 "version 1\nseed 1\ntime_us 20000000\nsample_us 1000\nwire 0\n"
			 "link a rate_bps=10000000 delay_us=10000 %s\n"
			 "link a.back delay_us=10000\nflow f\n", cases[i].limit);
		ASSERT_EQ(play(text), 0);
		ASSERT_GT(total("a", BY_QUEUE), 0);
		most = 0;
		file = open_record("queue.csv", "r");
		while (fgets(line, sizeof(line), file))
			if (cell_is(line, 1, "a"))
				most = max(most, cell(line, 6));
		fclose(file);
		ASSERT_LE(most, cases[i].us + packet);
		ASSERT_GE(most, cases[i].us - packet);
	}
}

/* Flows one way share a link; flows both ways do not take each other's line. */
TEST(flows_share_a_link)
{
	double sum;

	ASSERT_EQ(play("version 1\nseed 1\ntime_us 10000000\nwire 0\n"
		       "link a rate_bps=10000000 delay_us=5000\n"
		       "link a.back rate_bps=10000000 delay_us=5000\n"
		       "link b delay_us=5000\nlink b.back delay_us=5000\n"
		       "flow one cc=reno rcvbuf=200000\n"
		       "flow two cc=reno path=a start_us=100000 rcvbuf=200000\n"
		       "flow back cc=reno dir=back rcvbuf=400000\n"), 0);
	sum = goodput("one", 5, 9.9) + goodput("two", 5, 9.9);
	/* The ACKs of "back" take the rest: 52 bytes for two segments. */
	ASSERT_GE(sum, 0.93 * 10e6 * 1448 / 1500);
	ASSERT_LE(sum, 10e6 * 1448 / 1500);
	ASSERT_GE(goodput("one", 5, 9.9), 0.2 * sum);
	ASSERT_GE(goodput("two", 5, 9.9), 0.2 * sum);
	ASSERT_GE(goodput("back", 5, 9.9), 0.8 * 10e6 * 1448 / 1500);
	ASSERT_GT(total("b", OFFERED), 0);
	ASSERT_LT(total("b", OFFERED), total("a", OFFERED));
}

TEST(timed_changes)
{
	ASSERT_EQ(play("version 1\nseed 1\ntime_us 12000000\nwire 0\n"
		       "link a rate_bps=10000000 delay_us=5000\nlink a.back delay_us=5000\n"
		       "link b delay_us=1000\nlink b.back delay_us=1000\n"
		       "flow p kind=udp-ping size=52 every_us=10000 path=b\n"
		       "flow f rcvbuf=101360 path=a\n"
		       "at 8000000 b delay_us=31000\n"
		       "at 6000000 a rate_bps=5000000\n"
		       "at 9000000 a loss_ppm=1000000\n"), 0);
	ASSERT_NEAR(goodput("f", 3, 5.9), 10e6 * 1448 / 1500, 0.01);
	ASSERT_NEAR(goodput("f", 6.5, 8.9), 5e6 * 1448 / 1500, 0.01);
	ASSERT_EQ(goodput("f", 9.1, 11.9), 0);
	ASSERT_EQ(sample_at("p", 7.9, SRTT), 2000);
	ASSERT_EQ(sample_at("p", 11.9, SRTT), 32000);
}

/* A ping takes the delays of its links and its time on each line, and nothing else. */
TEST(ping_takes_what_its_path_takes)
{
	ASSERT_EQ(play("version 1\nseed 1\ntime_us 1000000\nwire 0\n"
		       "link a delay_us=3000 rate_bps=1000000\n"
		       "link a.back delay_us=5000 rate_bps=2000000\n"
		       "link b delay_us=7000\nlink b.back delay_us=11000\n"
		       "link c delay_us=13000 rate_bps=4000000\nlink c.back delay_us=17000\n"
		       "flow p kind=udp-ping size=472 every_us=50000\n"
		       "flow q kind=udp-ping size=472 every_us=50000 path=c,a start_us=20000\n"),
		  0);
	/* 500 bytes take 4 ms, 1 ms and 2 ms. */
	ASSERT_EQ(sample_at("p", 1, SRTT), 3000 + 7000 + 13000 + 17000 + 11000 + 5000 + 7000);
	ASSERT_EQ(sample_at("q", 1, SRTT), 3000 + 13000 + 17000 + 5000 + 7000);
	ASSERT_EQ(total("b", OFFERED), 20);
	ASSERT_EQ(total("c", OFFERED), 40);
}

/* --- what the links do is what the records say --- */

static const char *const rough =
	"version 1\nseed 5\ntime_us 6000000\nsample_us 20000\n"
	"link a rate_bps=8000000 delay_us=3000 queue_pkts=20 loss_ppm=5000 dup_ppm=20000 reorder_ppm=20000 reorder_us=4000 jitter_us=2000\n"
	"link a.back rate_bps=4000000 delay_us=3000 queue_bytes=20000 gilbert_ppm=10000,250000\n"
	"link b rate_bps=6000000 delay_us=9000 queue_pkts=50 police_bps=5000000 police_bytes=20000\n"
	"link b.back rate_bps=6000000 delay_us=9000 loss_at=17,205-209\n"
	"flow x\nflow y dir=back\nflow z kind=answer answer_bytes=50000 think_us=20000\n"
	"flow p kind=udp-ping size=100 every_us=7000\n"
	"at 3000000 a rate_bps=2000000\nat 4000000 b.back delay_us=1000\n";

TEST(packets_are_conserved)
{
	static const char *const links[] = { "a", "a.back", "b", "b.back" };
	u64 dropped;
	u32 i;

	ASSERT_EQ(play(rough), 0);
	for (i = 0; i < 4; i++) {
		const char *l = links[i];

		test_case("%s", l);
		dropped = total(l, BY_QUEUE) + total(l, BY_LOSS) + total(l, BY_POLICER);
		ASSERT_GT(total(l, OFFERED), 500);
		ASSERT_EQ(total(l, OFFERED) + total(l, DUPLICATED),
			  total(l, PASSED) + dropped + total(l, INSIDE));
		ASSERT_EQ(total(l, PASSED), total(l, ONWARD));
		ASSERT_EQ(count_events(2, l, "drop"), dropped);
		ASSERT_EQ(count_events(2, l, "dup"), total(l, DUPLICATED));
	}
	test_case(NULL);
	/* What one link has passed the next one was offered. */
	ASSERT_EQ(total("a", PASSED), total("b", OFFERED));
	ASSERT_EQ(total("b.back", PASSED), total("a.back", OFFERED));
	ASSERT_EQ(total("b.back", BY_LOSS), 6);
	ASSERT_GT(total("a", BY_QUEUE) + total("a", BY_LOSS), 0);
	ASSERT_GT(total("a.back", BY_LOSS), 0);
	ASSERT_GT(total("b", BY_POLICER), 0);
	ASSERT_GT(total("a", DUPLICATED), 0);
	ASSERT_GT(count_events(2, "a", "reorder"), 0);
}

/* Packets of wire.pcapng: all of them, and those with this at the start of their comment. */
static u32 packets(const char *comment)
{
	FILE *file = open_record("wire.pcapng", "r");
	u32 head[2], n = 0, at, snap;
	u8 block[1024];

	while (fread(head, sizeof(head), 1, file) == 1) {
		ASSERT_GE(head[1], 12);
		ASSERT_LE(head[1], sizeof(block));
		ASSERT_EQ(fread(block, head[1] - 8, 1, file), 1);
		ASSERT(!memcmp(block + head[1] - 12, &head[1], 4));
		if (head[0] != 6)
			continue;
		memcpy(&snap, block + 12, 4);
		at = 20 + ((snap + 3) & ~3u);
		n += !*comment || (at + 4 < head[1] - 12 &&
				   !memcmp(block + at + 4, comment, strlen(comment)));
	}
	ASSERT(feof(file));
	fclose(file);
	return n;
}

TEST(wire_has_each_packet_where_it_is_sent_and_where_it_comes)
{
	static const char *const links[] = { "a", "a.back", "b", "b.back" };
	u32 i, dropped = 0, resent;

	ASSERT_EQ(play(rough), 0);
	ASSERT_EQ(packets(""), total("a", OFFERED) + total("b", PASSED) +
		  total("b.back", OFFERED) + total("a.back", PASSED));
	for (i = 0; i < 4; i++)
		dropped += total(links[i], BY_QUEUE) + total(links[i], BY_LOSS) +
			   total(links[i], BY_POLICER);
	/* A copy that is lost later shares its record with the original. */
	ASSERT_LE(packets("lost at "), dropped);
	ASSERT_GE(packets("lost at "), dropped - total("a", DUPLICATED));
	resent = count_events(3, "fast_retransmit", "fast_retransmit") +
		 count_events(3, "retransmit", "retransmit") + count_events(3, "rto", "rto");
	ASSERT_GT(resent, 10);
	ASSERT_GT(packets("resent: bytes "), 10);
}

TEST(records_tell_what_the_core_did)
{
	ASSERT_EQ(play("version 1\nseed 2\ntime_us 9000000\n"
		       "link a rate_bps=10000000 delay_us=10000 queue_pkts=500 loss_at=60\n"
		       "link a.back delay_us=10000\nflow f bytes=2000000\n"), 0);
	ASSERT_EQ(total("a", BY_LOSS), 1);
	ASSERT_EQ(count_events(6, "CLOSE>SYN_SENT", "state"), 1);
	ASSERT_EQ(count_events(6, "SYN_RECV>ESTABLISHED", "state"), 1);
	ASSERT_EQ(count_events(6, "Recovery", "recovery_in"), 1);
	ASSERT_EQ(count_events(1, "f", "recovery_out"), 1);
	ASSERT_EQ(count_events(1, "f", "fast_retransmit"), 1);
	ASSERT_EQ(count_events(1, "f", "rto"), 0);
	ASSERT_EQ(count_events(1, "f", "end"), 1);
	ASSERT_EQ(packets("lost at a: loss"), 1);
	ASSERT_EQ(packets("resent: bytes "), 1);
}

/* On Linux's timer wheel: time-outs are a whole number of ticks of 4 ms apart. */
TEST(timers_are_as_late_as_the_wheel)
{
	double first = -1;
	char line[256];
	FILE *file;
	u32 n = 0;

	ASSERT_EQ(play("version 1\nseed 2\ntime_us 8000000\n"
		       "link a rate_bps=10000000 delay_us=10000 queue_pkts=500 loss_at=20-60\n"
		       "link a.back delay_us=10000\nflow f\n"), 0);
	file = open_record("events.csv", "r");
	while (fgets(line, sizeof(line), file)) {
		if (!cell_is(line, 3, "rto"))
			continue;
		if (!n++)
			first = cell(line, 0);
		ASSERT_EQ((u64)((cell(line, 0) - first) * 1000000 + 0.5) % 4000, 0);
	}
	fclose(file);
	CHECK(n >= 3, "%u time-outs", n);
}

/* --- the same again --- */

static bool same_file(const char *one, const char *other)
{
	char command[300];

	snprintf(command, sizeof(command), "cmp -s %s %s", one, other);
	return !system(command);
}

TEST(same_seed_same_bytes)
{
	char first[64], one[128], other[128], text[2048];
	int status;
	pid_t pid;
	u32 i;

	ASSERT_EQ(play(rough), 0);
	strcpy(first, dir);
	dir[0] = '\0';		/* the folder stays */
	make_dir();
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(play_here(rough));
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
	for (i = 0; i < FILES; i++) {
		snprintf(one, sizeof(one), "%s/%s", first, names[i]);
		path_of(other, names[i]);
		CHECK(same_file(one, other), "%s is not the same", names[i]);
	}
	snprintf(text, sizeof(text), "version 1\nseed 6\n%s", strstr(rough, "time_us"));
	ASSERT_EQ(play(text), 0);
	for (i = 0; i < 3; i++) {
		snprintf(one, sizeof(one), "%s/%s", first, names[i]);
		path_of(other, names[i]);
		CHECK(!same_file(one, other), "%s is the same by another seed", names[i]);
	}
	clean_up();
	strcpy(dir, first);
	clean_up();
}

/* --- what is refused --- */

static int status_of(const char *text, char said[256])
{
	int pipes[2], status;
	ssize_t n;
	pid_t pid;

	ASSERT(!pipe(pipes));
	make_dir();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(pipes[1], 2);
		_exit(play_here(text));
	}
	close(pipes[1]);
	n = read(pipes[0], said, 255);
	said[max(n, 0)] = '\0';
	close(pipes[0]);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(what_it_has_not_is_refused_by_name)
{
	static const struct {
		const char *flow;
		int status;
		const char *says;
	} cases[] = {
		{ "flow f stack=kernel", 3, "not in the simulator: stack=kernel\n" },
		{ "flow f cc=bbr9", 3, "not in the simulator: cc=bbr9\n" },
		{ "flow f kind=command", 3, "not in the simulator: kind=command\n" },
		{ "flow f opt=6:13:1", 3, "not in the simulator: opt=6:13:1\n" },
		{ "flow f sysctl=rmem:1", 3, "not in the simulator: sysctl=rmem\n" },
		{ "flow f sysctl=retries2:256", 2, "sysctl=retries2:256: not from 0 to 255\n" },
		{ "flow f kind=udp-ping size=4 every_us=1000", 2, "size=4 " },
		{ "flow f kind=answer", 2, "answer_bytes=0" },
		{ "flow f colour=red", 2, "colour" },
		{ "", 2, "0 flows" },
		{ "flow f sysctl=sack:0 sysctl=initial_window:4 opt=6:1:1 cc=reno", 0, "" },
		{ "flow f cc=cubic", 0, "" },
	};
	char text[512], said[256];
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		test_case("%s", cases[i].flow);
		snprintf(text, sizeof(text),
			 "version 1\ntime_us 100000\nlink a delay_us=1000\n"
			 "link a.back delay_us=1000\n%s\n", cases[i].flow);
		ASSERT_EQ(status_of(text, said), cases[i].status);
		CHECK(strstr(said, cases[i].says), "it says: %s", said);
	}
}

/* A sysctl and an option of a flow show on the wire and in its samples. */
TEST(settings_of_a_flow)
{
	ASSERT_EQ(play("version 1\nseed 1\ntime_us 300000\nsample_us 1000\n"
		       "link a delay_us=10000\nlink a.back delay_us=10000\n"
		       "flow few sysctl=initial_window:2\nflow many\n"
		       "flow small opt=6:2:536 sysctl=timestamps:0\n"), 0);
	ASSERT_EQ(sample_at("few", 0.025, 5), 2 * 1448);
	ASSERT_EQ(sample_at("many", 0.025, 5), 10 * 1448);
	ASSERT_EQ(sample_at("small", 0.025, 6), 10);
	ASSERT_EQ(sample_at("small", 0.025, 5), 5360);
}

/* --- congestion control from a file --- */

#define CWND		6
#define SSTHRESH	7

/* Loads a file of the folder of objects. Return: what is said if it is refused, else "". */
static const char *load(const char *name)
{
	static char why[512];
	char path[256];

	snprintf(path, sizeof(path), OBJECTS "/%s", name);
	return sim_cc_load(path, why, sizeof(why)) ? "" : why;
}

/*
 * The example beside what is built in, each on a link of its own that loses the same packet:
 * twice the growth, and 0.8 of cwnd for 0.5.
 */
TEST(cc_file_grows_and_shrinks_as_it_says)
{
	double from, to;

	ASSERT_EQ(*load("aimd.so"), '\0');
	ASSERT_EQ(play("version 1\nseed 1\ntime_us 6000000\nwire 0\n"
		       "link a delay_us=50000 loss_at=200\nlink a.back delay_us=50000\n"
		       "link b delay_us=50000 loss_at=200\nlink b.back delay_us=50000\n"
		       "flow mine cc=aimd path=a\nflow reno cc=reno path=b\n"), 0);
	ASSERT_EQ(total("a", BY_LOSS), 1);
	ASSERT_EQ(total("b", BY_LOSS), 1);
	ASSERT_NEAR(sample_at("mine", 6, SSTHRESH) / sample_at("reno", 6, SSTHRESH),
		    0.8 / 0.5, 0.001);
	/* In 20 round trips. */
	from = sample_at("mine", 3, CWND);
	to = sample_at("mine", 5, CWND);
	CHECK(to - from >= 39 && to - from <= 41, "from %g to %g segments", from, to);
	from = sample_at("reno", 3, CWND);
	to = sample_at("reno", 5, CWND);
	CHECK(to - from >= 19 && to - from <= 21, "from %g to %g segments", from, to);
}

/* Who accepts has it from the listener. */
TEST(cc_file_is_used_by_who_accepts)
{
	struct sim_sockopt opt = sim_sockopt_default;
	struct scene s;

	ASSERT_EQ(*load("aimd.so"), '\0');
	opt.cc = sim_cc_find("aimd");
	ASSERT(opt.cc);
	test_world(1, 2);
	scene_connect(&s, 13, &opt);
	ASSERT(s.client->c.cc_ops == opt.cc);
	ASSERT(s.server->c.cc_ops == opt.cc);
	sim_close(s.client);
	sim_run_for(SEC);
	sim_close(s.server);
	scene_over();
}

TEST(cc_file_that_is_none_is_refused)
{
	static const struct {
		const char *name;
		const char *says;
	} cases[] = {
		{ "missing.so", "missing.so: cannot open" },
		{ "text.so", "text.so: file too short" },
		{ "none.so", "none.so: no algorithm: it has no ATCP_CC()" },
		{ "other.so", "other.so: of version 99 of cc.h; the simulator has 2" },
		{ "aimd.so", "" },
		{ "aimd.so", "aimd.so: is loaded already" },
		{ "again.so", "again.so: the name aimd is taken" },
	};
	FILE *text = fopen(OBJECTS "/text.so", "w");
	u32 i;

	ASSERT(text);
	fputs("no object\n", text);
	fclose(text);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *said = load(cases[i].name);

		test_case("%s", cases[i].name);
		CHECK(strstr(said, cases[i].says), "it says: %s", said);
		ASSERT_EQ(!*said, !*cases[i].says);
		ASSERT_EQ(!sim_cc_find("aimd"), i < 4);
	}
}

static void no_ack(struct atcp_cc *cc, const struct atcp_cc_sample *s)
{
}

static u32 no_ssthresh(struct atcp_cc *cc, const struct atcp_cc_sample *s,
		       enum atcp_cc_why why)
{
	return 0;
}

#define OPS(name)	{ name, ATCP_CC_API, 0, 0, NULL, no_ack, no_ssthresh }

TEST(cc_register_takes_what_is_complete)
{
	static const struct {
		struct atcp_cc_ops ops;
		int err;
	} cases[] = {
		{ OPS("a"), 0 },
		{ OPS("a"), -EEXIST },
		{ OPS("reno"), -EEXIST },
		{ OPS("cubic"), -EEXIST },
		{ OPS("az09-_890123456"), 0 },
		{ OPS("az09-_8901234567"), -EINVAL },
		{ OPS(""), -EINVAL },
		{ OPS(NULL), -EINVAL },
		{ OPS("Big"), -EINVAL },
		{ OPS("a b"), -EINVAL },
		{ OPS("../b"), -EINVAL },
		{ { "b", 0, 0, 0, NULL, no_ack, no_ssthresh }, -EINVAL },
		{ { "b", ATCP_CC_API + 1, 0, 0, NULL, no_ack, no_ssthresh }, -EINVAL },
		{ { "b", ATCP_CC_API, 0, 0, NULL, NULL, no_ssthresh }, -EINVAL },
		{ { "b", ATCP_CC_API, 0, 0, NULL, no_ack, NULL }, -EINVAL },
		{ { "b", ATCP_CC_API, ATCP_CC_SIZE_MAX + 1, 0, NULL, no_ack, no_ssthresh },
		  -EINVAL },
		{ { "b", ATCP_CC_API, ATCP_CC_SIZE_MAX, 0, NULL, no_ack, no_ssthresh }, 0 },
	};
	static struct atcp_cc_ops many[SIM_CC_MAX];
	static char names[SIM_CC_MAX][8];
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		test_case("%u: %s", i, cases[i].ops.name ?: "(none)");
		ASSERT_EQ(atcp_cc_register(&cases[i].ops), cases[i].err);
	}
	test_case(NULL);
	ASSERT(sim_cc_find("a") == &cases[0].ops);
	atcp_cc_unregister(&cases[0].ops);
	ASSERT(!sim_cc_find("a"));
	ASSERT(sim_cc_find("b"));
	for (i = 0; i < SIM_CC_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "m%u", i);
		many[i] = cases[0].ops;
		many[i].name = names[i];
		if (atcp_cc_register(&many[i]))
			break;
	}
	ASSERT_EQ(atcp_cc_register(&cases[0].ops), -ENOMEM);
	atcp_cc_unregister(&many[0]);
	ASSERT_EQ(atcp_cc_register(&cases[0].ops), 0);
}
