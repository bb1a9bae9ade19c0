import { getCreate2Address, type Hex, zeroHash } from 'viem'
import { creationCode } from './artifacts.ts'

/** The CREATE2 deployer that stands at this address on every chain that we name: what it makes depends on its code alone. */
export const CREATE2_DEPLOYER: Hex = '0x4e59b44847b379578588920cA78FbF26c0B4956C'

const place = (code: Hex): Hex => getCreate2Address({ from: CREATE2_DEPLOYER, salt: zeroHash, bytecode: code })

/** Where the contracts of this release stand, on every chain that they were deployed to. */
export function usualContracts() {
  const implementation = place(creationCode.implementation)
  return {
    implementation,
    deviceVerifier: place(creationCode.deviceVerifier),
    passkeyVerifier: place(creationCode.passkeyVerifier),
    factory: place(creationCode.factoryOf(implementation)),
  }
}
