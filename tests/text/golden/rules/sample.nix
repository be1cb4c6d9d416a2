{ lib, pkgs, ... }:
let
  # Joins names.
  join = sep: names: lib.concatStringsSep sep names;
  build = { name, src ? null }:
    pkgs.stdenv.mkDerivation {
      inherit name src;
    };
in {
  options.services.shop.enable = lib.mkOption {
    type = lib.types.bool;
    description = ''
      fake = x: x;
    '';
  };
}
