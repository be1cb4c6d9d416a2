unit Shop;
interface
type
  { A till. }
  TTill = class(TObject)
  private
    FSum: Integer;
  public
    constructor Create;
    /// Adds a price.
    procedure Add(Price: Integer);
  end;
  TKind = (kA, kB);

function Total(const Items: array of Integer): Integer;

implementation

constructor TTill.Create;
begin
  FSum := 0; // end;
end;

procedure TTill.Add(Price: Integer);
begin
  if Price > 0 then
  begin
    FSum := FSum + Price;
  end;
end;

end.
