import Foundation

/// Colours of the interface, for light and for dark surroundings.
enum Theme: String {
    case light, dark

    /// The theme that fits the time of the day.
    static func forHour(_ hour: Int) -> Theme {
        return (7..<20).contains(hour) ? .light : .dark
    }

    func background() -> String {
        return self == .light ? "#ffffff" : "#1e1e1e"
    }
}
