internal import Document

/// Rows of cells under a head: as columns for a terminal, or in Markdown.
struct TextTable {
    /// What stands above the columns.
    let head: [String]
    /// The rows, each with as many cells as the head.
    var rows: [[String]] = []

    /// Columns, two spaces apart; the last is not filled up.
    func columns() -> String {
        let all = [head] + rows
        let widths = head.indices.dropLast().map { column in
            all.map { $0[column].count }.max() ?? 0
        }
        let lines = all.map { row in
            let cells = row.enumerated().map { column, cell in
                guard column < widths.count else { return cell }
                return cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return cells.joined(separator: "  ") + "\n"
        }
        return lines.joined()
    }

    /// A table in Markdown.
    func markdown() -> String {
        let rule = "|" + String(repeating: "---|", count: head.count)
        let lines = [head] + rows
        let texts = lines.map { "| \($0.map(Self.escaped).joined(separator: " | ")) |\n" }
        return texts[0] + rule + "\n" + texts.dropFirst().joined()
    }

    /// A bar would end its cell.
    private static func escaped(_ cell: String) -> String {
        cell.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
