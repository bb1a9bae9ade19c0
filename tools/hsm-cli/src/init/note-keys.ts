import { auditKeyNeed } from '@strongroom/audit'
import { toHex } from '@strongroom/crypto'
import { type KeyRecord, openKeystore } from '@strongroom/hsm'
import type { Tokens } from './second-device.ts'
import type { Transcript } from './transcript.ts'

/** A key of the ceremony, for people. */
export interface NotedKey {
  readonly token: string
  readonly label: string
  readonly strategy: string
  readonly made: boolean
}

interface Made {
  readonly tokens: Tokens
  readonly recorded: readonly KeyRecord[]
  readonly before: readonly KeyRecord[]
}

export function noteKeys(transcript: Transcript, { tokens, recorded, before }: Made): readonly NotedKey[] {
  const [{ tokenLabel: first }] = tokens
  const isKnown = (key: KeyRecord) => before.some(({ label, token }) => label === key.label && token === key.token)
  return recorded.map((key) => {
    const { job, use, version, label, strategy, checkValue } = key
    // A recovery key is on its own token, whose label no record holds.
    const token = key.token ?? (job === 'recover' ? 'recovery token' : first)
    const made = !isKnown(key)
    transcript.note('key', { token, label, job, use, version, strategy, checkValue: toHex(checkValue), made })
    return { token, label, strategy, made }
  })
}

export async function signTranscript(
  transcript: Transcript,
  { tokens, keys }: { tokens: Tokens; keys: readonly KeyRecord[] },
): Promise<Uint8Array> {
  const hsm = await openKeystore({ tokens, keys })
  try {
    for (const { description } of hsm.tokens()) {
      if (description !== undefined) transcript.note('token', { ...description })
    }
    const { use } = auditKeyNeed
    const publicKey = await hsm.publicKey(use)
    await transcript.sign({ publicKey, sign: (message) => hsm.sign(use, message) })
    return publicKey
  } finally {
    await hsm.close()
  }
}
