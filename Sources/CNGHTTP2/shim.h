/* nghttp2: HTTP/2 framing and HPACK. */
#ifndef CATTLEGUARD_CNGHTTP2_H
#define CATTLEGUARD_CNGHTTP2_H
#include <nghttp2/nghttp2.h>
#endif
