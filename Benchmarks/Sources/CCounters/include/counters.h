/* What a stage costs beside time: allocations, and instructions where callgrind runs the program. */
#ifndef CATTLEGUARD_COUNTERS_H
#define CATTLEGUARD_COUNTERS_H

/* How often the process has allocated: the benchmark's own malloc in front of glibc's. */
long allocation_count(void);

/* Whether callgrind runs the program. */
int instructions_are_counted(void);
/* Begins to count instructions where they are not counted, and the other way round. */
void instructions_toggle(void);
/* Has callgrind write down what it counted since the last time, under a label. */
void instructions_write(const char *label);

#endif
