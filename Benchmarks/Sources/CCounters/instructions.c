#include "counters.h"
#include <valgrind/callgrind.h>

int instructions_are_counted(void) { return RUNNING_ON_VALGRIND != 0; }
void instructions_toggle(void) { CALLGRIND_TOGGLE_COLLECT; }
void instructions_write(const char *label) { CALLGRIND_DUMP_STATS_AT(label); }
