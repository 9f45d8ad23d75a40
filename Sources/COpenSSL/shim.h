/* OpenSSL 3, with its function-like macros as functions. */
#ifndef CATTLEGUARD_COPENSSL_H
#define CATTLEGUARD_COPENSSL_H
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* What a server and a client of ours have in common. */
static inline int openssl_configure_context(SSL_CTX *context, int minimum, int maximum) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    return SSL_CTX_set_min_proto_version(context, minimum) &&
           SSL_CTX_set_max_proto_version(context, maximum);
}

static inline int openssl_set_groups(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, groups);
}

/* Takes over the certificate if it succeeds. */
static inline int openssl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return SSL_CTX_add0_chain_cert(context, certificate);
}

static inline int openssl_set_server_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name);
}

typedef int (*openssl_ticket_key_callback)(SSL *, unsigned char *, unsigned char *,
                                           EVP_CIPHER_CTX *, EVP_MAC_CTX *, int);

static inline void openssl_set_ticket_keys(SSL_CTX *context, openssl_ticket_key_callback callback,
                                           void *keys) {
    SSL_CTX_set_app_data(context, keys);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}

static inline void *openssl_ticket_keys(SSL *ssl) {
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

static inline int openssl_set_ticket_mac_key(EVP_MAC_CTX *mac, unsigned char *key, size_t size) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, size),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters);
}

/* The unread bytes of a memory BIO, in place. */
static inline size_t openssl_bio_bytes(BIO *bio, const unsigned char **bytes) {
    return (size_t)BIO_get_mem_data(bio, bytes);
}

static inline size_t openssl_bio_count(BIO *bio) { return BIO_ctrl_pending(bio); }

/* Empties a memory BIO. Its memory is kept for the next bytes, up to `keep` of it: emptying also
 * clears the memory, so that much of it would cost time for every message. */
static inline void openssl_bio_empty(BIO *bio, size_t keep) {
    BUF_MEM *memory = NULL;
    BIO_get_mem_ptr(bio, &memory);
    if (memory == NULL || memory->max <= keep) {
        (void)BIO_reset(bio);
        return;
    }
    BUF_MEM *fresh = BUF_MEM_new();
    if (fresh == NULL || BIO_set_mem_buf(bio, fresh, BIO_CLOSE) != 1) {
        BUF_MEM_free(fresh);
        (void)BIO_reset(bio);
    }
}

static inline int openssl_print_name(BIO *bio, const X509_NAME *name) {
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
}

static inline EVP_PKEY *openssl_generate_p256_key(void) { return EVP_EC_gen("P-256"); }

static inline int openssl_add_extension(X509 *certificate, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, kind, value);
    int added = extension != NULL && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

/* Does as a client what our servers refuse; for tests. */
static inline void openssl_renegotiate(SSL *ssl) {
    SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
    SSL_renegotiate(ssl);
    SSL_do_handshake(ssl);
}

static inline int openssl_set_host_to_verify(SSL *ssl, const char *host) {
    /* An address is matched with the certificate's addresses, anything else with its names. */
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) || SSL_set1_host(ssl, host);
}
#endif
