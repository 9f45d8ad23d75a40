internal import COpenSSL

/// Makes certificates that vouch for themselves: for a first try, for tests, and for a cluster
/// without cert-manager, where the same certificate serves as `caBundle`.
package enum SelfSignedCertificate {
    /// What a certificate is good for (RFC 5280 §4.2.1.12).
    package enum Purpose: String, Sendable {
        /// For a server.
        case server = "serverAuth"
        /// For a client.
        case client = "clientAuth"
    }

    /// Makes a P-256 key and a certificate for it, valid for so many days from `unixSeconds` on,
    /// and an hour before because clocks differ. Hosts are DNS names (`*.example.org` too) or IP
    /// addresses; the first is also the common name if it has at most 64 bytes.
    package static func make(
        hosts: [String], days: Int, unixSeconds: Int64, purpose: Purpose = .server
    ) throws(TLSError) -> (certificatePEM: [UInt8], privateKeyPEM: [UInt8]) {
        let names = try alternativeNames(hosts)
        guard let keyPointer = unsafe openssl_generate_p256_key() else {
            throw TLSError(last: "making a key")
        }
        let key = unsafe PrivateKey(adopting: keyPointer)
        guard let pointer = unsafe X509_new() else { fatalError("out of memory") }
        let certificate = unsafe Certificate(adopting: pointer)

        let end = unixSeconds + Int64(days) * 86400
        let commonName = hosts.first { $0.utf8.count <= 64 } ?? "cattleguard"
        var serial: UInt64 = 0
        // Sound: the objects live to the end of this function; `serial` has 8 bytes; the calls copy
        // what they are given.
        unsafe RAND_bytes(&serial, 8)
        let subject = unsafe X509_get_subject_name(pointer)
        let isMade =
            unsafe X509_set_version(pointer, Int(X509_VERSION_3)) == 1
            && ASN1_INTEGER_set_uint64(X509_get_serialNumber(pointer), serial >> 1 | 1) == 1
            && ASN1_TIME_set(X509_getm_notBefore(pointer), Int(unixSeconds - 3600)) != nil
            && ASN1_TIME_set(X509_getm_notAfter(pointer), Int(end)) != nil
            && X509_NAME_add_entry_by_txt(
                subject, "CN", MBSTRING_UTF8, commonName, -1, -1, 0) == 1
            && X509_set_issuer_name(pointer, subject) == 1
            && X509_set_pubkey(pointer, key.pointer) == 1
            && openssl_add_extension(pointer, NID_basic_constraints, "critical,CA:FALSE") == 1
            && openssl_add_extension(pointer, NID_key_usage, "critical,digitalSignature") == 1
            && openssl_add_extension(pointer, NID_ext_key_usage, purpose.rawValue) == 1
            && openssl_add_extension(pointer, NID_subject_alt_name, names) == 1
            && openssl_add_extension(pointer, NID_subject_key_identifier, "hash") == 1
            && X509_sign(pointer, key.pointer, EVP_sha256()) > 0
        guard isMade else { throw TLSError(last: "making a certificate") }
        return try (pem(of: certificate), pem(of: key))
    }

    /// `DNS:a.example,IP:10.0.0.1`, as OpenSSL's configuration language writes it. A host with a
    /// character of that language, or none at all, is refused.
    private static func alternativeNames(_ hosts: [String]) throws(TLSError) -> String {
        let operation = "making a certificate"
        guard !hosts.isEmpty else { throw TLSError(operation, "it needs at least one host") }
        var names: [String] = []
        for host in hosts {
            let isPlain = host.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: ".-_*:".utf8.contains($0)
                }
            }
            guard isPlain, !host.isEmpty, host.utf8.count <= 253 else {
                throw TLSError(operation, "'\(host)' is neither a DNS name nor an IP address")
            }
            // Sound: the address returned is our own, and only asked whether it is there.
            let address = unsafe a2i_IPADDRESS(host)
            unsafe ASN1_OCTET_STRING_free(address)
            let isAddress = unsafe address != nil
            guard isAddress || !host.contains(":") else {
                throw TLSError(operation, "'\(host)' is neither a DNS name nor an IP address")
            }
            names.append(isAddress ? "IP:\(host)" : "DNS:\(host)")
        }
        ERR_clear_error()
        return names.joined(separator: ",")
    }

    private static func pem(of certificate: borrowing Certificate) throws(TLSError) -> [UInt8] {
        let text = MemoryBIO()
        guard unsafe PEM_write_bio_X509(text.pointer, certificate.pointer) == 1 else {
            throw TLSError(last: "writing the certificate")
        }
        return text.bytes
    }

    private static func pem(of key: borrowing PrivateKey) throws(TLSError) -> [UInt8] {
        let text = MemoryBIO()
        guard
            unsafe PEM_write_bio_PKCS8PrivateKey(text.pointer, key.pointer, nil, nil, 0, nil, nil)
                == 1
        else { throw TLSError(last: "writing the key") }
        return text.bytes
    }
}
