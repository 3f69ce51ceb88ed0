internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// The listing of one open folder, of one revision from its start to its end.
///
/// Offsets: 1 is behind `.`, 2 behind `..`, n + 2 behind the n-th entry, with the contents' salt
/// above bit 40. Entries are read by key in pages of equal size; where each page starts is
/// remembered, so an offset that was handed out is found again with one query.
final class FolderListing: Sendable {
    static let pageSize = 512
    private static let indexBits: UInt64 = 40

    /// Where the entries come from.
    enum Source: Sendable {
        /// The names at the root of a file system.
        case names([RootName], contents: FolderContents)
        /// A folder of a volume.
        case folder(EntryID, view: View)
        /// What a mount tells of itself.
        case session

        var contents: FolderContents {
            switch self {
            case .names(_, let contents): contents
            case .folder(_, let view): view.contents
            case .session: FolderContents(revision: 0, viewID: 0)
            }
        }
    }

    struct State: Sendable {
        var source: Source
        /// The position before each page's first entry, as far as pages were read; the first is nil.
        var pageStarts: [ListPosition?] = [nil]
        /// The page at hand, and its number.
        var page: [Entry] = []
        var pageNumber = -1
        /// The view that the page was read under: names that it hides by now must not come out of
        /// what was read before.
        var pageView: UInt64?
    }

    let state: Mutex<State>

    init(_ source: Source) {
        state = Mutex(State(source: source))
    }

    /// The offset behind the entry with that index, counted from 0.
    static func offset(behind index: Int, salt: UInt64) -> UInt64 {
        salt << indexBits | UInt64(index + 3)
    }

    /// The index of the entry that follows an offset above 1.
    static func index(after offset: UInt64) -> Int {
        max(Int(offset & (1 << indexBits - 1)) - 2, 0)
    }
}

extension FolderListing.State {
    /// Starts again with other contents.
    mutating func restart(_ source: FolderListing.Source) {
        self = FolderListing.State(source: source)
    }

    /// Forgets the page at hand where it was read under another view than that of now.
    mutating func see(_ view: UInt64?) {
        guard pageView != view else { return }
        pageView = view
        page = []
        pageNumber = -1
    }

    /// The entry with that index of a volume's folder, or nil behind the end.
    mutating func entry(
        _ index: Int, folder: EntryID, view: View, service: any VolumeService
    ) throws(PerigeeError) -> Entry? {
        let number = index / FolderListing.pageSize
        if number != pageNumber {
            guard try load(number, folder: folder, view: view, service: service) else { return nil }
        }
        let place = index % FolderListing.pageSize
        return place < page.count ? page[place] : nil
    }

    /// Reads the page, and those before it whose ends are not known yet; false behind the end.
    private mutating func load(
        _ number: Int, folder: EntryID, view: View, service: any VolumeService
    ) throws(PerigeeError) -> Bool {
        while true {
            let next = min(number, pageStarts.count - 1)
            let entries = try service.list(
                folder, of: view.snapshot, after: pageStarts[next],
                limit: FolderListing.pageSize)
            if next == pageStarts.count - 1, entries.count == FolderListing.pageSize,
                let last = entries.last
            {
                pageStarts.append(ListPosition(after: last))
            }
            if next == number {
                page = entries
                pageNumber = number
                return true
            }
            if entries.count < FolderListing.pageSize { return false }
        }
    }
}
