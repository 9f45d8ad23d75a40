import Testing

@testable import Server

@Suite struct ListenerAddressTests {
    @Test(arguments: [
        "https://0.0.0.0:8443", "http://127.0.0.1:0", "http://[::]:8080", "https://[::1]:65535",
    ])
    func readsWhatItWrites(_ text: String) {
        #expect(ListenerAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", "0.0.0.0:8443", "https://0.0.0.0", "https://:8443", "http://::1:80", "http://a:65536",
        "ftp://a:1", "http://a:", "http://a:1/",
    ])
    func refuses(_ text: String) {
        #expect(ListenerAddress(text) == nil)
    }
}
