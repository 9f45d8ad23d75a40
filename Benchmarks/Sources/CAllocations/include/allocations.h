/* Counts the allocations of the process: the benchmark's own malloc in front of glibc's. */
#ifndef CATTLEGUARD_ALLOCATIONS_H
#define CATTLEGUARD_ALLOCATIONS_H
long allocation_count(void);
#endif
