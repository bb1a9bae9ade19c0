// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC7913WebAuthnVerifier} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913WebAuthnVerifier.sol";

/// Passkeys: a WebAuthn assertion whose challenge is the hash, with the user present and verified.
contract PasskeyVerifier is ERC7913WebAuthnVerifier {}
