internal import COpenSSL

/// The client's side of `TLSContext`: for tests, and for a probe of our own server.
package final class TLSClientContext: @unchecked Sendable {
    // Sound as Sendable for the same reason as TLSContext.
    let handle: ContextHandle

    /// Makes a context that trusts the certificates of `trustedPEM`; without them it trusts any
    /// server. A client certificate is shown if there is one.
    package init(
        trustedPEM: [UInt8]?, applicationProtocols: [String] = [],
        maximumVersion: TLSVersion = .tls13,
        identity: (certificateChainPEM: [UInt8], privateKeyPEM: [UInt8])? = nil
    ) throws(TLSError) {
        let handle = try unsafe makeContext(TLS_client_method(), maximumVersion: maximumVersion)
        let context = unsafe handle.pointer
        if let trustedPEM {
            let operation = "reading the trusted certificates"
            try PEM.forEachCertificate(of: trustedPEM, operation) { certificate throws(TLSError) in
                // Sound: the store takes a reference of its own.
                let store = unsafe SSL_CTX_get_cert_store(context)
                guard unsafe X509_STORE_add_cert(store, certificate.pointer) == 1 else {
                    throw TLSError(last: operation)
                }
            }
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
        if let identity {
            _ = try identify(
                handle, certificateChainPEM: identity.certificateChainPEM,
                privateKeyPEM: identity.privateKeyPEM)
        }
        let names = applicationProtocols.flatMap { [UInt8(clamping: $0.utf8.count)] + $0.utf8 }
        // Sound: the call copies the list. It returns 0 for success.
        guard
            unsafe names.isEmpty
                || SSL_CTX_set_alpn_protos(context, names, UInt32(names.count)) == 0
        else { throw TLSError(last: "setting the application protocols") }
        self.handle = handle
    }
}

/// A session that a client may resume later.
@safe
package final class TLSResumption: @unchecked Sendable {
    // Sound as Sendable: an SSL_SESSION counts its references atomically and we never change it.
    let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe SSL_SESSION_free(pointer)
    }
}
