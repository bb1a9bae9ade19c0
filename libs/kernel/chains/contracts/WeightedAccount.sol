// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {MultiSignerERC7913Weighted} from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913Weighted.sol";

/// What an account is asked to do: one call, in the order in which they stand.
struct Call {
    address target;
    uint256 value;
    bytes data;
}

/// An account that moves when signers of enough weight signed, and for nobody else. Whoever sends the transaction has no say.
/// Signers are ERC-7913 keys: the address of a verifier, then the key. Only the account itself changes them.
contract WeightedAccount is MultiSignerERC7913Weighted, Initializable, IERC5267 {
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant CALL_TYPE = keccak256("Call(address target,uint256 value,bytes data)");
    bytes32 private constant EXECUTE_TYPE =
        keccak256("Execute(Call[] calls,uint256 nonce,uint256 deadline)Call(address target,uint256 value,bytes data)");
    string private constant NAME = "Strongroom Account";
    string private constant VERSION = "1";

    /// Of the next request; each is good once.
    uint256 public nonce;

    error Expired(uint256 deadline);
    error NotSigned();
    error NotSelf(address sender);

    modifier onlySelf() {
        require(msg.sender == address(this), NotSelf(msg.sender));
        _;
    }

    /// Of the code that all accounts share: signed for by an address that nobody has a key of.
    constructor() MultiSignerERC7913Weighted(_nobody(), _one(), 1) {
        _disableInitializers();
    }

    receive() external payable {}

    function initialize(bytes[] calldata signers, uint64[] calldata weights, uint64 threshold_) external initializer {
        _addSigners(signers);
        _setSignerWeights(signers, weights);
        _setThreshold(threshold_);
    }

    /// Makes the calls if signers of enough weight signed exactly these, for this chain, this account, this nonce and before
    /// the deadline (seconds since 1970). All of them or none.
    function execute(Call[] calldata calls, uint256 deadline, bytes calldata signature) external {
        require(block.timestamp <= deadline, Expired(deadline));
        bytes32 digest = hashOf(calls, nonce, deadline);
        // Before the calls: what they call must find this request used.
        unchecked {
            ++nonce;
        }
        require(_rawSignatureValidation(digest, signature), NotSigned());
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool success, bytes memory answer) = calls[i].target.call{value: calls[i].value}(calls[i].data);
            Address.verifyCallResult(success, answer);
        }
    }

    function addSigner(bytes calldata signer, uint64 weight) external onlySelf {
        _addSigners(_list(signer));
        _setSignerWeights(_list(signer), _list(weight));
    }

    /// Refused where those that stay could not reach the threshold.
    function removeSigner(bytes calldata signer) external onlySelf {
        _removeSigners(_list(signer));
    }

    /// All that decides, in one answer.
    function standing()
        external
        view
        returns (bytes[] memory signers, uint64[] memory weights, uint64 threshold_, uint256 nonce_)
    {
        signers = getSigners(0, type(uint64).max);
        weights = new uint64[](signers.length);
        for (uint256 i = 0; i < signers.length; ++i) weights[i] = signerWeight(signers[i]);
        return (signers, weights, threshold(), nonce);
    }

    /// What signers sign: EIP-712, with the chain and the account as its domain.
    function hashOf(Call[] calldata calls, uint256 nonce_, uint256 deadline) public view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            hashes[i] = keccak256(abi.encode(CALL_TYPE, calls[i].target, calls[i].value, keccak256(calls[i].data)));
        }
        bytes32 request = keccak256(abi.encode(EXECUTE_TYPE, keccak256(abi.encodePacked(hashes)), nonce_, deadline));
        return MessageHashUtils.toTypedDataHash(_domain(), request);
    }

    /// Computed at each call: a clone has no immutable of its own, and the code of ours is the same on every chain.
    function _domain() private view returns (bytes32) {
        return
            keccak256(
                abi.encode(DOMAIN_TYPE, keccak256(bytes(NAME)), keccak256(bytes(VERSION)), block.chainid, address(this))
            );
    }

    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (hex"0f", NAME, VERSION, block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    function _list(bytes memory one) private pure returns (bytes[] memory list) {
        list = new bytes[](1);
        list[0] = one;
    }

    function _list(uint64 one) private pure returns (uint64[] memory list) {
        list = new uint64[](1);
        list[0] = one;
    }

    function _nobody() private pure returns (bytes[] memory) {
        return _list(abi.encodePacked(address(0xdEaD)));
    }

    function _one() private pure returns (uint64[] memory) {
        return _list(uint64(1));
    }
}
