/* Linux calls that Swift's Glibc module does not show, and the macros, unions and variadics it cannot. */
#ifndef CATTLEGUARD_CLINUX_H
#define CATTLEGUARD_CLINUX_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/epoll.h>
#endif
