// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// Keys of devices, servers and recovery: P-256 over the SHA-256 of the hash, since what keeps such a key signs messages and
/// hashes them itself. A key is x and y, a signature r and s with the lower s, 64 bytes each and not a byte more.
contract P256Sha256Verifier is IERC7913SignatureVerifier {
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (key.length != 64 || signature.length != 64) return 0xffffffff;
        bytes32 digest = sha256(abi.encodePacked(hash));
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:]);
        bool good = P256.verify(digest, r, s, bytes32(key[:32]), bytes32(key[32:]));
        return good ? IERC7913SignatureVerifier.verify.selector : bytes4(0xffffffff);
    }
}
