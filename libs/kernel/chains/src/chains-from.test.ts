import { expect, test } from 'vitest'
import { chainsFrom, chainsSetting } from './chains-from.ts'
import { usualContracts } from './evm/usual-contracts.ts'

const local = {
  rpcUrl: 'http://127.0.0.1:8545/key-of-a-provider',
  chainId: 31_337,
  ...usualContracts(),
  gasBudgetWei: '1000',
}
const read = (setting: unknown) => chainsSetting.safeParse(JSON.stringify(setting))

test('chains are served by their names, with what nobody said as it usually is', () => {
  const served = chainsFrom(
    chainsSetting.parse(
      JSON.stringify({
        local,
        'ethereum-goerli': { ...local, chainId: 5, explorerUrl: 'https://explorer.example/tx/' },
      }),
    ),
  )
  expect(served.names.toSorted()).toEqual(['ethereum-goerli', 'local'])
  expect(served.get('polygon-mainnet')).toBeUndefined()
  expect(served.get('ethereum-goerli')).toMatchObject({ type: 'evm', chainId: 5 })
  expect(served.get('ethereum-goerli')?.referenceOf('0xabc')).toBe('https://explorer.example/tx/0xabc')
  expect(served.evm[0]?.relayed.setting).toMatchObject({ confirmations: 12, inFlight: 64, gasBudgetWei: 1000n })
  expect(chainsFrom(chainsSetting.parse('{}')).names).toEqual([])
})

test.each<[string, unknown, string]>([
  ['a name that is none', { goerli: local }, 'goerli'],
  ['the id of another chain', { 'ethereum-mainnet': local }, 'must be 1'],
  ['no address', { local: { ...local, factory: '0x12' } }, 'is no address'],
  [
    'an address with a wrong checksum',
    { local: { ...local, factory: local.factory.toUpperCase().replace('X', 'x') } },
    'is no address',
  ],
  ['another scheme', { local: { ...local, rpcUrl: 'ftp://127.0.0.1/key-of-a-provider' } }, 'rpcUrl'],
  ['a budget that is a fraction', { local: { ...local, gasBudgetWei: '0.5' } }, 'is no amount of wei'],
  ['a setting that is unknown', { local: { ...local, confirmation: 1 } }, 'confirmation'],
  ['no confirmation', { local: { ...local, confirmations: 0 } }, 'confirmations'],
])('%s is refused by its place, and no value is said', (_what, setting, said) => {
  const { error } = read(setting)
  expect(JSON.stringify(error?.issues)).toContain(said)
  expect(JSON.stringify(error?.issues)).not.toContain('key-of-a-provider')
})

test('what is no JSON is refused without being quoted', () => {
  const { error } = chainsSetting.safeParse('{"local": {"rpcUrl": "http://key-of-a-provider"')
  expect(JSON.stringify(error?.issues)).toContain('is no JSON')
  expect(JSON.stringify(error?.issues)).not.toContain('key-of-a-provider')
})
