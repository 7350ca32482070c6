// SPDX-License-Identifier: GPL-2.0
/* Makes a program that differs small: drops operations, then arguments. */
#include <string.h>

#include "oracle.h"

static bool still_differs(struct oracle *o, const struct program *p, int *tries)
{
	return (*tries)-- > 0 && !oracle_run(o, p);
}

void oracle_shrink(struct oracle *o, struct program *p, int tries)
{
	unsigned int piece, i, k;
	struct program less;

	for (piece = p->count / 2; piece; piece /= 2)
		for (i = 0; i + piece <= p->count && tries > 0;) {
			less = *p;
			memmove(&less.op[i], &less.op[i + piece],
				(p->count - i - piece) * sizeof(less.op[0]));
			less.count -= piece;
			if (still_differs(o, &less, &tries))
				*p = less;
			else
				i += piece;
		}
	for (i = 0; i < p->count; i++)
		for (k = 0; k < ARGS && tries > 0; k++) {
			const struct call *call = &calls[p->op[i].call];

			/* With a peer, a call that waits is another program. */
			if (!call->arg[k].name ||
			    (o->peer && call->arg[k].kind == K_TYPE) ||
			    p->op[i].arg[k] == call->arg[k].def)
				continue;
			less = *p;
			less.op[i].arg[k] = call->arg[k].def;
			if (still_differs(o, &less, &tries))
				*p = less;
		}
	/* The last run makes the report that of the smallest program. */
	oracle_run(o, p);
}
