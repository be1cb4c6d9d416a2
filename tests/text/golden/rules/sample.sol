pragma solidity ^0.8.0;

/// @title A vault
contract Vault is Ownable {
    uint256 public constant LIMIT = 3;
    event Paid(address indexed who, uint amount);
    error TooMuch(uint amount);

    modifier onlyOpen() { require(open); _; }

    constructor(address owner) Ownable(owner) {}

    /// @notice Pays out.
    function pay(
        address to,
        uint amount
    ) external onlyOpen returns (bool) {
        if (amount > LIMIT) { revert TooMuch(amount); }
        return true;
    }
}

interface IVault { function pay(address to) external; }
