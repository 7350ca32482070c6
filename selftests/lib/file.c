// SPDX-License-Identifier: GPL-2.0
/* Files of the kernel's that hold a value or a table: see file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

bool file_write(const char *text, const char *name, ...)
{
	char path[512];
	va_list args;
	int fd, err;
	ssize_t n;

	va_start(args, name);
	vsnprintf(path, sizeof(path), name, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	err = errno;
	close(fd);
	errno = err;
	return n >= 0;
}

long file_number(const char *word, const char *name, ...)
{
	char path[512], line[256];
	size_t len = strlen(word);
	long value = -1;
	va_list args;
	FILE *f;

	va_start(args, name);
	vsnprintf(path, sizeof(path), name, args);
	va_end(args);
	f = fopen(path, "re");
	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, len) && line[len] == ' ')
			sscanf(line + len, "%ld", &value);
	if (f)
		fclose(f);
	return value;
}
