// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a fuzz target on inputs in files, without an engine: to examine an input that
 * was found, and to measure coverage.
 *
 *   replay-TARGET [-v] FILE|DIRECTORY...
 *
 * -v prints what the input does, and the segments.  An input that fails ends the
 * program by a signal.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX	65536

static unsigned int ninputs;

static void replay(const char *path)
{
	static u8 buf[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	u8 *data;
	size_t n;

	if (!f) {
		perror(path);
		exit(2);
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	/* Of the exact length, so that a read beyond the end is noticed. */
	data = malloc(n ? n : 1);
	if (!data)
		abort();
	memcpy(data, buf, n);
	if (fuzz_verbose)
		printf("# %s: %zu bytes\n", path, n);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	ninputs++;
}

static void replay_all(const char *path)
{
	struct dirent **names;
	char sub[4096];
	struct stat st;
	int i, n;

	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		replay(path);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	for (i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			snprintf(sub, sizeof(sub), "%s/%s", path, names[i]->d_name);
			replay(sub);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int main(int argc, char **argv)
{
	int i = 1;

	if (argc > 1 && !strcmp(argv[1], "-v")) {
		fuzz_verbose = true;
		i++;
	}
	for (; i < argc; i++)
		replay_all(argv[i]);
	printf("%u inputs\n", ninputs);
	return 0;
}
