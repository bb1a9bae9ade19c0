import { parseAbi } from 'viem'

/** What we call of `contracts/`; the tests compare it with the artifacts. */
export const accountAbi = parseAbi([
  'struct Call { address target; uint256 value; bytes data; }',
  'function execute(Call[] calls, uint256 deadline, bytes signature)',
  'function addSigner(bytes signer, uint64 weight)',
  'function removeSigner(bytes signer)',
  'function standing() view returns (bytes[] signers, uint64[] weights, uint64 threshold_, uint256 nonce_)',
  'function hashOf(Call[] calls, uint256 nonce_, uint256 deadline) view returns (bytes32)',
])

export const factoryAbi = parseAbi([
  'function createAccount(bytes32 id, bytes[] signers, uint64[] weights, uint64 threshold) returns (address account)',
  'function addressOf(bytes32 id, bytes[] signers, uint64[] weights, uint64 threshold) view returns (address)',
])
