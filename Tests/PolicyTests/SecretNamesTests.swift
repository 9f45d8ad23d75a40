import Testing

@testable import Policy

@Suite struct SecretNamesTests {
    private func meaning(_ name: String, additional: [String] = []) -> SecretNames.Meaning {
        SecretNames(additional: additional).meaning(of: name.utf8.span)
    }

    @Test(arguments: [
        "PASSWORD", "DB_PASSWORD", "DB-PASSWORD", "db.password", "dbPassword", "DB_PASSWORD_1",
        "PASS_WORD", "p.a-s_s__word", "MYSQL_ROOT_PASSWD", "GPG_PASSPHRASE", "SECRET",
        "CLIENT_SECRET", "SECRET_KEY_BASE", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "API_KEY",
        "x-api-key", "apikeys", "PRIVATE_KEY", "GITHUB_TOKEN", "token", "TOKENS", "DB_PWD", "mypwd",
        "SECRET_ID", "TOKEN_ISSUE", "KEYSTORE_PASSWORD", "PGPASSWORD", "JWT_SECRET",
        // These end in `min`, `age`, `port`, `user` and `env`, which are no words of theirs.
        "DB_PASSWORD_ADMIN", "passwordAdmin", "API_TOKEN_STAGE", "SECRET_MESSAGE", "TOKEN_EXPORT",
        "PASSWORD_SUPERUSER", "tokenstage", "TOKEN_Stage",
    ])
    func secrets(name: String) { #expect(meaning(name) == .secret) }

    @Test(arguments: [
        "CREDENTIALS", "AUTH", "REDIS_AUTH", "AUTHORIZATION", "KEY", "ENCRYPTION_KEY", "TLS_CERT",
        "MON_KEY", "keyring",
    ])
    func suspects(name: String) { #expect(meaning(name) == .suspect) }

    @Test(arguments: [
        "", "_", "...", "USER", "LOG_LEVEL", "PWD", "OLDPWD", "PWD_CHECK", "MONKEY", "monkeys",
        "tokenizer", "TOKENIZERS_PARALLELISM", "PASSWORDLESS_LOGIN", "KEYCLOAK_URL", "KEYCLOAK",
        "KEYBOARD_LAYOUT", "SECRETARY", "CONCERT_HALL", "UNCERTAINTY", "IMAGE_PULL_SECRETS",
        "existingSecret", "PUBLIC_KEY", "JWT_TOKEN_PUBLIC_KEY", "SSH_PUBKEY", "SSH_KEY_FILE",
        "tls-private-key-file", "TOKEN_AUDIENCE", "PASSWORD_POLICY", "SECRET_KEY_REF",
        "AUTH_ENABLED", "token-ttl", "tokenTTL", "SECRET_NAME", "secretNamespace", "KMS_KEY_ID",
        "AUTH_CLIENT_ID", "password-stdin", "ACCESS_TOKEN_EXPIRES_IN", "PASSWORD_MIN_LENGTH",
        "TOKEN_EXPIRATION_SECONDS", "CERT_DIR", "AUTH_URL", "AUTH__URL", "SECRETS_BACKEND",
        "PASSWORD_RESET_TIMEOUT", "TOKEN_HEADER", "KEY_PREFIX", "MAX_TOKEN_AGE",
        "tokenttl", "TOKENTTL", "passwordfilename", "passwordFileName", "PASSWORD_USERNAME",
        "secretkeyref", "tokenCacheTTL", "PASSWORD_PORT", "TOKEN.AGE", "TOKEN_A_G_E",
        "TOKENS_PER_MINUTE", "SECRETS_MANAGER", "PASSWORD_ENCODER", "accessTokenLifespan",
    ])
    func harmless(name: String) { #expect(meaning(name) == .harmless) }

    /// However long a name is, each of its bytes is looked at a few times.
    @Test func separatorsWithoutEnd() {
        let separators = String(repeating: "_-.", count: 1 << 18)
        #expect(meaning("TOKEN" + separators) == .secret)
        #expect(meaning("TOKEN" + separators + "TTL") == .harmless)
        #expect(meaning("TOKEN_T" + separators + "TL" + separators) == .harmless)
    }

    @Test(arguments: [
        ("pin", "SMTP_PIN", SecretNames.Meaning.secret), ("P_I.N", "smtp-pin", .secret),
        ("pin", "SPINNER", .secret), ("pin", "PIN_FILE", .harmless), ("pin", "PI", .harmless),
        ("pin", "PASSWORD", .secret), ("_", "ANY", .harmless),
    ])
    func additionalWords(word: String, name: String, expected: SecretNames.Meaning) {
        #expect(meaning(name, additional: [word]) == expected)
    }

    @Test(arguments: [
        ("MAX_TOKENS", true), ("max-num-batched-tokens", true), ("TOKENS", true),
        ("MIN_PASSWORD", true), ("NUM_KEYS", true), ("TOKEN", false), ("PASSWORD_MAXIMAL", false),
        ("minTokenAge", true), ("MINIO_ROOT_PASSWORD", false), ("minioPassword", false),
        ("NUMERIC_PASSWORD", false), ("MAXMIND_TOKEN", false),
    ])
    func counts(name: String, expected: Bool) {
        let result = SecretNames.counts(name.utf8.span)
        #expect(result == expected)
    }

    @Test(arguments: [
        ("no-password", true), ("skip-token-check", true), ("noPassword", true),
        ("node-token", false), ("nomad-token", false), ("notify-secret", false),
        ("printer-password", false), ("showroom-token", false), ("password", false),
    ])
    func switches(name: String, expected: Bool) {
        let result = SecretNames.isSwitch(name.utf8.span)
        #expect(result == expected)
    }

    @Test(arguments: [
        ("auth.yaml", true), ("AUTH.YAML", true), ("a.b.json", true), (".env", true),
        ("app.env", true), ("auth_yaml", false), ("yaml", false), ("tls.key", false),
        ("ca.pem", false), ("password.txt", false), ("", false),
    ])
    func files(name: String, expected: Bool) {
        let result = SecretNames.isFile(name.utf8.span)
        #expect(result == expected)
    }

    /// Separators are passed over by no more starts than the longest word has letters.
    @Test func aNameOfSeparatorsTakesNoTime() {
        let name = String(repeating: "p" + String(repeating: "_", count: 999), count: 200)
        let time = processorTime { #expect(meaning(name) == .harmless) }
        #expect(time < .seconds(5))
    }
}
