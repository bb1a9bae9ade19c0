import { randomBytes, randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { Unopenable } from '../errors.ts'
import { encodeEnvelope } from './codec.ts'
import type { Recipient } from './envelope.ts'
import { readKeyIds } from './key-ids.ts'

const recipient = (): Recipient => ({
  keyId: randomBytes(randomInt(1, 65)),
  version: randomInt(1, 2 ** 31),
  strategy: 'x'.repeat(randomInt(1, 41)),
  sealed: randomBytes(randomInt(0, 5000)),
})

test('the ids of one to eight recipients, whatever else stands between them', () => {
  for (let many = 1; many <= 8; many++) {
    const [first = recipient(), ...others] = Array.from({ length: many }, recipient)
    const recipients = [first, ...others] as const
    const envelope = encodeEnvelope({ kind: 'data-key', recipients, body: randomBytes(40) })
    expect(readKeyIds(envelope).map((id) => Buffer.from(id))).toEqual(recipients.map(({ keyId }) => keyId))
  }
})

test('what ends too early is no envelope, wherever it ends', () => {
  const head = encodeEnvelope({ kind: 'direct', recipients: [recipient(), recipient()], body: new Uint8Array() })
  for (let length = 0; length < head.length - 4; length++) {
    expect(() => readKeyIds(head.subarray(0, length))).toThrow(Unopenable)
  }
})
