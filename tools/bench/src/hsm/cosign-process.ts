import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { type Binding, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { answerRepeats } from './repeat.ts'

// What identity-storage does for a signature of a stored key: its seed opened in the HSM, proved to be that key's, used in
// this process and wiped.
const token = await softToken()
const tenant = { deployment: 'strongroom', app: 'identity-storage' } as const
const needs = [
  { job: 'seal', use: '' },
  { job: 'wrap', use: '' },
] as const
const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
const keystore = await openKeystore({ ...token, ...tenant, keys })
const id = '3f0c1de2-7f2c-4b1a-9c36-0c55b1f0a001'
const binding: Binding = { table: 'identity.stored_signers', row: id, owner: id, purpose: 'seed' }
const PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const hash = new Uint8Array(32)

const envelope = await keystore.issueKey(binding)
const name = await withSeed((seed) => nameOf(keyOf(seed)))

async function withSeed<T>(use: (seed: Uint8Array) => T): Promise<T> {
  const seed = await keystore.openKey(envelope, binding)
  try {
    return use(seed.expose())
  } finally {
    seed.wipe()
  }
}

function keyOf(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([PREFIX, seed])
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}

function nameOf(key: KeyObject): string | undefined {
  return createPublicKey(key).export({ format: 'jwk' }).x
}

process.on('exit', () => void token.remove())
answerRepeats({
  cosign: () =>
    withSeed((seed) => {
      const key = keyOf(seed)
      if (nameOf(key) !== name) throw new Error('another seed')
      return sign(null, hash, key)
    }),
})
