module Shop.Prices

open System

/// The price with tax.
let withTax (rate: decimal) price =
    let factor = 1m + rate
    price * factor

type Basket(owner: string) =
    let items = ResizeArray<string>()
    /// Puts one in.
    member this.Add(item) =
        items.Add item
    static member Empty = Basket("")

type Colour =
    | Red
    | Green

let limit = 3
