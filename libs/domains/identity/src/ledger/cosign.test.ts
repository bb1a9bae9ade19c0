import { fromBase64, toBase64 } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import vectors from '../../../../../test/vectors/tokend-envelope.json' with { type: 'json' }
import { signerNamed, signerOfStrkey } from '../../test/transaction-signers.ts'
import { cosign, signTransaction, type TransactionSigner } from './cosign.ts'
import { type Envelope, readEnvelope } from './envelope.ts'

const { networkPassphrase, published } = vectors
const [ann, bob] = vectors.signers.map(({ seed }) => signerOfStrkey(seed)) as [TransactionSigner, TransactionSigner]
const add = (envelope: string, signer: TransactionSigner) => cosign(envelope, { networkPassphrase, signer })
const read = (envelope: string) => readEnvelope(envelope, networkPassphrase) as Envelope

test('a signature is added as the published client adds it, to the byte', async () => {
  expect(await add(published.envelope, bob)).toBe(published.cosigned)
  const { signatures: _, hash: __, ...transaction } = read(published.envelope)
  expect(await signTransaction(transaction, { networkPassphrase, signers: [ann] })).toBe(published.envelope)
  expect(await signTransaction(transaction, { networkPassphrase, signers: [ann, bob] })).toBe(published.cosigned)
  const unsigned = await signTransaction(transaction, { networkPassphrase, signers: [] })
  expect(await add(unsigned, ann)).toBe(published.envelope)
})

test('operations that nobody here can read are signed over as they are', async () => {
  const cosigned = await add(vectors.stampOperation.envelope, bob)
  const [before, after] = [vectors.stampOperation.envelope, cosigned as string].map(fromBase64) as [
    Uint8Array,
    Uint8Array,
  ]
  const count = before.length - 76
  expect(after.subarray(0, count)).toEqual(before.subarray(0, count))
  expect(after.subarray(count, count + 4)).toEqual(Uint8Array.of(0, 0, 0, 2))
  expect(after.subarray(count + 4, -72)).toEqual(before.subarray(count + 4))
})

test('the 21st signature is refused, and the same one twice', async () => {
  let envelope = published.envelope
  for (let count = 1; count < 20; count++) envelope = (await add(envelope, signerNamed(String(count)))) as string
  expect(read(envelope).signatures).toHaveLength(20)
  expect(await add(envelope, bob)).toEqual({ fault: 'too-many-signatures' })
  expect(await add(published.envelope, ann)).toEqual({ fault: 'signed-already' })
})

test('a signature that was made to look like the end of a transaction is not believed', async () => {
  const zeros = { keyId: ann.keyId, sign: () => new Uint8Array(64) }
  const { signatures: _, hash: __, ...transaction } = read(published.envelope)
  const envelope = await signTransaction(transaction, { networkPassphrase, signers: [zeros] })
  const asked: Uint8Array[] = []
  const watched = { keyId: bob.keyId, sign: (hash: Uint8Array) => (asked.push(hash), bob.sign(hash)) }
  expect(await add(envelope, watched)).toEqual({ fault: 'signatures-ambiguous' })
  expect(asked).toEqual([])
})

test.each([
  ['nothing', ''],
  ['a word', toBase64(new Uint8Array(4))],
  ['a transaction without its end', published.envelope.slice(0, 160)],
  ['a byte too many', toBase64(Uint8Array.of(...fromBase64(published.envelope), 1))],
])('%s has no signatures to add to', async (_, envelope) => {
  expect(await add(envelope, bob)).toEqual({ fault: 'signatures-ambiguous' })
})

test('what is no Base64 is refused', async () => {
  expect(await add('*', bob)).toEqual({ fault: 'not-base64' })
})
