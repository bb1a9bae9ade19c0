// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {WeightedAccount} from "./WeightedAccount.sol";

/// Makes accounts. The address follows from all that an account is made of, computed here: whoever comes first with other
/// signers makes another account at another address.
contract AccountFactory {
    WeightedAccount public immutable implementation;

    event AccountCreated(address indexed account, bytes32 indexed id);

    constructor(WeightedAccount implementation_) {
        implementation = implementation_;
    }

    /// The same again changes nothing and answers the same.
    function createAccount(
        bytes32 id,
        bytes[] calldata signers,
        uint64[] calldata weights,
        uint64 threshold
    ) external returns (address account) {
        bytes32 salt = saltOf(id, signers, weights, threshold);
        account = Clones.predictDeterministicAddress(address(implementation), salt);
        if (account.code.length > 0) return account;
        Clones.cloneDeterministic(address(implementation), salt);
        WeightedAccount(payable(account)).initialize(signers, weights, threshold);
        emit AccountCreated(account, id);
    }

    function addressOf(
        bytes32 id,
        bytes[] calldata signers,
        uint64[] calldata weights,
        uint64 threshold
    ) external view returns (address) {
        return Clones.predictDeterministicAddress(address(implementation), saltOf(id, signers, weights, threshold));
    }

    function saltOf(
        bytes32 id,
        bytes[] calldata signers,
        uint64[] calldata weights,
        uint64 threshold
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(id, signers, weights, threshold));
    }
}
