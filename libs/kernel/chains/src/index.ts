export * from './chain.ts'
export * from './chain-unavailable.ts'
export { chainsFrom, type ChainsSetting, chainsSetting, type ServedChains } from './chains-from.ts'
export { type Assertion, encodeAssertion } from './evm/assertion.ts'
export { CREATE2_DEPLOYER, deployContracts, type Deployer, usualContracts, type Wait } from './evm/deploy-contracts.ts'
export { type EvmChain, evmChain } from './evm/evm-chain.ts'
export { type Node, openNode } from './evm/node.ts'
export { type EvmContracts, type EvmSetting, evmSetting } from './evm/settings.ts'
export * from './flow/index.ts'
export { chainMigrations } from './migrations.ts'
export { addressOfKey, type GasKey } from './relay/gas-key.ts'
export {
  ensureRelayer,
  findRelayer,
  type GasKeys,
  gasKeysOf,
  type PairKeystore,
  type Relayer,
} from './relay/relayer.ts'
export type { RelayOptions } from './relay/round.ts'
export { evmWork, type RelayDeps } from './relay/work.ts'
