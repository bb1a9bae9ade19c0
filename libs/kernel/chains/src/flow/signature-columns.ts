import { fromHex, toHex } from '@strongroom/crypto'
import { z } from 'zod'
import type { SignatureOf } from '../chain.ts'
import { bareAddress } from './address.ts'
import type { FlowSignature } from './message.ts'

const bytes = z.string().transform(fromHex)
const given = z.array(z.object({ publicKey: bytes, scheme: z.literal('p256-sha256'), signature: bytes }))
const address = z.string().transform((text, context) => bareAddress(text) ?? context.addIssue('no address'))
const signed = z.array(
  z.object({ address: address.pipe(z.custom<FlowSignature['address']>()), keyIndex: z.int(), signature: bytes }),
)

/** Signatures as they were given to us, by public key; those that no key of Flow makes are left out. */
export const writeSignatures = (signatures: readonly SignatureOf[]): string =>
  JSON.stringify(
    signatures
      .filter(({ scheme }) => scheme === 'p256-sha256')
      .map((one) => ({ ...one, publicKey: toHex(one.publicKey), signature: toHex(one.signature) })),
  )

export const readSignatures = (text: string): SignatureOf[] => given.parse(JSON.parse(text))

/** Signatures as the chain counts them, by key index. */
export const writeSigned = (signatures: readonly FlowSignature[]): string =>
  JSON.stringify(signatures.map((one) => ({ ...one, signature: toHex(one.signature) })))

export const readSigned = (text: string): FlowSignature[] => signed.parse(JSON.parse(text))
