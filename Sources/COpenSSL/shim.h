/* OpenSSL 3, with its function-like macros as functions. */
#ifndef CATTLEGUARD_COPENSSL_H
#define CATTLEGUARD_COPENSSL_H
#include <openssl/ssl.h>
#include <openssl/err.h>
#endif
