/// The fields of an answer in HTTP/2's form: lower-case names, one buffer for all text.
struct HTTP2FieldBlock {
    private(set) var bytes: [UInt8] = []
    private(set) var entries: [(name: Range<Int>, value: Range<Int>)] = []

    /// An interim answer without other fields.
    init(status: Int) {
        bytes.reserveCapacity(160)
        add(":status") { HTTP1Encoder.appendDecimal(status, to: &$0) }
    }

    /// The fields of a final answer.
    init(_ response: Response, date: String?) {
        self.init(status: response.status)
        if let date { add("date", date) }
        if let type = response.contentType { add("content-type", type) }
        if response.status != 204 && response.status != 304 {
            add("content-length") { HTTP1Encoder.appendDecimal(response.body.count, to: &$0) }
        }
        for field in response.fields { add(field.name, field.value) }
    }

    private mutating func add(_ name: String, _ value: String) {
        add(name) { bytes in
            for byte in value.utf8 {
                bytes.append(Syntax.isFieldValue(byte) ? byte : Syntax.space)
            }
        }
    }

    private mutating func add(_ name: String, _ appendValue: (inout [UInt8]) -> Void) {
        let start = bytes.count
        for byte in name.utf8 { bytes.append(Syntax.lowercase(byte)) }
        let middle = bytes.count
        appendValue(&bytes)
        entries.append((start..<middle, middle..<bytes.count))
    }
}
