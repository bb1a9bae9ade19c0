import { readFileSync } from 'node:fs'
import { concatHex, type Hex, padHex, size, sliceHex } from 'viem'
import { z } from 'zod'

const hex = z.custom<Hex>((text) => typeof text === 'string' && /^0x([0-9a-f]{2})*$/.test(text))
const artifact = z.object({ bytecode: hex, code: hex, immutables: z.array(z.int()) })

const read = (name: string) =>
  artifact.parse(JSON.parse(readFileSync(new URL(`../../artifacts/${name}.json`, import.meta.url), 'utf8')))

const [account, factory, device, passkey] = [
  read('WeightedAccount'),
  read('AccountFactory'),
  read('P256Sha256Verifier'),
  read('PasskeyVerifier'),
]

/** What makes each contract. */
export const creationCode = {
  implementation: account.bytecode,
  deviceVerifier: device.bytecode,
  passkeyVerifier: passkey.bytecode,
  factoryOf: (implementation: Hex): Hex => concatHex([factory.bytecode, padHex(implementation)]),
} as const

/** What must stand at each address, byte for byte. */
export const standingCode = {
  implementation: account.code,
  deviceVerifier: device.code,
  passkeyVerifier: passkey.code,
  // The only immutable is the implementation: each place that it was left out of holds it.
  factoryOf: (implementation: Hex): Hex =>
    factory.immutables.reduce((code, start) => {
      const rest = start + 32 === size(code) ? '0x' : sliceHex(code, start + 32)
      return concatHex([sliceHex(code, 0, start), padHex(implementation), rest])
    }, factory.code),
} as const

/** ERC-1167: the code of every account. */
export const cloneCode = (implementation: Hex): Hex =>
  concatHex(['0x363d3d373d3d3d363d73', implementation, '0x5af43d82803e903d91602b57fd5bf3'])

/** What makes a clone, as the factory does. */
export const cloneCreationCode = (implementation: Hex): Hex =>
  concatHex(['0x3d602d80600a3d3981f3', cloneCode(implementation)])
