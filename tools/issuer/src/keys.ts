import { generateKeyPair, type KeyObject, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { keep, readKept } from './kept-file.ts'

const key = z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string(), use: z.literal('sig') })
const keySet = z.array(key).min(2)

export type SigningKey = z.infer<typeof key>

/** The private keys of an issuer: kept in its folder, so that a token outlives a restart; without one, drawn for this run. */
export async function signingKeys(stateDir?: string): Promise<SigningKey[]> {
  if (stateDir === undefined) return drawKeys()
  const path = join(stateDir, 'keys.json')
  const kept = readKept(path)
  if (kept !== undefined) return keySet.parse(kept)
  const drawn = await drawKeys()
  keep(path, drawn)
  return drawn
}

const draw = promisify(generateKeyPair)

async function drawKeys(): Promise<SigningKey[]> {
  const [rsa, ec] = await Promise.all([draw('rsa', { modulusLength: 2048 }), draw('ec', { namedCurve: 'P-256' })])
  return [describe(rsa.privateKey, 'RS256'), describe(ec.privateKey, 'ES256')]
}

const describe = (privateKey: KeyObject, alg: string): SigningKey =>
  key.parse({ ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg, use: 'sig' })
