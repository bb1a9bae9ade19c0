import { bytesToHex, encodeAbiParameters, encodeFunctionData, type Hex, parseAbiParameters } from 'viem'
import type { SignatureOf } from '../chain.ts'
import { accountAbi } from './abi.ts'
import { lowS } from './assertion.ts'
import type { EvmContracts } from './settings.ts'
import { byHash, encodeSigner } from './signers.ts'
import type { Execution } from './typed-data.ts'

const parameters = parseAbiParameters('bytes[], bytes[]')

/** All signatures as the account reads them: by the hash of their signers, each with the lower s. */
function joinSignatures(signatures: readonly SignatureOf[], at: EvmContracts): Hex {
  const sorted = signatures
    .map((one) => ({
      signer: encodeSigner(one, at),
      bytes: bytesToHex(one.scheme === 'webauthn' ? one.signature : lowS(one.signature)),
    }))
    .toSorted((one, other) => byHash(one.signer, other.signer))
  return encodeAbiParameters(parameters, [sorted.map(({ signer }) => signer), sorted.map(({ bytes }) => bytes)])
}

/** What is sent to the account. */
export const executionData = (
  { calls, deadline }: Execution,
  signatures: readonly SignatureOf[],
  at: EvmContracts,
): Hex =>
  encodeFunctionData({
    abi: accountAbi,
    functionName: 'execute',
    args: [calls, deadline, joinSignatures(signatures, at)],
  })
