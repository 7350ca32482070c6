// SPDX-License-Identifier: GPL-2.0
/* The protocol family of the loaded module. */
#include <stdio.h>

#include "family.h"

int atcp_loaded_family(void)
{
	FILE *f = fopen("/sys/module/atcp/parameters/family", "re");
	int family = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &family) != 1)
		family = -1;
	fclose(f);
	return family;
}
