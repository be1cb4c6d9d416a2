//! Sorted things.
const std = @import("std");

const limit = 10;

/// A sorted list.
pub const SortedList = struct {
    items: []u8,

    /// Creates one.
    pub fn init(allocator: std.mem.Allocator) SortedList {
        return .{ .items = &.{} };
    }

    fn hidden(self: *SortedList) void {
        _ = self;
    }
};

pub const Order = enum { up, down };

pub fn main() !void {
    std.debug.print("x", .{});
}

test "sorts things" {
    try std.testing.expect(true);
}

const limit = 3;

const Shelf = struct {
    places: u8,
};
