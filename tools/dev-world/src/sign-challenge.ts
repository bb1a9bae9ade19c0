import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { canonicalJson, fromBase64url, toHex, toUtf8 } from '@strongroom/crypto'
import { deviceOf, makePrivateDirectory, usualPlaces } from './places.ts'
import { writePrivately } from './private-file.ts'

export interface ChallengeAsked {
  readonly device: string
  /** Prints the verifying key instead. */
  readonly key: boolean
  /** Signs the text as it is, r and s side by side: for accounts on a chain. */
  readonly text: boolean
  /** 64 hexadecimal digits. */
  readonly challenge: string
}

/** What a command line asks of a device; nothing where it is about something else. */
export function readChallenge(args: string[]): ChallengeAsked | undefined {
  const options = {
    device: { type: 'string', default: 'own' },
    key: { type: 'boolean', default: false },
    text: { type: 'boolean', default: false },
  } as const
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [challenge = '', ...rest] = positionals
    const isNamed = /^[\w-]{1,64}$/.test(values.device) && rest.length === 0
    const isAsked = values.key ? challenge === '' : /^[0-9a-f]{64}$/i.test(challenge)
    return isNamed && isAsked ? { ...values, challenge } : undefined
  } catch {
    return undefined
  }
}

export function answerChallenge({ device, key, text, challenge }: ChallengeAsked): string {
  const signer = deviceKey(device)
  if (text) return toHex(sign('sha256', toUtf8(challenge), { key: signer, dsaEncoding: 'ieee-p1363' }))
  return key ? verifyingKey(signer) : toHex(sign('sha256', canonicalJson({ challenge }), signer))
}

/** Drawn the first time that it is asked for, and kept as long as the world's state: a phone would have an enclave. */
function deviceKey(name: string): KeyObject {
  const path = deviceOf(usualPlaces, name)
  makePrivateDirectory(dirname(path))
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    writePrivately(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  }
  return createPrivateKey(readFileSync(path, 'utf8'))
}

/** `04||X||Y`, in hex. */
function verifyingKey(key: KeyObject): string {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  return `04${toHex(fromBase64url(x))}${toHex(fromBase64url(y))}`
}
