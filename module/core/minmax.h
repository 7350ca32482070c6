/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The least of the samples of a time that moves on (as minmax_running_min() of the kernel, by
 * Kathleen Nichols' algorithm): three samples instead of all.
 *
 * The first is the least; each of the others is the least of those that came after the one
 * before it.  When the first is too old the second takes its place.  So the least is at
 * most as old as the window, and no sample after it was less; one before it that is still
 * young enough may have been, for it was forgotten.
 */
#ifndef _ATCP_CORE_MINMAX_H
#define _ATCP_CORE_MINMAX_H

#include "core/host.h"

#define ATCP_MIN_SAMPLES	3

/**
 * struct atcp_min - the best samples; zeroed: none yet
 * @value:	of each, in ascending order; 0: there is none
 * @at:		when each was taken, in ascending order, in the caller's unit
 */
struct atcp_min {
	u32 value[ATCP_MIN_SAMPLES];
	u32 at[ATCP_MIN_SAMPLES];
};

/* This sample is the best from place @i on. */
static inline void atcp_min_set(struct atcp_min *m, u32 i, u32 value, u32 now)
{
	for (; i < ATCP_MIN_SAMPLES; i++) {
		m->value[i] = value;
		m->at[i] = now;
	}
}

/* The second sample is the first from now on. */
static inline void atcp_min_shift(struct atcp_min *m, u32 value, u32 now)
{
	m->value[0] = m->value[1];
	m->at[0] = m->at[1];
	m->value[1] = m->value[2];
	m->at[1] = m->at[2];
	atcp_min_set(m, 2, value, now);
}

/**
 * atcp_min_sample() - take a sample in
 * @window:	how long a sample is valid, in the unit of @now
 * @now:	the time; may wrap, if samples come more often than that
 * @value:	above 0
 *
 * Return: the least of the window.
 */
static inline u32 atcp_min_sample(struct atcp_min *m, u32 window, u32 now, u32 value)
{
	u32 age;

	if (!m->value[0] || value <= m->value[0] || now - m->at[2] > window)
		atcp_min_set(m, 0, value, now);
	else if (value <= m->value[1])
		atcp_min_set(m, 1, value, now);
	else if (value <= m->value[2])
		atcp_min_set(m, 2, value, now);

	age = now - m->at[0];
	if (age > window) {
		while (now - m->at[0] > window)
			atcp_min_shift(m, value, now);
	} else if (m->at[1] == m->at[0] && age > window / 4) {
		/* Samples of the same time: the others are due to be later ones. */
		atcp_min_set(m, 1, value, now);
	} else if (m->at[2] == m->at[1] && age > window / 2) {
		atcp_min_set(m, 2, value, now);
	}
	return m->value[0];
}

#endif /* _ATCP_CORE_MINMAX_H */
